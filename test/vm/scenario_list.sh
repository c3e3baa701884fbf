# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154,SC2016
# The scenarios of scenarios.sh, which reads this file. `name` is the scenario, `mark` a process name of its own.

scenarios() {
    echo flight stop_and_go stop_and_end signal two_nodes lost_stepd lost_with_slurmd
    if with_groups; then
        echo cores oom oom_step within_memory devices restart children limits bounds swap_alone disabled relay wrong_version gone_root
        [ "$MODE" != v1 ] || echo swappiness
        [ "$MODE" != v2 ] || echo extra_controllers
    fi
}

# What keeps a job until it is released.
until_told() { echo "until [ -e $WORK/go ]; do sleep 0.1; done"; }
release() {
    : >go
    ends_as COMPLETED
    within 60 no_job || fail "jobs are left: $(squeue -h)"
    rm go
}

# --- following processes ---

scenario_flight() {
    submit "(setsid sh -c 'trap \"\" TERM HUP; $(stay "$mark")' &); (setsid sh -c '(setsid sh -c \"$(stay "$mark")\" &)' &); $(until_told); echo left"
    within 60 is_here "$mark" || fail "nobody fled"
    release
    within 60 is_gone "$mark" || fail "a process outlives the job"
    submit "(setsid sh -c 'trap \"\" TERM HUP; $(stay "$mark")' &); sleep 100"
    within 60 is_here "$mark" || fail "nobody fled"
    scancel "$job"
    ends_as CANCELLED
    within 60 is_gone "$mark" || fail "a process outlives the cancelled job"
}

count_of() { wc -c <"$1"; }
stands_still() {
    n=$(count_of "$1")
    sleep 0.5
    [ "$(count_of "$1")" = "$n" ]
}

is_frozen() {
    case $MODE in
    v1) [ "$(cat "$(group freezer "$job" batch)/freezer.state")" = FROZEN ] ;;
    v2) grep -q 'frozen 1' "$(group freezer "$job" batch)/user/cgroup.events" ;;
    esac
}

scenario_stop_and_go() {
    submit "(setsid sh -c 'while :; do printf x >>ticks; sleep 0.1; done' &); echo up; $(stay "$mark")"
    within 60 [ -s ticks ] || fail "nothing runs"
    scontrol suspend "$job"
    within 60 state_is "$job" SUSPENDED || fail "it is $(state_of "$job")"
    within 60 stands_still ticks || fail "a child of the suspended job goes on"
    ! with_groups || within 60 is_frozen || fail "the group is not frozen"
    scontrol resume "$job"
    within 60 state_is "$job" RUNNING || fail "it is $(state_of "$job")"
    n=$(count_of ticks)
    within 60 eval '[ $(count_of ticks) -gt "$n" ]' || fail "the resumed job stands still"
    scancel "$job"
    ends_as CANCELLED
    rm ticks
}

scenario_stop_and_end() {
    submit "$(stay "$mark")"
    within 60 is_here "$mark" || fail "nothing runs"
    scontrol suspend "$job"
    within 60 state_is "$job" SUSPENDED || fail "it is $(state_of "$job")"
    scancel "$job"
    ends_as CANCELLED
    within 60 is_gone "$mark" || fail "the suspended job lives on"
}

scenario_signal() {
    submit 'trap "echo heard" USR1; trap "echo finished; exit 7" USR2; echo up; while :; do sleep 0.1; done'
    within 60 has_line "$job.out" up || fail "nothing runs"
    scancel --signal=USR1 --full "$job"
    within 60 has_line "$job.out" heard || fail "the signal was not heard"
    scancel --signal=USR2 --full "$job"
    ends_as FAILED
    same output "$(tail -n 1 "$job.out")" finished
}

