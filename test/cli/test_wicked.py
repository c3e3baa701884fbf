# SPDX-License-Identifier: Apache-2.0
"""Jobs that misbehave: each ends as it should, leaves nothing behind, and the next job runs on the same node."""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cluster import PATIENCE, Cluster, poll, processes

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="jobs of several users need root")
OTHER = {"user": 1, "group": 1, "extra_groups": []}  # nobody (65534) would not even be heard
ALL_ENDS = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY")


@pytest.fixture(scope="module")
def cluster():
    with Cluster(nodes=2, cpus=4) as c:
        yield c


@pytest.fixture(autouse=True)
def the_next_job_runs(cluster):
    yield
    left = cluster.out("squeue", "-h", "-o", "%i").split()
    if left:
        cluster.run("scancel", *left)
    poll(lambda: cluster.out("squeue", "-h") == "", PATIENCE, lambda: cluster.out("squeue"))
    cluster.wait_job(cluster.submit("true", "-N2"))
    assert cluster.out("sinfo", "-h", "-o", "%T %D") == "idle 2\n"


def script(cluster, text, *options, mode=0o755):
    path = cluster.work / f"script-{time.monotonic_ns()}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return int(cluster.out("sbatch", "--parsable", *options, path))


def ended(cluster, job):
    return cluster.wait_job(job, ALL_ENDS)


def output(cluster, job):
    return (cluster.work / f"slurm-{job}.out").read_text(errors="replace")


def test_it_ignores_every_signal(cluster):
    job = cluster.submit("trap '' TERM INT HUP CONT USR1; echo up; while :; do sleep 0.1; done", "-t", "5")
    poll(lambda: (cluster.work / f"slurm-{job}.out").exists() and "up" in output(cluster, job), PATIENCE, "no output")
    cluster.out("scancel", job)
    assert ended(cluster, job)["JobState"] == "CANCELLED"


def test_it_stops_itself(cluster):
    job = cluster.submit("kill -STOP $$; echo never")
    cluster.wait_job(job, ("RUNNING",))
    cluster.out("scancel", job)
    assert ended(cluster, job)["JobState"] == "CANCELLED"
    assert "never" not in output(cluster, job)


def test_its_children_flee(cluster):
    """Sessions and daemons of their own: all are gone when the job is."""
    mark = f"7{time.time_ns() % 10**9}"
    job = cluster.submit(f"for i in 1 2 3 4 5; do (setsid sh -c 'trap \"\" TERM HUP; exec sleep {mark}' &) ; done; sleep 0.2; echo left")
    assert ended(cluster, job)["JobState"] == "COMPLETED"
    poll(lambda: not processes(f"sleep\0{mark}"), PATIENCE, "children of the job live on")


def test_it_makes_hundreds_of_processes_and_zombies(cluster):
    mark = f"8{time.time_ns() % 10**9}"
    job = cluster.submit(f"for i in $(seq 300); do sleep {mark} & done; echo up; exec sleep {mark}")
    poll(lambda: len(processes(f"sleep\0{mark}")) > 290, PATIENCE, "they do not come up")
    cluster.out("scancel", job)
    assert ended(cluster, job)["JobState"] == "CANCELLED"
    poll(lambda: not processes(f"sleep\0{mark}"), PATIENCE, "children of the job live on")


def test_it_kills_its_slurmstepd(cluster):
    job = cluster.submit("echo up; kill -9 $PPID; sleep 600")
    end = ended(cluster, job)
    assert end["JobState"] in ("FAILED", "NODE_FAIL", "CANCELLED"), end


def test_it_removes_its_folder(cluster):
    folder = cluster.work / "gone"
    folder.mkdir()
    job = cluster.submit("rm -rf ../gone; echo still here; srun true; echo $?", "-D", folder, "-o", cluster.work / "slurm-%j.out")
    assert ended(cluster, job)["JobState"] == "COMPLETED"
    assert output(cluster, job).startswith("still here\n")


