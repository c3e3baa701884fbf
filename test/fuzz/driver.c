/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A main() for fuzz targets where the compiler has no libFuzzer, so that they run as ordinary tests:
 *     fuzz_x [-n COUNT] [-s SEED] [FILE...]
 * runs every FILE, then COUNT (2000) random inputs. Half of these are made of the bytes that texts of the
 * field are made of.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"

enum { INPUT_MAX = 1 << 20, RANDOM_MAX = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 1;
    }
    uint8_t *data = mem_alloc(INPUT_MAX);
    size_t size = fread(data, 1, INPUT_MAX, f);
    fclose(f);
    uint8_t *exact = mem_dup(data, size); /* so that a sanitizer sees reads behind the end */
    LLVMFuzzerTestOneInput(exact, size);
    mem_free(exact);
    mem_free(data);
    return 0;
}

static void run_random(uint64_t *seed)
{
    static const char likely[] = "0123456789[],-:/.+ nowTAMP";
    size_t size = rand_below(seed, RANDOM_MAX);
    uint8_t *data = mem_alloc(size);
    bool text = rand_below(seed, 2);
    for (size_t i = 0; i < size; i++)
        data[i] = text ? (uint8_t)likely[rand_below(seed, sizeof likely - 1)] : (uint8_t)rand_next(seed);
    LLVMFuzzerTestOneInput(data, size);
    mem_free(data);
}

int main(int argc, char **argv)
{
    uint64_t count = 2000, seed = 1;
    int failed = 0;
    for (int opt; (opt = getopt(argc, argv, "n:s:")) != -1;) {
        if (opt == '?')
            return 2;
        *(opt == 'n' ? &count : &seed) = strtoull(optarg, NULL, 10);
    }
    for (int i = optind; i < argc; i++)
        failed |= run_file(argv[i]);
    while (count--)
        run_random(&seed);
    return failed;
}
