/* SPDX-License-Identifier: Apache-2.0 */
/* docmeta: what every document of --json and --yaml has around its content. */
#ifndef CLI_DOCMETA_H
#define CLI_DOCMETA_H

#include "cli/cli.h"
#include "cli/docout.h"

/* "last_update", "meta", "errors" and "warnings", and the end of the document. last_update 0 leaves it out.
 */
void docmeta_finish(struct docout *d, struct cli *cli, int64_t last_update);

#endif
