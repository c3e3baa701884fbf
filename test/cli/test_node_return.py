# SPDX-License-Identifier: Apache-2.0
"""A node that was taken down under a running srun and resumed takes jobs again at once."""
import signal

import pytest

from conftest import wait_for
from daemons import SLUICE, Site


@pytest.fixture
def site(tmp_path):
    s = Site(tmp_path).start()
    yield s
    s.stop()


@pytest.mark.parametrize("killed", [False, True], ids=["slurmd lives", "slurmd is killed"])
def test_a_job_on_both_nodes_starts_when_the_node_is_back(site, killed):
    srun = site.start_other(SLUICE, "srun", "-N2", "sleep", "100")
    wait_for("srun's job", lambda: "RUNNING" in site.run("squeue", "-h", "-o", "%T").stdout)
    if killed:
        site.slurmds["n2"].send_signal(signal.SIGKILL)
        site.slurmds["n2"].wait()
    site.out("scontrol", "update", "nodename=n2", "state=down", "reason=test")
    if killed:
        site.start_slurmd("n2")
    wait_for("the end of srun", lambda: srun.poll() is not None)
    site.run("scontrol", "update", "nodename=n2", "state=resume")  # refused when it came back by itself
    job = site.submit("true", "-N2")
    wait_for("the job on both nodes", lambda: site.state(job) == "COMPLETED")
