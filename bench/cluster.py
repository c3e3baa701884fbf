# SPDX-License-Identifier: Apache-2.0
"""A private cluster for one measurement: config, daemons, clients, clean-up.

Only the public surface is used: slurm.conf, the daemons slurmctld / slurmd /
slurmdbd run with -D, the client commands, and /proc for memory and CPU time."""
import os, random, shutil, signal, socket, subprocess, tempfile, time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
MARK = "BENCH_CLUSTER"  # every process started carries it in its environment

# SchedulerParameters: the stock ones, the example of the high-throughput guide, and a set
# chosen by hand for bursts, not shown to be better than the stock ones (see BASELINE.md).
PROFILES = {
    "default": "",
    "guide": "batch_sched_delay=20,bf_continue,bf_interval=300,bf_min_age_reserve=10800,"
             "bf_resolution=600,bf_yield_interval=1000000,partition_job_depth=500,"
             "sched_max_job_start=200,sched_min_interval=2000000",
    "tuned": "batch_sched_delay=1,bf_continue,bf_interval=30,bf_max_job_test=500,"
             "bf_yield_interval=1000000,default_queue_depth=2000,partition_job_depth=2000,"
             "sched_max_job_start=1000,sched_min_interval=200000",
}


class BenchError(Exception):
    pass


def proc_cpu(pid):
    """CPU seconds of a process (its own, not its children's)."""
    f = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(f[11]) + int(f[12])) / TICK


def machine_cpu():
    """(busy, total) CPU seconds of the whole machine."""
    v = [int(x) for x in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(v) - v[3] - v[4]) / TICK, sum(v) / TICK


def busy_fraction(seconds=0.5):
    b0, t0 = machine_cpu()
    time.sleep(seconds)
    b1, t1 = machine_cpu()
    return (b1 - b0) / max(t1 - t0, 1e-9)


def memory(pid):
    """{rss, pss} in bytes; pss shares the pages of libraries among their users."""
    out = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(("Rss:", "Pss:")):
            out[line[:3].lower()] = int(line.split()[1]) * 1024
    return out


def parents():
    """{pid: (ppid, comm)} of every process."""
    table = {}
    for p in os.listdir("/proc"):
        if p.isdigit():
            try:
                head, tail = Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)
            except OSError:
                continue
            table[int(p)] = (int(tail.split()[1]), head.split("(", 1)[1])
    return table


class Result:
    def __init__(self, rc, out, err, wall, cpu):
        self.rc, self.out, self.err, self.wall, self.cpu = rc, out, err, wall, cpu


