# SPDX-License-Identifier: Apache-2.0
"""srun and salloc on a private cluster: streams, exit statuses, signals, steps that wait, terminals. Texts as Slurm 26.05 prints them."""
import hashlib
import os
import pty
import re
import signal
import subprocess
import time

import pytest
from cluster import PATIENCE, Cluster, poll, program

pytestmark = pytest.mark.skipif(not program() or os.getuid() != 0, reason="needs a build, and root for node daemons")


@pytest.fixture(scope="module")
def c():
    with Cluster(nodes=2, cpus=4) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def both_nodes_are_free(c):
    poll(lambda: c.out("squeue", "-h") == "", PATIENCE, lambda: c.out("squeue"))


def sh(c, text, **kw):
    return c.run("bash", "-c", text, **kw)


def clean(text):
    """Without ids and times."""
    return re.sub(r"\[[-0-9T:.]+\]", "[TIME]", re.sub(r"(StepId=|allocation |job |STEP )\d+", r"\1J", re.sub(r" AT \S+", " AT TIME", text)))


def by_task(lines):
    """A line for each task, in their order: which of them are told of in one line hangs on when they end."""
    one_each = []
    for line in lines:
        m = re.fullmatch(r"(.*): tasks? ([-,0-9]+): (.*)", line)
        spans = [span.split("-") for span in m[2].split(",")] if m else []
        tasks = [t for span in spans for t in range(int(span[0]), int(span[-1]) + 1)]
        one_each += [f"{m[1]}: task {t}: {m[3]}" for t in tasks] or [line]
    first = next((i for i, line in enumerate(one_each) if ": task " in line), 0)
    return one_each[:first] + sorted(one_each[first:], key=lambda line: (": task " not in line, line))


class Running:
    """A command in the background that has its tasks running: each makes a file r.RANK after what it sets up, by
    itself: a shell with a child does not hear SIGINT."""

    def __init__(self, c, *argv, tasks=2, setup=":", body="sleep 300"):
        for old in c.work.glob("r.*"):
            old.unlink()
        self.errors, self.seen = c.work / "errors", 0  # lines that says() has found
        with self.errors.open("w") as errors:
            self.p = subprocess.Popen([*argv, "bash", "-c", f"{setup}; : >r.$SLURM_PROCID; {body}"], env=c.env, cwd=c.work, text=True,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
        poll(lambda: len(list(c.work.glob("r.*"))) == tasks, PATIENCE, "the tasks do not run")

    def said(self):
        return clean(self.errors.read_text())

    def says(self, *lines):
        """Waits for the next of these lines of its errors, and gives that."""
        def look():
            for i, line in enumerate(self.said().splitlines()[self.seen:], self.seen + 1):
                if line in lines:
                    self.seen = i
                    return line
            return None
        return poll(look, PATIENCE, lambda: f"it says {self.said()}")

    def end(self):
        out, _ = self.p.communicate(timeout=PATIENCE)
        return self.p.returncode, out, self.said()


# --- streams ---------------------------------------------------------------------------------------------------

def test_labels(c):
    r = c.run("srun", "-N2", "-n4", "-l", "bash", "-c", "echo out; echo err >&2; printf partial")
    assert sorted(r.stdout.splitlines()) == [f"{t}: {w}" for t in range(4) for w in ("out", "partial")]
    assert sorted(r.stderr.splitlines()) == [f"{t}: err" for t in range(4)]


def test_input_goes_to_all_or_one_or_none(c):
    def run(*options):
        return sorted(c.run("srun", "-N2", "-n2", "-l", *options, "cat", input="a\nb\n", stdin=None).stdout.splitlines())
    assert run() == ["0: a", "0: b", "1: a", "1: b"]
    assert run("-i", "1") == ["1: a", "1: b"]
    assert run("-i", "none") == []
    (c.work / "in.txt").write_text("file\n")
    assert run("-i", "in.txt") == ["0: file", "1: file"]


def test_much_data_in_both_directions(c):
    data = os.urandom(20_000_000)
    r = subprocess.run(["srun", "-n1", "cat"], env=c.env, cwd=c.work, input=data, capture_output=True, timeout=PATIENCE)
    assert hashlib.sha256(r.stdout).digest() == hashlib.sha256(data).digest()


def test_a_slow_reader_holds_the_tasks_back(c):
    p = subprocess.Popen(["srun", "-n1", "head", "-c", "300000000", "/dev/zero"], env=c.env, cwd=c.work, stdout=subprocess.PIPE)
    time.sleep(1)
    rss = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{p.pid}/status").read())[1])
    assert rss < 100_000  # kB, of which a sanitizer takes most
    n = 0
    while chunk := p.stdout.read(1 << 20):
        n += len(chunk)
    assert (n, p.wait(PATIENCE)) == (300000000, 0)


def test_a_reader_that_goes_ends_the_step(c):
    r = sh(c, "srun -n1 yes | head -1; echo ${PIPESTATUS[0]}")
    assert r.stdout == "y\n137\n"
    assert "srun: Job step aborted: Waiting up to " in r.stderr


def test_labels_in_files_of_the_nodes(c):
    r = sh(c, "srun -n2 -l -o lab.%t bash -c 'echo out; printf err >&2'; cat lab.0 lab.1")
    assert (r.stdout, r.stderr) == ("0: out\n0: err\n1: out\n1: err\n", "")


def test_files(c):
    sh(c, "srun -N2 -n2 -o o.%t -e e.%t bash -c 'echo out$SLURM_PROCID; echo err >&2'")
    assert [(c.work / n).read_text() for n in ("o.0", "o.1", "e.0", "e.1")] == ["out0\n", "out1\n", "err\n", "err\n"]
    sh(c, "srun -n2 -o both.%j.%s bash -c 'echo out; echo err >&2'")
    assert sorted(next(c.work.glob("both.*.0")).read_text().split()) == ["err", "err", "out", "out"]
    assert c.run("srun", "-n2", "-o", "1", "bash", "-c", "echo $SLURM_PROCID").stdout == "1\n"
    assert c.run("srun", "-n2", "-o", "none", "hostname").stdout == ""
    r = c.run("srun", "-n2", "-i", "nosuch", "cat")
    assert (r.returncode, r.stderr) == (1, "srun: error: Could not open stdin file: No such file or directory\n")


# --- exit statuses ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("body, status, lines", [
    ("exit 3", 3, ["srun: error: n1: tasks 0-1: Exited with exit code 3"]),
    ("exit $((SLURM_PROCID+1))", 2, ["srun: error: n1: task 0: Exited with exit code 1", "srun: error: n1: task 1: Exited with exit code 2"]),
    ("kill -USR1 $$", 138, ["srun: error: n1: tasks 0-1: User defined signal 1"]),
    ("test $SLURM_PROCID = 1 && kill -9 $$; exit 0", 137, ["srun: error: n1: task 1: Killed", "srun: Force Terminated StepId=J.0"]),
    ("kill -SEGV $$", 139, ["srun: error: n1: tasks 0-1: Segmentation fault"]),
])
def test_exit_statuses(c, body, status, lines):
    r = c.run("srun", "-N1", "-n2", "bash", "-c", f"ulimit -c 0; {body}")
    assert (r.returncode, by_task(clean(r.stderr).splitlines())) == (status, by_task(lines))


