# SPDX-License-Identifier: Apache-2.0
"""slurmctld with one slurmd: jobs run once, whatever dies in between."""
import os
import signal
import socket
import subprocess

import pytest
from conftest import BUILD, PATIENCE, Controller, free_port, wait_for

SLURMD, SLURMSTEPD = BUILD / "src/slurmd/slurmd", BUILD / "src/slurmstepd/slurmstepd"


@pytest.fixture
def cluster(folder):
    os.chmod(folder, 0o755)
    with open(f"{folder}/cgroup.conf", "w") as f:
        f.write("CgroupPlugin=disabled\n")
    c = Controller(
        folder, f"SlurmdSpoolDir={folder}/%n\nSlurmdPidFile={folder}/%n.pid\nSlurmdLogFile={folder}/slurmd.log\n"
        "TaskPlugin=task/none\nSlurmdParameters=config_overrides\nReturnToService=2",
        f"NodeName=n1 NodeHostname={socket.gethostname().split('.')[0]} NodeAddr=127.0.0.1 Port={free_port()} "
        "CPUs=4 RealMemory=1000")
    c.start()
    c.slurmd = subprocess.Popen([SLURMD, "-D", "-N", "n1", "-f", c.conf, "-d", SLURMSTEPD], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
    wait_for("the registration", lambda: "state = UP" in c.call("nodes").stdout)
    yield c
    c.stop(signal.SIGKILL)
    c.slurmd.terminate()
    c.slurmd.wait(PATIENCE)


def states(c):
    return [line.split(" = ")[1] for line in c.call("jobs").stdout.splitlines() if line.startswith("state = ")]


def all_done(c, n):
    return states(c) == ["COMPLETED"] * n


def test_jobs_run_and_end(cluster):
    for i in range(8):
        cluster.wirecat("submit", 1, f"#!/bin/sh\necho {i} >> {cluster.folder}/log\n")
    wait_for("the end of all jobs", lambda: all_done(cluster, 8))
    assert sorted((cluster.folder / "log").read_text().split()) == [str(i) for i in range(8)]


def test_jobs_run_once_when_the_controller_is_killed_over_and_over(cluster):
    for i in range(24):
        r = cluster.wirecat("submit", 1, f"#!/bin/sh\necho {i} >> {cluster.folder}/log\nsleep 0.1\n")
        assert r.returncode == 0
        if i % 6 == 5:
            cluster.stop(signal.SIGKILL)
            cluster.start()
    wait_for("the end of all jobs", lambda: all_done(cluster, 24))
    assert sorted(map(int, (cluster.folder / "log").read_text().split())) == list(range(24))


def test_a_running_job_can_be_cancelled(cluster):
    cluster.wirecat("submit", 1, "#!/bin/sh\nsleep 100\n")
    wait_for("the start", lambda: states(cluster) == ["RUNNING"])
    assert cluster.call("job_signal", "select.ids=1").returncode == 0
    wait_for("the end", lambda: states(cluster) == ["CANCELLED"])
