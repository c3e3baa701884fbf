# SPDX-License-Identifier: Apache-2.0
"""Whatever strangers, disks and folders give to slurmctld, slurmd, slurmstepd and sackd: they refuse it, say so, and go on."""
import os
import random
import resource
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest
from cluster import PATIENCE, Cluster, kill, poll
from conftest import BUILD, SACKD, WIRECAT, Controller, wait_for

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="needs root: other users, small file systems")
NOBODY = 65534


@pytest.fixture(scope="module")
def cluster():
    with Cluster(nodes=1, cpus=4) as c:
        c.ports = {key: int(conf_value(c, key)) for key in ("SlurmctldPort", "Port")}
        yield c


def conf_text(c):
    return (c.dir / "etc/slurm.conf").read_text()


def conf_value(c, key):
    return next(w.split("=")[1] for w in conf_text(c).split() if w.startswith(key + "="))


def works(c):
    """The next job runs, with the same daemons."""
    c.wait_job(c.submit("exit 0"))


def pids(c):
    return c.pids("slurmctld", "slurmd")


def connect(c, where):
    s = socket.create_connection(("127.0.0.1", c.ports[where]), PATIENCE)
    s.settimeout(PATIENCE)
    return s


def frame(number, body=b"", flags=0, seq=0, length=None):
    return struct.pack("<IHHI", len(body) if length is None else length, number, flags, seq) + body


@pytest.mark.parametrize("port", ["SlurmctldPort", "Port"])
def test_bytes_of_strangers(cluster, port):
    dice, before = random.Random(3), pids(cluster)
    for _ in range(150):
        with connect(cluster, port) as s:
            s.sendall(dice.randbytes(dice.randrange(1, 2000)))
    for n in range(1, 12):
        with connect(cluster, port) as s:
            s.sendall(frame(1, b"\x08\x01")[:n])
    for length in (1 << 20, 0x7FFFFFFF, 0xFFFFFFFF):
        with connect(cluster, port) as s:
            s.sendall(frame(1, length=length))
            assert b"message length" in s.recv(4096)
    works(cluster)
    assert pids(cluster) == before


@pytest.mark.parametrize("port,audience", [("SlurmctldPort", "slurmctld"), ("Port", "n1")])
def test_bodies_that_are_none_behind_a_good_hello(cluster, port, audience):
    """Random bytes, and lists that claim to hold billions, as every type of message."""
    conf = cluster.dir / f"to-{audience}.conf"
    conf.write_text(conf_text(cluster).replace(f"SlurmctldPort={cluster.ports['SlurmctldPort']}",
                                                f"SlurmctldPort={cluster.ports[port]}"))
    dice, before = random.Random(5), pids(cluster)
    huge = b"".join(bytes([tag << 3 | 2]) + b"\xff\xff\xff\xff\x0f" for tag in range(1, 16))
    for first in range(1, 120, 60):
        frames = []
        for number in range(first, first + 60):
            frames += [number, dice.randbytes(dice.randrange(1, 300)).hex(), number, huge.hex(), number, huge[:6].hex()]
        r = subprocess.run([WIRECAT, conf, "token", cluster.dir / "etc/slurm.key", "private", audience, "0", *map(str, frames)],
                           capture_output=True, text=True, timeout=PATIENCE)
        assert r.returncode == 0 and "frame 1 flags 1" in r.stdout, r.stdout + r.stderr
    works(cluster)
    assert pids(cluster) == before


@pytest.mark.parametrize("port,audience", [("SlurmctldPort", "slurmctld"), ("Port", "n1")])
def test_keys_that_are_wrong_or_for_somebody_else(cluster, port, audience):
    conf, key = cluster.dir / f"to-{audience}.conf", cluster.dir / "wrong.key"
    conf.write_text(conf_text(cluster).replace(f"SlurmctldPort={cluster.ports['SlurmctldPort']}",
                                                f"SlurmctldPort={cluster.ports[port]}"))
    key.write_bytes(os.urandom(64))
    key.chmod(0o600)
    good = cluster.dir / "etc/slurm.key"

    def ask(*argv):
        return subprocess.run([WIRECAT, conf, "token", *map(str, argv)], capture_output=True, text=True, timeout=PATIENCE).stdout

    assert "frame 1 flags 1" in ask(good, "private", audience, 0)
    assert "error 6000" in ask(key, "private", audience, 0)
    assert "error 6000" in ask(good, "other", audience, 0)
    assert "error 6000" in ask(good, "private", "n2", 0)
    assert "error 6001" in ask(good, "private", audience, 3600)
    key.unlink()


