/* SPDX-License-Identifier: Apache-2.0 */
/* commands: one function a command; main.c has the table. Each returns the exit status of the process. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

struct cli;

int cmd_salloc(struct cli *cli);
int cmd_sbatch(struct cli *cli);
int cmd_sbcast(struct cli *cli);
int cmd_scancel(struct cli *cli);
int cmd_scontrol(struct cli *cli);
int cmd_sinfo(struct cli *cli);
int cmd_squeue(struct cli *cli);
int cmd_srun(struct cli *cli);
int cmd_check(struct cli *cli);
int cmd_down(struct cli *cli);
int cmd_env(struct cli *cli);
int cmd_explain(struct cli *cli);
int cmd_sim(struct cli *cli);
int cmd_up(struct cli *cli);

#endif
