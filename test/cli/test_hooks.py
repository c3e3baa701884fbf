# SPDX-License-Identifier: Apache-2.0
"""Programs of the site around jobs: PrologSlurmctld and EpilogSlurmctld."""
import pytest

from conftest import wait_for
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
    want = {"SLURM_JOB_ID": job, "SLURM_JOB_NAME": "hooked", "SLURM_JOB_NODELIST": "n1", "SLURM_JOB_USER": "root",
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
