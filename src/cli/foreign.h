/* SPDX-License-Identifier: Apache-2.0 */
/* foreign: #PBS and #BSUB lines of scripts written for other managers, as the options they correspond to. */
#ifndef CLI_FOREIGN_H
#define CLI_FOREIGN_H

#include "cli/jobopt.h"
#include "cli/sbatch_script.h"

/* Applies one line to a part. Options without a counterpart are left out. 0, or -1 with the message in
 * o->log. */
int foreign_directive(struct jobopt *o, struct jobopt_part *p, const struct script_line *line);

#endif
