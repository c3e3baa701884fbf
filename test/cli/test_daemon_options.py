# SPDX-License-Identifier: Apache-2.0
"""The command lines of slurmctld, slurmd and sackd: each option does what the manual says, or is refused in clear words."""
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from conftest import PATIENCE, SACKD, SLURMCTLD, wait_for
from daemons import SLURMD, Site

RUNS = "echo up; while [ ! -e go ]; do sleep 0.02; done; echo done"


@pytest.fixture
def site(tmp_path):
    s = Site(tmp_path, nodes=1)
    yield s
    s.stop()


def run(program, *options, **kw):
    return subprocess.run([program, *map(str, options)], text=True, capture_output=True, timeout=PATIENCE, **kw)


@pytest.mark.parametrize("program", [SLURMCTLD, SLURMD, SACKD])
def test_help_version_and_what_nobody_knows(program):
    r = run(program, "-h")
    assert r.returncode == 0 and r.stderr.startswith(f"Usage: {program.name} [OPTIONS]\n") and "  -V  " in r.stderr
    assert run(program, "--help").stderr == r.stderr
    assert run(program, "-V").stdout.startswith("slurm 26.05")
    for wrong in (["-Q"], ["--nosuch"], ["-f"], ["stray"]):
        bad = run(program, *wrong)
        assert bad.returncode == 1 and "Usage:" in bad.stderr, wrong


def test_usage_of_slurmd_is_slurms():
    lines = run(SLURMD, "-h").stderr.splitlines()
    assert "   --conf params              Dynamic node configuration, works with -Z" in lines
    assert "                              and can be used to specify cloud node topology." in lines
    assert "   -F[feature]                Start as Dynamic Future node w/optional Feature." in lines


def test_slurmctld_log_level_and_folder(site):
    log = site.folder / "logs/other.log"
    log.parent.mkdir()
    site.ctld.start("-L", log, "-vvv", "-n", "1", "-r", "-s")
    pid = site.ctld.process.pid
    assert "slurmctld version" in log.read_text() and not site.log("ctld")
    assert os.getpriority(os.PRIO_PROCESS, pid) == 1
    site.ctld.stop()
    # As -s says: where the log of the configuration is.
    site.ctld.start("-R", "-s")
    assert os.readlink(f"/proc/{site.ctld.process.pid}/cwd") == str(site.folder)
    site.ctld.stop()
    site.ctld.start("-n", "abc")
    assert "Invalid option for -n option (nice value), ignored" in site.ctld.output()


def test_slurmctld_clear_ends_jobs_and_keeps_the_number(site):
    site.start()
    job = site.submit("sleep 100")
    wait_for("the start", lambda: site.state(job) == "RUNNING")
    site.out("scontrol", "update", "nodename=n1", "state=drain", "reason=x")
    site.ctld.stop()
    site.ctld.start("-c")
    assert site.state(job) not in ("RUNNING", "PENDING")
    assert "DRAIN" not in site.node("n1")
    assert int(site.submit("true")) == int(job) + 1


def in_background(program, site, pid_file, *options):
    r = run(program, *options, env=site.env)
    assert r.returncode == 0, r.stderr
    pid = int((site.folder / pid_file).read_text())
    assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null" and os.getsid(pid) == pid
    return pid


def gone(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def end(pid, sig, pid_file):
    os.kill(pid, sig)
    wait_for("the end", lambda: gone(pid))
    assert not pid_file.exists()


def test_daemons_go_to_the_background_when_they_serve(site):
    ctld = in_background(SLURMCTLD, site, "ctld.pid", "-f", site.conf)
    node = None
    try:
        assert site.ctld.answers(), "it serves as soon as the shell goes on"
        again = run(SLURMCTLD, "-f", site.conf)
        assert again.returncode == 1 and "Unable to lock pidfile" in again.stderr
        node = in_background(SLURMD, site, "n1.pid", "-N", "n1")
        site.wait_state("n1", "idle")
        end(node, signal.SIGQUIT, site.folder / "n1.pid")
        node = None
        end(ctld, signal.SIGINT, site.folder / "ctld.pid")
        ctld = None
    finally:
        for pid in (ctld, node):
            if pid:
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("program", ["slurmctld", "slurmd"])
def test_systemd_is_told(site, program):
    argv = {"slurmctld": [SLURMCTLD, "-f", site.conf, "--systemd"], "slurmd": [SLURMD, "-N", "n1", "--systemd"]}[program]
    env = {k: v for k, v in site.env.items() if k != "NOTIFY_SOCKET"}
    r = run(*argv, env=env)
    assert r.returncode == 1 and "fatal: Missing NOTIFY_SOCKET." in r.stderr
    path = site.folder / "notify"
    if program == "slurmd":
        site.ctld.start()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(path))
        s.settimeout(PATIENCE)
        p = site.start_other(*argv, env={**env, "NOTIFY_SOCKET": str(path)})
        assert s.recv(200).decode() == f"READY=1\nMAINPID={p.pid}"


