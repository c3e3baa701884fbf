# SPDX-License-Identifier: Apache-2.0
"""A private cluster for tests: made by `sluice up` in a folder of its own, used through the public commands, always ended.

    with Cluster(nodes=2) as c:
        job = c.submit("hostname", "-n2")
        c.wait_job(job)
        print(c.out("squeue", "-h"))

The programs come from a build (SLUICE_BUILD, or build/) or an installation (SLUICE_PREFIX).
"""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60  # seconds until something counts as not happening: far more than it takes, also on a busy host
NAMES = "sbatch sbcast srun salloc squeue sinfo scancel scontrol".split()
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "DEADLINE", "BOOT_FAIL", "PREEMPTED"}
# A line of `scontrol -o`: Key=Value, where a value may have blanks but no "Key=" in it.
PAIR = re.compile(r"(\S+?)=(.*?)(?= \S+?=|$)")


def program():
    """The program with all the names; None when it is not there."""
    prefix = os.environ.get("SLUICE_PREFIX")
    path = Path(prefix) / "bin/sluice" if prefix else Path(os.environ.get("SLUICE_BUILD", TOP / "build")) / "src/cli/sluice"
    return path.resolve() if path.exists() else None


def poll(what, seconds, text, step=0.01):
    """Calls `what` until it gives something true, and gives that; fails with `text` after so many seconds."""
    end = time.monotonic() + seconds
    while not (result := what()):
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s: {text() if callable(text) else text}")
        time.sleep(step)
        step = min(step * 1.5, 0.2)
    return result


def processes(mark):
    """Those whose command line has the mark."""
    found = []
    for p in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (p / "cmdline").read_bytes():
                found.append(int(p.name))
        except OSError:
            pass
    return found


def kill(pids, sig=signal.SIGKILL):
    """Those that are still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sig)


class Cluster:
    def __init__(self, nodes=2, cpus=None, conf=None, user=None):
        self.options = ["--conf", str(conf)] if conf else ["--nodes", str(nodes)] + (["--cpus", str(cpus)] if cpus else [])
        self.sluice = str(program())
        self.user = user  # (uid, gid) that everything runs as
        self.dir = Path(tempfile.mkdtemp(prefix="sluice-test-"))
        self.work = self.dir / "work"
        bin_dir = self.dir / "bin"
        for d in (self.work, bin_dir):
            d.mkdir()
        for name in ["sluice", *NAMES]:
            (bin_dir / name).symlink_to(self.sluice)
        if user:
            for d in (self.dir, self.work):
                os.chown(d, *user)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "SBATCH", "SALLOC", "SQUEUE", "SINFO"))}
        self.env = {**kept, "PATH": f"{bin_dir}:{os.environ['PATH']}", "SLURM_CONF": str(self.dir / "etc/slurm.conf")}

    def __enter__(self):
        try:
            self.up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def up(self):
        return self.out("sluice", "up", "--dir", str(self.dir), *self.options)

    def down(self):
        return self.out("sluice", "down", "--dir", str(self.dir))

    def close(self):
        try:
            self.down()
        finally:
            kill(self.pids())  # what `down` should have ended
            shutil.rmtree(self.dir, ignore_errors=True)

    def pids(self, *names):
        """Processes of this folder: daemons and steps, or only those programs; without what one of them is just about to start."""
        mark, found = f"SLURM_CONF={self.dir}/etc/slurm.conf\0".encode(), {}
        for p in Path("/proc").glob("[0-9]*"):
            try:
                exe = os.readlink(p / "exe").split("/")[-1].removesuffix(" (deleted)")
                if exe in (names or ("slurmctld", "slurmd", "slurmstepd")) and mark in (p / "environ").read_bytes() + b"\0":
                    found[int(p.name)] = exe, int((p / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
        return [pid for pid, (exe, parent) in found.items() if found.get(parent, ("",))[0] != exe]

    def run(self, *argv, timeout=PATIENCE, **kw):
        kw.setdefault("cwd", self.work)
        if self.user:
            kw |= {"user": self.user[0], "group": self.user[1], "extra_groups": []}
        return subprocess.run([str(a) for a in argv], text=True, capture_output=True, timeout=timeout,
                              **{"env": self.env, "stdin": subprocess.DEVNULL, **kw})

    def out(self, *argv, **kw):
        """What it prints; a failure of the command is a failure of the test."""
        r = self.run(*argv, **kw)
        assert r.returncode == 0, f"{' '.join(map(str, argv))}: exit {r.returncode}\n{r.stdout}{r.stderr}"
        return r.stdout

    def submit(self, command=None, *options):
        """The id of a batch job; command: shell text, or None when the options name a script."""
        wrap = ["--wrap", command] if command is not None else []
        return int(self.out("sbatch", "--parsable", *options, *wrap).split(";")[0])

    def job(self, job_id):
        """Its fields as scontrol shows them."""
        return dict(PAIR.findall(self.out("scontrol", "-o", "show", "job", job_id).strip()))

    def wait_job(self, job_id, states=("COMPLETED",), seconds=PATIENCE):
        def look():
            job = self.job(job_id)
            assert job["JobState"] in states or job["JobState"] not in ENDED, f"job {job_id}: {job}"
            return job if job["JobState"] in states else None
        return poll(look, seconds, lambda: f"job {job_id} is not {' or '.join(states)}: {self.job(job_id)}")

    def logs(self):
        """The logs of the daemons, for the message of a test that fails."""
        return "".join(f"--- {p.name}\n{p.read_text(errors='replace')[-4000:]}" for p in sorted((self.dir / "log").glob("*.log")))
