# SPDX-License-Identifier: Apache-2.0
"""What is written of jobs: JobCompType (jobcomp/filetxt, jobcomp/script) and SlurmSchedLogFile. What Slurm 26.05 wrote is the yardstick."""
import re
import signal

import pytest

from conftest import wait_for
from daemons import Site

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"


@pytest.fixture
def site(tmp_path):
    sites = []

    def start(extra):
        sites.append(Site(tmp_path, extra=extra).start())
        return sites[0]

    yield start
    for s in sites:
        s.stop()


def lines(path, n):
    wait_for(f"{n} lines", lambda: path.exists() and path.read_text().count("\n") >= n)
    return path.read_text().splitlines()


def test_filetxt_has_a_line_for_every_end(site, tmp_path):
    s = site(f"JobCompType=jobcomp/filetxt\nJobCompLoc={tmp_path}/jobcomp")
    failed = s.submit("exit 3", "-J", "bad", "-t", "7", "-w", "n2")
    [line] = lines(tmp_path / "jobcomp", 1)
    assert re.fullmatch(rf"JobId={failed} UserId=root\(0\) GroupId=root\(0\) Name=bad JobState=FAILED Partition=\S+ TimeLimit=7 StartTime={TIME} EndTime={TIME} "
                        rf"NodeList=n2 NodeCnt=1 ProcCnt=1 WorkDir={tmp_path} ReservationName= Tres=cpu=1,\S+ Account= QOS= WcKey= Cluster=unknown "
                        rf"SubmitTime={TIME} EligibleTime={TIME} DerivedExitCode=0:0 ExitCode=3:0 ", line)
    held = s.submit("true", "-J", "held", "-H")
    s.out("scancel", held)
    line = lines(tmp_path / "jobcomp", 2)[1]
    assert f"JobId={held} " in line and "JobState=CANCELLED" in line and "NodeList=(null) NodeCnt=0 ProcCnt=0" in line and "EligibleTime=unknown" in line
    array = s.submit("sleep 100", "-a", "4-4")
    wait_for("the start", lambda: s.state(array) == "RUNNING")
    s.out("scontrol", "requeue", array)
    line = lines(tmp_path / "jobcomp", 3)[2]
    assert "JobState=PENDING" in line and f" ArrayJobId={array} ArrayTaskId=4 DerivedExitCode" in line


def test_script_is_told_of_every_end(site, tmp_path):
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nenv > {tmp_path}/env.new && mv {tmp_path}/env.new {tmp_path}/env\n")
    program.chmod(0o755)
    s = site(f"JobCompType=jobcomp/script\nJobCompLoc={program}")
    job = s.submit("exit 3", "-J", "bad", "-t", "1-0", "-w", "n2")
    env = dict(line.split("=", 1) for line in lines(tmp_path / "env", 20))
    want = {"JOBID": job, "JOBNAME": "bad", "JOBSTATE": "FAILED", "EXITCODE": "3:0", "DERIVED_EC": "0:0", "ARRAYJOBID": "0", "ARRAYTASKID": "4294967294", "NODES": "n2",
            "NODECNT": "1", "PROCS": "1", "BATCH": "yes", "LIMIT": "1-00:00:00", "USERNAME": "root", "ACCOUNT": "", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    assert {k: env.get(k) for k in want} == want
    assert int(env["SUBMIT"]) <= int(env["START"]) <= int(env["END"])


def test_a_type_that_cannot_be_had_is_said(site):
    s = site("JobCompType=jobcomp/kafka")
    assert "no records of ended jobs are kept: this JobCompType is not supported yet" in s.log("ctld")


def test_the_scheduler_logs_what_it_decided(site, tmp_path):
    s = site(f"SlurmSchedLogFile={tmp_path}/sched.log\nSlurmSchedLogLevel=1")
    big = s.submit("sleep 100", "-N", "2", "--exclusive")
    wait_for("the start", lambda: s.state(big) == "RUNNING")
    waiting = s.submit("true", "-a", "5-6")
    log = tmp_path / "sched.log"
    wait_for("the reason", lambda: f"JobId={waiting}_[5-6]. State=PENDING. Reason=Resources. Priority=" in log.read_text())
    assert re.search(rf"^sched: \[{TIME}\.\d\d\d\] Allocate JobId={big} NodeList=n\[1-2\] #CPUs=8 Partition=\S+$", log.read_text(), re.M)
    log.rename(tmp_path / "old")
    s.ctld.process.send_signal(signal.SIGUSR2)
    wait_for("a fresh file", log.exists)
    s.out("scancel", big)
    wait_for("the start of a task", lambda: f"Allocate JobId={waiting}_5 NodeList=n" in log.read_text())


def test_a_name_cannot_forge_a_line(site, tmp_path):
    s = site(f"JobCompType=jobcomp/filetxt\nJobCompLoc={tmp_path}/jobcomp")
    s.submit("true", "-J", "a\nJobId=1 UserId=bob(7)")
    s.submit("true", "-J", "last")
    first, second = sorted(lines(tmp_path / "jobcomp", 2), key=lambda line: "Name=last" in line)
    assert "Name=a\\012JobId=1 UserId=bob(7) JobState=" in first and "Name=last" in second
