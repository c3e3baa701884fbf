# SPDX-License-Identifier: Apache-2.0
"""Power saving with real daemons: nodes go off by themselves and come up for jobs; what its programs are told."""
import json

import pytest

from conftest import PATIENCE, wait_for
from daemons import SLUICE, Site
from test_hooks import script, words


@pytest.fixture
def site(tmp_path):
    sites = []

    def start(resume, suspend, **settings):
        lines = [f"ResumeProgram={script(tmp_path / 'resume.sh', resume)}", f"SuspendProgram={script(tmp_path / 'suspend.sh', suspend)}"]
        lines += [f"{key}={value}" for key, value in settings.items()]
        sites.append(Site(tmp_path, extra="\n".join(lines)).start())
        return sites[0]

    yield start
    for s in sites:
        s.stop()


def off(s, node):
    wait_for(f"{node} to be off", lambda: "POWERED_DOWN" in s.node(node))
    s.slurmds[node].terminate()
    s.slurmds[node].wait(PATIENCE)


def test_an_idle_node_goes_off_and_comes_up_for_a_job(site, tmp_path):
    s = site(f"cat $SLURM_RESUME_FILE > {tmp_path}/jobs.part; mv {tmp_path}/jobs.part {tmp_path}/jobs; echo $1 > {tmp_path}/resumed",
             f"echo $1 >> {tmp_path}/suspended", SuspendTime=1, SuspendTimeout=1, SuspendExcNodes="n2")
    off(s, "n1")
    wait_for("SuspendProgram", lambda: words(tmp_path / "suspended") == ["n1"])
    job = s.submit("sleep 0", "-w", "n1", "--extra=a\"b", "--exclusive")
    wait_for("ResumeProgram", lambda: words(tmp_path / "resumed") == ["n1"])
    told = json.loads((tmp_path / "jobs").read_text())
    assert told == {"all_nodes_resume": "n1", "jobs": [
        {"exclusive": "NODE", "extra": "a\"b", "job_id": int(job), "priority": told["jobs"][0]["priority"], "features": None, "nodes_alloc": "n1",
         "nodes_resume": "n1", "oversubscribe": "NO", "partition": "p", "reservation": None}]}
    assert s.state(job) == "CONFIGURING" and "POWERING_UP" in s.node("n1")
    assert s.out("sinfo", "-h", "-n", "n1", "-o", "%t") == "alloc#\n"
    s.start_slurmd("n1", "-b")
    wait_for("the job", lambda: s.state(job) == "COMPLETED")
    assert "POWERED_DOWN" not in s.node("n2")


def test_a_power_action_in_place_of_a_program(site, tmp_path):
    s = site("true", "true", SuspendTimeout=1)
    s.change("^SuspendProgram=.*", "SuspendProgram=off")
    s.add(f'PowerAction=off Location=slurmctld Program="{script(tmp_path / "action", f"echo $* > {tmp_path}/told")} -x  why"')
    s.reconfigure("n1", "n2")
    s.out("scontrol", "power", "down", "n[1-2]")
    wait_for("the action", lambda: words(tmp_path / "told") == ["-x", "why", "n[1-2]"])


def test_salloc_waits_for_its_nodes(site, tmp_path):
    s = site("true", "true", SuspendTime=1, SuspendTimeout=1, SuspendExcNodes="n2")
    off(s, "n1")
    salloc = s.start_other("sh", "-c", f"{SLUICE} salloc -w n1 true > {tmp_path}/salloc 2>&1")
    wait_for("POWERING_UP", lambda: "POWERING_UP" in s.node("n1"))
    s.start_slurmd("n1", "-b")
    salloc.wait(PATIENCE)
    assert "are ready for job" in (tmp_path / "salloc").read_text()


def test_a_program_that_hangs_is_killed_and_one_that_fails_is_logged(site, tmp_path):
    s = site("exit 3", f"echo $$ > {tmp_path}/pid; exec sleep 1000", SuspendTimeout=1, ResumeTimeout=2, ReturnToService=1)
    s.out("scontrol", "power", "down", "n1")
    wait_for("the end of SuspendProgram", lambda: "timed out" in s.log("ctld"))
    off(s, "n1")
    s.out("scontrol", "power", "up", "n1")
    wait_for("ResumeTimeout", lambda: "DOWN" in s.node("n1") and "ResumeTimeout reached" in s.node("n1"))
    wait_for("its end", lambda: "ResumeProgram n1" in s.log("ctld") and "exit status 3:0" in s.log("ctld"))
    assert "nodes n1 not resumed by ResumeTimeout(2), setting DOWN and POWERED_DOWN" in s.log("ctld")
