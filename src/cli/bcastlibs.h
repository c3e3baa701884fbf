/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bcastlibs: --send-libs of sbcast and srun: the shared libraries of a program go with it, into a folder
 * beside the copy that has its name and "_libs".
 */
#ifndef CLI_BCASTLIBS_H
#define CLI_BCASTLIBS_H

#include "cli/bcast.h"
#include "meta/meta.h"

#define BCAST_LIBS_SUFFIX "_libs"

/* The libraries that ldd(1) names for the program, as absolute paths, without those below the folders of
 * `exclude`
 * ("/lib,/usr/lib"; "NONE" for none; NULL: BcastExclude). `ret` is zero before; give it to
 * bcast_libs_release(). False after a complaint that names the program: it has none that could be found out.
 */
bool bcast_libs(struct cli *cli, const char *program, const char *exclude, struct meta_strs *ret);
void bcast_libs_release(struct meta_strs *libs);

/* Makes the folder beside the copies that `o` has made, and fills it. 0, or the exit status after the
 * complaint. */
int bcast_send_libs(struct cli *cli, const struct bcast_grant *to, const struct bcast_order *o,
                    const struct meta_strs *libs);

#endif
