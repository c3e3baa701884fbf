# SPDX-License-Identifier: Apache-2.0
"""The workloads. Each runs once on fresh clusters and fills `out`: {figure: number or samples}.

A figure's suffix is its unit: _ms _s _us _bytes _n (less is better), _per_s (more is better)."""
import os, random, re, shutil, signal, statistics, subprocess, tempfile, time
from pathlib import Path
from cluster import BenchError, Cluster, memory, parents

ALL = {}  # name -> (function, default repetitions, description)
HELD = "-H -n1 -t 60 -o /dev/null"


def workload(name, reps, text):
    def deco(f):
        ALL[name] = (f, reps, text)
        return f
    return deco


def p(samples, q):
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * q))]


@workload("limits", 3, "what this machine can do at all")
def limits(opt, out):
    src, cc = Path(__file__).with_name("limits.c"), shutil.which("cc") or shutil.which("gcc")
    if not cc:
        raise BenchError("no C compiler")
    with tempfile.TemporaryDirectory(dir=opt.tmp) as d:
        exe = f"{d}/limits"
        subprocess.run([cc, "-O2", "-o", exe, str(src)], check=True)

        def rate(mode, n=1):
            ps = [subprocess.Popen([exe, mode, d], stdout=subprocess.PIPE, text=True) for _ in range(n)]
            return sum(float(x.communicate()[0]) for x in ps)
        out.update(spawn_1_per_s=rate("spawn"), spawn_2_per_s=rate("spawn", 2), fdatasync_4k_per_s=rate("sync"),
                   tcp_roundtrip_per_s=rate("tcp"))


@workload("submit-seq", 3, "200 sbatch one after the other, held")
def submit_seq(opt, out):
    with Cluster(opt) as c:
        job = c.script("job", "true")
        rs = [c.ok("sbatch", "--parsable", *HELD.split(), job) for _ in range(210)][10:]
        out.update(sbatch_ms=1e3 * statistics.median(r.wall for r in rs),
                   sbatch_p95_ms=1e3 * p([r.wall for r in rs], .95),
                   client_cpu_ms=1e3 * statistics.mean(r.cpu for r in rs))


@workload("submit-par", 3, "1000 sbatch from 8 concurrent submitters, held")
def submit_par(opt, out):
    with Cluster(opt) as c:
        job, cpu = c.script("job", "true"), c.cpu()
        wall = c.submit(1000, f"{HELD} {job}")
        cpu = c.cpu() - cpu
        if c.queued() != 1000:
            raise BenchError(f"{c.queued()} of 1000 jobs in the queue")
        out.update(jobs_per_s=1000 / wall, ctld_cpu_per_job_ms=cpu)


def burst(opt, submit, n=2000, **kw):
    """Run n trivial jobs; each writes its id, so that lost and repeated runs show."""
    with Cluster(opt, **kw) as c:
        ran = Path(c.env["RAN"])
        ran.touch()
        job = c.script("job", 'echo $SLURM_JOB_ID >>"$RAN"')
        cpu, t0 = c.cpu(), time.perf_counter()
        sub = submit(c, "-n1 -t 60 -o /dev/null", job)
        end = time.monotonic() + 600
        while ran.read_bytes().count(b"\n") < n:
            if time.monotonic() > end:
                raise BenchError(f"{ran.read_bytes().count(10)} of {n} jobs ran; queue: "
                                 f"{c.ok('squeue', '-h', '-o', '%i %T %r').out[:300]} {c.log_tail()}")
            time.sleep(0.05)
        last = time.perf_counter() - t0
        while c.queued():
            if time.monotonic() > end:
                raise BenchError(f"jobs never leave: {c.ok('squeue', '-h', '-o', '%i %T %r').out[:300]}")
            time.sleep(0.1)
        wall = time.perf_counter() - t0
        ids = ran.read_text().split()
        if len(ids) != n or len(set(ids)) != n:
            raise BenchError(f"{n} jobs: {len(ids)} runs of {len(set(ids))} distinct ids")
        figures = {"jobs_per_s": n / wall, "submit_s": sub, "last_run_s": last, "drained_s": wall,
                   "ctld_cpu_per_job_ms": 1e3 * (c.cpu() - cpu) / n}
        yield c  # for more work on the same cluster
        yield figures


def separate(n):
    return lambda c, args, job: c.submit(n, f"{args} {job}")


@workload("throughput", 3, "2000 separate 1-CPU jobs on 4 nodes x 64 CPUs, 8 submitters, to empty queue")
def throughput(opt, out):
    out.update(list(burst(opt, separate(2000)))[-1])


