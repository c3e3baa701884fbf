# SPDX-License-Identifier: Apache-2.0
"""slurmctld alone: what it refuses, what it keeps, and how it ends."""
import os
import random
import re
import signal
import socket
import struct
import subprocess

import pytest
from conftest import PATIENCE, SLURMCTLD, WIRECAT, wait_for


def frame(number, body=b"", flags=0, seq=0, length=None):
    return struct.pack("<IHHI", len(body) if length is None else length, number, flags, seq) + body


def raw(controller, data):
    return controller.wirecat("raw", data.hex()).stdout


def test_ping(controller):
    r = controller.start().call("ping")
    assert r.returncode == 0
    assert "mode = primary" in r.stdout and f"pid = {controller.process.pid}" in r.stdout


def test_requests_before_hello_are_refused(controller):
    out = raw(controller.start(), frame(3))
    assert "frame 3 error 1007: Protocol authentication error" in out and out.endswith("closed\n")


def test_a_long_frame_before_hello_is_refused_from_its_header(controller):
    out = raw(controller.start(), frame(1, length=1 << 20))
    assert "error 1008: Insane message length" in out and out.endswith("closed\n")
    out = raw(controller, frame(1, length=0xFFFFFFFF))
    assert "error 1008" in out and out.endswith("closed\n")


def test_random_bytes_harm_nobody(controller):
    controller.start()
    rng = random.Random(7)
    for _ in range(200):
        with socket.create_connection(("127.0.0.1", controller.port)) as s:
            s.sendall(rng.randbytes(rng.randrange(1, 3000)))
    assert controller.answers() and controller.process.poll() is None


def test_truncated_hello_waits_and_is_forgotten(controller):
    controller.start()
    body = b"\x08\x01"
    for n in range(1, 14):
        with socket.create_connection(("127.0.0.1", controller.port)) as s:
            s.sendall(frame(1, body)[:n])
    assert controller.answers()


def test_unknown_and_internal_messages_are_refused(controller):
    controller.start()
    r = controller.call("start_job", "job_id=1")
    assert r.stdout.startswith("error 1000: Unexpected message received")
    r = controller.call("launch_batch")
    assert r.stdout.startswith("error 1000:")
    assert controller.answers()


def test_tokens(controller):
    controller.start()
    key = controller.folder / "slurm.key"
    assert "frame 3 flags 1" in controller.wirecat("token", key).stdout
    other = controller.folder / "other.key"
    other.write_bytes(os.urandom(64))
    other.chmod(0o600)
    assert "error 6000" in controller.wirecat("token", other).stdout
    assert "error 6000" in controller.wirecat("token", key, "beta").stdout
    assert "error 6000" in controller.wirecat("token", key, "alpha", "n1").stdout
    assert "error 6001" in controller.wirecat("token", key, "alpha", "slurmctld", 3600).stdout
    assert "error 6000" in controller.wirecat("token", key, "alpha", "slurmctld", -3600).stdout


def test_a_token_opens_one_connection(controller):
    out = controller.start().wirecat("replay").stdout
    first, second = out.split("open\n", 1)
    assert "frame 3 flags 1" in first
    assert "it has been used before" in second and "frame 3" not in second


def test_acknowledged_jobs_survive_kill(controller):
    controller.start()
    told = controller.submit(20)
    assert told == list(range(1, 21))
    controller.stop(signal.SIGKILL)
    controller.start()
    assert controller.jobs() == told
    assert controller.submit() == [21]


def test_acknowledged_jobs_survive_kill_in_the_middle(controller):
    told = []
    for _ in range(3):
        controller.start()
        with subprocess.Popen([WIRECAT, controller.conf, "submit", "100000"], stdout=subprocess.PIPE, text=True) as p:
            told += [int(p.stdout.readline()) for _ in range(50)]
            controller.stop(signal.SIGKILL)
            told += [int(line) for line in p.stdout if re.fullmatch(r"\d+\n", line)]
        controller.start()
        there = controller.jobs()
        assert set(told) <= set(there) and len(there) == len(set(there))
        controller.stop()


def test_a_clean_end_and_start_keeps_jobs_and_numbers(controller):
    controller.start()
    told = controller.submit(3)
    assert controller.stop() == 0
    controller.start()
    assert controller.jobs() == told and controller.submit() == [4]


def test_scripts_come_back(controller):
    controller.start().submit()
    controller.stop(signal.SIGKILL)
    assert b"true\n".hex() in controller.start().call("job_script", "job_id=1").stdout
    assert controller.call("job_script", "job_id=9").stdout.startswith("error 2017")


def test_test_only_uses_an_id_up_and_changes_nothing_else(controller):
    controller.start()
    r = controller.call("submit", "spec.work_dir=/", "spec.ntasks=2", "test_only=yes", "payload.script=#!/bin/sh")
    assert r.returncode == 0 and "nodes = n[1-2]" in r.stdout and "partition = p" in r.stdout and "cpus = 2" in r.stdout
    assert controller.jobs() == [] and controller.submit() == [2]
    r = controller.call("submit", "spec.work_dir=/", "spec.min_nodes=9", "test_only=yes", "payload.script=#!/bin/sh")
    assert r.returncode == 1 and r.stdout.startswith("error 20")
    assert controller.submit() == [4]


def test_a_watch_tells_of_changes_until_the_end(controller):
    controller.start().submit()
    with subprocess.Popen([WIRECAT, controller.conf, "call", "job_watch", "ids=1"], stdout=subprocess.PIPE, text=True) as p:
        lines = iter(p.stdout.readline, "")
        assert "job_id = 1" in next(lines)
        assert controller.call("job_signal", "select.ids=1").returncode == 0
        assert any("state = CANCELLED" in line for line in lines)
        assert p.wait(PATIENCE) == 0
    assert controller.call("job_watch", "ids=9").stdout.startswith("error 2017")