scenario_two_nodes() {
    job=$(sbatch --parsable -o "$WORK/%j.out" -N2 -n2 --mem=50 --wrap \
        'srun sh -c "if [ \$SLURM_NODEID = 0 ]; then echo first; else sleep 2; echo second; fi"') || fail sbatch
    ends_as COMPLETED
    same output "$(sort "$job.out" | tr '\n' ' ')" "first second "
}

# Of this cluster: others may be on this host.
stepd_of() {
    for pid in $(grep -l -s "slurmstepd: \[$1\.$2\]" /proc/[0-9]*/cmdline | sed 's,/proc/,,; s,/.*,,'); do
        tr '\0' '\n' <"/proc/$pid/environ" | grep -q -x -F "SLURM_CONF=$SLURM_CONF" && echo "$pid"
    done 2>/dev/null
}

scenario_lost_stepd() {
    submit "(setsid sh -c '$(stay "$mark")' &); $(stay "$mark")"
    within 60 is_here "$mark" || fail "nothing runs"
    kill -KILL "$(stepd_of "$job" batch)"
    within 60 is_gone "$mark" || fail "a process lives on without its slurmstepd"
    within 60 no_job || fail "the job is $(state_of "$job")"
}

# The slurmstepd dies while no slurmd is there to see it.
scenario_lost_with_slurmd() {
    submit "$(stay "$mark")" --no-requeue
    within 60 is_here "$mark" || fail "nothing runs"
    sleep 2 # BatchStartTimeout: until then the controller does not miss it
    stop n1 KILL
    kill -KILL "$(stepd_of "$job" batch)"
    start_node n1
    within 60 is_gone "$mark" || fail "a process lives on without its slurmstepd"
    within 60 no_job || fail "the job is $(state_of "$job")"
}

# --- limits ---

scenario_cores() {
    cpus='nproc; taskset 3 nproc; grep Cpus_allowed_list /proc/self/status'
    submit "$cpus; $(until_told)"
    submit_other=$job
    submit "$cpus; $(until_told)"
    for out in "$submit_other.out" "$job.out"; do
        within 60 has_line "$out" Cpus_allowed_list || fail "they do not run at the same time"
    done
    release
    same "the first job's CPUs" "$(head -n 1 "$submit_other.out")" 1
    same "the second job's CPUs" "$(head -n 1 "$job.out")" 1
    same "CPUs after a try for more" "$(sed -n 2p "$job.out")" 1
    [ "$(tail -n 1 "$submit_other.out")" != "$(tail -n 1 "$job.out")" ] || fail "both have $(tail -n 1 "$job.out")"
    submit 'nproc' -c 2
    ends_as COMPLETED
    same "CPUs of a job with two" "$(cat "$job.out")" 2
}

use() { echo "dd if=/dev/zero of=/dev/null bs=$1M count=1 2>/dev/null"; }

scenario_oom() {
    submit "$(use 150); echo survived"
    ends_as OUT_OF_MEMORY
    has_line "$job.out" "error: Detected [1-9][0-9]* oom_kill events* in StepId=$job.batch. Some of the step tasks have been OOM Killed." ||
        fail "it said: $(cat "$job.out")"
}

# Slurm's own words: a notice, then the task whose memory was out and no other; exit code 1 whatever the task made of it.
scenario_oom_step() {
    said="error: Detected N oom_kill event in StepId=J.0. Some of the step tasks have been OOM Killed. srun: error: n2: task 0: Out Of Memory "
    for script in "exec $(use 150)" "$(use 150); exit 7" "$(use 150); exit 0" "if [ \$SLURM_PROCID = 0 ]; then $(use 150); else sleep 1; fi; exit 0"; do
        tasks=1
        [ "${script#if}" = "$script" ] || tasks=2
        srun -w n2 -N1 -n $tasks --mem=60 -J oomstep sh -c "$script" >oomstep.out 2>&1
        same "the exit code of srun for '$script'" "$?" 1
        same "what it said" "$(sed 's/^\[[^]]*\] //; s/[0-9]* oom_kill events*/N oom_kill event/; s/StepId=[0-9]*/StepId=J/' oomstep.out | tr '\n' ' ')" "$said"
        within 60 no_job
        same "the state of the job" "$(squeue -h -t all -n oomstep -o '%T %r' | sort -u)" "OUT_OF_MEMORY OutOfMemory"
    done
    submit "srun sh -c '$(use 150)'; echo \$? >oom.code"
    ends_as COMPLETED
    same "the exit code of srun in a job" "$(cat oom.code)" 1
}

