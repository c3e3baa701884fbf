# SPDX-License-Identifier: Apache-2.0
"""Steps and jobs that are lost while slurmd is away: they end at once, nothing of them runs, and none runs twice."""
import os
import signal
import subprocess

import pytest

from cluster import kill
from conftest import PATIENCE, wait_for
from test_slurmd import SLUICE, Cluster

# What a task leaves: the pid of its slurmstepd, its own, that of a child; one line for each start.
TASK = "echo $PPID $$ >> pids; setsid sleep 300 & echo $! >> pids; echo started >> starts; sleep 300"


@pytest.fixture
def cluster(tmp_path):
    c = Cluster(tmp_path).start()
    yield c
    c.stop()


def pids(cluster):
    path = cluster.folder / "pids"
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def lose(cluster, meanwhile=lambda: None):
    """slurmd dies, then slurmstepd, then slurmd comes back."""
    wait_for("the start", lambda: len(pids(cluster)) == 3 and (cluster.folder / "starts").exists())
    cluster.kill_slurmd()
    os.kill(pids(cluster)[0], signal.SIGKILL)
    wait_for("the end of slurmstepd", lambda: not os.path.exists(f"/proc/{pids(cluster)[0]}"))
    meanwhile()
    cluster.start_slurmd()


def ended_and_ran_once(cluster):
    wait_for("the end of what it left", lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids(cluster)))
    assert (cluster.folder / "starts").read_text() == "started\n"
    left = lambda: [p.name for p in (cluster.folder / "d.n1").iterdir() if p.name.startswith(("step.", "report.", "n1_"))]
    wait_for("a tidy spool folder", lambda: not left())


def test_a_batch_script_whose_slurmstepd_dies_while_slurmd_is_away(cluster):
    job = cluster.submit(TASK)
    lose(cluster)
    wait_for("the end", lambda: cluster.state(job) == "FAILED")
    ended_and_ran_once(cluster)


def test_a_step_of_srun_whose_slurmstepd_dies_while_slurmd_is_away(cluster):
    job = cluster.submit("while [ ! -e end ]; do sleep 0.02; done")
    wait_for("the job", lambda: cluster.state(job) == "RUNNING")
    srun = subprocess.Popen([SLUICE, "srun", "--jobid", job, "--overlap", "sh", "-c", TASK], env=cluster.env,
                            cwd=cluster.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lose(cluster)
    assert srun.wait(timeout=PATIENCE) != 0
    wait_for("the end of the step", lambda: ".0" not in cluster.run("squeue", "-h", "-s", "-o", "%i"))
    ended = cluster.state(job)
    (cluster.folder / "end").touch()
    wait_for("the end of the job", lambda: cluster.state(job) == "COMPLETED")
    ended_and_ran_once(cluster)
    assert ended == "RUNNING"


def test_a_mark_that_was_never_followed_by_a_slurmstepd(cluster):
    """slurmd is killed between writing the mark and starting slurmstepd; or while it writes it."""
    job = cluster.submit(TASK)
    wait_for("the start", lambda: len(pids(cluster)) == 3)
    mark = next((cluster.folder / "d.n1").glob("step.*"))
    text = mark.read_bytes()
    lose(cluster)
    wait_for("the end", lambda: cluster.state(job) == "FAILED")
    ended_and_ran_once(cluster)
    cluster.kill_slurmd()
    mark.write_bytes(text)
    torn = mark.with_name("step.77.4294967291.0")
    torn.write_bytes(text[: len(text) // 2])
    cluster.start_slurmd()
    ended_and_ran_once(cluster)


def test_a_job_whose_slurmstepd_never_began_runs_all_the_same(cluster):
    """Seen under kill -9: slurmd had written the mark and no more. Nothing has run, so nothing has failed."""
    job = cluster.submit(TASK)
    wait_for("the start", lambda: len(pids(cluster)) == 3)
    mark = next((cluster.folder / "d.n1").glob("step.*"))
    assert mark.stat().st_mode & 0o777 == 0o700

    def as_before_it_began():
        mark.chmod(0o600)
        kill(pids(cluster))

    lose(cluster, as_before_it_began)
    # Requeued; or launched anew, when slurmd died before it had told the controller of the first launch.
    wait_for("another run", lambda: "Restarts=1" in cluster.run("scontrol", "show", "job", job) or len(pids(cluster)) == 6)
    cluster.run("scancel", job)
    wait_for("the end", lambda: cluster.state(job) == "CANCELLED")


def test_slurmd_restarts_while_a_prolog_runs(tmp_path):
    """The job neither hangs nor runs: it is in the queue again, or waits for another prolog."""
    prolog = tmp_path / "prolog"
    prolog.write_text(f"#!/bin/sh\necho $$ >> {tmp_path}/prologs\nwhile [ ! -e {tmp_path}/go ]; do sleep 0.02; done\n")
    prolog.chmod(0o755)
    c = Cluster(tmp_path, f"Prolog={prolog}").start()
    try:
        job = c.submit("echo started >> starts")
        wait_for("the prolog", (tmp_path / "prologs").exists)
        shows = lambda text: text in c.run("scontrol", "show", "job", job)
        wait_for("the launch", lambda: shows("JobState=RUNNING"))
        c.kill_slurmd()
        c.start_slurmd()
        # Requeued; or launched anew, when slurmd died before it had told the controller of the first launch.
        wait_for("another run", lambda: shows("Restarts=1") or (tmp_path / "prologs").read_text().count("\n") == 2)
        assert not (tmp_path / "starts").exists()
        c.run("scancel", job)
    finally:
        (tmp_path / "go").touch()
        c.stop()


def test_a_job_with_a_long_comment_is_taken_over_by_the_next_slurmd(cluster):
    """What its slurmstepd said of itself did not fit into a packet: nobody could end the job any more."""
    long = "x" * 60000
    job = cluster.submit(TASK, "--comment", long, "--extra", long)
    wait_for("the start", lambda: len(pids(cluster)) == 3)
    cluster.kill_slurmd()
    cluster.start_slurmd()
    wait_for("both registrations", lambda: (cluster.folder / "n1.log").read_text().count("registered with the controller") == 2, 60)
    cluster.run("scancel", job)
    wait_for("the end", lambda: cluster.state(job) == "CANCELLED", 90)
    ended_and_ran_once(cluster)