def test_a_long_command_line_is_submitted(cluster):
    """It is kept as SubmitLine, which had a limit below that of the system."""
    job = cluster.submit("#" * 120000 + "\nexit 0")
    poll(lambda: cluster.out("squeue", "-h", "-tall", f"-j{job}", "-o%T") == "COMPLETED\n", PATIENCE, "no end")
    assert "SubmitLine=sbatch --parsable --wrap " + "#" * 120000 in cluster.out("scontrol", "show", "job", job)


def test_the_socket_of_tokens(cluster):
    path, dice, before = str(cluster.dir / "run/sack.socket"), random.Random(4), pids(cluster)
    for i in range(100):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            s.sendall(frame(1) * (i % 2) + dice.randbytes(dice.randrange(1, 400)))
    works(cluster)
    assert pids(cluster) == before


# Opens as many connections as it can, greets on each, and tells when one of them is closed.
GREEDY = """
import select, socket, sys
held = []
try:
    while len(held) < 900:
        s = socket.socket(socket.AF_UNIX)
        s.connect(sys.argv[1])
        s.sendall(bytes.fromhex(sys.argv[2]))
        held.append(s)
except OSError:
    pass
print("held", flush=True)
open_ones = [s for s in held]
while open_ones:
    for s in select.select(open_ones, [], [])[0]:
        try:
            alive = s.recv(4096)
        except OSError:
            alive = b""
        if not alive:
            open_ones.remove(s)
print("all closed", flush=True)
"""


def test_one_user_takes_every_connection_to_the_socket_of_tokens(cluster):
    """Nobody else got a token, for as long as that user liked."""
    cluster.dir.chmod(0o755)
    pid, = cluster.pids("slurmctld")
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (400, limits[1]))
    try:
        with subprocess.Popen(["python3", "-c", GREEDY, cluster.dir / "run/sack.socket", frame(1, b"\x08\x01").hex()], cwd="/",
                              user=1, group=1, extra_groups=[], stdout=subprocess.PIPE, text=True) as greedy:
            try:
                assert greedy.stdout.readline() == "held\n"
                works(cluster)
                assert greedy.communicate(timeout=120)[0] == "all closed\n"
            finally:
                greedy.kill()
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def step_socket(c, job):
    found = list((c.dir / "spool/n1").glob(f"n1_{job}.*"))
    return str(found[0]) if found else None


def test_packets_to_a_running_slurmstepd(cluster):
    dice = random.Random(6)
    job = cluster.submit("echo up; while [ ! -e go ]; do sleep 0.02; done; echo done")
    out = cluster.work / f"slurm-{job}.out"
    poll(lambda: out.exists() and out.read_text(), PATIENCE, "it does not start")
    path = step_socket(cluster, job)
    for _ in range(100):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.connect(path)
            s.send(b"\x08\x63" + dice.randbytes(dice.randrange(1, 300)))
    (cluster.work / "go").touch()
    cluster.wait_job(job)
    assert out.read_text() == "up\ndone\n"


def test_a_stranger_cannot_order_a_slurmstepd(cluster):
    """The socket may be found by other users; what they send is dropped."""
    job = cluster.submit("while [ ! -e heard ]; do sleep 0.02; done; echo done")
    path = poll(lambda: step_socket(cluster, job), PATIENCE, "no slurmstepd")
    order = "import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET)\ns.connect(sys.argv[1])\n" \
            "for a in range(8):\n  s.send(bytes([8,a,16,9]))\n"
    cluster.run("python3", "-c", order, path, user=NOBODY, group=NOBODY, extra_groups=[])
    (cluster.work / "heard").touch()
    cluster.wait_job(job)
    assert (cluster.work / f"slurm-{job}.out").read_text() == "done\n"


