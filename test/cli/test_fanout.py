# SPDX-License-Identifier: Apache-2.0
"""Messages for many nodes go through a tree of them, and one bad node costs no other one the message."""
import os
import re
import signal

import pytest

from conftest import wait_for
from daemons import SLUICE, Site

NODES = 9  # with TreeWidth=2: n1 (n2 (n3 n4) n5...) and n6...
SETTINGS = "TreeWidth=2\nDebugFlags=Agent,Route\nMessageTimeout=10\nSlurmdTimeout=300\nSlurmdDebug=debug\nKillWait=1"


@pytest.fixture
def site(folder):
    s = Site(folder, nodes=NODES, extra=SETTINGS)
    yield s
    for p in s.slurmds.values():
        if p.poll() is None:
            p.send_signal(signal.SIGCONT)
    s.stop()


def rounds(site, message):
    """(nodes, messages of the controller) of each round of this message so far."""
    return [tuple(map(int, m)) for m in re.findall(rf"{message} to (\d+) nodes: (\d+) messages", site.log("ctld"))]


def run_everywhere(site, *options):
    srun = site.start_other(SLUICE, "srun", f"-N{NODES}", *options, "sleep", "100")
    wait_for("the step", lambda: all(sleeps(site, n) for n in site.slurmds))
    return srun, site.run("squeue", "-h", "-o", "%A").stdout.strip()


def sleeps(site, node):
    """Does the step's task run on this node?"""
    mark = f"SLURMD_NODENAME={node}\0".encode()
    for p in os.listdir("/proc"):
        try:
            if p.isdigit() and os.readlink(f"/proc/{p}/exe").endswith("/sleep"):
                with open(f"/proc/{p}/environ", "rb") as f:
                    env = f.read()
                if mark in env and f"SLURM_CONF={site.conf}\0".encode() in env:
                    return True
        except OSError:
            pass
    return False


def responding(site):
    return {n for n in site.slurmds if not site.node_state(n).endswith("*") and site.node_state(n) != "down"}


def test_a_message_for_many_nodes_costs_the_controller_two(site):
    site.start()
    site.reconfigure(*site.slurmds)
    wait_for("the round", lambda: (NODES, 2) in rounds(site, "node_control"))
    _, job = run_everywhere(site)
    site.out("scancel", job)
    wait_for("the end", lambda: not any(sleeps(site, n) for n in site.slurmds))
    wait_for("the nodes", lambda: all(site.node_state(n) == "idle" for n in site.slurmds))
    wait_for("its round", lambda: (NODES, 2) in rounds(site, "kill_job"))


def test_with_few_nodes_each_is_asked_directly(site):
    site.start()
    site.change("TreeWidth=2", f"TreeWidth={NODES}")
    site.reconfigure(*site.slurmds)
    site.reconfigure(*site.slurmds)
    wait_for("the round", lambda: (NODES, NODES) in rounds(site, "node_control"))


def test_the_controllers_parts_are_partitions(site):
    site.change("PartitionName=p Nodes=ALL Default=YES", "PartitionName=p Nodes=n[1-4] Default=YES\nPartitionName=q Nodes=n[3-8]")
    site.change("TreeWidth=2", "TreeWidth=3\nTopologyParam=RoutePart")
    site.ctld.start()
    for i in range(NODES):
        site.start_slurmd(f"n{i + 1}")
    wait_for("the nodes", lambda: all("State=IDLE" in site.node(n) for n in site.slurmds))
    site.reconfigure(*site.slurmds)  # also n9, which is in none
    wait_for("the round", lambda: (8, 2) in rounds(site, "node_control"))


def test_the_controllers_parts_are_leaf_switches(site):
    (site.folder / "topology.conf").write_text("".join(f"SwitchName={line}\n" for line in (
        "s1 Nodes=n[1-3]", "s2 Nodes=n[4-6]", "s3 Nodes=n[7-8]", "s4 Nodes=n9", "top Switches=s[1-4]")))
    site.add("TopologyPlugin=topology/tree", "TopologyParam=RouteTree")
    site.start()
    site.reconfigure(*site.slurmds)
    wait_for("the round", lambda: (NODES, 4) in rounds(site, "node_control"))


def test_suspend_and_resume_do_not_overtake_each_other(site):
    site.start()
    _, job = run_everywhere(site)
    for _ in range(3):
        site.out("scontrol", "suspend", job)
        site.out("scontrol", "resume", job)
    wait_for("its state", lambda: site.state(job) == "RUNNING")
    site.out("scancel", job)
    wait_for("the end", lambda: not any(sleeps(site, n) for n in site.slurmds))