def test_kill_on_bad_exit(c):
    r = c.run("srun", "-K", "-n2", "bash", "-c", "test $SLURM_PROCID = 1 && exit 5; exec sleep 20")
    assert r.returncode == 143
    assert clean(r.stderr).splitlines() == [
        "srun: error: n1: task 1: Exited with exit code 5", "srun: Terminating StepId=J.0",
        "[TIME] error: *** STEP J.0 ON n1 CANCELLED AT TIME DUE TO TASK FAILURE ***",
        "srun: error: n1: task 0: Terminated", "srun: Force Terminated StepId=J.0"]


def test_wait_for_the_slowest(c):
    r = c.run("srun", "-W1", "-n2", "bash", "-c", "test $SLURM_PROCID = 1 && exit 0; sleep 20")
    assert r.returncode == 137
    assert clean(r.stderr).splitlines()[:4] == ["srun: First task exited 1s ago", "srun: StepId=J.0 task 0: running",
                                                "srun: StepId=J.0 task 1: exited", "srun: Terminating StepId=J.0"]


# --- signals ---------------------------------------------------------------------------------------------------

def test_interrupt_twice(c):
    r = Running(c, "srun", "-v", "-n2", body="exec sleep 300")
    r.says("srun: Node n1, 2 tasks started")
    first = "srun: interrupt (one more within 1 sec to abort)"
    r.p.send_signal(signal.SIGINT)
    while r.says(first, "srun: forcing job termination") == first:  # again, when the second came too late
        r.p.send_signal(signal.SIGINT)
    status, _, err = r.end()
    assert status == 130
    lines = err.splitlines()
    last = len(lines) - lines[::-1].index(first) - 1
    assert lines[last:last + 4] == [first, "srun: StepId=J.0 tasks 0-1: running", "srun: sending Ctrl-C to StepId=J.0",
                                    "srun: forcing job termination"]


def test_signals_are_forwarded(c):
    r = Running(c, "srun", "-N2", "-n2", setup="trap 'echo got; exit 0' USR1", body="while :; do sleep 0.05; done")
    r.p.send_signal(signal.SIGUSR1)
    assert r.end()[:2] == (0, "got\ngot\n")


