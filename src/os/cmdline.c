/* SPDX-License-Identifier: Apache-2.0 */
#include "os/cmdline.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/log.h"
#include "version.h"

enum { LONG_BASE = 256 }; /* getopt's number of a row: its letter, or this and its index */

static int has_arg(const struct cmdline_option *o)
{
    if (o->kind == CMDLINE_MAYBE)
        return optional_argument;
    return o->kind == CMDLINE_TEXT || o->kind == CMDLINE_NICE ? required_argument : no_argument;
}

static void add_option(const struct cmdline *c, const struct cmdline_option *o, struct buf *b)
{
    size_t begin = b->len;

    buf_addf(b, "%*s", c->indent, "");
    if (o->letter)
        buf_addf(b, "-%c", o->letter);
    else
        buf_addf(b, "--%s", o->name);
    if (o->arg)
        buf_addf(b, o->kind == CMDLINE_MAYBE ? "[%s]" : " %s", o->arg);
    for (const char *line = o->help; line;) {
        size_t len = strcspn(line, "\n"), used = b->len - begin;

        buf_addf(b, "%*s%.*s\n", used < (size_t)c->column ? c->column - (int)used : 1, "", (int)len, line);
        line = line[len] ? line + len + 1 : NULL;
        begin = b->len;
    }
}

static _Noreturn void usage(const struct cmdline *c, int code)
{
    struct buf b = BUF_INIT;

    buf_addf(&b, "Usage: %s [OPTIONS]\n", c->program);
    for (uint32_t i = 0; i < c->n; i++)
        if (c->options[i].help)
            add_option(c, &c->options[i], &b);
    fputs(b.s, stderr);
    exit(code);
}

static void take_nice(const struct cmdline_option *o, int *ret)
{
    char *end;
    long v = strtol(optarg, &end, 10);

    if (*end || end == optarg || v < INT32_MIN || v > INT32_MAX)
        log_error("Invalid option for -%c option (nice value), ignored", o->letter);
    else
        *ret = (int)v;
}

static void take(const struct cmdline *c, const struct cmdline_option *o, void *ret)
{
    char *member = (char *)ret + o->offset;

    switch (o->kind) {
    case CMDLINE_FLAG:
        *(bool *)member = true;
        break;
    case CMDLINE_COUNT:
        ++*(int *)member;
        break;
    case CMDLINE_TEXT:
    case CMDLINE_MAYBE:
        *(const char **)member = optarg ? optarg : "";
        break;
    case CMDLINE_NICE:
        take_nice(o, (int *)member);
        break;
    case CMDLINE_HELP:
        usage(c, 0);
    case CMDLINE_VERSION:
        printf("slurm %s (Sluice %s)\n", SLURM_VERSION, SLUICE_VERSION);
        exit(0);
    case CMDLINE_NOTHING:
        break;
    }
}

static const struct cmdline_option *find(const struct cmdline *c, int number_of_row)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (number_of_row == LONG_BASE + (int)i || (number_of_row && c->options[i].letter == number_of_row))
            return &c->options[i];
    return NULL;
}

void cmdline_parse(const struct cmdline *c, void *ret, int argc, char **argv)
{
    static const char *const colons[] = {
        [no_argument] = "", [required_argument] = ":", [optional_argument] = "::"};
    struct option *names = mem_array(c->n + 1, sizeof *names);
    struct buf letters = BUF_INIT;
    uint32_t names_n = 0;
    int got;

    for (uint32_t i = 0; i < c->n; i++) {
        const struct cmdline_option *o = &c->options[i];

        if (o->name)
            names[names_n++] = (struct option){o->name, has_arg(o), NULL, LONG_BASE + (int)i};
        if (o->letter)
            buf_addf(&letters, "%c%s", o->letter, colons[has_arg(o)]);
    }
    while ((got = getopt_long(argc, argv, letters.s, names, NULL)) >= 0) {
        const struct cmdline_option *o = find(c, got);

        if (!o)
            usage(c, 1);
        take(c, o, ret);
    }
    if (optind < argc) {
        fprintf(stderr, "%s: unexpected argument '%s'\n", c->program, argv[optind]);
        usage(c, 1);
    }
    mem_free(names);
    buf_release(&letters);
}
