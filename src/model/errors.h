/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errors: Slurm's public error numbers and their texts, from [error.*] of schema/.
 *
 * The constants (ESLURM_...) are in the generated model.h.
 */
#ifndef MODEL_ERRORS_H
#define MODEL_ERRORS_H

#include <stdint.h>

struct error_row {
    int number;
    const char *name; /* "ESLURM_INVALID_PARTITION_NAME" */
    const char *text; /* the line that tools match */
};

extern const struct error_row error_rows[]; /* ascending by number */
extern const uint32_t error_rows_count;

const char *error_text(int code); /* NULL when the number is not one of ours */
const char *error_name(int code); /* NULL when the number is not one of ours */

#endif
