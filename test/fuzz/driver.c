/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A main() for fuzz targets where the compiler has no libFuzzer, so that they run as ordinary tests:
 *     fuzz_x [-n COUNT] [-s SEED] [-l SEEDS] [FILE...]
 * runs every line of the seeds file and every FILE, then COUNT (2000) inputs. A third of these is random
 * bytes, a third the bytes that texts of the field are made of, a third lines of the seeds with a few bytes
 * changed.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/vec.h"
#include "fuzz.h"

enum { INPUT_MAX = 1 << 20, RANDOM_MAX = 200, CHANGES_MAX = 5 };

struct seed_list {
    VEC(struct buf) lines;
};
static const char likely[] = "0123456789[],-:/.+ nowTAMP";

static void run(const void *data, size_t size)
{
    uint8_t *exact = mem_dup(data, size); /* so that a sanitizer sees reads behind the end */

    LLVMFuzzerTestOneInput(exact, size);
    mem_free(exact);
}

static char *read_file(const char *path, size_t *ret_size)
{
    FILE *f = fopen(path, "rb");
    char *data;

    if (!f) {
        perror(path);
        exit(1);
    }
    data = mem_alloc(INPUT_MAX + 1);
    *ret_size = fread(data, 1, INPUT_MAX, f);
    fclose(f);
    return data;
}

/* One input a line: \n, \\ and \xHH as in C. */
static struct buf unescape(const char *line, size_t len)
{
    struct buf out = BUF_INIT;

    for (size_t i = 0; i < len; i++) {
        char hex[3] = {0};
        if (line[i] != '\\' || i + 1 == len)
            buf_addc(&out, line[i]);
        else if (line[++i] != 'x')
            buf_addc(&out, line[i] == 'n' ? '\n' : line[i]);
        else if (i + 2 < len) {
            memcpy(hex, line + i + 1, 2);
            buf_addc(&out, (char)strtoul(hex, NULL, 16));
            i += 2;
        }
    }
    return out;
}

static void run_seeds(struct seed_list *seeds, const char *path)
{
    size_t size;
    char *data = read_file(path, &size);

    for (size_t at = 0; at < size; at++) {
        size_t len = strcspn(data + at, "\n");
        struct buf line = unescape(data + at, len);
        *VEC_PUSH(&seeds->lines) = line;
        run(line.s ? line.s : "", line.len);
        at += len;
    }
    mem_free(data);
}

static void run_random(struct seed_list *seeds, uint64_t *seed)
{
    uint64_t kind = rand_below(seed, 3);
    const struct buf *line =
        seeds->lines.n ? &seeds->lines.v[rand_below(seed, seeds->lines.n)] : &(struct buf)BUF_INIT;
    size_t size = kind == 2 && line->len ? line->len : rand_below(seed, RANDOM_MAX);
    uint8_t *data = mem_alloc(size);

    for (size_t i = 0; i < size; i++)
        data[i] = kind ? (uint8_t)likely[rand_below(seed, sizeof likely - 1)] : (uint8_t)rand_next(seed);
    if (kind == 2 && line->len) {
        memcpy(data, line->s, size);
        for (uint64_t i = rand_below(seed, CHANGES_MAX); i > 0; i--)
            data[rand_below(seed, size)] = (uint8_t)likely[rand_below(seed, sizeof likely - 1)];
    }
    LLVMFuzzerTestOneInput(data, size);
    mem_free(data);
}

int main(int argc, char **argv)
{
    struct seed_list seeds = {0};
    uint64_t count = 2000, seed = 1;

    for (int opt; (opt = getopt(argc, argv, "n:s:l:")) != -1;) {
        if (opt == '?')
            return 2;
        if (opt == 'l')
            run_seeds(&seeds, optarg);
        else
            *(opt == 'n' ? &count : &seed) = strtoull(optarg, NULL, 10);
    }
    for (int i = optind; i < argc; i++) {
        size_t size;
        char *data = read_file(argv[i], &size);
        run(data, size);
        mem_free(data);
    }
    while (count--)
        run_random(&seeds, &seed);
    for (uint32_t i = 0; i < seeds.lines.n; i++)
        buf_release(&seeds.lines.v[i]);
    VEC_FREE(&seeds.lines);
    return 0;
}
