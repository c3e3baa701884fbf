/* SPDX-License-Identifier: Apache-2.0 */
#include "os/compress.h"

#include <limits.h>

#include "base/mem.h"
#include "model.h"
#include "model/errors.h"
#include "version.h"

static int refuse(struct err *e)
{
    return err_set(e, ESLURM_UNEXPECTED_MESSAGE, "%s", error_text(ESLURM_UNEXPECTED_MESSAGE));
}

#if HAVE_LZ4
#include <lz4.h>

bool compress_available(void)
{
    return true;
}

/* Takes over `bytes`. */
static void replace(struct meta_bytes *data, char *bytes, int n)
{
    mem_free(data->v);
    data->v = (uint8_t *)bytes;
    data->n = (uint32_t)n;
}

bool compress_bytes(struct meta_bytes *data)
{
    if (data->n < 2 || data->n > LZ4_MAX_INPUT_SIZE)
        return false;
    int most = (int)data->n - 1;
    char *packed = mem_alloc((size_t)most);
    int n = LZ4_compress_default((const char *)data->v, packed, (int)data->n, most);
    if (n <= 0) {
        mem_free(packed);
        return false;
    }
    replace(data, packed, n);
    return true;
}

int expand_bytes(struct meta_bytes *data, uint32_t size, struct err *e)
{
    if (size == 0 || size > LZ4_MAX_INPUT_SIZE || data->n > INT_MAX)
        return refuse(e);
    char *bytes = mem_alloc(size);
    int n = LZ4_decompress_safe((const char *)data->v, bytes, (int)data->n, (int)size);
    if (n != (int)size) {
        mem_free(bytes);
        return refuse(e);
    }
    replace(data, bytes, n);
    return 0;
}
#else
bool compress_available(void)
{
    return false;
}

bool compress_bytes(struct meta_bytes *data)
{
    return false;
}

int expand_bytes(struct meta_bytes *data, uint32_t size, struct err *e)
{
    return refuse(e);
}
#endif
