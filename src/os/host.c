/* SPDX-License-Identifier: Apache-2.0 */
#include "os/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "model/errors.h"
#include "model.h"

static struct {
    pthread_once_t once;
    char full[256], name[256];
} self = {.once = PTHREAD_ONCE_INIT};

static void ask_name(void)
{
    if (gethostname(self.full, sizeof self.full - 1) < 0)
        buf_print(self.full, sizeof self.full, "localhost");
    buf_print(self.name, sizeof self.name, "%s", self.full);
    char *dot = strchr(self.name, '.');
    if (dot)
        *dot = 0;
}

const char *host_name(void)
{
    pthread_once(&self.once, ask_name);
    return self.name;
}

bool host_is_me(const char *name)
{
    const char *mine = host_name();
    size_t len = strlen(mine);

    if (text_same_nocase(name, mine) || text_same_nocase(name, self.full) ||
        text_same_nocase(name, "localhost"))
        return true;
    return text_casecmp_n(name, mine, len) == 0 && name[len] == '.' && !strchr(self.full, '.');
}

bool host_is_digits(const char *name)
{
    unsigned char a[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, name, a) == 1 || inet_pton(AF_INET6, name, a) == 1;
}

int host_unknown(struct err *e, const char *name, const char *why)
{
    const int code = ESLURM_CANT_FIND_ADDRESS_CHECK_SLURM_CONF;

    return err_set(e, code, "%s: %s: %s", error_text(code), name, why);
}

int host_lookup(const char *name, uint16_t port, struct sockaddr_storage *ret, struct err *e)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *list = NULL;
    char text[8];

    buf_print(text, sizeof text, "%u", port);
    if (host_is_digits(name))
        hints.ai_flags |= AI_NUMERICHOST;
    int rc = getaddrinfo(name, text, &hints, &list);
    if (rc != 0)
        return host_unknown(e, name, gai_strerror(rc));
    memcpy(ret, list->ai_addr, list->ai_addrlen);
    freeaddrinfo(list);
    return 0;
}
