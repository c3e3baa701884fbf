/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemonconf: the configuration of a daemon that has none of its own (configless): slurmd, sackd.
 *
 * It asks the controller, checks what comes before anything is written, and keeps a copy in a folder where
 * the commands of its host find it. Only the key, or munge, has to be there already.
 */
#ifndef CLIENT_DAEMONCONF_H
#define CLIENT_DAEMONCONF_H

#include "conf/conf.h"
#include "model.h"
#include "os/auth.h"

/* $RUNTIME_DIRECTORY/conf, which systemd sets, else CONFIGLESS_FOLDER. mem_free it. */
char *daemonconf_folder(void);
/* slurm.key beside `conf_path` (NULL: in the usual folder). mem_free it. */
char *daemonconf_key_path(const char *conf_path);

/*
 * The way to prove who we are before there is a configuration: the key, or munge where there is none.
 * auth_info: the text of --authinfo ("socket=PATH"), or NULL. NULL with *e.
 */
struct auth *daemonconf_auth(const char *key_path, const char *auth_info, struct err *e);

/* servers: "host[:port],...". hash: what the daemon has; *ret has no files when that is still in force. */
int daemonconf_fetch(const char *servers, struct auth *a, uint64_t hash, struct config_files *ret,
                     struct err *e);
/* Parses the files as a daemon would, with `want` (enum conf_want): nothing is written. */
int daemonconf_check(const struct config_files *files, unsigned want, struct err *e);

#endif
