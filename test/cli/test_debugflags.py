# SPDX-License-Identifier: Apache-2.0
"""DebugFlags and scontrol setdebugflags: subsystems say more in the logs of the daemons."""
import os

import pytest
from cluster import Cluster, poll, program

pytestmark = pytest.mark.skipif(not program() or os.getuid() != 0, reason="needs a build, and root for node daemons")


@pytest.fixture(scope="module")
def c():
    with Cluster(nodes=2, cpus=4) as cluster:
        yield cluster


def log(c, daemon):
    [path] = (c.dir / "log").glob(f"*{daemon}*.log")
    return path.read_text()


def flags(c):
    [line] = [line for line in c.out("scontrol", "show", "config").splitlines() if line.startswith("DebugFlags ")]
    return line.split("=")[1].strip()


def test_flags_changed_nothing(c):
    assert flags(c) == "(null)"
    c.out("scontrol", "setdebug", "verbose")
    c.out("scontrol", "setdebugflags", "+Steps", "+TraceJobs", "+AuditRPCs", "+Agent", "+Backfill", "+SelectType")
    assert flags(c) == "Agent,AuditRPCs,Backfill,SelectType,Steps,TraceJobs"
    c.out("srun", "-N2", "true")
    wanted = ["STEPS: step_created: ", "TRACE_JOBS: job_submitted: ", "SELECT_TYPE: job_started: ",
              "AUDIT_RPCS: msg_type=submit uid=0 client=", "BACKFILL: 1 jobs to start", "AGENT: kill_job to "]
    poll(lambda: all(text in log(c, "slurmctld") for text in wanted), 30,
         lambda: str([text for text in wanted if text not in log(c, "slurmctld")]))
    c.out("scontrol", "setdebugflags", "-Steps,TraceJobs", "-Agent,Backfill,AuditRPCs,SelectType")
    assert flags(c) == "(null)"
    said = log(c, "slurmctld").count("AUDIT_RPCS: msg_type=submit")
    c.out("srun", "true")
    assert log(c, "slurmctld").count("AUDIT_RPCS: msg_type=submit") == said


def test_flags_of_one_node(c):
    c.out("scontrol", "setdebug", "verbose", "nodes=n1")
    c.out("scontrol", "setdebugflags", "+AuditRPCs", "nodes=n1")
    assert flags(c) == "(null)"
    poll(lambda: "Set DebugFlags to +AuditRPCs" in log(c, "n1"), 30, "n1 was not told")
    c.out("srun", "-wn1,n2", "-N2", "true")
    poll(lambda: "AUDIT_RPCS: msg_type=launch_tasks uid=0" in log(c, "n1"), 30, "n1 says nothing of its requests")
    assert "AUDIT_RPCS" not in log(c, "n2")
    assert "Set debug level to 'verbose'" in log(c, "n1")


def test_an_unknown_name_changes_nothing(c):
    r = c.run("scontrol", "setdebugflags", "+foo")
    assert r.returncode == 1 and "Invalid DebugFlag: foo" in r.stderr and flags(c) == "(null)"


def test_flags_of_the_file(c):
    conf = c.dir / "etc/slurm.conf"
    conf.write_text(f"{conf.read_text()}\nDebugFlags=Steps,Power\n")
    c.out("scontrol", "reconfigure")
    assert flags(c) == "Power,Steps"