def test_terminate(c):
    r = Running(c, "srun", "-n2")
    r.p.send_signal(signal.SIGTERM)
    status, _, err = r.end()
    assert status == 137
    assert err.splitlines()[0] == "srun: forcing job termination"
    assert by_task(err.splitlines())[-2:] == ["srun: error: n1: task 0: Killed", "srun: error: n1: task 1: Killed"]


def test_a_cancelled_step(c):
    r = Running(c, "salloc", "-n2", "srun", "-n2")
    c.out("bash", "-c", "scancel $(squeue -h -o %A).0")
    status, _, err = r.end()
    assert status == 137
    assert "[TIME] error: *** STEP J.0 ON n1 CANCELLED AT TIME DUE to SIGNAL Killed ***" in err
    assert err.splitlines()[-1] == "salloc: Relinquishing job allocation J"


# --- allocations -----------------------------------------------------------------------------------------------

def test_salloc(c):
    r = c.run("salloc", "-N1", "bash", "-c", "srun hostname; exit 7")
    assert (r.returncode, clean(r.stderr).splitlines()) == (7, [
        "salloc: Granted job allocation J", "salloc: Nodes n1 are ready for job", "salloc: Relinquishing job allocation J"])


def test_salloc_waits(c):
    job = c.submit("sleep 300", "-N2", "--exclusive")
    c.wait_job(job, ("RUNNING",))
    p = subprocess.Popen(["salloc", "-N1", "true"], env=c.env, cwd=c.work, text=True, stderr=subprocess.PIPE)
    first = p.stderr.readline() + p.stderr.readline()
    c.out("scancel", job)
    rest = p.communicate(timeout=PATIENCE)[1]
    assert re.sub("Nodes n[12]", "Nodes N", clean(first + rest)).splitlines() == [
        "salloc: Pending job allocation J", "salloc: job J queued and waiting for resources",
        "salloc: job J has been allocated resources", "salloc: Granted job allocation J",
        "salloc: Nodes N are ready for job", "salloc: Relinquishing job allocation J"]


def test_immediate(c):
    job = c.submit("sleep 300", "-N2", "--exclusive")
    c.wait_job(job, ("RUNNING",))
    for name in ("srun", "salloc"):
        r = c.run(name, "-I1", "-N1", "true")
        assert r.returncode == 1
        assert f"{name}: error: Unable to allocate resources: Requested nodes are busy\n" in r.stderr
    c.out("scancel", job)


def test_revoked(c):
    r = sh(c, "salloc -n1 bash -c 'scancel $SLURM_JOB_ID; until grep revoked said; do sleep 0.02; done' 2>said")
    assert (r.returncode, clean(r.stdout)) == (0, "salloc: Job allocation J has been revoked.\n")
    assert (c.work / "said").read_text().endswith(r.stdout)


def test_commands_that_cannot_run_in_an_allocation(c):
    r = sh(c, "salloc -n1 nosuch; echo $?; salloc -Q -n1 /etc; echo $?; SLURM_EXIT_ERROR=9 salloc -Q -n1 nosuch; echo $?; "
              "salloc -D /nosuch -n1 true; echo $?")
    assert r.stdout.split() == ["1", "1", "9", "1"]
    assert clean(r.stderr).splitlines() == [
        "salloc: Granted job allocation J", "salloc: Nodes n1 are ready for job",
        'salloc: error: _fork_command: Unable to find command "nosuch"', "salloc: Relinquishing job allocation J",
        'salloc: error: _fork_command: Unable to find command "/etc"',
        'salloc: error: _fork_command: Unable to find command "nosuch"',
        "salloc: error: chdir(/nosuch): No such file or directory"]


@pytest.mark.parametrize("name, status", [("KILL", 0), ("INT", 0), ("TERM", 1), ("USR1", 1), ("SEGV", 1)])
def test_the_command_of_an_allocation_ended_by_a_signal(c, name, status):
    assert c.run("salloc", "-n1", "bash", "-c", f"ulimit -c 0; kill -{name} $$").returncode == status


def test_signals_to_an_allocation(c):
    """A hangup is the command's, too; USR1 and the like give the allocation back, and the command goes on."""
    for number, want, line in ((signal.SIGHUP, 1, "salloc: Relinquishing job allocation J"),
                               (signal.SIGUSR1, 3, "salloc: Job allocation J has been revoked.")):
        # not ignored, also when the tests run under nohup
        r = Running(c, "env", "--default-signal=HUP", "salloc", "-n1", tasks=1,
                    body=f"until [ -e told.{number} ]; do sleep 0.02; done; exit 3")
        r.p.send_signal(number)
        r.says(line)
        (c.work / f"told.{number}").touch()
        status, _, err = r.end()
        assert (status, err.splitlines()[-1]) == (want, line)