def test_slurmd_describes_itself(site):
    site.ctld.start()
    site.start_slurmd("n1", "--extra", "rack 7", "--instance-id", "i-1", "--instance-type", "big", "-n", "2", "-s", "-M",
                      "-L", site.folder / "own.log", "-vv", "-f", site.conf, "-d", SLURMD.parent.parent / "slurmstepd/slurmstepd")
    site.wait_state("n1", "idle")
    text = site.node("n1")
    assert "Extra=rack 7" in text and "InstanceId=i-1" in text and "InstanceType=big" in text
    pid = site.slurmds["n1"].pid
    assert os.getpriority(os.PRIO_PROCESS, pid) == 2
    assert os.readlink(f"/proc/{pid}/cwd") == str(site.folder)
    if "libasan" not in open(f"/proc/{pid}/maps").read():  # which locks nothing
        assert "VmLck:\t       0 kB" not in open(f"/proc/{pid}/status").read()
    assert "slurmd version" in (site.folder / "own.log").read_text() and not site.log("n1")
    job = site.submit("true")
    wait_for("the end", lambda: site.state(job) == "COMPLETED")


def test_slurmd_prints_hardware(site):
    assert run(SLURMD, "-C").stdout.startswith(f"NodeName={os.uname().nodename} CPUs=")


def test_slurmd_clean_ends_what_runs(site):
    site.start()
    job = site.submit("echo up; sleep 1000", "--no-requeue")
    wait_for("the start", lambda: "up" in site.output(job))
    site.slurmds["n1"].kill()
    site.slurmds["n1"].wait()
    site.start_slurmd("n1", "-c")
    wait_for("the end", lambda: site.state(job) not in ("RUNNING", "COMPLETING"))


def kill_steps(site):
    """What a reboot does to them."""
    for p in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(p / "exe").endswith("/slurmstepd") and str(site.folder).encode() in (p / "environ").read_bytes():
                os.kill(int(p.name), signal.SIGKILL)
        except OSError:
            pass


def test_slurmd_says_that_the_node_was_booted_once(site):
    site.start()
    job = site.submit(RUNS, "--requeue")
    wait_for("the start", lambda: "up" in site.output(job))
    site.slurmds["n1"].kill()
    site.slurmds["n1"].wait()
    kill_steps(site)
    site.start_slurmd("n1", "-b")
    # Requeued; or launched anew, when slurmd died before it had told the controller of the first launch.
    wait_for("another run", lambda: "Restarts=1" in site.run("scontrol", "show", "job", job).stdout or
             site.log("n1").count(f"Launching batch JobId={job} ") == 2)
    site.out("scancel", job)
    (site.folder / "go").touch()  # for the script whose slurmstepd was killed
    later = site.submit("until [ -e registered ]; do sleep 0.02; done; echo kept")
    wait_for("the start", lambda: site.state(later) == "RUNNING")
    site.reconfigure("n1")  # registers again: not another boot
    (site.folder / "registered").touch()
    wait_for("the end", lambda: site.state(later) == "COMPLETED")
    assert "Restarts=0" in site.out("scontrol", "show", "job", later)


@pytest.mark.parametrize("options", [["-Z"], ["-F"], ["-Fgpu"], ["--conf", "CPUs=1"], ["--ca-cert-file", "/x"]])
def test_slurmd_refuses_what_it_cannot_do(site, options):
    r = run(SLURMD, "-D", "-N", "n1", *options, env=site.env)
    assert r.returncode == 1 and "is not supported" in r.stderr


def test_a_device_that_is_not_there_is_waited_for_then_fatal(site):
    device = site.folder / "gpu0"
    site.add("GresTypes=gpu")
    site.change("(NodeName=n1 .*)", r"\1 Gres=gpu:1")
    (site.folder / "gres.conf").write_text(f"Name=gpu File={device}\n")
    site.ctld.start()
    site.start_slurmd("n1")
    wait_for("the message", lambda: f"error: Waiting for gres.conf file {device}" in site.log("n1"))
    device.touch()
    site.wait_state("n1", "idle")
    assert "stand-in" not in site.node("n1")
    # While it runs nothing is waited for: the configuration stays.
    device.unlink()
    site.slurmds["n1"].send_signal(signal.SIGHUP)
    wait_for("the refusal", lambda: f"the new configuration is not used: can't stat gres.conf file {device}" in site.log("n1"))
    assert site.node_state("n1") == "idle"


def test_fewer_devices_than_configured_drain_the_node(site):
    site.add("GresTypes=gpu")
    site.change("(NodeName=n1 .*) CPUs=4 RealMemory=1000", r"\1 CPUs=1 RealMemory=100 Gres=gpu:2")
    site.change("^SlurmdParameters=config_overrides", "")  # which would let it pass
    (site.folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")
    site.ctld.start()
    site.start_slurmd("n1")
    wait_for("the reason", lambda: "gres/gpu count reported lower than configured (1 < 2)" in site.node("n1"))
    assert "INVAL" in site.node("n1") or "DRAIN" in site.node("n1")