scenario_within_memory() {
    submit "$(use 60) && echo survived"
    ends_as COMPLETED
    same output "$(cat "$job.out")" survived
}

try_devices() { echo 'for d in /dev/null '"$WORK/device0 $WORK/device1"'; do if (: <$d) 2>/dev/null; then echo yes; else echo no; fi; done | tr "\n" " "'; }

scenario_devices() {
    submit "$(try_devices)" --gres=gpu:1
    ends_as COMPLETED
    same "what can be opened with the first device" "$(cat "$job.out")" "yes yes no "
    submit "$(try_devices)"
    ends_as COMPLETED
    same "what can be opened without a device" "$(cat "$job.out")" "yes no no "
    submit "$(try_devices)" --gres=gpu:2
    ends_as COMPLETED
    same "what can be opened with both" "$(cat "$job.out")" "yes yes yes "
}

scenario_restart() {
    submit "echo up; $(until_told); nproc; taskset 3 nproc"
    within 60 has_line "$job.out" up || fail "nothing runs"
    stop n1 TERM
    [ -d "$(group memory "$job" batch)" ] || fail "the group has gone with slurmd"
    start_node n1
    within 60 has_line n1.log "StepId=$job.* runs on" || fail "slurmd does not know the step"
    [ -d "$(group memory "$job" batch)" ] || fail "the group has gone with the new slurmd"
    release
    same output "$(cat "$job.out" | tr '\n' ' ')" "up 1 1 "
}

# SignalChildrenProcesses: whether a signal reaches what the task has started.
scenario_children() {
    for value in no yes; do
        reconfigure SignalChildrenProcesses=$value
        submit 'trap "echo parent" USR1; sh -c "trap \"echo child\" USR1; echo up; while :; do sleep 0.1; done" & while :; do wait; done'
        within 60 has_line "$job.out" up || fail "nothing runs"
        scancel --signal=USR1 --full "$job"
        within 60 has_line "$job.out" parent || fail "the parent was not told: $(cat "$job.out")"
        if [ $value = yes ]; then
            within 60 has_line "$job.out" child || fail "the child was not told: $(cat "$job.out")"
        else
            sleep 0.5
            ! has_line "$job.out" child || fail "the child was told"
        fi
        scancel "$job"
        ends_as CANCELLED
    done
    reconfigure
}

# value NAME1 NAME2: what a file of the memory group of the step has, as the job's step shows it.
memory_file() {
    case $MODE in
    v1) cat "$(group memory "$job" batch)/$1" ;;
    v2) cat "$(group memory "$job" batch)/$2" ;;
    esac
}

# hold OPTION…: a job that stays until it is released.
hold() {
    submit "echo up; $(until_told)" "$@"
    within 60 has_line "$job.out" up || fail "nothing runs"
}
MIB=1048576

scenario_limits() {
    hold --mem=100
    same "memory of 100 MiB" "$(memory_file memory.limit_in_bytes memory.max)" $((100 * MIB))
    release
    hold --mem=10
    same "memory of 10 MiB" "$(memory_file memory.limit_in_bytes memory.max)" $((30 * MIB))
    release
    reconfigure AllowedRAMSpace=150.5 AllowedSwapSpace=20 MinRAMSpace=50
    hold --mem=100
    same "100 MiB with AllowedRAMSpace=150.5" "$(memory_file memory.limit_in_bytes memory.max)" $((1505 * MIB / 10 / 4096 * 4096))
    same "the soft limit" "$(memory_file memory.soft_limit_in_bytes memory.high)" $((100 * MIB))
    swap=$(memory_file memory.memsw.limit_in_bytes memory.swap.max 2>/dev/null)
    case $MODE$swap in
    v1 | v2) ;; # this kernel does not count swap
    v1*) same "memory and swap" "$swap" $((1705 * MIB / 10 / 4096 * 4096)) ;;
    v2*) same "swap" "$swap" $((20 * MIB)) ;;
    esac
    release
    hold --mem=10
    same "10 MiB with MinRAMSpace=50" "$(memory_file memory.limit_in_bytes memory.max)" $((50 * MIB))
    release
    reconfigure
}

