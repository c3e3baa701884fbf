# SPDX-License-Identifier: Apache-2.0
"""Following and confining processes: the scenarios of test/vm, on this host, below a control group of their own.

Each mode runs all of its scenarios once, in one private cluster, beside the other modes: they wait more than they work. A test
looks at the line of one scenario.
"""
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import pytest
from cluster import PATIENCE, poll
from conftest import BUILD, free_port

HERE = Path(__file__).resolve().parent.parent / "vm"
MODES = ("v1", "v2", "linuxproc", "pgid")
CONTROLLERS = ("freezer", "memory", "cpuset", "devices")
V1 = Path("/sys/fs/cgroup")
LIST = (HERE / "scenario_list.sh").read_text()
NAMES = ["start", *re.findall(r"^scenario_(\w+)\(\)", LIST, re.M)]


class OwnGroups:
    """A tree of links that looks like a mount point and holds one group of ours for each controller."""

    def __init__(self, folder):
        self.mount, self.groups = folder / "cg", []
        self.mount.mkdir()
        for name in CONTROLLERS:
            group = V1 / name / f"sluice-test-{os.getpid()}"
            group.mkdir()
            self.groups.append(group)
            (self.mount / name).symlink_to(group)
        for file in ("cpuset.cpus", "cpuset.mems"):
            (V1 / "cpuset" / self.groups[0].name / file).write_text((V1 / "cpuset" / file).read_text())

    def folders(self):
        return [str(p) for g in self.groups for p in g.rglob("*") if p.is_dir()]

    def close(self):
        for g in self.groups:
            below = sorted((p for p in g.rglob("*") if p.is_dir()), reverse=True)
            for folder in [*below, g]:
                poll(lambda: self.empty(folder), PATIENCE, f"{folder} holds processes")
                folder.rmdir()

    @staticmethod
    def empty(folder):
        pids = (folder / "cgroup.procs").read_text().split()
        for pid in pids:
            try:
                os.kill(int(pid), 9)
            except ProcessLookupError:
                pass
        return not pids


def missing(mode):
    """Why this host cannot do it, or None."""
    if os.getuid() != 0:
        return "needs root"
    if mode == "v1":
        for name in CONTROLLERS:
            if not os.access(V1 / name / "cgroup.procs", os.W_OK):
                return f"this host has no version 1 controller {name}"
    if mode == "v2" and not {"memory", "cpuset"} <= set(controllers_v2()):
        return "this host has no version 2 controllers memory and cpuset (test/vm/run.py has)"
    return None


def controllers_v2():
    try:
        return (V1 / "cgroup.controllers").read_text().split()
    except OSError:
        return []


def programs(folder):
    path = folder / "bin"
    path.mkdir()
    for name in "sbatch srun squeue sinfo scancel scontrol".split():
        (path / name).symlink_to(BUILD.resolve() / "src/cli/sluice")
    for name in ("slurmctld", "slurmd", "slurmstepd"):
        (path / name).symlink_to(BUILD.resolve() / "src" / name / name)
    return path


@lru_cache
def runs():
    """The modes that this host has, each under way."""
    pool = ThreadPoolExecutor(len(MODES))
    return {mode: pool.submit(run_scenarios, mode) for mode in MODES if not missing(mode)}


def results(mode):
    return runs()[mode].result()


def run_scenarios(mode):
    """{scenario: line}, and what is left afterwards under "left"."""
    folder = Path(tempfile.mkdtemp(prefix="sluice-cg"))
    groups = OwnGroups(folder) if mode == "v1" else None
    own = V1 / f"sluice-test-{os.getpid()}" if mode == "v2" else None
    try:
        work = folder / "work"
        work.mkdir()
        env = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "SBATCH"))}
        env |= {"PORTS": " ".join(str(free_port()) for _ in range(3))}
        if groups:
            env["CG"] = str(groups.mount)
        elif own:
            own.mkdir()
            env["CG"] = str(own)
        r = subprocess.run(["sh", HERE / "scenarios.sh", mode, programs(folder), work], env=env, text=True, timeout=600,
                           stdin=subprocess.DEVNULL, capture_output=True)
        lines = {m[1]: m[0] for m in re.finditer(r"^(?:not )?ok (\w+).*$", r.stdout, re.M)}
        lines["all"] = r.stdout + r.stderr
        lines["left"] = groups.folders() if groups else []
        return lines
    finally:
        if groups:
            groups.close()
        if own and own.exists():
            for p in sorted((p for p in own.rglob("*") if p.is_dir()), reverse=True):
                p.rmdir()
            own.rmdir()
        shutil.rmtree(folder, ignore_errors=True)


def has(mode, name):
    """Is the scenario one of the mode's?"""
    run = subprocess.run(["sh", "-c", f'MODE={mode}; with_groups() {{ [ $MODE = v1 ] || [ $MODE = v2 ]; }}; . "{HERE}/scenario_list.sh"; scenarios'],
                         text=True, capture_output=True, check=True)
    return name == "start" or name in run.stdout.split()


CASES = [(mode, name) for mode in MODES for name in NAMES if has(mode, name)]


@pytest.mark.parametrize("mode, name", CASES)
def test_scenario(mode, name):
    if why := missing(mode):
        pytest.skip(why)
    found = results(mode)
    assert found.get(name) == f"ok {name}", found.get(name) or found["all"]


@pytest.mark.skipif(missing("v1") is not None, reason=str(missing("v1")))
def test_nothing_is_left_of_the_groups():
    assert results("v1")["left"] == []