def test_its_folder_is_not_there(cluster):
    """As in Slurm: a word in the output, and the job runs in /tmp."""
    job = cluster.submit("pwd", "-D", "/nonexistent/folder", "-o", cluster.work / "slurm-%j.out")
    assert ended(cluster, job)["JobState"] == "COMPLETED"
    assert "couldn't chdir to `/nonexistent/folder': No such file or directory: going to /tmp instead" in output(cluster, job)
    assert output(cluster, job).endswith("/tmp\n")


@pytest.mark.parametrize("first", ["#!/nonexistent/sh", "#!/etc/passwd", "#!/bin"])
def test_its_interpreter_cannot_run(cluster, first):
    job = script(cluster, first + "\necho never\n")
    end = ended(cluster, job)
    assert end["JobState"] == "FAILED" and end["ExitCode"] != "0:0", end
    assert "execve" in output(cluster, job) or "slurm_script" in output(cluster, job)


def test_it_writes_to_a_full_device(cluster):
    job = cluster.submit("echo lost; exit 3", "-o", "/dev/full")
    assert ended(cluster, job)["ExitCode"] == "3:0"


def test_its_output_cannot_be_written(cluster):
    job = cluster.submit("echo never > ran", "-o", "/proc/no/such/file")
    end = ended(cluster, job)
    assert end["JobState"] == "FAILED", end
    assert not (cluster.work / "ran").exists()


def test_it_closes_everything(cluster):
    job = script(cluster, "#!/bin/bash\nfor f in /proc/self/fd/*; do n=${f##*/}; eval \"exec $n>&-\" ; done 2>/dev/null\nexit 5\n")
    assert ended(cluster, job)["ExitCode"] == "5:0"


def test_it_inherits_nothing_of_the_daemons(cluster):
    job = cluster.submit("ls -l /proc/self/fd | sed 1d | awk '{print $9}' | grep -c -v '^$'; grep SigIgn /proc/self/status; grep SigBlk /proc/self/status")
    assert ended(cluster, job)["JobState"] == "COMPLETED"
    fds, ignored, blocked = output(cluster, job).split("\n")[:3]
    assert int(fds) <= 5  # 0-2, and what ls and the shell opened
    assert int(ignored.split()[1], 16) == 0 and int(blocked.split()[1], 16) == 0


@pytest.mark.parametrize("number", [1, 2, 6, 9, 11, 13, 14, 15])
def test_a_signal_ends_it(cluster, number):
    end = ended(cluster, cluster.submit(f"kill -{number} $$"))
    assert (end["JobState"], end["ExitCode"]) == ("FAILED", f"0:{number}"), end


@pytest.mark.parametrize("code", [0, 1, 127, 128, 137, 255])
def test_every_exit_code_is_kept(cluster, code):
    end = ended(cluster, cluster.submit(f"exit {code}"))
    assert end["ExitCode"] == f"{code}:0" and end["JobState"] == ("FAILED" if code else "COMPLETED")


def test_it_writes_much_without_a_line_end(cluster):
    job = cluster.submit("head -c 50000000 /dev/zero | tr '\\0' x; srun -n2 sh -c 'head -c 3000000 /dev/zero | tr \"\\0\" y'", "-n2")
    assert ended(cluster, job)["JobState"] == "COMPLETED"
    text = output(cluster, job)
    assert (text.count("x"), text.count("y"), len(text)) == (50000000, 6000000, 56000000)