def test_multi_prog_faults(c):
    for text, lines in (("0 echo a\n0-1 echo b\n", ["Duplicate record for task 0", "Line 2 of configuration file m.conf invalid"]),
                        ("0 echo a\n1\n", ["Line 2 of configuration file m.conf invalid"]),
                        ("0 echo a\n", ["Configuration file m.conf invalid, no record for task id 1"])):
        (c.work / "m.conf").write_text(text)
        r = c.run("srun", "-n2", "--multi-prog", "m.conf")
        assert (r.returncode, r.stderr.splitlines()) == (1, ["srun: error: " + x for x in lines])


def test_programs_around_a_step_that_fail(c):
    r = c.run("srun", "--prolog=/nosuch", "true")
    assert (r.returncode, r.stderr) == (0, "srun: Access denied for /nosuch: No such file or directory\n")
    r = c.run("srun", "--epilog=/bin/false", "true")
    assert (r.returncode, r.stderr) == (0, "srun: error: srun epilog failed status=1\n")
    r = c.run("srun", "--task-prolog=/bin/false", "echo", "hi")
    assert (r.returncode, r.stdout) == (1, "") and "error: --task-prolog failed status=1" in r.stderr
    r = c.run("srun", "--task-epilog=/bin/false", "echo", "hi")
    assert (r.returncode, r.stdout) == (0, "hi\n") and "error: TaskEpilog failed status=1" in r.stderr


def test_steps_wait_for_each_other(c):
    for held in (0.2, 1, 5, 20):  # seconds: longer than the other needs to ask, which hangs on the host
        r = sh(c, f"salloc -Q -n4 -N1 bash -c 'srun -n2 --exact bash -c \"touch up.{held}; sleep {held}\" & "
                  f"until [ -e up.{held} ]; do sleep 0.02; done; srun -n4 echo hi; wait'")
        assert r.stdout == "hi\n" * 4
        if r.stderr:
            break
    assert clean(r.stderr) == "srun: Step created for StepId=J.1\n"


def test_refusals(c):
    r = sh(c, "salloc -Q -n4 -N1 bash -c 'srun -n20 true; srun -N2 true; srun -r3 true; srun -x n1 true; srun -x n2 true'")
    assert clean(r.stderr).splitlines() == [
        "srun: error: Unable to create step for job J: More processors requested than permitted",
        "srun: error: Only allocated 1 nodes asked for 2",
        "srun: error: --relative and SLURM_JOB_NUM_NODES option incompatible with count of allocated nodes (3+1>1)",
        "srun: error: Hostlist is empty!  Can't run job."]
    r = c.run("srun", "--jobid=999999", "true")
    assert (r.returncode, r.stderr.splitlines()[0]) == (1, "srun: error: Unable to confirm allocation for job 999999: Invalid job id specified")


def test_arbitrary_layout(c):
    (c.work / "hosts").write_text("n2\nn1\nn2\n")
    r = sh(c, "SLURM_HOSTFILE=hosts srun -n3 -m arbitrary bash -c 'echo $SLURM_PROCID $SLURMD_NODENAME'")
    assert sorted(r.stdout.splitlines()) == ["0 n2", "1 n1", "2 n2"]


def test_environment_of_salloc(c):
    out = c.out("salloc", "-Q", "-N2", "--ntasks-per-node=2", "env")
    env = dict(line.split("=", 1) for line in out.splitlines() if line.startswith("SLURM_"))
    assert env["SLURM_JOB_ID"] == env["SLURM_JOBID"]
    assert (env["SLURM_TASKS_PER_NODE"], env["SLURM_JOB_CPUS_PER_NODE"], env["SLURM_NTASKS"]) == ("2(x2)", "2(x2)", "4")
    assert (env["SLURM_NODELIST"], env["SLURM_NNODES"], env["SLURM_JOB_NAME"]) == ("n[1-2]", "2", "interactive")


# --- terminal --------------------------------------------------------------------------------------------------

def test_pty(c):
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(c.work)
        os.execvpe("srun", ["srun", "--pty", "bash", "-c", "test -t 0 && read x && echo got $x; exit 3"], c.env)
    os.write(fd, b"hello\n")
    text = b""
    try:
        while chunk := os.read(fd, 4096):
            text += chunk
    except OSError:
        pass
    assert b"got hello" in text
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3


def test_no_terminal(c):
    r = c.run("srun", "--pty", "true")
    assert (r.returncode, r.stderr.splitlines()) == (0, [
        "srun: error: ioctl(TIOCGWINSZ): Inappropriate ioctl for device",
        "srun: error: Not using a pseudo-terminal, disregarding --pty option"])