def test_queries_are_filtered_in_the_controller(controller):
    controller.start().submit(3)
    assert controller.call("job_signal", "select.ids=2").returncode == 0

    def ids(*select):
        r = controller.call("jobs", *select)
        return [int(x) for x in re.findall(r"^job_id = (\d+)", r.stdout, re.M)]

    assert ids("ids=3") == [3] and ids("ids=1", "ids=3") == [1, 3] and ids("ids=77") == []
    assert ids("names=wirecat") == [1, 2, 3] and ids("names=other") == []
    assert ids("partitions=p") == [1, 2, 3] and ids("partitions=q") == []
    assert ids("nodes=n1") == []
    assert controller.call("jobs", "ids=x").stdout.startswith("error 2017")


def test_a_job_that_is_asked_for_twice_comes_once(controller):
    first, second = controller.start().submit(2)
    out = controller.call("jobs", *(f"ids={i}" for i in (second, first, second, first))).stdout
    assert out.count("job_id = ") == 2


def test_shutdown_by_message(controller):
    assert controller.start().call("shutdown").returncode == 0
    assert controller.process.wait(PATIENCE) == 0
    assert not (controller.folder / "ctld.pid").exists()


def test_one_controller_a_pidfile(controller):
    controller.start()
    r = subprocess.run([SLURMCTLD, "-D", "-f", controller.conf], capture_output=True, text=True, timeout=PATIENCE)
    assert r.returncode == 1 and "fatal: Unable to lock pidfile" in r.stderr


def test_a_foreign_journal_is_left_alone(controller):
    controller.state.mkdir()
    (controller.state / "journal.db").write_text("something else entirely, and long enough\n" * 100)
    controller.start()
    assert controller.process.wait(PATIENCE) == 1
    assert re.search(r"fatal: .*journal.db is damaged or no journal", controller.output())


def test_an_open_key_is_refused(controller):
    key = controller.folder / "slurm.key"
    key.write_bytes(os.urandom(64))
    key.chmod(0o644)
    controller.start()
    assert controller.process.wait(PATIENCE) == 1
    assert "chmod 600" in controller.output()


def test_reconfigure_is_a_transaction(controller):
    controller.start()
    assert controller.call("reconfigure").returncode == 0
    before = controller.call("parts").stdout
    controller.write(controller.text + "PartitionName=q Nodes=nosuch\n")
    r = controller.call("reconfigure")
    assert r.returncode == 1 and "Invalid node names in partition q" in r.stdout
    assert controller.call("parts").stdout == before
    controller.write(controller.text + "PartitionName=q Nodes=n1\n")
    assert controller.call("reconfigure").returncode == 0
    assert "name = q" in controller.call("parts").stdout


def test_reconfigure_by_signal(controller):
    controller.start()
    controller.write(controller.text + "PartitionName=q Nodes=n1\n")
    controller.process.send_signal(signal.SIGHUP)
    wait_for("the new partition", lambda: "name = q" in controller.call("parts").stdout)


def test_the_log_is_opened_again(controller):
    controller.start()
    log, old = controller.folder / "ctld.log", controller.folder / "old.log"
    log.rename(old)
    controller.process.send_signal(signal.SIGUSR2)
    wait_for("the new log", log.exists)
    assert re.match(r"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\] ", old.read_text())


def test_nodes_that_do_not_answer_are_one_line(controller):
    controller.start()
    log = controller.folder / "ctld.log"
    wait_for("the line", lambda: "not responding" in log.read_text())
    lines = [line.split("error: ")[1] for line in log.read_text().splitlines() if "not responding" in line]
    assert lines == ["Nodes n[1-4] not responding: connection refused"]


def test_the_background_start_returns_when_it_serves(controller):
    r = subprocess.run([SLURMCTLD, "-f", controller.conf], timeout=PATIENCE)
    pid = int((controller.folder / "ctld.pid").read_text())
    try:
        assert r.returncode == 0 and controller.answers()
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_for("the end", lambda: not (controller.folder / "ctld.pid").exists())


def test_a_background_start_that_fails_says_so(controller):
    controller.write("ClusterName=alpha\nSlurmctldHost=localhost\nNodeName=n1\nPartitionName=p Nodes=n7\n")
    r = subprocess.run([SLURMCTLD, "-f", controller.conf], capture_output=True, text=True, timeout=PATIENCE)
    assert r.returncode == 1 and "slurmctld: fatal: Invalid node names in partition p" in r.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs to mount a small file system")
def test_a_disk_that_fills_up_stops_submissions_only(controller):
    controller.state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", controller.state], check=True)
    try:
        controller.start()
        r = controller.wirecat("submit", 100000)
        told = [int(line) for line in r.stdout.splitlines() if line.isdigit()]
        assert told and "No space left on device" in r.stderr + r.stdout, r.stderr[-500:]
        wait_for("the line", lambda: "no job is taken until there is more room" in controller.output())
        assert set(told) <= set(controller.jobs())
        subprocess.run(["mount", "-o", "remount,size=64m", controller.state], check=True)
        wait_for("room", lambda: controller.wirecat("submit", 1).returncode == 0)
        assert controller.process.poll() is None
        controller.stop(signal.SIGKILL)
        assert set(told) <= set(controller.start().jobs())
    finally:
        controller.stop(signal.SIGKILL)
        subprocess.run(["umount", controller.state], check=True)
