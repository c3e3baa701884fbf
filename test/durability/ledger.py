# SPDX-License-Identifier: Apache-2.0
"""Jobs that leave a line when they begin and one when they end, the submitters that send them, and the account of both.

A job is acknowledged once sbatch has printed its id. Whatever is killed meanwhile: an acknowledged job runs exactly once and
to its end; one that was not acknowledged runs at most once (its id may have been lost on the way back).
"""
import argparse
import collections
import os
import random
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
from cluster import Cluster, poll  # noqa: E402

DRAIN_S = 180  # for the last jobs to end


def options(what):
    ap = argparse.ArgumentParser(description=what)
    ap.add_argument("--rounds", type=int, default=300)
    ap.add_argument("--seed", type=int, default=int(time.time()))
    ap.add_argument("--submitters", type=int, default=8)
    ap.add_argument("--build", help="a build folder; default: build/")
    ap.add_argument("--prefix", help="an installation instead")
    args = ap.parse_args()
    for name in ("build", "prefix"):
        if getattr(args, name):
            os.environ[f"SLUICE_{name.upper()}"] = str(Path(getattr(args, name)).resolve())
    return args


class Ledger:
    def __init__(self, cluster, seed, seconds):
        self.cluster, self.seed, self.seconds = cluster, seed, seconds  # of a job: at least, at most
        self.acknowledged, self.refused = {}, set()  # token -> job id; tokens without
        self.stopping, self.lock, self.threads = threading.Event(), threading.Lock(), []
        self.path = cluster.work / "ledger"
        self.path.touch()

    def submit(self, token, rng):
        script = (f"echo begin {token} $SLURM_JOB_ID >> {self.path}; sleep {rng.uniform(*self.seconds):.2f}; "
                  f"echo end {token} $SLURM_JOB_ID >> {self.path}")
        try:
            r = self.cluster.run("sbatch", "--parsable", "-o", "/dev/null", "--wrap", script, timeout=60)
            ok = r.returncode == 0
        except subprocess.TimeoutExpired:
            ok = False
        with self.lock:
            if ok:
                self.acknowledged[token] = int(r.stdout.split(";")[0])
            else:
                self.refused.add(token)
        return ok

    def submitter(self, number):
        rng, n = random.Random(f"{self.seed}.{number}"), 0
        while not self.stopping.is_set():
            n += 1
            self.submit(f"{number}.{n}", rng)
            self.stopping.wait(rng.uniform(0.02, 0.3))

    def start(self, submitters):
        self.threads = [threading.Thread(target=self.submitter, args=(i,)) for i in range(submitters)]
        for t in self.threads:
            t.start()

    def stop(self):
        self.stopping.set()
        for t in self.threads:
            t.join()

    def wait_drained(self):
        poll(lambda: not self.cluster.out("squeue", "-h", "-o", "%i"), DRAIN_S,
             lambda: f"these jobs do not end:\n{self.cluster.out('squeue')}")

    def check(self):
        """The faults, as texts; none is what should come."""
        seen = {"begin": collections.defaultdict(list), "end": collections.defaultdict(list)}
        for line in self.path.read_text().splitlines():
            what, token, job = line.split()
            seen[what][token].append(int(job))
        faults = []
        for token, job in self.acknowledged.items():
            for what, runs in seen.items():
                if runs[token] != [job]:
                    shown = self.cluster.run("scontrol", "-o", "show", "job", job).stdout
                    faults.append(f"job {job} ({token}): {what} was written by {runs[token] or 'nobody'}; {shown[:700]}")
        for token in self.refused:
            if len(seen["begin"][token]) > 1:
                faults.append(f"{token} was refused, and ran {len(seen['begin'][token])} times")
        for job, n in collections.Counter(self.acknowledged.values()).items():
            if n > 1:
                faults.append(f"job id {job} was given {n} times")
        return faults


def kill(pid):
    """Returns when the last of its threads has gone, and its locks with them."""
    fd = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        assert select.select([fd], [], [], 60)[0], f"process {pid} outlives SIGKILL"
    finally:
        os.close(fd)


def campaign(rounds, seed, submitters, victim, seconds, pause, nodes=4, cpus=8):
    """Rounds of: wait a moment, kill what `victim` picks, start it again. Gives the faults and a line about the run."""
    rng, began = random.Random(seed), time.monotonic()
    with Cluster(nodes=nodes, cpus=cpus) as cluster:
        ledger = Ledger(cluster, seed, seconds)
        ledger.start(submitters)
        try:
            for _ in range(rounds):
                time.sleep(rng.uniform(*pause))  # the moment is the experiment, nothing is waited for
                kill(rng.choice(sorted(cluster.pids(victim))))
                cluster.up()
        finally:
            ledger.stop()
        try:
            ledger.wait_drained()
            faults = ledger.check()
        except AssertionError as e:
            faults = [str(e), *ledger.check()]
        if faults:
            faults.append(cluster.logs())
    return faults, (f"{rounds} times kill -9 of a {victim}, seed {seed}: {len(ledger.acknowledged)} jobs acknowledged, "
                    f"{len(ledger.refused)} submissions refused, {len(faults)} faults, {time.monotonic() - began:.0f} s")


def main(what, **experiment):
    args = options(what)
    faults, text = campaign(args.rounds, args.seed, args.submitters, **experiment)
    print("\n".join([*faults, text]))
    return 1 if faults else 0
