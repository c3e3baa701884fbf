# SPDX-License-Identifier: Apache-2.0
# Helpers for case scripts. A case runs as root in an empty directory; commands
# run as the case's user ($U) with a clean environment and bounded time.

REC_N=100
PATHS=$PATH

# q CMD...: run as $U, not recorded; output passes through.
q() {
    timeout -k 2 "${LIMIT:-30}" setpriv --reuid="$U" --regid="$U" --init-groups --inh-caps=-all \
        env -i PATH="$PATHS" HOME="$(eval echo ~$U)" USER="$U" LOGNAME="$U" SHELL=/bin/bash LANG=C TERM=dumb \
        TZ=UTC0 SLURM_CONF="$SLURM_CONF" "$@"
}

# t CMD...: run as $U and record argv, stdout, stderr, exit code. $out and $rc hold the result.
t() {
    REC_N=$((REC_N + 1))
    printf '%s\0' "$U" "$@" > "$REC/$REC_N.argv"
    q "$@" > "$REC/$REC_N.out" 2> "$REC/$REC_N.err"
    rc=$?
    echo $rc > "$REC/$REC_N.rc"
    out=$(< "$REC/$REC_N.out")
}

# as USER HELPER ARGS...: the same as another user, e.g. 'as admin t scontrol ...'.
as() { local U=$1; shift; "$@"; }

# ts TEXT: record a shell pipeline.
ts() { t bash -c "$1"; }

# f FILE...: record the content of files (waits up to 10 s for them to exist).
f() { local x; for x; do poll 10 test -e "$x"; done; t cat "$@"; }

# poll SECONDS CMD...: run quietly until it succeeds; gives up after SECONDS.
poll() {
    local end=$((SECONDS + $1)); shift
    until q "$@" > /dev/null 2>&1; do
        [ $SECONDS -ge $end ] && { echo "gave up: $*"; return 1; }
        sleep 0.2
    done
}

# job SUBMIT_COMMAND...: submit quietly, print the job id.
job() { q "$@" | awk 'END { print $NF }'; }

# st JOB STATE[|STATE...]: wait until squeue shows the job in the state (long form).
st() { poll "${3:-25}" bash -c "squeue -h -a -t all -j $1 -o %T | grep -qxE '$2'"; }

# reason JOB REASON: wait until the job is pending for this reason.
reason() { poll "${3:-25}" bash -c "squeue -h -a -t pd -j $1 -o %r | grep -qE '$2'"; }

# end JOB...: wait until the jobs are in a final state and no longer completing.
end() { local j; for j; do poll 45 bash -c "! squeue -h -a -j $j -o %T 2>/dev/null | grep -q ."; done; }

# acct JOB STATE: wait until sacct shows the job (allocation line) in the state.
acct() { poll 25 bash -c "sacct -a -n -X -P -j $1 -o state | grep -qE '$2'"; }

# steps JOB COUNT: wait until sacct shows that many lines with an end for the job.
steps() { poll 25 bash -c "[ \$(sacct -a -n -P -j $1 -o end | grep -c T) -ge $2 ]"; }

# node NODES STATE: wait until all the nodes show the state (sinfo %T).
node() { poll "${3:-25}" bash -c "! sinfo -h -a -N -n $1 -o %T | grep -qvxE '$2'"; }

# calm: wait until all nodes are idle; the next job then gets the first node.
calm() { poll 15 bash -c "! sinfo -h -a -o %T | grep -qvx idle"; }

# used COUNTS SINFO_OPTIONS: wait until sinfo shows these CPU counts (allocated/idle/other/total).
used() { poll 15 bash -c "sinfo -h $2 -o %C | grep -qx $1"; }

# script NAME: write a script from standard input into the working directory.
script() { cat > "$1"; chmod 755 "$1"; chown "$U" "$1"; }