@pytest.mark.parametrize("size", [0, 1, 100, 5000])
def test_a_launch_record_that_is_none(size, tmp_path):
    """slurmstepd gets it as descriptor 3."""
    launch = tmp_path / "launch"
    launch.write_bytes(random.Random(size).randbytes(size))
    stepd = BUILD / "src/slurmstepd/slurmstepd"
    r = subprocess.run(["/bin/sh", "-c", 'exec "$0" 3<"$1"', stepd, launch], capture_output=True, timeout=PATIENCE,
                       cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert r.returncode == 1, r
    assert os.listdir(tmp_path) == ["launch"]


def restart_slurmd(c):
    """Ends it as a crash would and starts it again, as `sluice up` does."""
    (pid,) = c.pids("slurmd")
    os.kill(pid, 9)
    poll(lambda: pid not in c.pids("slurmd"), PATIENCE, "slurmd is there")
    start_slurmd(c)


def start_slurmd(c):
    slurmd = BUILD / "src/slurmd/slurmd"
    c.run(slurmd, "-N", "n1", "-d", BUILD / "src/slurmstepd/slurmstepd")


def test_a_spool_folder_full_of_garbage(cluster):
    spool, dice = cluster.dir / "spool/n1", random.Random(8)
    for name in ("report.1.2.3", "report.x", "report.4294967295.0.0", "report.9.0.0.part", "n1_77.0", "n1_", "token", "job00099"):
        (spool / name).write_bytes(dice.randbytes(200))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as silent:
        silent.bind(str(spool / "n1_78.0"))  # nobody listens
        restart_slurmd(cluster)
        works(cluster)
    for name in ("report.x", "report.9.0.0.part", "job00099", "report.1.2.3", "report.4294967295.0.0"):
        (spool / name).unlink(missing_ok=True)


def with_small_disk(c, path, size, body):
    path.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], check=True)
    try:
        return body()
    finally:
        kill(pids(c))
        poll(lambda: not pids(c), PATIENCE, "daemons are there")
        subprocess.run(["umount", "-l", path], check=True)


def test_a_full_spool_disk():
    """The job that cannot be stored does not run, the cause is told, and with room again jobs run."""
    with Cluster(nodes=1, cpus=2) as c:
        def body():
            restart_slurmd(c)
            works(c)
            filler = c.dir / "spool/n1/filler"
            with open(filler, "wb", 0) as f, pytest.raises(OSError):
                while f.write(bytes(4096)):
                    pass
            job = c.submit("#" * 100000 + "\necho ran")
            poll(lambda: "No space left" in c.logs(), PATIENCE, c.logs)
            assert not (c.work / f"slurm-{job}.out").exists() or "ran" not in (c.work / f"slurm-{job}.out").read_text()
            assert "No space left" in c.logs()
            filler.unlink()
            c.run("scancel", str(job))
            c.run("scontrol", "update", "node=n1", "state=resume")
            works(c)
        with_small_disk(c, c.dir / "spool/n1", "1m", body)


def test_a_full_state_disk():
    """No job is taken while there is no room; the others run and end, and with room again it goes on by itself."""
    with Cluster(nodes=1, cpus=2) as c:
        def body():
            start_ctld(c)
            runs = c.submit("while [ ! -e go ]; do sleep 0.02; done")
            c.wait_job(runs, ("RUNNING",))
            told, pid = [], c.pids("slurmctld")
            while (r := c.run("sbatch", "--parsable", "-H", "--wrap", "#" * 100000)).returncode == 0:
                told.append(r.stdout.strip())
                assert len(told) < 100, "it takes more than there is room for"
            assert r.returncode == 1 and "No space left on device" in r.stderr, r.stderr
            (c.work / "go").touch()
            c.wait_job(runs)
            c.out("scancel", told.pop())
            assert told and set(told) <= set(c.out("squeue", "-h", "-o", "%i").split())
            subprocess.run(["mount", "-o", "remount,size=30m", c.dir / "state"], check=True)
            poll(lambda: c.run("sbatch", "--wrap", "true").returncode == 0, PATIENCE, "no job is taken though there is room")
            works(c)
            assert c.pids("slurmctld") == pid
        kill(c.pids("slurmctld"), signal.SIGTERM)
        poll(lambda: not c.pids("slurmctld"), PATIENCE, "slurmctld is there")
        with_small_disk(c, c.dir / "state", "4m", body)


def start_ctld(c):
    assert c.run(BUILD / "src/slurmctld/slurmctld").returncode == 0


