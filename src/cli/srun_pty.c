/* SPDX-License-Identifier: Apache-2.0 */
/* --pty: our terminal passes every key on, and the task's terminal has its size. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/srun.h"

/* One terminal a process, and it has to be put right however the process ends. */
static struct termios before;
static int raw_fd = -1;

static int terminal(const struct srun *s)
{
    return s->given->pty_fd == NO_VAL ? STDIN_FILENO : (int)s->given->pty_fd;
}

void srun_pty_check(struct srun *s)
{
    struct winsize w;
    s->pty = s->given->pty;
    if (!s->pty || s->given->pty_fd != NO_VAL || ioctl(terminal(s), TIOCGWINSZ, &w) == 0)
        return;
    cli_error(s->cli, "ioctl(TIOCGWINSZ): %s", strerror(errno));
    cli_error(s->cli, "Not using a pseudo-terminal, disregarding --pty option");
    s->pty = false;
}

void srun_pty_size(const struct srun *s, uint16_t *ret_rows, uint16_t *ret_cols)
{
    struct winsize w = {0};
    if (s->pty)
        ioctl(terminal(s), TIOCGWINSZ, &w);
    *ret_rows = w.ws_row;
    *ret_cols = w.ws_col;
}

void srun_pty_restore(void)
{
    if (raw_fd >= 0)
        tcsetattr(raw_fd, TCSADRAIN, &before);
    raw_fd = -1;
}

void srun_pty_raw(struct srun *s)
{
    struct termios raw;
    int fd = terminal(s);
    if (!s->pty || tcgetattr(fd, &before) < 0)
        return;
    raw = before;
    cfmakeraw(&raw);
    raw_fd = fd;
    atexit(srun_pty_restore);
    tcsetattr(fd, TCSADRAIN, &raw);
}

void srun_pty_resized(struct srun *s)
{
    struct window w;
    meta_init(&record_window, &w);
    srun_pty_size(s, &w.rows, &w.cols);
    for (uint32_t i = 0; s->pty && i < s->nodes_n; i++)
        srun_node_send(s, &s->nodes[i], MSG_WINDOW, &record_window, &w);
}
