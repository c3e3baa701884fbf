/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and launch credentials from strangers: none that we did not sign may pass. */
#include "fuzz.h"
#include "os/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct auth *auth;
    struct auth_identity who;
    struct credential cred;
    struct err e;

    if (!auth) {
        struct key key = {.len = 64};
        memset(key.v, 7, key.len);
        auth = auth_open(&(struct auth_settings){.cluster = "fuzz", .key = &key}, &e);
    }
    REQUIRE(auth_check_token(auth, "auth/slurm", data, size, "slurmctld", 1000, &who, &e) < 0);
    REQUIRE(auth_check_credential(auth, data, size, "n1", 1000, &cred, &e) < 0);
    return 0;
}