def said_by(daemon, options, conf, until=None):
    """What it has said when it ends, or when it goes on and has said `until`; and its status, None when it still ran."""
    with (conf.parent / "said").open("w+") as said:
        p = subprocess.Popen([BUILD / f"src/{daemon}/{daemon}", "-D", *options, "-f", conf], stdout=said, stderr=said)
        try:
            wait_for(f"{until or 'the end'} of {daemon}", lambda: p.poll() is not None or (until and until in Path(said.name).read_text()))
            return Path(said.name).read_text(), p.poll()
        finally:
            p.kill()
            p.wait()


@pytest.mark.parametrize("daemon,options", [("slurmctld", []), ("slurmd", ["-N", "n1"]), ("sackd", [])])
def test_files_that_cannot_be_read(daemon, options, tmp_path):
    """No configuration, one that is none, and a key that everybody may read: a line that says so. slurmctld waits for a
    configuration, and slurmd for a key, which may still come."""
    said, status = said_by(daemon, options, tmp_path / "nowhere.conf", "nowhere.conf" if daemon == "slurmctld" else None)
    assert "nowhere.conf" in said and status == (None if daemon == "slurmctld" else 1)
    (tmp_path / "bad.conf").write_bytes(b"ClusterName=a\n\x00\xff\xfe=\x01 Name=\n")
    said, status = said_by(daemon, options, tmp_path / "bad.conf")
    assert "bad.conf" in said and status == 1
    c = Controller(tmp_path, extra=f"SlurmdSpoolDir={tmp_path}/%n\nSlurmdPidFile={tmp_path}/%n.pid")
    (tmp_path / "slurm.key").write_bytes(os.urandom(64))
    (tmp_path / "slurm.key").chmod(0o644)
    said, status = said_by(daemon, options, c.conf, "slurmd started on" if daemon == "slurmd" else None)
    assert "slurm.key has mode 0644" in said and status == (None if daemon == "slurmd" else 1), said


@pytest.mark.parametrize("daemon,options,key", [("slurmctld", [], "StateSaveLocation"), ("slurmd", ["-N", "n1"], "SlurmdSpoolDir"),
                                                ("sackd", [], "AuthInfo")])
def test_places_that_cannot_be_written(daemon, options, key, tmp_path):
    """A file where a folder should be."""
    (tmp_path / "file").write_text("")
    c = Controller(tmp_path, nodes=f"NodeName=n[1-2] NodeHostname={socket.gethostname()} CPUs=1")
    place = f"socket={tmp_path}/file/sack.socket" if key == "AuthInfo" else f"{tmp_path}/file/%n"
    lines = [line for line in c.text.splitlines() if not line.startswith(key + "=")]
    c.write("\n".join([*lines, f"{key}={place}", f"SlurmdPidFile={tmp_path}/%n.pid", "SlurmdParameters=config_overrides", ""]))
    (tmp_path / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
    (tmp_path / "slurm.key").write_bytes(os.urandom(64))
    (tmp_path / "slurm.key").chmod(0o600)
    r = subprocess.run([BUILD / f"src/{daemon}/{daemon}", "-D", *options, "-f", c.conf], capture_output=True, text=True, timeout=PATIENCE)
    said = r.stdout + r.stderr + "".join(p.read_text() for p in tmp_path.glob("*.log"))
    assert r.returncode == 1 and f"{tmp_path}/file" in said, (r.returncode, said)


def test_bytes_at_sackd(controller):
    controller.start()
    conf = controller.folder / "login.conf"
    conf.write_text(controller.text.replace("sack.socket", "login.socket"))
    daemon = subprocess.Popen([SACKD, "-D", "-f", conf], stderr=subprocess.DEVNULL)
    path, dice = controller.folder / "login.socket", random.Random(9)
    there = Controller.__new__(Controller)
    there.__dict__.update(controller.__dict__, conf=conf)
    try:
        wait_for("its tokens", there.answers)
        for i in range(100):
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(str(path))
                s.sendall(frame(1) * (i % 2) + frame(2, dice.randbytes(i), length=(1 << 31) if i % 3 == 0 else None))
        assert there.answers() and daemon.poll() is None
    finally:
        daemon.kill()
        daemon.wait()
