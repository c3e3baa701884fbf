# SPDX-License-Identifier: Apache-2.0
"""Programs of the site: PrologSlurmctld, EpilogSlurmctld, RebootProgram, and those that power nodes up and down."""
import signal

import pytest

from conftest import PATIENCE, wait_for
from daemons import Site


def script(path, text):
    path.write_text("#!/bin/sh\n" + text + "\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def site(tmp_path):
    sites = []

    def start(**programs):
        lines = [f"{name}={script(tmp_path / name, text)}" for name, text in programs.items()]
        sites.append(Site(tmp_path, extra="\n".join(lines)).start())
        return sites[0]

    yield start
    for s in sites:
        s.stop()


def words(path):
    return path.read_text().split() if path.exists() else []


def test_a_job_waits_in_configuring_for_prologslurmctld(site, tmp_path):
    s = site(PrologSlurmctld=f"env > {tmp_path}/env; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo prolog >> {tmp_path}/order",
             EpilogSlurmctld=f"echo $SLURM_SCRIPT_CONTEXT $SLURM_JOB_EXIT_CODE2 >> {tmp_path}/order")
    job = s.submit(f"echo job >> {tmp_path}/order; exit 3", "-J", "hooked", "-w", "n1")
    wait_for("the prolog", lambda: s.state(job) == "CONFIGURING" and (tmp_path / "env").exists())
    refused = s.run("srun", "--immediate=1", "--jobid", job, "true")
    assert refused.returncode != 0
    assert words(tmp_path / "order") == []
    (tmp_path / "go").touch()
    wait_for("the epilog", lambda: words(tmp_path / "order") == ["prolog", "job", "epilog_slurmctld", "3:0"])
    wait_for("the end", lambda: s.state(job) == "FAILED")
    env = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    want = {"SLURM_JOB_ID": job, "SLURM_JOB_NAME": "hooked", "SLURM_JOB_NODELIST": "n1", "SLURM_JOB_NUM_NODES": "1", "SLURM_JOB_USER": "root",
            "SLURM_SCRIPT_CONTEXT": "prolog_slurmctld", "SLURM_JOB_RESTART_COUNT": "0"}
    assert {k: env.get(k) for k in want} == want


def test_a_failed_prologslurmctld_requeues_a_batch_job_and_cancels_srun(site, tmp_path):
    s = site(PrologSlurmctld="exit 1")
    job = s.submit("true")
    wait_for("the job in the queue again", lambda: "Restarts=1 " in s.out("scontrol", "show", "job", job))
    assert s.state(job) == "PENDING"
    assert s.run("srun", "true").returncode != 0


def test_prologslurmctld_runs_again_after_a_restart_of_the_controller(site, tmp_path):
    s = site(PrologSlurmctld=f"echo run >> {tmp_path}/runs; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done")
    job = s.submit("true")
    wait_for("the prolog", lambda: words(tmp_path / "runs") == ["run"])
    s.ctld.stop()
    s.ctld.start()
    wait_for("the prolog again", lambda: words(tmp_path / "runs") == ["run", "run"])
    assert s.state(job) == "CONFIGURING"
    (tmp_path / "go").touch()
    wait_for("the end", lambda: s.state(job) == "COMPLETED")


def test_a_job_is_completing_while_epilogslurmctld_runs(site, tmp_path):
    s = site(EpilogSlurmctld=f"env > {tmp_path}/env; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; exit 3")
    job = s.submit("true", "-J", "hooked", "--comment=hello")
    wait_for("the epilog", lambda: (tmp_path / "env").exists() and "SLURM_SCRIPT" in (tmp_path / "env").read_text())
    s.wait_state("n1", "idle")
    assert s.state(job) == "COMPLETING"
    (tmp_path / "go").touch()
    wait_for("the end", lambda: s.state(job) == "COMPLETED")
    assert f"epilog_slurmctld JobId={job} {tmp_path}/EpilogSlurmctld exit status 3:0" in s.log("ctld")
    env = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    want = {"SLURM_JOB_EXCLUSIVE": "NO", "SLURM_JOB_OVERSUBSCRIBE": "NO", "SLURM_JOB_ACCOUNT": "(null)", "SLURM_JOB_COMMENT": "hello",
            "SLURM_JOB_CPUS_PER_NODE": "1", "SLURM_JOB_EXIT_CODE2": "0:0", "SLURM_JOB_DERIVED_EC": "0", "SLURM_JOB_GROUP": "root"}
    assert {k: env.get(k) for k in want} == want
    assert len(env["SLURM_JOB_SLUID"]) == 14


def test_epilogslurmctld_runs_again_after_a_crash_only_when_it_had_not_ended(site, tmp_path):
    s = site(EpilogSlurmctld=f"echo $SLURM_JOB_NAME >> {tmp_path}/runs; "
             f"while [ $SLURM_JOB_NAME = slow -a ! -e {tmp_path}/go ]; do sleep 0.02; done")
    quick, slow = s.submit("true", "-J", "quick"), s.submit("true", "-J", "slow")
    wait_for("both epilogs", lambda: sorted(words(tmp_path / "runs")) == ["quick", "slow"])
    wait_for("the end of one", lambda: s.state(quick) == "COMPLETED")
    s.ctld.stop(signal.SIGKILL)
    s.ctld.start()
    wait_for("the other again", lambda: sorted(words(tmp_path / "runs")) == ["quick", "slow", "slow"])
    assert s.state(slow) == "COMPLETING"
    (tmp_path / "go").touch()
    wait_for("the end", lambda: s.state(slow) == "COMPLETED")
    assert sorted(words(tmp_path / "runs")) == ["quick", "slow", "slow"]


def test_programs_of_the_primary_run_before_it_serves_and_after(site, tmp_path):
    s = site(SlurmctldPrimaryOnProg=f"echo on >> {tmp_path}/primary", SlurmctldPrimaryOffProg=f"echo off >> {tmp_path}/primary; exit 4")
    assert words(tmp_path / "primary") == ["on"]
    s.ctld.stop()
    assert words(tmp_path / "primary") == ["on", "off"]
    assert f"SlurmctldPrimaryOffProg {tmp_path}/SlurmctldPrimaryOffProg exit status 4:0" in s.log("ctld")


def test_the_log_names_the_nodes_of_a_power_program(site):
    s = site(SuspendProgram="exit 5", ResumeProgram="exit 0")
    s.out("scontrol", "update", "nodename=n[1-2]", "state=power_down")
    wait_for("the line", lambda: "SuspendProgram n[1-2] " in s.log("ctld"))
    assert "exit status 5:0" in s.log("ctld") and "JobId=0" not in s.log("ctld")


def test_reboot_waits_for_the_job_runs_the_program_and_the_node_comes_back(site, tmp_path):
    s = site(RebootProgram=f"touch {tmp_path}/rebooted")
    job = s.submit(f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done", "-w", "n1")
    wait_for("the start", lambda: s.state(job) == "RUNNING")
    s.out("scontrol", "reboot", "ASAP", "reason=new fw", "n1")
    assert "Skipping reboot of nodes n1 due to current node state." in s.run("scontrol", "reboot", "n1").stderr
    assert "NextState=UNDRAIN" in s.node("n1") and "Reason=new fw [" in s.node("n1")
    assert not (tmp_path / "rebooted").exists()
    (tmp_path / "go").touch()
    wait_for("the reboot", (tmp_path / "rebooted").exists)
    assert "REBOOT_ISSUED" in s.node("n1") and "Reason=new fw : reboot issued [" in s.node("n1")
    s.slurmds["n1"].terminate()
    s.slurmds["n1"].wait(PATIENCE)
    s.start_slurmd("n1", "-b")
    s.wait_state("n1", "idle")
    assert "Reason=" not in s.node("n1") and "REBOOT" not in s.node("n1")


def test_a_reboot_that_was_only_asked_for_is_cancelled(site):
    s = site(RebootProgram="exit 0")
    s.out("scontrol", "reboot", "ASAP", "nextstate=down", "n2")
    assert "DRAIN+REBOOT_REQUESTED" in s.node("n2")
    s.out("scontrol", "cancel_reboot", "n2")
    assert s.node_state("n2") == "idle"
    again = s.run("scontrol", "cancel_reboot", "n2")
    assert again.returncode == 1 and again.stderr == "slurm_update error: Invalid node state transition\n"
    bad = s.run("scontrol", "reboot", "nextstate=bogus", "n1")
    assert bad.returncode == 1 and bad.stderr == "Invalid state: bogus\n Valid states: DOWN, RESUME\n"
    none = s.run("scontrol", "reboot")
    assert none.returncode == 1 and none.stderr == "Missing node list. Specify ALL|<NodeList>\n"


def test_nodes_are_powered_down_and_up_by_hand(site, tmp_path):
    s = site(SuspendProgram=f"echo suspend $1 >> {tmp_path}/power", ResumeProgram=f"echo resume $1 >> {tmp_path}/power")
    s.add("SuspendTimeout=1")
    s.reconfigure("n1", "n2")
    s.out("scontrol", "update", "nodename=n[1-2]", "state=power_down")
    wait_for("SuspendProgram", lambda: words(tmp_path / "power") == ["suspend", "n[1-2]"])
    wait_for("the end of SuspendTimeout", lambda: "POWERED_DOWN" in s.node("n1"))
    s.slurmds["n1"].terminate()
    s.slurmds["n1"].wait(PATIENCE)
    s.out("scontrol", "update", "nodename=n1", "state=power_up")
    wait_for("ResumeProgram", lambda: words(tmp_path / "power")[2:] == ["resume", "n1"])
    assert "POWERING_UP" in s.node("n1")
    s.start_slurmd("n1", "-b")
    s.wait_state("n1", "idle")


def test_the_health_check_runs_in_the_states_that_were_named_and_not_for_ever(site, tmp_path):
    s = site(HealthCheckProgram=f"echo $SLURMD_NODENAME >> {tmp_path}/checked; exec sleep 100")
    assert words(tmp_path / "checked") == []  # no interval, no check
    job = s.submit(f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done", "-w", "n1")
    wait_for("the start", lambda: s.state(job) == "RUNNING")
    s.add("HealthCheckInterval=2", "HealthCheckTimeout=1", "HealthCheckNodeState=IDLE")
    s.reconfigure("n1", "n2")
    wait_for("two checks", lambda: len(words(tmp_path / "checked")) >= 2)
    assert set(words(tmp_path / "checked")) == {"n2"}
    wait_for("the end of one", lambda: "health_check of JobId=0" not in s.log("n2") and "timed out" in s.log("n2"))
    (tmp_path / "go").touch()
    wait_for("the other node", lambda: "n1" in words(tmp_path / "checked"))