class Cluster:
    def __init__(self, opt, nodes=4, cpus=64, acct=False, sched=None, conf=None):
        self.opt, self.nodes, self.cpus, self.acct, self.conf = opt, nodes, cpus, acct, dict(conf or {})
        self.sched = PROFILES[opt.profile] if sched is None else sched
        self.prefix = Path(opt.prefix)
        self.procs = {}
        self.dir = Path(tempfile.mkdtemp(prefix="bench-", dir=opt.tmp))
        self.host = socket.gethostname().split(".")[0]
        self.port = self._free_ports(nodes + 4)
        self.env = {"PATH": f"{self.prefix}/bin:/usr/local/bin:/usr/bin:/bin", "LANG": "C",
                    "HOME": os.environ.get("HOME", "/"), MARK: str(self.dir),
                    "SLURM_CONF": str(self.dir / "slurm.conf"), "RAN": str(self.dir / "ran")}

    @staticmethod
    def _free_ports(n):
        for _ in range(50):
            base, held = random.randrange(10000, 30000 - n), []
            try:
                for p in {base, base + 1, base + 3, base + n // 2, base + n - 1}:
                    s = socket.socket()
                    held.append(s)
                    s.bind(("127.0.0.1", p))
                return base
            except OSError:
                pass
            finally:
                for s in held:
                    s.close()
        raise BenchError("no free ports")

    # --- configuration -----------------------------------------------------
    def write_conf(self):
        d, p, auth = self.dir, self.port, self.opt.auth
        (d / "state").mkdir(exist_ok=True)
        key = d / "slurm.key"
        if not key.exists():
            key.write_bytes(os.urandom(1024))
            key.chmod(0o600)
        user = "root" if os.getuid() == 0 else os.environ.get("USER", "nobody")
        c = {
            "ClusterName": "bench", "SlurmctldHost": f"{self.host}(127.0.0.1)",
            "SlurmctldPort": p, "SlurmUser": user, "SlurmdUser": user,
            "AuthType": f"auth/{auth}", "CredType": f"cred/{auth}",
            "StateSaveLocation": d / "state", "SlurmdSpoolDir": d / "spool.%n",
            "SlurmctldPidFile": d / "ctld.pid", "SlurmdPidFile": d / "slurmd.%n.pid",
            "SlurmctldLogFile": d / "ctld.log", "SlurmdLogFile": d / "slurmd.%n.log",
            "ProctrackType": "proctrack/linuxproc", "TaskPlugin": "task/none",
            "JobAcctGatherType": "jobacct_gather/none", "MpiDefault": "none", "MailProg": "/bin/true",
            "SelectType": "select/cons_tres", "SelectTypeParameters": "CR_CPU",
            "SchedulerType": "sched/backfill", "PriorityType": "priority/basic",
            "SlurmctldDebug": "error", "SlurmdDebug": "error",
            "MessageTimeout": 60, "MinJobAge": 10, "MaxJobCount": 200000, "MaxArraySize": 100001,
            "ReturnToService": 2,
            "SlurmdParameters": "config_overrides,conmgr_max_connections=256",
            "SlurmctldParameters": "conmgr_max_connections=512",
        }
        if self.sched:
            c["SchedulerParameters"] = self.sched
        if auth == "munge":
            c["AuthInfo"] = f"socket={d}/munge.sock"
        if self.acct:
            c.update({"AccountingStorageType": self.opt.acct_type,
                      "AccountingStorageHost": "127.0.0.1", "AccountingStoragePort": p + 1})
        c.update(self.conf)
        c.update(kv.split("=", 1) for kv in self.opt.conf)
        lines = [f"{k}={v}" for k, v in c.items() if v != ""]
        lines.append(f"NodeName=n[1-{self.nodes}] NodeAddr=127.0.0.1 NodeHostname={self.host} CPUs={self.cpus} "
                     f"Port=[{p + 4}-{p + 3 + self.nodes}]")
        lines.append(f"PartitionName=main Nodes=n[1-{self.nodes}] Default=YES MaxTime=INFINITE")
        (d / "slurm.conf").write_text("\n".join(lines) + "\n")
        (d / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
        if self.acct:
            f = d / "slurmdbd.conf"
            info = f"AuthInfo=socket={d}/munge.sock\n" if auth == "munge" else ""
            f.write_text(f"DbdHost={self.host}\nDbdAddr=127.0.0.1\nDbdPort={p + 1}\n"
                         f"AuthType=auth/{auth}\n{info}SlurmUser={user}\nDebugLevel=error\n"
                         f"LogFile={d}/dbd.log\nPidFile={d}/dbd.pid\nCommitDelay=1\n"
                         f"StorageType={self.opt.storage_type}\nStorageHost=127.0.0.1\n"
                         f"StoragePort={p + 2}\nStorageUser=slurm\nStoragePass=bench\n"
                         f"StorageLoc=slurm_acct_db\n")
            f.chmod(0o600)

    # --- processes ---------------------------------------------------------
    def spawn(self, name, argv, **kw):
        log = open(self.dir / f"{name}.out", "ab")
        self.procs[name] = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=self.env, cwd=self.dir,
                                            start_new_session=True, **kw)
        log.close()
        return self.procs[name]

    def stop(self, name, sig=signal.SIGTERM, wait=30):
        p = self.procs.pop(name, None)
        if p and p.poll() is None:
            p.send_signal(sig)
            try:
                p.wait(wait)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()

    def wait_port(self, port, limit=30):
        end = time.monotonic() + limit
        while time.monotonic() < end and not any(p.poll() for p in self.procs.values()):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.005)
        raise BenchError(f"nothing listens on port {port}: {self.log_tail()}")

    def log_tail(self):
        return " | ".join(f"{f.name}: {f.read_text(errors='replace')[-400:].strip()}"
                          for f in sorted(self.dir.glob("*.log")) + sorted(self.dir.glob("*.out"))
                          if f.stat().st_size)[:2500]

    def start_ctld(self):
        """Start slurmctld; returns seconds until a client got a first answer from it."""
        t0 = time.monotonic()
        self.spawn("slurmctld", [self.prefix / "sbin/slurmctld", "-D"])
        self.wait_port(self.port, 120)
        while time.monotonic() - t0 < 120:
            if self.cmd("squeue", "-h").rc == 0:
                return time.monotonic() - t0
            time.sleep(0.01)
        raise BenchError(f"slurmctld does not answer: {self.log_tail()}")

    def start_slurmd(self, node):
        """One at a time: with auth/slurm all of them bind the one /run/slurm/sack.socket (last one wins)."""
        self.spawn(node, [self.prefix / "sbin/slurmd", "-D", "-N", node])
        self.wait_port(self.port + 3 + int(node[1:]))

    def idle_nodes(self):
        r = self.cmd("sinfo", "-h", "-t", "idle", "-o", "%D")
        return sum(int(x) for x in r.out.split()) if r.rc == 0 else 0

    def wait_idle(self):
        end = time.monotonic() + 60 + self.nodes / 10
        while (n := self.idle_nodes()) < self.nodes:
            if time.monotonic() > end:
                raise BenchError(f"{n} of {self.nodes} nodes idle: {self.log_tail()}")
            time.sleep(0.1)

    def start_db(self):
        if self.opt.storage_type.endswith("mysql"):
            data = self.dir / "mysql"
            subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root",
                            "--auth-root-authentication-method=normal", "--skip-test-db"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.env)
            sock = self.dir / "mysql.sock"
            self.spawn("mariadbd", [shutil.which("mariadbd", path="/usr/sbin:/usr/bin"), "--no-defaults",
                                    f"--datadir={data}", f"--socket={sock}", f"--port={self.port + 2}",
                                    "--bind-address=127.0.0.1", "--user=root", "--skip-name-resolve",
                                    "--innodb-buffer-pool-size=1G", "--innodb-log-file-size=256M",
                                    "--innodb-lock-wait-timeout=900", "--max-allowed-packet=64M"])
            self.wait_port(self.port + 2)
            subprocess.run(["mariadb", "--no-defaults", f"--socket={sock}", "-u", "root", "-e",
                            "create user slurm@'127.0.0.1' identified by 'bench';"
                            "grant all on *.* to slurm@'127.0.0.1'"], check=True, env=self.env)
        self.spawn("slurmdbd", [self.prefix / "sbin/slurmdbd", "-D"])
        self.wait_port(self.port + 1, 60)
        self.cmd("sacctmgr", "-i", "add", "cluster", "bench")

    def __enter__(self):
        try:
            self.write_conf()
            if self.opt.auth == "munge":
                key = self.dir / "munge.key"
                key.write_bytes(os.urandom(1024))
                key.chmod(0o600)
                self.dir.chmod(0o755)
                self.spawn("munged", [shutil.which("munged", path="/usr/sbin:/usr/bin"), "-F", "--force",
                                      "--num-threads=10", f"--key-file={key}", f"--socket={self.dir}/munge.sock",
                                      f"--pid-file={self.dir}/munge.pid", f"--log-file={self.dir}/munge.log",
                                      f"--seed-file={self.dir}/munge.seed"])
                time.sleep(0.5)
            if self.acct:
                self.start_db()
            self.start_ctld()
            for i in range(1, self.nodes + 1):
                self.start_slurmd(f"n{i}")
            self.wait_idle()
        except BaseException:
            self.__exit__()
            raise
        return self

    def marked(self):
        """Processes that carry this cluster's mark: what we started, and its orphans."""
        want, found = f"{MARK}={self.dir}".encode(), []
        for p in os.listdir("/proc"):
            if p.isdigit() and int(p) != os.getpid():
                try:
                    if want in Path(f"/proc/{p}/environ").read_bytes().split(b"\0"):
                        found.append(int(p))
                except OSError:
                    pass
        return found

    def __exit__(self, *exc):
        order = [n for n in self.procs if n not in ("slurmctld", "slurmdbd", "mariadbd", "munged")]
        for name in order + ["slurmctld"]:  # signal all, then wait
            if name in self.procs and self.procs[name].poll() is None:
                self.procs[name].send_signal(signal.SIGKILL if name != "slurmctld" else signal.SIGTERM)
        for name in order + ["slurmctld", "slurmdbd", "mariadbd", "munged"]:
            self.stop(name, wait=15)
        for _ in range(5):
            left = self.marked()
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            if not left:
                break
            time.sleep(0.2)
        if exc and exc[0] and self.opt.keep:
            print(f"  kept {self.dir}")
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    # --- clients -----------------------------------------------------------
    def cmd(self, name, *args, limit=300, env=None):
        """Run a client command; wall seconds and CPU seconds (user+system) of it alone."""
        argv = [str(self.prefix / "bin" / name), *map(str, args)]
        with tempfile.TemporaryFile(dir=self.dir) as out, tempfile.TemporaryFile(dir=self.dir) as err:
            t0 = time.perf_counter()
            p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 env={**self.env, **(env or {})}, cwd=self.dir)
            signal.signal(signal.SIGALRM, lambda *_: p.kill())
            signal.alarm(limit)
            _, status, ru = os.wait4(p.pid, 0)
            wall = time.perf_counter() - t0
            signal.alarm(0)
            p.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            return Result(p.returncode, out.read().decode(errors="replace"),
                          err.read().decode(errors="replace"), wall, ru.ru_utime + ru.ru_stime)

    def ok(self, name, *args, **kw):
        r = self.cmd(name, *args, **kw)
        if r.rc:
            raise BenchError(f"{name} {' '.join(map(str, args))}: rc={r.rc} {r.err[-500:]}")
        return r

    def parallel(self, scripts, limit=900):
        """Run /bin/sh loops at the same time (a shell costs far less than Python per command)."""
        t0 = time.perf_counter()
        ps = [subprocess.Popen(["/bin/sh", "-c", s], stdin=subprocess.DEVNULL, env=self.env, cwd=self.dir,
                               start_new_session=True) for s in scripts]
        try:
            for p in ps:
                if p.wait(max(1, limit - (time.perf_counter() - t0))):
                    raise BenchError(f"client loop failed: {self.log_tail()}")
        finally:
            for p in ps:
                if p.poll() is None:
                    os.killpg(p.pid, signal.SIGKILL)
                    p.wait()
        return time.perf_counter() - t0

    def submit(self, n, args, workers=8):
        """n separate sbatch runs from `workers` concurrent loops; wall seconds. Ids go to ids.*"""
        per = [n // workers + (i < n % workers) for i in range(workers)]
        return self.parallel([f"i=0; while [ $i -lt {k} ]; do sbatch --parsable {args} >>ids.{w} || exit 1; "
                              f"i=$((i+1)); done" for w, k in enumerate(per) if k])

    def script(self, name, body):
        path = self.dir / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    def queued(self, *args):
        return self.ok("squeue", "-h", *args).out.count("\n")

    def cpu(self, name="slurmctld"):
        return proc_cpu(self.procs[name].pid)

    def tree_memory(self, name):
        """Memory of a daemon and of its helper children."""
        table, todo, total = parents(), [self.procs[name].pid], {"rss": 0, "pss": 0}
        while todo:
            pid = todo.pop()
            m = memory(pid)
            total = {k: total[k] + m[k] for k in total}
            todo += [c for c, (pp, _) in table.items() if pp == pid]
        return total
