# SPDX-License-Identifier: Apache-2.0
"""sluice up, down, env."""
import os
import pwd
import subprocess
import time

import pytest
from cluster import PATIENCE, Cluster, poll, processes, program

pytestmark = pytest.mark.skipif(program() is None, reason="sluice is not built")
SOMEBODY = pwd.getpwnam("daemon")


def test_up_twice_use_and_down():
    with Cluster(nodes=3, cpus=2) as c:
        assert "is already up" in c.run("sluice", "up", "--dir", c.dir).stderr
        assert c.out("sinfo", "-h", "-o", "%D %T %c").strip() == "3 idle 2"
        assert f"export SLURM_CONF='{c.dir}/etc/slurm.conf'" in c.out("sluice", "env", "--dir", c.dir)
        job = c.submit("echo $SLURM_JOB_ID", "-o", "out")
        c.wait_job(job)
        assert (c.work / "out").read_text() == f"{job}\n"
        assert len(c.pids()) == 4
        assert "has ended" in c.down()
        assert not c.pids()
        assert "is not up" in c.run("sluice", "down", "--dir", c.dir).stderr


def test_down_ends_what_jobs_left_running():
    with Cluster() as c:
        mark = f"1234.{time.time_ns() % 10**9}"
        job = c.submit(f"setsid sleep {mark} & (sleep {mark} &); wait")
        there = lambda: processes(f"sleep\0{mark}\0")
        poll(lambda: len(there()) == 2, PATIENCE, "the job does not run")
        c.down()
        assert not there() and not c.pids()
        c.up()
        assert poll(lambda: c.job(job)["JobState"] not in ("RUNNING", "COMPLETING"), PATIENCE, lambda: str(c.job(job)))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_as_an_ordinary_user():
    with Cluster(user=(SOMEBODY.pw_uid, SOMEBODY.pw_gid)) as c:
        job = c.submit("id -u", "-o", "out")
        c.wait_job(job)
        assert (c.work / "out").read_text() == f"{SOMEBODY.pw_uid}\n"


def test_a_folder_that_was_removed_while_it_was_up():
    with Cluster() as c:
        before = c.pids()
        (c.dir / "etc/slurm.conf").unlink()
        c.up()
        assert len(c.pids()) == 3 and not set(before) & set(c.pids())


def test_two_clusters_do_not_meet():
    with Cluster() as a, Cluster() as b:
        a.submit("sleep 5", "-J", "of-a")
        assert "of-a" in a.out("squeue", "-h", "-o", "%j") and not b.out("squeue", "-h")
        a.down()
        assert b.out("sinfo", "-h", "-o", "%D %T").strip() == "2 idle"


def test_what_is_wrong_is_said(tmp_path):
    bad = tmp_path / "slurm.conf"
    bad.write_text("ClusterName=x\nNoSuchKey=1\n")
    r = subprocess.run([program(), "up", "--dir", tmp_path / "c", "--conf", bad], capture_output=True, text=True)
    assert r.returncode == 1 and f"{bad}:2" in r.stderr and not (tmp_path / "c/etc/slurm.conf").exists()
    r = subprocess.run([program(), "up", "--dir", tmp_path / "c", "--conf", tmp_path / "none"], capture_output=True, text=True)
    assert r.returncode == 1 and "none" in r.stderr


def test_a_thousand_nodes(tmp_path):
    conf = tmp_path / "slurm.conf"
    conf.write_text("ClusterName=big\nSlurmctldHost=far\nNodeName=n[1-1000] CPUs=64 State=FUTURE\nNodeName=m[1-40] CPUs=4\n"
                    "PartitionName=p Nodes=ALL Default=YES\n")
    with Cluster(conf=conf) as c:
        assert c.out("sinfo", "-h", "-o", "%D %T").strip() == "40 idle"