def test_its_name_and_arguments_are_odd(cluster):
    name = "a b\t'\"\\$(touch evil)`id`;|&<>é✓%j\x7f"
    job = script(cluster, "#!/bin/sh\nprintf '%s|' \"$SLURM_JOB_NAME\" \"$@\"\n", "-J", name)
    assert ended(cluster, job)["JobState"] == "COMPLETED"
    assert output(cluster, job).split("|")[0].startswith("a b")
    assert not (cluster.work / "evil").exists()
    path = cluster.work / "args"
    path.write_text("#!/bin/sh\nprintf '%s|' \"$@\"\n")
    job = int(cluster.out("sbatch", "--parsable", path, "", "a b", "*", "$HOME", "x\ny", "--", "-n", "é"))
    assert ended(cluster, job)["JobState"] == "COMPLETED"
    assert output(cluster, job) == "|a b|*|$HOME|x\ny|--|-n|é|"


def test_its_environment_is_large_and_odd(cluster):
    env = {**cluster.env, "BIG": "v" * 120000, "EMPTY": "", "LINES_": "a\nb\n\nc=d", "UNI": "✓é", "EQ": "a=b=c"}
    for i in range(20):
        env[f"BIG{i}"] = str(i) * 50000
    job = cluster.out("sbatch", "--parsable", "--wrap",
                      'printf "%s|" ${#BIG} "$EMPTY" "$LINES_" "$UNI" "$EQ" ${#BIG7} ${#BIG13}', env=env).strip()
    assert ended(cluster, job)["JobState"] == "COMPLETED"
    assert output(cluster, job) == "120000||a\nb\n\nc=d|✓é|a=b=c|50000|100000|"


def test_its_script_is_large(cluster):
    job = script(cluster, "#!/bin/sh\n" + "# filler filler filler filler\n" * 100000 + "echo end\n")
    assert ended(cluster, job)["JobState"] == "COMPLETED" and output(cluster, job) == "end\n"


def test_too_large_a_script_is_refused(cluster):
    path = cluster.work / "huge"
    path.write_text("#!/bin/sh\n" + "#" * (5 << 20))
    r = cluster.run("sbatch", path)
    assert r.returncode == 1 and "sbatch: error: " in r.stderr and r.stdout == ""


@pytest.mark.parametrize("text,error", [
    (b"", "Batch script is empty"),
    (b"#!/bin/sh\r\necho hi\r\n", "DOS line breaks"),
    (b"\x7fELF\x02\x01\x01\0\0\0", "This does not look like a batch script"),
    (b"echo no interpreter\n", "This does not look like a batch script"),
    (b"#!/bin/sh\necho a\0b\n", "contain a NULL character"),
])
def test_scripts_that_are_none(cluster, text, error):
    path = cluster.work / "odd"
    path.write_bytes(text)
    r = cluster.run("sbatch", path)
    assert r.returncode == 1 and error.lower() in r.stderr.lower(), r.stderr


def test_a_thousand_short_jobs_at_once(cluster):
    job = cluster.submit("true", "-a", "0-999", "-o", "/dev/null")
    poll(lambda: cluster.out("squeue", "-h") == "", 3 * PATIENCE, lambda: cluster.out("squeue")[-500:])
    states = cluster.out("squeue", "-h", "-r", "-t", "all", "-j", job, "-o", "%T").split()
    assert states == ["COMPLETED"] * len(states) and len(states) in (0, 1000)


def test_cancelled_at_every_moment(cluster):
    """Between submission and end there is no moment at which a cancel is lost or a node stays taken."""
    for i in range(40):
        job = cluster.submit("echo run; sleep 30", "-N2", "-o", "/dev/null")
        time.sleep(0.003 * i)  # not to wait: the moment is what varies
        cluster.out("scancel", job)
        assert ended(cluster, job)["JobState"] == "CANCELLED"


def test_another_user_can_do_nothing_to_it(cluster):
    job = cluster.submit("sleep 600", "-o", "/dev/null")
    cluster.wait_job(job, ("RUNNING",))
    cluster.dir.chmod(0o755)
    for argv in (["scancel", job], ["scancel", "-s", "USR1", job], ["scontrol", "update", f"job={job}", "name=mine"],
                 ["scontrol", "hold", job], ["scontrol", "requeue", job], ["scontrol", "suspend", job],
                 ["srun", f"--jobid={job}", "--overlap", "id"]):
        r = cluster.run(*argv, cwd="/", **OTHER)
        assert r.returncode != 0 and re.search("denied|Invalid user id", r.stderr), (argv, r.stderr)
    assert cluster.job(job)["JobState"] == "RUNNING" and cluster.job(job)["JobName"] == "wrap"
    cluster.out("scancel", job)
    ended(cluster, job)


