# SPDX-License-Identifier: Apache-2.0
"""Hosts without configuration files: what they fetch, keep, and hear of later."""
import contextlib
import os
import shutil
import signal
import subprocess

import pytest

from conftest import PATIENCE, SACKD, wait_for
from daemons import SLUICE, Site


@pytest.fixture
def site(tmp_path):
    s = Site(tmp_path)
    yield s
    s.stop()


def far_env(site, host):
    """The environment of another host: its own folder for the key and for what it fetches, and no slurm.conf."""
    folder = site.folder / host
    folder.mkdir(exist_ok=True)
    shutil.copy(site.folder / "slurm.key", folder / "slurm.key")
    return {**site.env, "SLURM_CONF": str(folder / "slurm.conf"), "RUNTIME_DIRECTORY": str(folder)}


def server(site):
    return f"127.0.0.1:{site.ctld.port}"


def fetched(site, host):
    folder = site.folder / host / "conf"
    there = {}
    with contextlib.suppress(FileNotFoundError):  # while they are replaced
        for p in folder.iterdir():
            there[p.name] = p.read_text()
    return there


def start(site, *hosts):
    site.ctld.start()
    for h in hosts:
        site.start_slurmd(h, "--conf-server", server(site), env=far_env(site, h))
    for h in hosts:
        site.wait_state(h, "idle")


def executable(path, text):
    path.write_text("#!/bin/sh\n" + text + "\n")
    path.chmod(0o755)


def test_a_node_without_files_runs_jobs(site):
    executable(site.folder / "prolog.sh", f"touch {site.folder}/prolog.ran")
    executable(site.folder / "task.sh", "echo export FROM_TASK_PROLOG=yes")
    site.add("Prolog=prolog.sh", "TaskProlog=task.sh", "Include parts.conf")
    (site.folder / "parts.conf").write_text("PartitionName=included Nodes=n1\n")
    (site.folder / "topology.conf").write_text("SwitchName=s1 Nodes=n[1-2]\n")
    (site.folder / "secret.txt").write_text("not for nodes\n")
    start(site, "n1", "n2")
    there = fetched(site, "n1")
    assert set(there) == {"slurm.conf", "cgroup.conf", "parts.conf", "topology.conf", "prolog.sh", "task.sh"}
    assert there["slurm.conf"] == site.conf.read_text()
    assert os.access(site.folder / "n1/conf/prolog.sh", os.X_OK)
    job = site.submit(f"{SLUICE} srun echo $SLURM_CONF $FROM_TASK_PROLOG", "-p", "included")
    wait_for("the end", lambda: site.state(job) == "COMPLETED")
    assert (site.folder / "prolog.ran").exists()


def test_changes_are_delivered_at_reconfigure(site):
    (site.folder / "helpers.conf").write_text("# to go\n")
    start(site, "n1", "n2")
    assert "helpers.conf" in fetched(site, "n1")
    job = site.submit("echo up; while [ ! -e go ]; do sleep 0.02; done")
    wait_for("the start", lambda: "up" in site.output(job))
    (site.folder / "helpers.conf").unlink()
    executable(site.folder / "prolog.sh", f"touch {site.folder}/prolog.ran")
    site.add("Prolog=prolog.sh")
    site.reconfigure("n1", "n2")
    assert "Prolog=prolog.sh" in fetched(site, "n1")["slurm.conf"] and "helpers.conf" not in fetched(site, "n2")
    (site.folder / "go").touch()
    wait_for("the end of what ran", lambda: site.state(job) == "COMPLETED")
    later = site.submit("true")
    wait_for("the end", lambda: site.state(later) == "COMPLETED")
    assert (site.folder / "prolog.ran").exists()


def test_commands_use_what_a_node_keeps(site):
    start(site, "n1")
    env = {**site.env, "SLURM_CONF": str(site.folder / "n1/conf/slurm.conf")}
    assert "n1" in site.out("sinfo", "-h", "-N", env=env)


def test_commands_without_any_file_ask_the_controller(site):
    site.ctld.start()
    env = {k: v for k, v in site.env.items() if k != "SLURM_CONF"}
    env["SLURM_CONF_SERVER"] = server(site)
    start_sack = site.start_other(SACKD, "-D", "-f", site.conf)
    wait_for("tokens", lambda: site.run("scontrol", "ping").returncode == 0 and start_sack.poll() is None)
    # Tokens come from the usual place: in a mount namespace of its own this socket lies there.
    script = ("mount -t tmpfs none /run && mkdir -p /run/slurm && touch /run/slurm/sack.socket && "
              f"mount --bind {site.ctld.socket} /run/slurm/sack.socket && exec {SLUICE} sinfo -h -N")
    r = subprocess.run(["unshare", "-m", "sh", "-c", script], env=env, text=True, capture_output=True, timeout=PATIENCE)
    assert r.returncode == 0 and "n1" in r.stdout, r.stdout + r.stderr


def test_commands_find_the_cached_files_in_the_usual_place(site):
    start(site, "n1")
    env = {k: v for k, v in site.env.items() if k != "SLURM_CONF"}
    script = (f"mount -t tmpfs none /run && mkdir -p /run/slurm/conf && mount --bind {site.folder}/n1/conf /run/slurm/conf && "
              f"exec {SLUICE} sinfo -h -N")
    r = subprocess.run(["unshare", "-m", "sh", "-c", script], env=env, text=True, capture_output=True, timeout=PATIENCE)
    assert r.returncode == 0 and "n1" in r.stdout, r.stdout + r.stderr


def test_sackd_fetches_and_follows(site):
    site.ctld.start()
    env = far_env(site, "login")
    sackd = site.start_other(SACKD, "-D", "--conf-server", server(site), env=env)
    wait_for("the files", lambda: "slurm.conf" in fetched(site, "login"))
    site.add("PartitionName=more Nodes=n1")
    site.out("scontrol", "reconfigure")
    has = lambda line: line in fetched(site, "login").get("slurm.conf", "")
    wait_for("the new files", lambda: has("PartitionName=more"))
    site.add("PartitionName=evenmore Nodes=n1")
    site.out("scontrol", "reconfigure")
    sackd.send_signal(signal.SIGHUP)  # at once instead of in some seconds
    wait_for("the new files", lambda: has("PartitionName=evenmore"))


def test_a_controller_that_does_not_allow_it_says_so(site):
    site.change("^SlurmctldParameters=enable_configless", "")
    site.ctld.start()
    site.start_slurmd("n1", "--conf-server", server(site), env=far_env(site, "n1"))
    wait_for("the reason", lambda: "ConfigLess mode is disabled in slurm configuration" in (site.folder / "n1.out").read_text())
    assert not fetched(site, "n1")


def test_a_node_waits_for_the_controller(site):
    site.ctld.start()
    site.ctld.stop()
    site.start_slurmd("n1", "--conf-server", server(site), env=far_env(site, "n1"))
    wait_for("the first try", lambda: "cannot fetch the configuration" in (site.folder / "n1.out").read_text())
    site.ctld.start()
    site.wait_state("n1", "idle")


def test_a_node_that_is_gone_from_the_files_keeps_what_it_has(site):
    start(site, "n1", "n2")
    kept = fetched(site, "n2")
    site.change("^NodeName=n2 .*", "")
    site.reconfigure("n1")
    site.slurmds["n2"].send_signal(signal.SIGHUP)
    wait_for("the refusal", lambda: "the new configuration is not used: Unable to determine this slurmd's NodeName" in site.log("n2"))
    assert site.slurmds["n2"].poll() is None and kept
