/* SPDX-License-Identifier: Apache-2.0 */
/* With libpmi2: every rank reads what its neighbour has put. */
#include <slurm/pmi2.h>
#include <stdio.h>

int main(void)
{
    int spawned, size, rank, appnum, len;
    char id[256], key[64], mine[64], theirs[PMI2_MAX_VALLEN];

    if (PMI2_Init(&spawned, &size, &rank, &appnum) || PMI2_Job_GetId(id, sizeof id))
        return 1;
    snprintf(key, sizeof key, "key%d", rank);
    snprintf(mine, sizeof mine, "a;%d=;;b", rank);
    if (PMI2_KVS_Put(key, mine) || PMI2_KVS_Fence())
        return 2;
    snprintf(key, sizeof key, "key%d", (rank + 1) % size);
    if (PMI2_KVS_Get(id, PMI2_ID_NULL, key, theirs, sizeof theirs, &len))
        return 3;
    printf("%d of %d: %s\n", rank, size, theirs);
    return PMI2_Finalize();
}
