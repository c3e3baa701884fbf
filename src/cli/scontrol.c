/* SPDX-License-Identifier: Apache-2.0 */
/* scontrol(1): options, keywords, and the prompt. What the keywords do is in scontrol_*.c. */
#include "cli/scontrol.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/names.h"
#include "version.h"

enum { ARGS_MAX = 128, ANY = ARGS_MAX, EXCESS = ARGS_MAX + 1 };

struct keyword {
    const char *name;
    size_t least; /* letters of an abbreviation */
    int min, max; /* arguments after the keyword; EXCESS: none, but with some it says so and goes on */
    keyword_fn *run;
};

static int show_help(struct scontrol *s, int argc, char **argv)
{
    fputs(help_scontrol, stdout);
    return 0;
}
static int show_version(struct scontrol *s, int argc, char **argv)
{
    enum { API_MAJOR = 45 }; /* the interface of 26.05 */
    puts("slurm " SLURM_VERSION);
    if (s->cli->verbose)
        printf("slurm_api_version: %d, %d.0.0\n", API_MAJOR << 16, API_MAJOR);
    return 0;
}
static int quit(struct scontrol *s, int argc, char **argv)
{
    s->quit = true;
    return 0;
}
/* The default cluster again, or the one that --cluster would name. */
static int set_cluster(struct scontrol *s, int argc, char **argv)
{
    if (argc == 1 || scontrol_check_cluster(s, argv[1]))
        return 0;
    s->quit = true;
    return EXIT_FAILURE;
}
/* Keywords that stand for an option. */
static int set_mode(struct scontrol *s, int argc, char **argv)
{
    if (scontrol_is_key(argv[0], "all", 1))
        s->all = true;
    else if (scontrol_is_key(argv[0], "details", 1))
        s->details = true;
    else if (scontrol_is_key(argv[0], "hide", 2))
        s->all = false;
    else if (scontrol_is_key(argv[0], "oneliner", 1))
        s->one_line = true;
    else if (scontrol_is_key(argv[0], "quiet", 4))
        s->cli->quiet = true, s->cli->verbose = 0;
    else
        s->cli->verbose++;
    return 0;
}

static const struct keyword keywords[] = {
    {"all", 3, 0, ANY, set_mode},
    {"cancel_reboot", 3, 1, 1, scontrol_cancel_reboot},
    {"cluster", 2, 0, 1, set_cluster},
    {"completing", 2, 0, 0, scontrol_completing},
    {"create", 2, 1, ANY, scontrol_create},
    {"delete", 3, 1, ANY, scontrol_delete},
    {"details", 1, 0, EXCESS, set_mode},
    {"errnumstr", 2, 1, 1, scontrol_errnumstr},
    {"exit", 2, 0, EXCESS, quit},
    {"fsdampeningfactor", 3, 1, 1, scontrol_fsdampening},
    {"getent", 5, 0, ANY, scontrol_getent},
    {"getaddrs", 5, 1, 1, scontrol_getaddrs},
    {"help", 2, 0, EXCESS, show_help},
    {"hide", 2, 0, ANY, set_mode},
    {"hold", 3, 1, ANY, scontrol_hold},
    {"holdu", 5, 1, ANY, scontrol_uhold},
    {"listjobs", 5, 0, 1, scontrol_listjobs},
    {"listpids", 1, 0, 2, scontrol_listpids},
    {"liststeps", 5, 0, 1, scontrol_liststeps},
    {"notify", 1, 2, ANY, scontrol_notify},
    {"oneliner", 1, 0, EXCESS, set_mode},
    {"pidinfo", 3, 1, 1, scontrol_pidinfo},
    {"ping", 3, 0, 0, scontrol_ping},
    {"power", 3, 2, ANY, scontrol_power},
    {"quiet", 4, 0, EXCESS, set_mode},
    {"quit", 4, 0, 0, quit},
    {"reboot", 3, 0, ANY, scontrol_reboot},
    {"reconfigure", 3, 0, 1, scontrol_reconfigure},
    {"release", 3, 1, ANY, scontrol_release},
    {"requeue", 3, 1, ANY, scontrol_requeue},
    {"requeuehold", 9, 1, ANY, scontrol_requeuehold},
    {"resume", 3, 1, ANY, scontrol_resume},
    {"schedloglevel", 3, 1, 1, scontrol_schedloglevel},
    {"setdebug", 2, 1, 2, scontrol_setdebug},
    {"setdebugflags", 9, 1, ANY, scontrol_setdebugflags},
    {"show", 3, 1, 2, scontrol_show},
    {"shutdown", 3, 0, 1, scontrol_shutdown},
    {"suspend", 2, 1, ANY, scontrol_suspend},
    {"takeover", 8, 0, ANY, scontrol_takeover},
    {"token", 3, 0, ANY, scontrol_token},
    {"top", 3, 1, 1, scontrol_top},
    {"uhold", 3, 1, ANY, scontrol_uhold},
    {"update", 1, 1, ANY, scontrol_update},
    {"verbose", 4, 0, EXCESS, set_mode},
    {"version", 4, 0, EXCESS, show_version},
    {"wait_job", 2, 1, 1, scontrol_wait_job},
    {"write", 5, 1, ANY, scontrol_write},
};

