# SPDX-License-Identifier: Apache-2.0
"""Daemons as a site runs them: one slurmctld, slurmds started by hand, files that tests change while everything runs."""
import os
import re
import signal
import subprocess
from pathlib import Path

from conftest import BUILD, PATIENCE, Controller, free_port, wait_for

SLURMD = BUILD / "src/slurmd/slurmd"
SLUICE = BUILD / "src/cli/sluice"


POWERED = ("idle%", "idle~", "powering_down", "powered_down")  # what an idle node may have become before anybody looks


class Site:
    def __init__(self, folder, nodes=2, extra=""):
        self.folder = Path(folder)
        self.ports = [free_port() for _ in range(nodes)]
        self.nodes = [f"NodeName=n{i + 1} NodeAddr=127.0.0.1 NodeHostname={os.uname().nodename} Port={p} CPUs=4 RealMemory=1000"
                      for i, p in enumerate(self.ports)]
        settings = [f"SlurmdSpoolDir={folder}/d.%n", f"SlurmdPidFile={folder}/%n.pid", f"SlurmdLogFile={folder}/%n.log",
                    "SlurmdParameters=config_overrides", "ReturnToService=2", "SlurmdUser=root", "TaskPlugin=task/none",
                    "SlurmctldParameters=enable_configless", extra]
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
        self.ctld = Controller(folder, extra="\n".join(settings), nodes="\n".join(self.nodes))
        self.conf = self.ctld.conf
        self.env = {**{k: v for k, v in os.environ.items() if not k.startswith("SLURM")}, "SLURM_CONF": str(self.conf)}
        self.slurmds, self.others = {}, []

    def start(self):
        self.ctld.start()
        for i in range(len(self.ports)):
            self.start_slurmd(f"n{i + 1}")
        for name in self.slurmds:
            wait_for(f"{name} to be there", lambda: self.node_state(name) in ("idle", *POWERED))
        return self

    def start_slurmd(self, name, *options, env=None):
        out = (self.folder / f"{name}.out").open("w")
        self.slurmds[name] = subprocess.Popen([SLURMD, "-D", "-N", name, *map(str, options)], env=env or self.env, stdout=out, stderr=out)
        return self.slurmds[name]

    def start_other(self, *argv, env=None):
        p = subprocess.Popen([str(a) for a in argv], env=env or self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.others.append(p)
        return p

    def run(self, *argv, env=None, timeout=PATIENCE):
        return subprocess.run([SLUICE, *map(str, argv)], env=env or self.env, cwd=self.folder, text=True, capture_output=True, timeout=timeout)

    def out(self, *argv, **kw):
        r = self.run(*argv, **kw)
        assert r.returncode == 0, f"{argv}: {r.stdout}{r.stderr}"
        return r.stdout

    def submit(self, command, *options):
        return self.out("sbatch", "--parsable", "-o", "%j.out", *options, "--wrap", command).strip()

    def state(self, job):
        return self.run("squeue", "-h", "-t", "all", "-j", job, "-o", "%T").stdout.strip()

    def node(self, name):
        return self.run("scontrol", "show", "node", name).stdout

    def node_state(self, name):
        return (self.run("sinfo", "-h", "-N", "-n", name, "-o", "%T").stdout.split() or [""])[0]  # a line a partition

    def wait_state(self, name, state):
        wait_for(f"{name} {state}", lambda: self.node_state(name) == state)

    def output(self, job):
        path = self.folder / f"{job}.out"
        return path.read_text() if path.exists() else ""

    def log(self, name):
        """The log of a node, or of "ctld"."""
        path = self.folder / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def change(self, pattern, text):
        """Changes slurm.conf; the pattern must be there."""
        old = self.conf.read_text()
        new = re.sub(pattern, text, old, flags=re.M)
        assert new != old, pattern
        self.conf.write_text(new)

    def add(self, *lines):
        with self.conf.open("a") as f:
            f.write("\n".join(lines) + "\n")

    def reconfigured(self, name):
        """How often this node has taken a configuration while it ran."""
        return self.log(name).count("the new configuration is in use")

    def reconfigure(self, *names):
        """And waits until these nodes have followed."""
        before = {n: self.reconfigured(n) for n in names}
        self.out("scontrol", "reconfigure")
        for n in names:
            wait_for(f"{n} to follow", lambda: self.reconfigured(n) > before[n])

    def stop(self):
        for p in [*self.slurmds.values(), *self.others]:
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
        for p in [*self.slurmds.values(), *self.others]:
            try:
                p.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        self.ctld.stop()
        self.end_jobs()

    def end_jobs(self):
        """What jobs have left: it would outlive the daemons, as it should elsewhere."""
        mark = f"{self.folder}/d.".encode()
        for p in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (p / "cmdline").read_bytes() or mark in (p / "environ").read_bytes():
                    os.kill(int(p.name), signal.SIGKILL)
            except OSError:
                pass
