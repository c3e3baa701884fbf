# SPDX-License-Identifier: Apache-2.0
"""Jobs end to end on a private cluster: one controller, two nodes on this host, every command by its name."""
import os
import signal
import subprocess

import pytest
from conftest import BUILD, PATIENCE, Controller, free_port, wait_for
from test_commands import SLUICE
from test_srun import by_task

SLURMD = BUILD / "src/slurmd/slurmd"
pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="node daemons need root")


class Cluster(Controller):
    def __init__(self, folder):
        ports = [free_port(), free_port()]
        nodes = "\n".join(f"NodeName=n{i + 1} NodeAddr=127.0.0.1 NodeHostname={os.uname().nodename.split('.')[0]} "
                          f"Port={p} CPUs=4 RealMemory=1000" for i, p in enumerate(ports))
        super().__init__(folder, nodes=nodes, extra="\n".join([
            "SlurmdParameters=config_overrides", f"SlurmdSpoolDir={folder}/d.%n", f"SlurmdPidFile={folder}/d.%n.pid",
            f"SlurmdLogFile={folder}/d.%n.log", "TaskPlugin=task/none", "KillWait=2", "ReturnToService=2",
            "SelectType=select/cons_tres", "SelectTypeParameters=CR_CPU"]))
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
        self.nodes = []

    def start(self):
        super().start()
        out = (self.folder / "slurmd.out").open("w")
        for name in ("n1", "n2"):
            self.nodes.append(subprocess.Popen([SLURMD, "-D", "-f", self.conf, "-N", name], stdout=out, stderr=out))
        wait_for("two idle nodes", lambda: self.run("sinfo", "-h", "-o", "%T %D").stdout == "idle 2\n")
        return self

    def stop(self, sig=signal.SIGTERM):
        for p in self.nodes:
            p.send_signal(signal.SIGTERM)
        for p in self.nodes:
            p.wait(PATIENCE)
        super().stop(sig)

    def popen(self, name, *args, **more):
        link = self.folder / name
        if not link.exists():
            link.symlink_to(SLUICE)
        env = {"PATH": f"{self.folder}:{os.environ['PATH']}", "SLURM_CONF": str(self.conf), "TZ": "UTC0", "LANG": "C"}
        return subprocess.Popen([link, *map(str, args)], env=env, cwd=self.folder, text=True, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def run(self, name, *args, stdin=""):
        p = self.popen(name, *args)
        out, err = p.communicate(stdin, timeout=PATIENCE)
        return subprocess.CompletedProcess(args, p.returncode, out, err)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    c = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        yield c.start()
    finally:
        c.stop()


@pytest.fixture(autouse=True)
def both_nodes_are_free(cluster):
    wait_for("the end of the job before", lambda: cluster.run("squeue", "-h").stdout == "")


def test_batch_job_writes_its_output(cluster):
    r = cluster.run("sbatch", "--wait", "--wrap", "echo hello from $SLURM_JOB_ID; exit 3")
    job = r.stdout.split()[-1]
    assert r.stdout == f"Submitted batch job {job}\n" and r.returncode == 3
    assert (cluster.folder / f"slurm-{job}.out").read_text() == f"hello from {job}\n"


def test_held_job_is_shown_changed_and_cancelled(cluster):
    job = cluster.run("sbatch", "--parsable", "-H", "-J", "held", "--wrap", "true").stdout.strip()
    assert cluster.run("squeue", "-h", "-j", job, "-o", "%i|%j|%t|%r").stdout == f"{job}|held|PD|JobHeldUser\n"
    assert cluster.run("scontrol", "update", f"job={job}", "name=other").returncode == 0
    assert "JobName=other" in cluster.run("scontrol", "-o", "show", "job", job).stdout
    assert cluster.run("scancel", job).returncode == 0
    assert cluster.run("squeue", "-h", "-j", job).stdout == ""


def test_unknown_jobs(cluster):
    r = cluster.run("squeue", "-j", "999999")
    assert (r.returncode, r.stderr) == (1, "slurm_load_jobs error: Invalid job id specified\n")
    r = cluster.run("squeue", "-h", "-j", "999999,999998")
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")
    r = cluster.run("scancel", "999999")
    assert (r.returncode, r.stderr) == (0, "")


def test_srun_labels_the_lines_of_its_tasks(cluster):
    r = cluster.run("srun", "-N2", "-n4", "-l", "sh", "-c", "echo $SLURM_PROCID")
    assert r.returncode == 0 and sorted(r.stdout.splitlines()) == [f"{i}: {i}" for i in range(4)]


def test_srun_gives_the_highest_exit_code(cluster):
    r = cluster.run("srun", "-n3", "sh", "-c", "exit $SLURM_PROCID")
    assert r.returncode == 2 and "task 2: Exited with exit code 2" in r.stderr


def test_srun_gives_signals_as_the_shell_does(cluster):
    r = cluster.run("srun", "-n2", "sh", "-c", "kill -9 $$")
    assert r.returncode == 137
    assert by_task(r.stderr.splitlines())[:2] == ["srun: error: n1: task 0: Killed", "srun: error: n1: task 1: Killed"]


def test_srun_feeds_its_tasks(cluster):
    r = cluster.run("srun", "-n2", "-l", "cat", stdin="a\nb\n")
    assert sorted(r.stdout.splitlines()) == ["0: a", "0: b", "1: a", "1: b"]
    assert cluster.run("srun", "-n2", "-l", "-i", "1", "cat", stdin="a\n").stdout == "1: a\n"


def test_srun_ends_with_its_cancelled_job(cluster):
    p = cluster.popen("srun", "sh", "-c", "echo $SLURM_JOB_ID; exec sleep 600")
    cluster.run("scancel", p.stdout.readline().strip())
    out, err = p.communicate(timeout=PATIENCE)
    assert p.returncode in (137, 143) and ("Force Terminated" in err or "aborted" in err)


def test_salloc_runs_a_command_with_the_allocation(cluster):
    r = cluster.run("salloc", "-N2", "sh", "-c", "echo $SLURM_JOB_NUM_NODES; srun -l -n2 -N2 echo step; exit 4")
    assert r.returncode == 4
    assert sorted(r.stdout.splitlines()) == ["0: step", "1: step", "2"]
    assert "salloc: Granted job allocation" in r.stderr and "salloc: Relinquishing job allocation" in r.stderr