bool scontrol_is_key(const char *key, const char *name, size_t least)
{
    size_t len = strlen(key);
    return len >= least && len <= strlen(name) && text_casecmp_n(key, name, len) == 0;
}

bool scontrol_check_cluster(struct scontrol *s, const char *name)
{
    if (strcmp(name, cli_cluster(s->cli)) == 0)
        return true;
    cli_error(s->cli,
              "'%s' can't be reached now, or it is an invalid entry for --cluster.  "
              "Use 'sacctmgr list clusters' to see available clusters.",
              name);
    cli_fatal(s->cli, "Could not get cluster information");
    return false;
}

bool scontrol_split(const char *arg, struct pair *ret)
{
    const char *eq = strchr(arg, '=');
    if (!eq || eq == arg || (size_t)(eq - arg) >= sizeof ret->key)
        return false;
    ret->op = eq > arg && (eq[-1] == '+' || eq[-1] == '-') ? eq[-1] : '=';
    buf_print(ret->key, sizeof ret->key, "%.*s", (int)(eq - arg - (ret->op != '=')), arg);
    ret->value = eq + 1;
    return true;
}

int scontrol_fail(struct scontrol *s, const char *prefix, const struct err *e)
{
    struct buf line = BUF_INIT;
    fprintf(stderr, "%s%s\n", prefix, cli_error_line(e, &line));
    const char *hint = cli_error_hint(e);
    if (hint && !s->cli->quiet)
        fprintf(stderr, "%s\n", hint);
    buf_release(&line);
    return EXIT_FAILURE;
}

int scontrol_report_jobs(struct scontrol *s, const struct job_results *results, const char *twice)
{
    if (s->cli->quiet)
        return results->results.n ? EXIT_FAILURE : 0;
    for (uint32_t i = 0; i < results->results.n; i++) {
        const struct job_result *r = &results->results.v[i];
        const char *text = r->text ? r->text : "Unspecified error", *id = r->id ? r->id : "";
        int len = (int)strcspn(text, "\n");
        bool tasks = strchr(id, '[') != NULL;
        if (tasks)
            fprintf(stderr, "%s: %.*s\n", id, len, text);
        else
            fprintf(stderr, "%.*s for job %s\n", len, text, id);
        if (twice && !tasks)
            fprintf(stderr, "%s%.*s\n", twice, len, text);
        const char *hint = strchr(text, '\n');
        if (hint)
            fprintf(stderr, "%s\n", hint + 1);
    }
    return results->results.n ? EXIT_FAILURE : 0;
}