@workload("throughput-array", 3, "the same as one array of 2000 tasks")
def throughput_array(opt, out):
    out.update(list(burst(opt, lambda c, args, job: c.ok(
        "sbatch", "--array=1-2000", *args.split(), job).wall))[-1])


@workload("srun", 3, "srun on an idle cluster; a step in an allocation; 256 tasks on 4 nodes")
def srun(opt, out):
    with Cluster(opt) as c:
        def lat(k, *args):
            c.ok("srun", *args, "true")
            ms = []
            for _ in range(k):
                ms.append(1e3 * c.ok("srun", *args, "true").wall)
                time.sleep(0.2)
            return ms
        alloc = lat(15, "-n1")
        jid = re.search(r"allocation (\d+)", c.ok("salloc", "--no-shell", "-n1").err).group(1)
        step = lat(15, f"--jobid={jid}", "--overlap", "-n1")
        c.ok("scancel", jid)
        c.wait_idle()
        wide = lat(5, "-N4", "-n256")
        out.update(new_alloc_ms=statistics.median(alloc), new_alloc_p95_ms=p(alloc, .95),
                   step_ms=statistics.median(step), step_p95_ms=p(step, .95), n256_ms=statistics.median(wide))


@workload("queue", 1, "memory, queries and restart with 0 / 10k / 50k held jobs")
def queue(opt, out):
    with Cluster(opt) as c:
        m0 = c.tree_memory("slurmctld")
        time.sleep(1)
        d = c.tree_memory("n1")
        out.update(ctld_start_rss_bytes=m0["rss"], ctld_start_pss_bytes=m0["pss"],
                   slurmd_rss_bytes=d["rss"], slurmd_pss_bytes=d["pss"])
        # what a sleeping job costs besides its own processes: all between the job and slurmd
        jid = c.ok("sbatch", "--parsable", "-n1", "-o", "/dev/null", c.script("sleep", "exec sleep 7654")).out.strip()
        end = time.monotonic() + 30
        while not (pids := [q for q, (_, comm) in parents().items() if comm == "sleep" and b"7654" in
                            Path(f"/proc/{q}/cmdline").read_bytes().split(b"\0") and q in c.marked()]):
            if time.monotonic() > end:
                raise BenchError("sleeping job did not start")
            time.sleep(0.2)
        table, step = parents(), {"rss": 0, "pss": 0}
        daemons, pid = {x.pid for x in c.procs.values()}, table[pids[0]][0]
        while pid > 1 and pid not in daemons and pid != os.getpid():
            m = memory(pid)
            step, pid = {k: step[k] + m[k] for k in step}, table[pid][0]
        out.update(stepd_rss_bytes=step["rss"], stepd_pss_bytes=step["pss"])
        c.ok("scancel", jid)
        job, have = c.script("job", "true"), 0
        while c.queued():
            time.sleep(0.2)
        m0 = c.tree_memory("slurmctld")
        for level in opt.levels:
            tag = f"{level // 1000}k" if level % 1000 == 0 else str(level)
            wall = c.submit(level - have, f"{HELD} {job}")
            out[f"fill_{tag}_per_s"] = (level - have) / wall
            have = level
            if c.queued() != level:
                raise BenchError(f"{c.queued()} of {level} jobs in the queue")
            time.sleep(6)  # let the state save settle
            mem = c.tree_memory("slurmctld")
            out[f"ctld_{tag}_rss_bytes"] = mem["rss"]
            out[f"per_job_{tag}_bytes"] = (mem["rss"] - m0["rss"]) / level
            one = (c.dir / "ids.0").read_text().split()[-1]
            for key, cmd in (("squeue", ("squeue", "-h")), ("squeue_json", ("squeue", "--json")),
                             ("show_job", ("scontrol", "show", "job", one)), ("sinfo", ("sinfo",))):
                cpu, rs = c.cpu(), []
                for _ in range(3 if key == "squeue_json" else opt.query_reps):
                    r = c.cmd(*cmd, limit=opt.query_limit)
                    if r.rc:
                        break
                    rs.append((1e3 * r.wall, 1e3 * r.cpu, len(r.out)))
                if not rs:
                    out[f"{key}_{tag}_gave_up_after_ms"] = 1e3 * r.wall
                    continue
                walls, cpus, sizes = zip(*rs)
                out[f"{key}_{tag}_ms"], out[f"{key}_{tag}_client_cpu_ms"] = list(walls), list(cpus)
                out[f"{key}_{tag}_ctld_cpu_ms"] = 1e3 * (c.cpu() - cpu) / len(rs)
                out[f"{key}_{tag}_output_bytes"] = sizes[0]
            k = max(3, 60000 // level)
            wall = c.parallel([f"i=0; while [ $i -lt {k} ]; do squeue -h >/dev/null || exit 1; i=$((i+1)); done"] * 8)
            out[f"squeue_8clients_{tag}_per_s"] = 8 * k / wall
            times = []
            for _ in range(3):
                c.stop("slurmctld", wait=60)
                times.append(c.start_ctld())
                if c.queued() != level:
                    raise BenchError(f"{c.queued()} of {level} jobs after a restart")
            out[f"restart_{tag}_s"] = times


SDIAG = {"main": r"Main schedule statistics.*?Last cycle:\s+(\d+).*?Max cycle:\s+(\d+).*?"
                 r"Mean cycle:\s+(\d+)(?:.*?Mean depth cycle:\s+(\d+))?",
         "bf": r"Backfilling stats.*?Last cycle:\s+(\d+).*?Max cycle:\s+(\d+).*?Mean cycle:\s+(\d+)"
               r"(?:.*?Last depth cycle:\s+(\d+))?"}


@workload("sched", 1, "1000 full nodes, 10k mixed pending jobs: cost of scheduling that starts nothing")
def sched(opt, out):
    """With the stock limits, then with every job tested. Every node is a real slurmd with 16 CPUs that is
    filled by an allocation (salloc --no-shell) of 1..10 h, so the plan for 10k jobs is made again and again."""
    n, size = opt.sched_jobs, max(1, opt.sched_nodes // 250)
    for tag, params in (("stock", "bf_interval=30"),
                        ("deep", "bf_interval=30,bf_continue,bf_max_job_test=20000,bf_max_time=60,"
                                 "default_queue_depth=20000,partition_job_depth=0")):
        with Cluster(opt, nodes=opt.sched_nodes, cpus=16, sched=params) as c:
            rng = random.Random(1)
            for _ in range(opt.sched_nodes // size):
                c.ok("salloc", "--no-shell", f"-N{size}", "--exclusive", "-t", rng.randrange(60, 600))
            if c.idle_nodes():
                raise BenchError("blockers do not fill the nodes")
            job, loops = c.script("job", "true"), []
            for w in range(8):  # three in four want 1..64 whole nodes, the others CPUs; limits 10 min .. 10 h
                args = [(f"-N{rng.choice([1, 1, 2, 4, 8, 16, 32, 64])} --exclusive" if rng.random() < .75 else
                         f"-n{rng.choice([1, 2, 4, 8])}") + f" -t {rng.randrange(10, 600)}" for _ in range(n // 8)]
                (c.dir / f"args.{w}").write_text("\n".join(args) + "\n")
                loops.append(f"while read -r a; do sbatch --parsable -o /dev/null $a {job} >>ids.{w} || exit 1; "
                             f"done <args.{w}")
            out[f"{tag}_fill_per_s"] = n / c.parallel(loops)
            time.sleep(5)
            c.ok("sdiag", "-r")
            cpu, t0, lat = c.cpu(), time.monotonic(), []
            while time.monotonic() - t0 < opt.sched_watch:
                lat.append(1e3 * c.ok("sbatch", "--parsable", "-H", "-n1", "-o", "/dev/null", job).wall)
                time.sleep(0.2)
            out[f"{tag}_ctld_cpu_per_min_s"] = 60 * (c.cpu() - cpu) / (time.monotonic() - t0)
            out[f"{tag}_sbatch_ms"] = statistics.median(lat)
            out[f"{tag}_sbatch_max_ms"] = max(lat)
            text = c.ok("sdiag").out
            for key, rx in SDIAG.items():
                m = re.search(rx, text, re.S)
                for name, v in zip(("last_us", "max_us", "mean_us", "depth_n"), m.groups() if m else ()):
                    if v is not None:
                        out[f"{tag}_{key}_{name}"] = int(v)
            out[f"{tag}_planned_n"] = sum(s != "N/A" for s in c.ok("squeue", "-h", "-t", "PD", "-o", "%S").out.split())
            if c.queued("-t", "R") != opt.sched_nodes // size:
                raise BenchError(f"the blocked state did not hold: {c.log_tail()}")


@workload("durability", 1, "rounds of kill -9 slurmctld under submission: acknowledged jobs lost")
def durability(opt, out):
    rng, lost, reused, acked, unknown, hit, times, ever = random.Random(7), 0, 0, 0, 0, 0, [], set()
    with Cluster(opt) as c:
        job, known = c.script("job", "true"), {}
        for rnd in range(opt.rounds):
            loops = [subprocess.Popen(["/bin/sh", "-c", f"i=0; while :; do n=r{rnd}w{w}i$i; "
                                       f"j=$(sbatch --parsable {HELD} -J $n {job}) && echo $j $n >>acks.{rnd}.{w}; "
                                       "i=$((i+1)); done"], env=c.env, cwd=c.dir, start_new_session=True,
                                      stderr=subprocess.DEVNULL) for w in range(4)]
            time.sleep(rng.uniform(0.5, 10))
            c.stop("slurmctld", signal.SIGKILL)
            time.sleep(0.05)
            for q in loops:
                os.killpg(q.pid, signal.SIGKILL)
                q.wait()
            new = [l.split() for f in c.dir.glob(f"acks.{rnd}.*") for l in f.read_text().splitlines()]
            acked += len(new)
            reused += sum(j in ever for j, _ in new)
            ever.update(j for j, _ in new)
            known.update((j, n) for j, n in new)
            times.append(c.start_ctld())
            there = dict(l.split() for l in c.ok("squeue", "-h", "-o", "%i %j").out.splitlines())
            gone = [j for j, n in known.items() if there.get(j) != n]
            unknown += sum(j not in known for j in there)
            lost += len(gone)
            hit += bool(gone)
            for j in gone:
                del known[j]
            for j, n in there.items():
                known.setdefault(j, n)
    out.update(acknowledged_n=acked, lost_n=lost, rounds_with_loss_n=hit, reused_ids_n=reused,
               unacknowledged_kept_n=unknown, restart_s=times)


@workload("accounting", 1, "2000 jobs until all are in sacct; sacct -a over them and over more records")
def accounting(opt, out):
    def records(c):
        return c.ok("sacct", "-anX", "-S", "now-1days", "-o", "jobid,state").out.count("COMPLETED")
    gen = burst(opt, separate(2000), acct=True)
    c = next(gen)
    t0 = time.monotonic()
    while (seen := records(c)) < 2000:
        if time.monotonic() - t0 > 120:
            raise BenchError(f"{seen} of 2000 in sacct after 120 s; {c.log_tail()}")
        time.sleep(0.1)
    out["lag_after_last_job_s"] = time.monotonic() - t0

    def ask(tag):
        for key, cmd in (("sacct", ("sacct", "-aX", "-S", "now-1days")), ("sacct_steps", ("sacct", "-a", "-S", "now-1days")),
                         ("sacct_json", ("sacct", "-a", "-S", "now-1days", "--json"))):
            rs = [c.ok(*cmd) for _ in range(3)]
            out[f"{key}_{tag}_ms"] = [1e3 * r.wall for r in rs]
    ask("2000")
    if opt.acct_records > 2000:  # real records, made without running: jobs cancelled while pending
        more = opt.acct_records - 2000
        c.ok("salloc", "--no-shell", "-N4", "--exclusive")
        c.submit(more, f"-n1 -t 60 -o /dev/null {c.script('wait', 'true')}")
        c.ok("scancel", "-t", "PD", "-u", "root" if os.getuid() == 0 else os.environ["USER"])
        t0 = time.monotonic()
        while c.ok("sacct", "-anX", "-S", "now-1days", "-o", "jobid,state").out.count("CANCELLED") < more:
            if time.monotonic() - t0 > 300:
                raise BenchError("cancelled jobs do not appear in sacct")
            time.sleep(1)
        out["lag_after_cancel_s"] = time.monotonic() - t0
        ask(str(opt.acct_records))
    for d in ("slurmdbd", "mariadbd"):
        if d in c.procs:
            out[f"{d}_rss_bytes"] = memory(c.procs[d].pid)["rss"]
    final = next(gen)
    gen.close()
    out.update({k: final[k] for k in ("jobs_per_s", "ctld_cpu_per_job_ms")})


@workload("install-size", 1, "bytes of bin + sbin + lib")
def install_size(opt, out):
    total, stripped, files = 0, 0, 0
    with tempfile.TemporaryDirectory(dir=opt.tmp) as d:
        for part in ("bin", "sbin", "lib", "lib64", "libexec"):
            for f in sorted((Path(opt.prefix) / part).rglob("*")):
                if f.is_symlink() or not f.is_file():
                    continue
                total, files = total + f.stat().st_size, files + 1
                if f.suffix in (".a", ".la"):  # for building only
                    continue
                with open(f, "rb") as g:
                    elf = g.read(4) == b"\x7fELF"
                if elf and shutil.which("strip"):
                    subprocess.run(["strip", "--strip-unneeded", "-o", f"{d}/s", str(f)], check=True)
                    stripped += os.stat(f"{d}/s").st_size
                else:
                    stripped += f.stat().st_size
    out.update(installed_bytes=total, stripped_runtime_bytes=stripped, files_n=files)
