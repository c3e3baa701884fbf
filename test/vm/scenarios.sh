#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What control groups, or tracking without them, must do for jobs: a private cluster of two slurmds and a row of scenarios.
#   scenarios.sh MODE PROGRAMS WORK
# MODE: v1, v2, linuxproc or pgid. PROGRAMS: a folder with the programs. WORK: an empty folder. In the environment: CG, the mount point of the control
# groups (own ones only), and PORTS, three free ports. Needs root, and no more than busybox. Prints "ok NAME" or "not ok NAME: WHY" for each.
MODE=$1 PROGRAMS=$2 WORK=$3 HERE=$(cd "$(dirname "$0")" && pwd)
CG=${CG:-/sys/fs/cgroup}
: "${PORTS:=6817 6818 6819}"
export PATH="$PROGRAMS:$PATH" SLURM_CONF="$WORK/slurm.conf"
# shellcheck disable=SC2086
set -- $PORTS
PORT_CTLD=$1 PORT_N1=$2 PORT_N2=$3
cd "$WORK" || exit 1

# --- the cluster ---

write_conf() {
    case $MODE in
    v1 | v2) track=proctrack/cgroup tasks=task/cgroup,task/affinity ;;
    *) track=proctrack/$MODE tasks=task/none ;;
    esac
    cat >slurm.conf <<EOF
ClusterName=alpha
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$PORT_CTLD
AuthType=auth/slurm
AuthInfo=socket=$WORK/sack.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$WORK/state
SlurmdSpoolDir=$WORK/spool.%n
SlurmctldPidFile=$WORK/ctld.pid
SlurmdPidFile=$WORK/%n.pid
SlurmctldLogFile=$WORK/ctld.log
SlurmdLogFile=$WORK/%n.log
SlurmdParameters=config_overrides
SlurmdDebug=debug
ReturnToService=2
BatchStartTimeout=1
KillWait=2
ProctrackType=$track
TaskPlugin=$tasks
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
GresTypes=gpu
NodeName=n1 NodeAddr=127.0.0.1 NodeHostname=$(hostname) Port=$PORT_N1 CPUs=2 RealMemory=400 Gres=gpu:2
NodeName=n2 NodeAddr=127.0.0.1 NodeHostname=$(hostname) Port=$PORT_N2 CPUs=2 RealMemory=400 Gres=gpu:2
PartitionName=p Nodes=ALL Default=YES
EOF
    echo "NodeName=n[1-2] Name=gpu File=$WORK/device[0-1]" >gres.conf
}

# cgroup_conf LINE…: what differs from the usual.
cgroup_conf() {
    case $MODE in
    v1 | v2)
        printf '%s\n' "CgroupMountpoint=$CG" IgnoreSystemd=yes ConstrainCores=yes ConstrainRAMSpace=yes ConstrainSwapSpace=yes \
            ConstrainDevices=yes "$@" >cgroup.conf
        ;;
    *) echo CgroupPlugin=disabled >cgroup.conf ;;
    esac
}

# start PROGRAM NAME OPTION…
start() {
    program=$1 daemon=$2
    shift 2
    "$program" -D "$@" >"$daemon.out" 2>&1 &
    echo $! >"pid.$daemon"
}
start_node() { start slurmd "$1" -N "$1"; }

# A zombie has ended too: not every shell here is the parent.
has_ended() { ! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null; }

# stop NAME SIGNAL
stop() {
    pid=$(cat "pid.$1")
    kill "-$2" "$pid" 2>/dev/null
    within 60 has_ended "$pid" || kill -KILL "$pid"
}

cleanup() {
    for daemon in n1 n2 ctld; do
        stop $daemon TERM
    done
}

# within SECONDS COMMAND…: repeats it until it succeeds.
within() {
    until_time=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -le $until_time ] || return 1
        sleep 0.05
    done
}

nodes_are() { [ "$(sinfo -h -N -o %T | sort -u)" = "$1" ]; }
state_of() { squeue -h -t all -j "$1" -o %T; }
state_is() { [ "$(state_of "$1")" = "$2" ]; }
has_line() { grep -q -e "$2" "$1"; }
no_job() { [ -z "$(squeue -h)" ]; }
# A process of this name, and what makes one of a shell that stays.
is_here() { grep -q -s -x -e "$1" /proc/[0-9]*/comm; }
is_gone() { ! is_here "$1"; }
stay() { echo "echo $1 >/proc/self/comm; while :; do sleep 0.2; done"; }

# submit SCRIPT OPTION…: sets $job.
submit() {
    text=$1
    shift
    job=$(sbatch --parsable -o "$WORK/%j.out" -n1 --mem=100 -w n1 "$@" --wrap "$text") || fail "sbatch: $job"
}
ends_as() { within 60 state_is "$job" "$1" || fail "job $job is $(state_of "$job") and not $1; it said: $(cat "$job.out")"; }
fail() {
    echo "not ok $name: $*" | tr '\n' ' '
    echo
    exit 1
}
same() { [ "$2" = "$3" ] || fail "$1 is '$2' and not '$3'"; }

# Folders of jobs that are left in the groups.
groups_left() {
    case $MODE in
    v1) find "$CG"/*/ -name 'job_*' 2>/dev/null ;;
    v2) find "$CG/system.slice" -name 'job_*' 2>/dev/null ;;
    esac
}
no_group_left() { [ -z "$(groups_left)" ]; }

# group CONTROLLER JOB STEP: its folder on n1.
group() {
    case $MODE in
    v1) echo "$CG/$1/slurm_n1/uid_0/job_$2/step_$3" ;;
    v2) echo "$CG/system.slice/n1_slurmstepd.scope/job_$2/step_$3" ;;
    esac
}
with_groups() { [ "$MODE" = v1 ] || [ "$MODE" = v2 ]; }

# reconfigure LINE…: has both nodes read their files again.
reconfigure() {
    cgroup_conf "$@"
    before=$(cat n1.log n2.log | grep -c ' reconfigure$')
    kill -HUP "$(cat pid.n1)" "$(cat pid.n2)"
    within 60 eval "[ \$(cat n1.log n2.log | grep -c ' reconfigure\$') -ge $((before + 2)) ]" || fail "the nodes did not read their files again"
    within 60 nodes_are idle || fail "the nodes are $(sinfo -h -N -o %T)"
}

. "$HERE/scenario_list.sh"

write_conf
cgroup_conf
mknod device0 c 1 7
mknod device1 c 1 8
start slurmctld ctld
trap cleanup EXIT
start_node n1
start_node n2
within 60 nodes_are idle || {
    echo "not ok start: the nodes do not come up: $(cat ./*.out n1.log n2.log | grep -i error | tr '\n' ' ')"
    exit 1
}
echo "ok start"
for name in ${ONLY:-$(scenarios)}; do
    (
        mark="m$$_$name"
        mark=$(echo "$mark" | cut -c 1-15) # what the kernel keeps of a name
        "scenario_$name"
        within 60 no_job || fail "jobs are left: $(squeue -h)"
        within 60 no_group_left || fail "groups are left: $(groups_left)"
        within 60 nodes_are idle || fail "the nodes are $(sinfo -h -N -o '%N %T')"
        echo "ok $name"
    )
    scancel -u root 2>/dev/null
    within 60 no_job
done
