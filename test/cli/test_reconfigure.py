# SPDX-License-Identifier: Apache-2.0
"""scontrol reconfigure and SIGHUP: the controller and every slurmd take the new files, or nobody does."""
import json
import os
import signal

import pytest

from conftest import free_port, wait_for
from daemons import SLUICE, Site

RUNS = "echo up; while [ ! -e go ]; do sleep 0.02; done; echo done"


@pytest.fixture
def site(tmp_path):
    s = Site(tmp_path).start()
    yield s
    s.stop()


def script(path, text):
    path.write_text("#!/bin/sh\n" + text + "\n")
    path.chmod(0o755)
    return path


def test_a_reconfiguration_reaches_every_node_and_keeps_what_runs(site):
    job = site.submit(RUNS)
    wait_for("the start", lambda: "up" in site.output(job))
    prolog = script(site.folder / "prolog.sh", f"echo $SLURM_JOB_ID >> {site.folder}/prolog.ran")
    site.add(f"Prolog={prolog}", "SlurmdDebug=debug2", f"HealthCheckProgram={script(site.folder / 'h.sh', f'touch {site.folder}/healthy')}",
             "HealthCheckInterval=1")
    site.reconfigure("n1", "n2")
    assert site.state(job) == "RUNNING"
    wait_for("the health check", (site.folder / "healthy").exists)
    later = site.submit("echo later")
    wait_for("the end", lambda: site.state(later) == "COMPLETED")
    assert (site.folder / "prolog.ran").read_text().split() == [later]
    (site.folder / "go").touch()
    wait_for("the end of what ran", lambda: site.state(job) == "COMPLETED")
    assert "done" in site.output(job)


def test_a_new_log_file_is_used(site):
    site.change("^SlurmdLogFile=.*", f"SlurmdLogFile={site.folder}/new.%n.log")
    site.change("^SlurmctldLogFile=.*", f"SlurmctldLogFile={site.folder}/new.ctld.log")
    site.out("scontrol", "reconfigure")
    wait_for("the new log", lambda: "the new configuration is in use" in site.log("new.n1"))
    wait_for("the controller's", lambda: "Processing of the configuration is complete" in site.log("new.ctld"))


def test_a_log_that_cannot_be_opened_leaves_the_former_one(site):
    site.change("^SlurmctldLogFile=.*", f"SlurmctldLogFile={site.folder}/no/such/folder/log")
    site.change("^SlurmdLogFile=.*", f"SlurmdLogFile={site.folder}/no/such/folder/log")
    site.reconfigure("n1")
    wait_for("both lines", lambda: all("Unable to open logfile" in site.log(name) for name in ("ctld", "n1")))


def test_a_bad_file_changes_nothing_and_says_why(site):
    good = site.conf.read_text()
    client = site.folder / "client.conf"
    client.write_text(good)
    env = {**site.env, "SLURM_CONF": str(client)}
    for line, why in [("NoSuchKey=1", "Unable to process configuration file"),
                      ("PartitionName=bad Nodes=nosuch", "Invalid node names in partition bad"),
                      ("SelectType=select/nosuch", "select")]:
        site.conf.write_text(good + line + "\n")
        r = site.run("scontrol", "reconfigure", env=env)
        assert r.returncode == 1 and why in r.stderr, (line, r.stderr)
        assert "bad" not in site.run("sinfo", "-h", env=env).stdout
        assert site.reconfigured("n1") == 0
    site.conf.write_text(good)
    site.reconfigure("n1", "n2")


@pytest.mark.parametrize("key,value", [("SlurmctldPort", None), ("StateSaveLocation", "/nowhere/else"), ("AuthType", "auth/munge"),
                                       ("ClusterName", "beta")])
def test_what_needs_a_restart_is_refused_in_clear_words(site, key, value):
    client = site.folder / "client.conf"
    client.write_text(site.conf.read_text())
    site.change(f"^{key}=.*", f"{key}={value or free_port()}")
    r = site.run("scontrol", "reconfigure", env={**site.env, "SLURM_CONF": str(client)})
    assert r.returncode == 1 and f"{key} cannot change" in r.stderr and "restart slurmctld" in r.stderr
    assert site.ctld.process.poll() is None and site.reconfigured("n1") == 0


def test_hangup_of_the_controller_does_the_same(site):
    site.add("PartitionName=more Nodes=n1")
    site.ctld.process.send_signal(signal.SIGHUP)
    wait_for("n1 to follow", lambda: site.reconfigured("n1"))
    assert "more" in site.out("sinfo", "-h")


def test_hangup_of_a_node_reads_its_files(site):
    site.slurmds["n1"].send_signal(signal.SIGHUP)
    wait_for("the new configuration", lambda: site.reconfigured("n1"))
    assert site.reconfigured("n2") == 0


def test_a_node_with_a_bad_file_keeps_its_configuration_and_says_so(site):
    good = site.conf.read_text()
    site.add("NoSuchKey=1")
    site.slurmds["n1"].send_signal(signal.SIGHUP)
    wait_for("the refusal", lambda: "the new configuration is not used" in site.log("n1"))
    site.conf.write_text(good.replace(f"{site.folder}/d.%n", f"{site.folder}/e.%n"))
    site.slurmds["n2"].send_signal(signal.SIGHUP)
    wait_for("the refusal", lambda: "SlurmdSpoolDir cannot change" in site.log("n2"))
    site.conf.write_text(good)
    job = site.submit("echo fine", "-N2")
    wait_for("the end", lambda: site.state(job) == "COMPLETED")


