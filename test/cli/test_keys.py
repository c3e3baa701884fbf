# SPDX-License-Identifier: Apache-2.0
"""AuthType=auth/slurm: the key of a cluster, made, missing, open to others, or another one on a node."""
import os
import shutil

import pytest

from conftest import SACKD, wait_for
from daemons import Site


@pytest.fixture
def site(tmp_path):
    s = Site(tmp_path, nodes=1)
    yield s
    s.stop()


def far_env(site, host):
    """Another host: its own folder with the same slurm.conf and no key."""
    folder = site.folder / host
    folder.mkdir()
    for name in ("slurm.conf", "cgroup.conf"):
        shutil.copy(site.folder / name, folder / name)
    return folder, {**site.env, "SLURM_CONF": str(folder / "slurm.conf")}


def test_the_first_start_makes_the_key_and_later_ones_keep_it(site):
    site.ctld.start()
    key = site.folder / "slurm.key"
    assert key.stat().st_mode & 0o777 == 0o600 and key.stat().st_size >= 32
    first = key.read_bytes()
    site.ctld.stop()
    site.ctld.start()
    assert key.read_bytes() == first


@pytest.mark.parametrize("spoil,why", [(lambda k: k.chmod(0o644), "others could read the key"), (lambda k: k.write_bytes(b"short"), "a key has 32 to 1024")])
def test_a_key_that_is_not_safe_is_refused(site, spoil, why):
    key = site.folder / "slurm.key"
    key.write_bytes(os.urandom(64))
    key.chmod(0o600)
    spoil(key)
    site.ctld.start()
    assert site.ctld.process.poll() == 1 and why in site.ctld.output()


def test_a_node_with_another_key_is_refused_and_both_say_so(site):
    site.ctld.start()
    folder, env = far_env(site, "n1")
    (folder / "slurm.key").write_bytes(os.urandom(64))
    (folder / "slurm.key").chmod(0o600)
    site.start_slurmd("n1", env=env)
    wait_for("the refusal", lambda: "the controller refuses us: " in site.log("n1") and "do all hosts have the same slurm.key?" in site.log("n1"))
    wait_for("the other side", lambda: "does not fit this cluster's key" in site.log("ctld"))
    assert site.node_state("n1") != "idle"


def test_a_node_waits_for_its_key(site):
    site.ctld.start()
    folder, env = far_env(site, "n1")
    # Where the controller of this host keeps a key of its own is no place that another host has.
    conf = folder / "slurm.conf"
    conf.write_text(conf.read_text().replace(f"StateSaveLocation={site.ctld.state}", f"StateSaveLocation={folder}/nothing"))
    site.start_slurmd("n1", env=env)
    wait_for("the message", lambda: "waiting for a key: cannot read the key" in site.log("n1"))
    shutil.copy(site.folder / "slurm.key", folder / "slurm.key")
    site.wait_state("n1", "idle")


def test_a_key_at_a_place_of_its_own(site):
    key = site.folder / "elsewhere.key"
    key.write_bytes(os.urandom(64))
    key.chmod(0o600)
    site.change("^AuthInfo=.*", f"AuthInfo=socket={site.ctld.socket},key={key}")
    site.start()
    assert not (site.folder / "slurm.key").exists()
    job = site.submit("true")
    wait_for("the end", lambda: site.state(job) == "COMPLETED")


def test_a_node_never_takes_a_key_that_others_can_read(site):
    site.ctld.start()
    folder, env = far_env(site, "n1")
    shutil.copy(site.folder / "slurm.key", folder / "slurm.key")
    (folder / "slurm.key").chmod(0o644)
    site.start_slurmd("n1", env=env)
    wait_for("the message", lambda: "others could read the key" in site.log("n1"))
    assert site.node_state("n1") != "idle"


def test_sackd_tokens_serve_a_host_without_the_key(site):
    site.start()
    login = site.folder / "login.conf"
    login.write_text(site.conf.read_text().replace("sack.socket", "login.socket"))
    env = {**site.env, "SLURM_CONF": str(login)}
    r = site.run("sbatch", "--wrap", "true", env=env)
    assert r.returncode == 1 and "no daemon gives tokens" in r.stderr
    site.start_other(SACKD, "-D", "-f", login)
    wait_for("tokens", lambda: site.run("scontrol", "ping", env=env).returncode == 0)
    site.out("sbatch", "--wrap", "true", env=env)


def test_a_set_of_keys_is_refused_instead_of_making_another_key(site):
    (site.folder / "slurm.jwks").write_text('{"keys": []}')
    site.ctld.start()
    assert site.ctld.process.poll() == 1 and "sets of keys are not supported" in site.ctld.output()
    assert not (site.folder / "slurm.key").exists()