/* Slurm says it in its own way for some keywords. */
static void wrong_count(const struct scontrol *s, const struct keyword *k, int count, const char *word)
{
    static const struct {
        const char *name, *text;
    } too_few[] = {
        {"errnumstr", "one arguments required for keyword:errnumstr"},
        {"getaddrs", "one argument required for keyword:getaddrs"},
        {"pidinfo", "missing argument for keyword:pidinfo"},
    };
    if (count < k->min && (strcmp(k->name, "update") == 0 || strcmp(k->name, "create") == 0 ||
                           strcmp(k->name, "delete") == 0)) {
        fprintf(stderr, "too few arguments for %s keyword\n", word);
        return;
    }
    if (count < k->min && strcmp(k->name, "cancel_reboot") == 0) {
        fprintf(stderr, "missing argument for keyword:%s\n", word);
        return;
    }
    bool same = strcmp(k->name, "errnumstr") == 0 || strcmp(k->name, "getaddrs") == 0; /* too many, too */
    if (k->max == EXCESS && (strcmp(k->name, "verbose") == 0 || strcmp(k->name, "version") == 0)) {
        fprintf(stderr, "too many arguments for %s keyword\n", word);
        return;
    }
    for (size_t i = 0; i < sizeof too_few / sizeof too_few[0] && (count < k->min || same); i++) {
        if (strcmp(k->name, too_few[i].name) == 0) {
            fprintf(stderr, "%s\n", too_few[i].text);
            return;
        }
    }
    if (!s->cli->quiet || count >= k->min)
        fprintf(stderr, "too %s arguments for keyword:%s\n", count < k->min ? "few" : "many", word);
}

static int run(struct scontrol *s, int argc, char **argv)
{
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        const struct keyword *k = &keywords[i];
        if (!scontrol_is_key(argv[0], k->name, k->least))
            continue;
        bool excess = k->max == EXCESS && argc > 1;
        if (excess || argc - 1 < k->min || argc - 1 > k->max)
            wrong_count(s, k, argc - 1, argv[0]);
        if (!excess && (argc - 1 < k->min || argc - 1 > k->max))
            return EXIT_FAILURE;
        return k->run(s, argc, argv) || excess ? EXIT_FAILURE : 0;
    }
    fprintf(stderr, "invalid keyword: %s\n", argv[0]);
    return EXIT_FAILURE;
}

/* Takes a line apart at blanks outside of quotes, which stay in the words. Returns the number of words. */
static int split_words(char *line, char **argv)
{
    int n = 0;
    for (char *p = line; n < ARGS_MAX - 1;) {
        p = (char *)text_skip_space(p);
        if (!*p)
            break;
        char quote = '\0';
        argv[n++] = p;
        for (; *p && (quote || !text_is_space(*p)); p++) {
            if (!quote && (*p == '"' || *p == '\''))
                quote = *p;
            else if (*p == quote)
                quote = '\0';
        }
        if (!*p)
            break;
        *p++ = '\0';
    }
    argv[n] = NULL;
    return n;
}

/* Line editing is loaded only where somebody types: it would cost every other command its start-up time. */
struct editor {
    char *(*read)(const char *prompt);
    int (*remember)(const char *line);
};

static struct editor load_editor(void)
{
    struct editor ed = {0};
    void *lib = isatty(STDIN_FILENO) ? dlopen("libedit.so.2", RTLD_NOW) : NULL;
    if (lib) {
        ed.read = (char *(*)(const char *))dlsym(lib, "readline");
        ed.remember = (int (*)(const char *))dlsym(lib, "add_history");
    }
    return ed;
}

/* A line from the prompt, shown also where nobody typed it; NULL at the end of input. Its owner frees it. */
static char *read_line(const struct editor *ed)
{
    if (ed->read)
        return ed->read("scontrol: ");
    fputs("scontrol: ", stdout);
    fflush(stdout);
    char *line = NULL;
    size_t size = 0;
    ssize_t n = getline(&line, &size, stdin);
    if (n < 0) {
        free(line);
        return NULL;
    }
    if (n > 0 && line[n - 1] == '\n')
        line[n - 1] = '\0';
    if (!isatty(STDIN_FILENO))
        puts(line);
    return line;
}