@pytest.mark.parametrize("bad", ["n1", "n2", "n5", "n9"])
def test_a_dead_node_on_the_way(site, bad):
    site.start()
    _, job = run_everywhere(site)
    site.slurmds[bad].kill()
    site.slurmds[bad].wait()
    site.out("scancel", job)
    others = set(site.slurmds) - {bad}
    wait_for("the end on the others", lambda: not any(sleeps(site, n) for n in others))
    wait_for("the others", lambda: {n for n in others if site.node_state(n) == "idle"} == others)
    site.start_slurmd(bad)
    wait_for("the node's return", lambda: site.node_state(bad) in ("idle", "completing"))
    assert site.log("ctld").count("not responding") <= 1


@pytest.mark.parametrize("bad", ["n1", "n2"])
def test_a_hung_node_on_the_way(site, bad):
    site.start()
    _, job = run_everywhere(site)
    site.slurmds[bad].send_signal(signal.SIGSTOP)
    site.out("scancel", job)
    others = set(site.slurmds) - {bad}
    wait_for("the end on the others", lambda: not any(sleeps(site, n) for n in others))
    wait_for("the others", lambda: {n for n in others if site.node_state(n) == "idle"} == others)
    assert responding(site) >= others
    site.slurmds[bad].send_signal(signal.SIGCONT)
    wait_for("the node's return", lambda: site.node_state(bad) in ("idle", "completing"))
    assert all(f"Nodes {n} not responding" not in site.log("ctld") for n in others)


def test_a_node_that_cannot_reach_those_behind_it(site):
    """n1's file is older than the cluster: its n2 to n5 are elsewhere. The controller asks them itself."""
    site.start()
    site.change(r"(NodeName=n[2-5] .*)Port=\d+", r"\1Port=1")
    site.slurmds["n1"].send_signal(signal.SIGHUP)
    wait_for("n1", lambda: site.reconfigured("n1"))
    _, job = run_everywhere(site)
    site.out("scancel", job)
    wait_for("the end", lambda: not any(sleeps(site, n) for n in site.slurmds))
    wait_for("the nodes", lambda: all(site.node_state(n) == "idle" for n in site.slurmds))
    wait_for("the round", lambda: (NODES, 6) in rounds(site, "kill_job"))
    assert "not responding" not in site.log("ctld")


def test_a_forged_message_is_neither_obeyed_nor_passed_on(site):
    site.start()
    key, other = site.folder / "slurm.key", site.folder / "other.key"
    other.write_bytes(bytes(64))
    other.chmod(0o600)
    before = {n: site.reconfigured(n) for n in site.slurmds}

    def forward(node, *args):
        return site.ctld.wirecat("forward", key, node, site.ports[0], *args).stdout

    assert "frame 76 error" in forward("n1", "n[1-3]", "0,1,2", other)  # another key
    for byte in (1, 40, 70):
        assert "frame 76 error" in forward("n1", "n[1-3]", "0,1,2", key, 0, byte)  # changed on its way
    assert "frame 76 error" in forward("n1", "n[1-3]", "0,1,2", key, 120)  # too old
    assert "frame 76 error" in forward("n1", "n[1-3]", "1,2")  # for another node
    assert "frame 76 error" in forward("n1", "n[1-3]", "0,1,1,2")  # in circles
    assert "frame 76 error" in forward("n1", "n[1-3]", "0,2,1")
    assert "frame 76 error" in forward("n1", "n[1-3]", "0,3")  # for nobody
    assert "frame 76 error" in forward("n1", "n[1-3]", "0,1,2", key, 0, 0, 70)  # a launch
    assert "frame 76 error" in forward("n1", "n[1-3]", "0,1,2", key, 0, 0, 76)  # a message in a message
    assert {n: site.reconfigured(n) for n in site.slurmds} == before
    assert "frame 76 flags 1" in forward("n1", "n[1-3]", "0,1,2")
    wait_for("the right one", lambda: all(site.reconfigured(n) > before[n] for n in ("n1", "n2", "n3")))


def test_a_replaced_controller_finds_nobody_who_passes_its_message_on(site):
    site.start()
    key, before = site.folder / "slurm.key", site.reconfigured("n2")
    site.ctld.wirecat("forward", key, "n1", site.ports[0], "n1", "0")  # of the highest term: n1 obeys no other any more
    wait_for("n1", lambda: site.reconfigured("n1") > 0)
    site.out("scontrol", "reconfigure")
    wait_for("n2, asked by somebody else", lambda: site.reconfigured("n2") > before)
    assert "has been replaced by term" in site.log("ctld")
