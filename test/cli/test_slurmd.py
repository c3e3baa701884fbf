# SPDX-License-Identifier: Apache-2.0
"""Jobs on real daemons: one controller, one node, and what happens when either is killed."""
import os
import signal
import subprocess

import pytest

from conftest import BUILD, PATIENCE, Controller, free_port, wait_for

SLURMD = BUILD / "src/slurmd/slurmd"
SLUICE = BUILD / "src/cli/sluice"


class Cluster:
    def __init__(self, folder, *more):
        self.folder, port = folder, free_port()
        host = os.uname().nodename
        nodes = f"NodeName=n1 NodeAddr=127.0.0.1 NodeHostname={host} Port={port} CPUs=4 RealMemory=1000"
        extra = "\n".join([f"SlurmdSpoolDir={folder}/d.%n", f"SlurmdPidFile={folder}/%n.pid", f"SlurmdLogFile={folder}/%n.log",
                           "SlurmdParameters=config_overrides", "ReturnToService=2", "SlurmdUser=root", "TaskPlugin=task/none", *more])
        (folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
        self.ctld = Controller(folder, extra=extra, nodes=nodes)
        self.env = {**os.environ, "SLURM_CONF": str(self.ctld.conf)}
        self.slurmd = None

    def start(self):
        self.ctld.start()
        self.start_slurmd()
        return self

    def start_slurmd(self):
        self.slurmd = subprocess.Popen([SLURMD, "-D", "-N", "n1"], env=self.env, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        wait_for("the registration of n1", lambda: "idle" in self.run("sinfo", "-h", "-o", "%T") or
                 "mix" in self.run("sinfo", "-h", "-o", "%T") or "alloc" in self.run("sinfo", "-h", "-o", "%T"))

    def kill_slurmd(self, how=signal.SIGKILL):
        self.slurmd.send_signal(how)
        self.slurmd.wait()

    def run(self, *argv):
        return subprocess.run([SLUICE, *argv], env=self.env, cwd=self.folder, text=True, capture_output=True, timeout=PATIENCE).stdout

    def submit(self, command, *options):
        return self.run("sbatch", "--parsable", "-o", "%j.out", *options, "--wrap", command).strip()

    def state(self, job):
        return self.run("squeue", "-h", "-t", "all", "-j", job, "-o", "%T").strip()

    def output(self, job):
        path = self.folder / f"{job}.out"
        return path.read_text() if path.exists() else ""

    def stop(self):
        if self.slurmd and self.slurmd.poll() is None:
            self.kill_slurmd(signal.SIGTERM)
        self.ctld.stop()


@pytest.fixture
def cluster(tmp_path):
    c = Cluster(tmp_path).start()
    yield c
    c.stop()


def test_a_batch_job_runs(cluster):
    job = cluster.submit("echo $SLURM_JOB_ID on $SLURMD_NODENAME")
    wait_for("the end", lambda: cluster.state(job) == "COMPLETED")
    assert cluster.output(job) == f"{job} on n1\n"


def test_a_job_survives_the_death_of_slurmd(cluster):
    job = cluster.submit("echo up; while [ ! -e go ]; do sleep 0.02; done; echo done")
    wait_for("the start", lambda: "up" in cluster.output(job))
    cluster.kill_slurmd()
    (cluster.folder / "go").touch()
    wait_for("the end of the script", lambda: "done" in cluster.output(job))
    cluster.start_slurmd()
    wait_for("the report", lambda: cluster.state(job) == "COMPLETED")


def test_a_job_survives_the_death_of_slurmctld(cluster):
    job = cluster.submit("echo up; while [ ! -e go ]; do sleep 0.02; done; echo done")
    wait_for("the start", lambda: "up" in cluster.output(job))
    cluster.ctld.process.kill()
    cluster.ctld.process.wait()
    (cluster.folder / "go").touch()
    wait_for("the end of the script", lambda: "done" in cluster.output(job))
    cluster.ctld.start()
    wait_for("the report", lambda: cluster.state(job) == "COMPLETED")


def test_cancelling_ends_everything_of_a_job(cluster):
    job = cluster.submit("setsid sleep 300 & echo $! > pid; echo up; sleep 300")
    wait_for("the start", lambda: "up" in cluster.output(job))
    cluster.run("scancel", job)
    wait_for("the end", lambda: cluster.state(job) == "CANCELLED")
    assert "CANCELLED AT" in cluster.output(job)
    pid = (cluster.folder / "pid").read_text().strip()
    wait_for("the end of what it left", lambda: not os.path.exists(f"/proc/{pid}"))
