/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever hostlist_parse accepts, its text must give the same hosts again, and sorting must lose none. */
#include "base/hostlist.h"
#include "fuzz.h"

enum { COMPARED_MAX = 2000 }; /* hosts of one list that are compared one by one */

static void check_same(const struct hostlist *a, const struct hostlist *b)
{
    struct host_iter ia = {.list = a}, ib = {.list = b};
    REQUIRE(a->count == b->count);
    for (int i = 0; i < COMPARED_MAX; i++) {
        const char *name = host_iter_next(&ia), *other = host_iter_next(&ib);
        REQUIRE(!name == !other);
        if (!name)
            return;
        REQUIRE(strcmp(name, other) == 0);
        REQUIRE(hostlist_find(a, name) >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, size);
    struct hostlist l = {0}, again = {0};
    struct buf out = BUF_INIT;
    struct err e;
    if (hostlist_parse(&l, text, &e) == 0) {
        uint32_t count = l.count;
        hostlist_text(&l, &out);
        REQUIRE(hostlist_parse(&again, out.s, &e) == 0);
        check_same(&l, &again);
        REQUIRE(hostlist_sort(&l, &e) < 0 || l.count == count);
        hostlist_uniq(&l);
        REQUIRE(l.count <= count && !l.count == !count);
    }
    buf_release(&out);
    hostlist_release(&l);
    hostlist_release(&again);
    mem_free(text);
    return 0;
}