static int prompt(struct scontrol *s)
{
    struct editor ed = load_editor();
    char *last = NULL;
    int rc = 0;
    while (!s->quit) {
        char *argv[ARGS_MAX], *line = read_line(&ed);
        if (!line) {
            putchar('\n');
            break;
        }
        bool again = strncmp(line, "!!", 2) == 0;
        if (again && last) {
            free(line);
            line = strdup(last);
        } else if (!again) {
            free(last);
            last = strdup(line);
        }
        REQUIRE(line);
        if (ed.remember && *line)
            ed.remember(line);
        int argc = again && !last ? 0 : split_words(line, argv);
        if (argc == 0 || run(s, argc, argv))
            rc = EXIT_FAILURE; /* of any of the lines; an empty one is wrong, too */
        fflush(stdout);
        free(line);
    }
    free(last);
    return rc;
}

enum { OPT_JSON = 256, OPT_YAML, OPT_HIDE, OPT_IGNORED };

static const struct option options[] = {
    {"all", no_argument, NULL, 'a'},
    {"cluster", required_argument, NULL, 'M'},
    {"clusters", required_argument, NULL, 'M'},
    {"details", no_argument, NULL, 'd'},
    {"federation", no_argument, NULL, OPT_IGNORED},
    {"future", no_argument, NULL, 'F'},
    {"help", no_argument, NULL, 'h'},
    {"hide", no_argument, NULL, OPT_HIDE},
    {"json", optional_argument, NULL, OPT_JSON},
    {"local", no_argument, NULL, OPT_IGNORED},
    {"oneliner", no_argument, NULL, 'o'},
    {"quiet", no_argument, NULL, 'Q'},
    {"sibling", no_argument, NULL, OPT_IGNORED},
    {"uid", required_argument, NULL, 'u'},
    {"usage", no_argument, NULL, 'h'},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {"yaml", optional_argument, NULL, OPT_YAML},
    {0},
};

/* -1 = go on, else the exit status. */
static int read_option(struct scontrol *s, int opt)
{
    switch (opt) {
    case 'a':
        s->all = true;
        return -1;
    case 'd':
        s->details = true;
        return -1;
    case 'F':
        s->future = true;
        return -1;
    case 'o':
        s->one_line = true;
        return -1;
    case 'Q':
        s->cli->quiet = true;
        return -1;
    case 'v':
        s->cli->verbose++;
        return -1;
    case OPT_HIDE:
        s->all = false;
        return -1;
    case OPT_JSON:
    case OPT_YAML:
        s->json = true;
        s->yaml = opt == OPT_YAML;
        return -1;
    case 'M':
        return scontrol_check_cluster(s, optarg) ? -1 : EXIT_FAILURE;
    case 'u':
        if (names_find_user(optarg, &s->uid))
            return -1;
        cli_error(s->cli, "--uid=\"%s\" invalid", optarg);
        return 0;
    case 'h':
        return show_help(s, 0, NULL);
    case 'V':
        cli_version();
        return 0;
    case '?':
        return cli_try_help(s->cli);
    default:
        return -1;
    }
}

int cmd_scontrol(struct cli *cli)
{
    struct scontrol s = {.cli = cli, .uid = NO_VAL};
    int opt;
    s.all = getenv("SCONTROL_ALL") != NULL;
    s.future = getenv("SCONTROL_FUTURE") != NULL;
    /* -FLAG of setdebugflags is no option; elsewhere options may stand anywhere. */
    const char *letters = "+adFhM:oQu:vV";
    for (int i = 1; i < cli->argc && *letters == '+'; i++)
        if (*cli->argv[i] != '-')
            letters += !scontrol_is_key(cli->argv[i], "setdebugflags", 9);
    while ((opt = getopt_long(cli->argc, cli->argv, letters, options, NULL)) != -1) {
        int rc = read_option(&s, opt);
        if (rc >= 0)
            return rc;
    }
    if (optind < cli->argc)
        return run(&s, cli->argc - optind, cli->argv + optind);
    return prompt(&s);
}