def test_its_files_are_pipes_without_another_end(cluster):
    """slurmstepd waited in open(2) for ever: the job could not be ended, and its node was not given back."""
    for option in ("-o", "-e", "-i"):
        fifo = cluster.work / f"fifo{option}"
        os.mkfifo(fifo)
        job = cluster.submit("true", option, fifo, "-t", "5")
        cluster.wait_job(job, ("RUNNING",))
        cluster.out("scancel", job)
        assert ended(cluster, job)["JobState"] == "CANCELLED"
    job = cluster.submit("echo through", "-o", cluster.work / "fifo-o")
    assert (cluster.work / "fifo-o").read_text() == "through\n"
    ended(cluster, job)


def test_its_pipe_is_full(cluster):
    """The notice of the cancellation cannot be written there: that held the end up."""
    fifo = cluster.work / "fifo-full"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    job = cluster.submit("echo up > up; yes", "-o", fifo)
    poll(lambda: (cluster.work / "up").exists(), 20, "it does not run")
    cluster.out("scancel", job)
    assert ended(cluster, job, 60)["JobState"] == "CANCELLED"
    os.close(reader)


def test_its_srun_is_stopped(cluster):
    """An srun that keeps its connection and reads nothing held the nodes for ever."""
    with subprocess.Popen(["srun", "-J", "deaf", "yes"], env=cluster.env, cwd=cluster.work, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as srun:
        job = int(poll(lambda: cluster.out("squeue", "-h", "-t", "RUNNING", "-o", "%i", "-n", "deaf"), 20, "it does not run"))
        srun.send_signal(signal.SIGSTOP)
        try:
            cluster.out("scancel", job)
            assert ended(cluster, job, 60)["JobState"] == "CANCELLED"
            poll(lambda: cluster.out("sinfo", "-h", "-o", "%T") == "idle\n", 60, lambda: cluster.out("sinfo"))
        finally:
            srun.kill()


def is_of(job, pid):
    try:
        return f"SLURM_JOB_ID={job}\0".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # it has ended
        return False


def test_a_stranger_holds_its_output_open(cluster):
    """The step waited for the end of a stream that a process outside of it had."""
    with subprocess.Popen(["srun", "-J", "held", "sleep", "600"], env=cluster.env, cwd=cluster.work,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as srun:
        job = int(poll(lambda: cluster.out("squeue", "-h", "-t", "RUNNING", "-o", "%i", "-n", "held"), 20, "it does not run"))
        pid = poll(lambda: next((p for p in processes("sleep\x00600") if is_of(job, p)), None), 20, "no task")
        held = os.open(f"/proc/{pid}/fd/1", os.O_WRONLY)
        cluster.out("scancel", job)
        srun.wait(60)
        os.close(held)
    assert ended(cluster, job)["JobState"] == "CANCELLED"


def test_its_epilog_asks_root_what_files_there_are(cluster):
    """srun was told whether a file exists that the user must not see."""
    cluster.dir.chmod(0o755)
    cluster.work.chmod(0o777)
    secret = cluster.dir / "secret"
    secret.mkdir(0o700)
    (secret / "there").write_text("")
    said = [cluster.run("srun", "-D", "/tmp", f"--task-epilog={secret}/{name}", "true", cwd="/", **OTHER).stderr
            for name in ("there", "absent")]
    assert "TaskEpilog failed" in said[0] and "Permission denied" in said[0]
    assert "TaskEpilog failed" in said[1] and "Permission denied" in said[1]