scenario_bounds() {
    reconfigure MaxRAMPercent=25
    hold --mem=200
    same "200 MiB with MaxRAMPercent=25 of 400" "$(memory_file memory.limit_in_bytes memory.max)" $((100 * MIB))
    release
    reconfigure
}

# ConstrainSwapSpace without ConstrainRAMSpace: one limit for both.
scenario_swap_alone() {
    reconfigure ConstrainRAMSpace=no AllowedRAMSpace=150 AllowedSwapSpace=20
    hold --mem=100
    same "memory of 100 MiB" "$(memory_file memory.limit_in_bytes memory.max)" $((120 * MIB))
    release
    reconfigure
}

scenario_disabled() {
    reconfigure CgroupPlugin=disabled
    submit "(setsid sh -c '$(stay "$mark")' &); $(until_told)"
    within 60 is_here "$mark" || fail "nobody fled"
    no_group_left || fail "groups are made: $(groups_left)"
    release
    within 60 is_gone "$mark" || fail "a process outlives the job"
    reconfigure
}

# A process that has passed itself on before anybody who has read a list of processes can kill it.
scenario_relay() {
    printf '#!/bin/sh\n"$0" &\n' >"$mark"
    chmod 755 "$mark"
    submit "for i in 1 2 3; do ./$mark & done; sleep 0.5" -D "$WORK"
    ends_as COMPLETED
    within 60 is_gone "$mark" || fail "a process outlives the job"
    rm "$mark"
}

scenario_swappiness() {
    reconfigure MemorySwappiness=17
    hold
    same memory.swappiness "$(memory_file memory.swappiness)" 17
    release
    reconfigure
}

scenario_extra_controllers() {
    reconfigure EnableExtraControllers=pids EnableControllers=yes
    hold
    has_line "$(group memory "$job" batch)/cgroup.controllers" pids || fail "the step has $(cat "$(group memory "$job" batch)/cgroup.controllers")"
    release
    reconfigure EnableExtraControllers=nonsense,pids
    has_line n1.log "this host has no controller 'nonsense'" || fail "nothing is said about a controller that is not there"
    reconfigure
}

scenario_wrong_version() {
    other=cgroup/v2
    [ "$MODE" = v1 ] || other=cgroup/v1
    stop n2 TERM
    cgroup_conf CgroupPlugin=$other
    start_node n2
    within 60 has_ended "$(cat pid.n2)" || fail "slurmd runs without the groups that it was told to use"
    has_line n2.out "CgroupPlugin=$other: .* holds no control groups of that version" || has_line n2.log "CgroupPlugin=$other:" ||
        fail "it said: $(cat n2.out)"
    cgroup_conf CgroupPlugin=cgroup/$MODE
    start_node n2
    within 60 nodes_are idle || fail "CgroupPlugin=cgroup/$MODE does not work"
    submit 'nproc' -w n2
    ends_as COMPLETED
    cgroup_conf
    reconfigure
}

scenario_gone_root() {
    hold -w n2
    stop n2 TERM
    find "$CG"/*/ -name '*n2*' | grep -q . || fail "the groups have gone with slurmd"
    start_node n2
    release
    stop n2 TERM
    ! find "$CG"/*/ -name '*n2*' | grep . || fail "slurmd has left its own folder"
    start_node n2
}
