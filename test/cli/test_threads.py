# SPDX-License-Identifier: Apache-2.0
"""slurmctld asked for everything by many at once. Of use above all with a sanitizer, which sees what a thread does unasked."""
import random
import threading
import time

from cluster import Cluster

SECONDS = 3


def hammer(c, failures, seed, until):
    """One user: submits, holds, cancels, looks, changes the configuration; every answer is 0 or a plain refusal."""
    dice = random.Random(seed)
    last = 1
    while time.monotonic() < until and not failures:
        argv = dice.choice((
            ["sbatch", "--parsable", "-n1", "--wrap", "exit 0"],
            ["sbatch", "--parsable", "-H", "--array=1-5", "--wrap", "true"],
            ["sbatch", "--parsable", f"--dependency=afterany:{last}", "--wrap", "true"],
            ["squeue", "-h", "-o", "%i %T %R %S"], ["squeue", "-s"], ["sinfo", "-N"], ["scontrol", "show", "job"],
            ["scontrol", "show", "config"], ["scontrol", "show", "node"], ["scontrol", "reconfigure"],
            ["scontrol", "release", str(last)], ["scontrol", "update", f"job={last}", "timelimit=7"],
            ["scontrol", "update", "node=n2", f"state={dice.choice(('drain', 'resume'))}", "reason=test"],
            ["scancel", str(last)], ["srun", "-n2", "--immediate=2", "true"]))
        r = c.run(*argv)
        if argv[0] == "sbatch" and r.returncode == 0:
            last = int(r.stdout)
        refusable = argv[0] in ("srun", "sbatch", "scancel") or argv[1] in ("release", "update")
        if r.returncode < 0 or "Traceback" in r.stderr or (r.returncode and not refusable):
            failures.append(f"{argv}: {r.returncode}\n{r.stdout[-500:]}{r.stderr[-500:]}")


def test_many_ask_for_everything_at_once():
    failures = []
    with Cluster(nodes=2, cpus=4) as c:
        until = time.monotonic() + SECONDS
        users = [threading.Thread(target=hammer, args=(c, failures, seed, until)) for seed in range(4)]
        for u in users:
            u.start()
        for u in users:
            u.join()
        assert not failures, failures[0]
        (pid,) = c.pids("slurmctld")
        c.run("scontrol", "update", "node=n[1-2]", "state=resume")  # refused when they are not drained
        c.run("scancel", "--user=root")
        c.wait_job(c.submit("exit 0"))
        assert c.pids("slurmctld") == [pid], c.logs()