def test_nodes_and_partitions_come_and_go_while_jobs_run_and_wait(site):
    ran = site.submit(RUNS, "-w", "n1")
    lost = site.submit("sleep 100", "-w", "n2")
    wait_for("the start", lambda: "up" in site.output(ran) and site.state(lost) == "RUNNING")
    site.add("PartitionName=extra Nodes=n1")
    site.reconfigure("n1", "n2")
    waiting = site.submit("echo extra", "-p", "extra", "--exclusive")
    # Another node, and the second one goes with what runs there.
    site.change("^NodeName=n2 .*", f"NodeName=n3 NodeAddr=127.0.0.1 NodeHostname={os.uname().nodename} Port={free_port()} CPUs=2 RealMemory=500")
    site.reconfigure("n1")
    assert "n2" not in site.out("sinfo", "-h", "-N") and "n3" in site.out("sinfo", "-h", "-N")
    wait_for("the end of what ran there", lambda: site.state(lost) not in ("RUNNING", "COMPLETING"))
    assert site.state(ran) == "RUNNING" and site.state(waiting) == "PENDING"
    site.start_slurmd("n3")
    site.wait_state("n3", "idle")
    (site.folder / "go").touch()
    wait_for("both ends", lambda: site.state(ran) == "COMPLETED" and site.state(waiting) == "COMPLETED")


def test_a_node_grows(site):
    site.change("(NodeName=n1 .*) CPUs=4 RealMemory=1000", r"\1 CPUs=8 RealMemory=2000 Feature=big Weight=7")
    site.reconfigure("n1", "n2")
    wait_for("the new size", lambda: "CPUTot=8" in site.node("n1"))
    assert "RealMemory=2000" in site.node("n1") and "AvailableFeatures=big" in site.node("n1") and "Weight=7" in site.node("n1")


def test_a_restart_of_the_controller_reaches_the_nodes_when_it_is_to(site):
    site.change("^SlurmctldParameters=.*", "SlurmctldParameters=reconfig_on_restart")
    site.reconfigure("n1", "n2")
    before = site.reconfigured("n1")
    site.ctld.stop()
    site.ctld.start()
    wait_for("n1 to follow", lambda: site.reconfigured("n1") > before)


def test_keys_of_a_node_are_kept_and_shown(site):
    site.change("(NodeName=n1 .*)", r"\1 CpuBind=core BcastAddr=127.0.0.9 SuspendTime=77 RestrictedCoresPerGPU=1 Parameters=l3cache_as_socket")
    site.reconfigure("n1", "n2")
    text = site.node("n1")
    assert "Arch=x86_64 CpuBind=cores CoresPerSocket=" in text or "CpuBind=cores CoresPerSocket=" in text
    assert f"NodeHostName={os.uname().nodename} BcastAddr=127.0.0.9 Port=" in text
    assert "RestrictedCoresPerGPU=1((null)) \n" in text and "SuspendTime=77\n" in text and "Parameters=l3cache_as_socket" in text
    node = json.loads(site.out("scontrol", "show", "node", "n1", "--json"))["nodes"][0]
    assert (node["cpu_binding"], node["burstbuffer_network_address"], node["res_cores_per_gpu"]) == (4, "127.0.0.9", 1)
    assert node["suspend_time"] == {"set": True, "infinite": False, "number": 77}
    site.out("scontrol", "update", "nodename=n1", "cpubind=socket")
    assert "CpuBind=sockets" in site.node("n1")
    site.out("scontrol", "update", "nodename=n1", "cpubind=off")
    assert "CpuBind" not in site.node("n1") and "CpuBind" not in site.node("n2")
    assert site.run("scontrol", "update", "nodename=n1", "cpubind=nonsense").returncode == 1


@pytest.mark.skipif(os.cpu_count() < 2, reason="binding needs two CPUs")
def test_binding_of_a_node_is_the_default_of_its_steps(site):
    site.change("^TaskPlugin=.*", "TaskPlugin=task/affinity")
    site.change("(NodeName=n1 .*) CPUs=4", r"\1 CPUs=2")
    site.reconfigure("n1", "n2")
    masks = "awk '/Cpus_allowed_list/ {print $2}' /proc/self/status"

    def cpus(*options):
        job = site.submit(f'{SLUICE} srun {" ".join(options)} sh -c "$MASKS"', "-n2", "-w", "n1", f"--export=ALL,MASKS={masks}")
        wait_for("the end", lambda: site.state(job) == "COMPLETED")
        return site.output(job).split()

    whole = cpus()
    assert len(whole) == 2 and whole[0] == whole[1]
    site.change("(NodeName=n1 .*)", r"\1 CpuBind=thread")
    site.reconfigure("n1", "n2")
    bound = cpus()
    assert len(set(bound)) == 2 and set(bound) != set(whole)
    assert cpus("--cpu-bind=none") == whole


def test_log_rotation(site):
    for name, process in [("ctld", site.ctld.process), ("n1", site.slurmds["n1"])]:
        (site.folder / f"{name}.log").rename(site.folder / f"{name}.old")
        process.send_signal(signal.SIGUSR2)
        wait_for("a fresh log", (site.folder / f"{name}.log").exists)
    site.change("^SlurmctldDebug=.*", "SlurmctldDebug=quiet")
    (site.folder / "ctld.log").unlink()
    site.ctld.process.send_signal(signal.SIGUSR2)
    wait_for("a fresh log", (site.folder / "ctld.log").exists)
    site.ctld.process.send_signal(signal.SIGHUP)
    wait_for("the nodes to follow", lambda: site.reconfigured("n1"))
    assert site.log("ctld") == ""
