/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/mem.h"
#include "os/auth_internal.h"

static int mac_of(const struct key *key, const void *data, size_t len, uint8_t ret[AUTH_MAC_LEN])
{
    unsigned n = 0;

    return HMAC(EVP_sha256(), key->v, (int)key->len, data, len, ret, &n) && n == AUTH_MAC_LEN ? 0 : -1;
}

int slurm_derive(const struct key *key, const char *purpose, struct key *ret)
{
    *ret = (struct key){.len = AUTH_MAC_LEN};
    return mac_of(key, purpose, strlen(purpose), ret->v);
}

void sha256(const void *data, size_t len, uint8_t ret[SHA256_LEN])
{
    unsigned n = 0;

    REQUIRE(EVP_Digest(data, len, ret, &n, EVP_sha256(), NULL) == 1 && n == SHA256_LEN);
}

int slurm_sign(const struct key *key, const struct buf *data, struct buf *ret, struct err *e)
{
    uint8_t mac[AUTH_MAC_LEN];
    struct signed_blob blob;

    if (mac_of(key, data->s, data->len, mac) < 0)
        return err_set(e, ESLURM_TOKEN_GENERATION_FAILED, "libcrypto cannot make an HMAC-SHA256");
    meta_init(&record_signed_blob, &blob);
    blob.data = (struct meta_bytes){(uint8_t *)data->s, (uint32_t)data->len};
    blob.mac = (struct meta_bytes){mac, sizeof mac};
    meta_encode(&record_signed_blob, &blob, ret);
    return 0;
}

int slurm_open(const struct key *key, const void *blob, size_t len, struct signed_blob *ret_blob,
               struct err *e)
{
    uint8_t mac[AUTH_MAC_LEN];

    if (meta_decode(&record_signed_blob, ret_blob, blob, len, e) < 0)
        return err_set(e, ESLURM_CANNOT_UNPACK_CREDENTIAL, "the credential cannot be read");
    if (ret_blob->mac.n == AUTH_MAC_LEN && mac_of(key, ret_blob->data.v, ret_blob->data.n, mac) == 0 &&
        CRYPTO_memcmp(mac, ret_blob->mac.v, AUTH_MAC_LEN) == 0)
        return 0;
    meta_release(&record_signed_blob, ret_blob);
    return err_set(e, ESLURM_INVALID_AUTHENTICATION_CREDENTIAL,
                   "the signature does not fit this cluster's key: do all hosts have the same slurm.key?");
}
