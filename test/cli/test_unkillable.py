# SPDX-License-Identifier: Apache-2.0
"""Processes that SIGKILL does not end: here those that became root in a cluster of somebody else."""
import os
import pwd
import shutil
import signal

import pytest
from cluster import Cluster, poll, program

pytestmark = pytest.mark.skipif(not program() or os.getuid() != 0 or not shutil.which("setpriv"),
                                reason="needs a build, root and setpriv")
SOMEBODY = pwd.getpwnam("daemon")


@pytest.fixture
def c():
    with Cluster(nodes=1, cpus=2, user=(SOMEBODY.pw_uid, SOMEBODY.pw_gid)) as cluster:
        cluster.dir.chmod(0o755)
        become = cluster.work / "become-root"
        shutil.copy(shutil.which("setpriv"), become)
        become.chmod(0o4755)
        r = cluster.run(become, "--reuid=0", "--regid=0", "--clear-groups", "id", "-ru")
        if r.stdout != "0\n":
            pytest.skip("set-user-id programs do not work here")
        yield cluster


def test_what_cannot_be_killed_kept_its_job_for_ever(c):
    hook = c.dir / "hook"
    hook.write_text(f"#!/bin/sh\necho $SLURM_JOB_ID $SLURM_STEP_ID $SLURMD_NODENAME > {c.work}/told.new\n"
                    f"mv {c.work}/told.new {c.work}/told\n")
    hook.chmod(0o755)
    conf = c.dir / "etc/slurm.conf"
    conf.write_text(f"{conf.read_text()}\nUnkillableStepProgram={hook}\nUnkillableStepTimeout=1\nKillWait=1\n")
    c.out("scontrol", "reconfigure")
    pid = c.work / "pid"
    job = c.submit("echo $$ > pid.new; mv pid.new pid; exec ./become-root --reuid=0 --regid=0 --clear-groups sleep 3600")
    stuck = int(poll(lambda: pid.exists() and pid.read_text(), 60, "the job does not run"))
    try:
        poll(lambda: b"sleep" in open(f"/proc/{stuck}/cmdline", "rb").read()[:6], 60, "it is not yet root's")
        c.out("scancel", str(job))
        told = poll(lambda: (c.work / "told").exists() and (c.work / "told").read_text(), 60, c.logs)
        assert told.split() == [str(job), "4294967291", "n1"]
        node = poll(lambda: (text := c.out("scontrol", "-o", "show", "node", "n1")) and "DRAIN" in text and text, 60, c.logs)
        assert "Reason=Kill task failed" in node
        poll(lambda: c.job(job)["JobState"] == "CANCELLED", 60, lambda: c.job(job))
        assert "STEPD TERMINATED ON n1 DUE TO JOB NOT ENDING WITH SIGNALS" in (c.work / f"slurm-{job}.out").read_text()
    finally:
        os.kill(stuck, signal.SIGKILL)
