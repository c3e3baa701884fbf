# SPDX-License-Identifier: Apache-2.0
"""AuthType=auth/munge with a private munged: own key, socket and pid file in the folder of the test."""
import os
import pwd
import signal
import subprocess

import pytest

from conftest import PATIENCE, wait_for
from daemons import SLUICE, Site

NOBODY_SPECIAL = next(p for p in pwd.getpwall() if 0 < p.pw_uid < 60000 and p.pw_name not in ("root", "nobody"))


class Munged:
    def __init__(self, folder):
        self.folder, self.process = folder, None
        folder.mkdir(mode=0o755)
        self.socket = folder / "socket"
        (folder / "key").write_bytes(os.urandom(128))
        (folder / "key").chmod(0o400)

    def start(self):
        f = self.folder
        self.process = subprocess.Popen(
            ["munged", "--foreground", "--force", f"--key-file={f}/key", f"--socket={self.socket}", f"--pid-file={f}/pid",
             f"--log-file={f}/log", f"--seed-file={f}/seed", "--num-threads=2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("munged", lambda: self.works() or self.process.poll() is not None)
        assert self.process.poll() is None, (f / "log").read_text()
        return self

    def works(self):
        return subprocess.run(["munge", "-n", "-S", self.socket], capture_output=True).returncode == 0

    def encode(self, payload, *options, user=None):
        r = subprocess.run(["munge", "-S", self.socket, "-s", payload, *options], capture_output=True, text=True, user=user)
        assert r.returncode == 0, r.stderr
        return r.stdout.strip()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE)


@pytest.fixture
def munged(tmp_path):
    tmp_path.chmod(0o755)
    for above in tmp_path.parents:  # others must reach the socket
        if above.stat().st_uid == os.getuid() and above != above.parent and str(above).startswith("/tmp/"):
            above.chmod(0o755)
    m = Munged(tmp_path / "munge").start()
    yield m
    m.stop()


def munge_site(tmp_path, munged, nodes=1, extra=""):
    s = Site(tmp_path, nodes=nodes, extra=extra)
    s.change("^AuthType=.*", "AuthType=auth/munge")
    s.change("^AuthInfo=.*", f"AuthInfo=socket={munged.socket}")
    s.add("CredType=cred/munge")
    return s


@pytest.fixture
def site(tmp_path, munged):
    s = munge_site(tmp_path, munged)
    yield s
    s.stop()


def test_jobs_run_with_munge(site):
    site.start()
    assert not (site.folder / "slurm.key").exists(), "no key of our own is needed"
    job = site.submit(f"{SLUICE} srun -n2 echo from $SLURM_JOB_ID", "-n2")
    wait_for("the end", lambda: site.state(job) == "COMPLETED")
    assert site.output(job) == f"from {job}\n" * 2


def test_nodes_pass_messages_on_with_munge(tmp_path, munged):
    s = munge_site(tmp_path, munged, nodes=7, extra="TreeWidth=2\nDebugFlags=Route")
    try:
        s.start()
        s.reconfigure(*s.slurmds)
        wait_for("the round", lambda: "node_control to 7 nodes: 2 messages" in s.log("ctld"))
    finally:
        s.stop()


def test_users_are_who_they_are(site, tmp_path):
    site.start()
    job = site.submit("sleep 100")
    as_user = dict(env=site.env, cwd="/", text=True, capture_output=True, timeout=PATIENCE, user=NOBODY_SPECIAL.pw_uid,
                   group=NOBODY_SPECIAL.pw_gid, extra_groups=[])
    r = subprocess.run([SLUICE, "scancel", job], **as_user)
    assert "Access/permission denied" in r.stderr and site.state(job) in ("RUNNING", "PENDING")
    r = subprocess.run([SLUICE, "scontrol", "reconfigure"], **as_user)
    assert r.returncode == 1 and "Invalid user id" in r.stderr
    site.out("scancel", job)


def token_error(site, credential):
    return site.ctld.wirecat("rawtoken", "auth/munge", credential).stdout


def test_expired_replayed_and_foreign_credentials_are_refused(site, munged, tmp_path):
    site.ctld.start()
    good = munged.encode("slurmctld")
    assert "frame 3 flags 1" in token_error(site, good)
    assert "Replayed credential" in token_error(site, good)
    old = munged.encode("slurmctld", "--ttl=1")
    wait_for("its end", lambda: subprocess.run(["unmunge", "-S", munged.socket], input=old, text=True, capture_output=True).returncode == 15)
    assert "Expired credential" in token_error(site, old)
    assert "it is for elsewhere" in token_error(site, munged.encode("elsewhere"))
    other = Munged(tmp_path / "other").start()
    try:
        assert "Invalid credential" in token_error(site, other.encode("slurmctld"))
    finally:
        other.stop()
    assert "error 6" in token_error(site, "MUNGE:nonsense:")
    assert site.ctld.answers()


def test_a_token_of_our_own_kind_is_refused(site):
    site.ctld.start()
    assert "this daemon expects auth/munge, not auth/slurm" in site.ctld.wirecat("rawtoken", "auth/slurm", "x").stdout


def test_without_munged_commands_and_daemons_say_so(site, munged):
    site.start()
    munged.stop()
    r = site.run("sinfo")
    assert r.returncode == 1 and "munge" in r.stderr and str(munged.socket) in r.stderr
    munged.start()
    assert site.run("sinfo").returncode == 0
    job = site.submit("true")
    wait_for("the end", lambda: site.state(job) == "COMPLETED")


def test_without_libmunge_it_is_named(site):
    # A library of this name that is none: what a host without the package has, for the loader.
    site.ctld.start()
    broken = site.folder / "lib"
    broken.mkdir()
    (broken / "libmunge.so.2").write_text("no library")
    r = site.run("sinfo", env={**site.env, "LD_LIBRARY_PATH": str(broken)})
    assert r.returncode == 1 and "libmunge.so.2 cannot be loaded" in r.stderr


def test_a_configless_node_with_munge(site):
    site.ctld.start()
    far = site.folder / "far"
    far.mkdir()
    env = {**site.env, "SLURM_CONF": str(far / "slurm.conf"), "RUNTIME_DIRECTORY": str(far)}
    site.start_slurmd("n1", "--conf-server", f"127.0.0.1:{site.ctld.port}", "--authinfo", f"socket={site.folder}/munge/socket", env=env)
    site.wait_state("n1", "idle")
