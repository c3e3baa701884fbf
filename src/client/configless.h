/* SPDX-License-Identifier: Apache-2.0 */
/*
 * configless: hosts without configuration files, which ask the controller for them.
 *
 * A daemon of such a host (slurmd, sackd) keeps a copy in CONFIGLESS_FOLDER, where commands look for it.
 */
#ifndef CLIENT_CONFIGLESS_H
#define CLIENT_CONFIGLESS_H

#include "client/client.h"

#define CONFIGLESS_FOLDER "/run/slurm/conf"

/*
 * servers: "host[:port],..." of --conf-server. auth_type NULL: auth/slurm; fn NULL: tokens come from the
 * sockets. hash: of what the caller has, 0 for nothing; no files come when they are still the ones in force.
 * *ret: meta_release it.
 */
int client_fetch_config(const char *servers, const char *auth_type, client_token_fn *fn, void *arg,
                        uint64_t hash, struct config_files *ret, struct err *e);
/* Writes the files into the folder (made when missing), each replaced at once, and removes others; names that
 * leave the folder are refused. */
int configless_store(const struct config_files *files, const char *folder, struct err *e);

#endif
