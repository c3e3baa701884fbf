# SPDX-License-Identifier: Apache-2.0
"""Private daemons for tests: a folder with slurm.conf, key and free port; whatever is started is ended by its pid."""
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from cluster import PATIENCE

BUILD = Path(os.environ.get("SLUICE_BUILD", Path(__file__).resolve().parents[2] / "build"))
SLURMCTLD = BUILD / "src/slurmctld/slurmctld"
SACKD = BUILD / "src/sackd/sackd"
WIRECAT = BUILD / "test/cli/wirecat"


PORTS = range(10000, 20000)  # below those that the kernel gives to connections, beside those of `sluice up`
reserved = []


def free_port():
    """A port for a daemon, which no connection and no other test of this host gets, also while the daemon is away: it
    belongs to who has bound an abstract socket with its number."""
    while True:
        port, mark = random.choice(PORTS), socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), socket.socket() as s:
            mark.bind(f"\0sluice-test-port-{port}")
            if s.connect_ex(("127.0.0.1", port)) != 0:
                reserved.append(mark)
                return port
        mark.close()


def wait_for(what, condition, seconds=PATIENCE):
    """Polls until the condition holds and gives its value; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.01)
    return value


class Controller:
    """A slurmctld in a folder of its own."""

    def __init__(self, folder, extra="", nodes="NodeName=n[1-4] NodeAddr=127.0.0.1 Port=1 CPUs=4 RealMemory=1000"):
        self.folder, self.port, self.process = Path(folder), free_port(), None
        self.conf, self.state = self.folder / "slurm.conf", self.folder / "state"
        self.socket = self.folder / "sack.socket"
        self.text = "\n".join([
            "ClusterName=alpha", "SlurmctldHost=localhost(127.0.0.1)", f"SlurmctldPort={self.port}",
            f"AuthInfo=socket={self.socket}", "AuthType=auth/slurm", f"SlurmUser={os.getuid()}",
            f"StateSaveLocation={self.state}", f"SlurmctldPidFile={self.folder}/ctld.pid",
            f"SlurmctldLogFile={self.folder}/ctld.log", "ProctrackType=proctrack/linuxproc", "SlurmctldDebug=debug",
            nodes, "PartitionName=p Nodes=ALL Default=YES", extra, ""])
        self.write(self.text)

    def write(self, text):
        self.conf.write_text(text)

    def start(self, *options):
        """Returns when it serves, or when it has ended."""
        self.out = (self.folder / "out").open("w")
        self.process = subprocess.Popen([SLURMCTLD, "-D", "-f", self.conf, *options], stdout=self.out, stderr=self.out)
        wait_for("the start of slurmctld", lambda: self.process.poll() is not None or self.answers())
        return self

    def answers(self):
        return self.call("ping").returncode == 0

    def wirecat(self, *args):
        return subprocess.run([WIRECAT, self.conf, *map(str, args)], capture_output=True, text=True, timeout=PATIENCE)

    def call(self, *args):
        return self.wirecat("call", *args)

    def submit(self, n=1):
        r = self.wirecat("submit", n)
        assert r.returncode == 0, r.stdout + r.stderr
        return [int(line) for line in r.stdout.split()]

    def jobs(self):
        r = self.call("jobs")
        assert r.returncode == 0, r.stdout
        return [int(line.split("=")[1]) for line in r.stdout.splitlines() if line.startswith("job_id")]

    def output(self):
        return (self.folder / "out").read_text()

    def stop(self, sig=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(sig)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process and self.process.returncode


@pytest.fixture
def folder():
    path = tempfile.mkdtemp(prefix="sluice")
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def controller(folder):
    c = Controller(folder)
    yield c
    c.stop(signal.SIGKILL)
