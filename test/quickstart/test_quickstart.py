# SPDX-License-Identifier: Apache-2.0
"""./quickstart and make in a copy of this checkout. The copy stays in build-quickstart/, so that only the first run builds
everything. What a machine without anything needs is looked at by ./bare."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
COPY = TOP / "build-quickstart"
PROGRAMS = {"bin": "salloc sbatch sbcast scancel scontrol sinfo sluice squeue srun".split(), "sbin": "sackd slurmctld slurmd slurmstepd".split()}


@pytest.fixture(scope="module")
def copy():
    """The tracked files as they are now; times are kept, so that ninja sees what has changed."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, capture_output=True, check=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        here, there = TOP / name, COPY / name
        if here.exists() and (not there.exists() or here.stat().st_mtime != there.stat().st_mtime):
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(here, there)
    return COPY


@pytest.fixture(scope="module")
def home():
    path = Path(tempfile.mkdtemp(prefix="sluice-home-"))
    yield path
    run(COPY, path, "./quickstart", "--down")
    shutil.rmtree(path)


def run(folder, home, *argv, seconds=300, **env):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "SBATCH", "MAKE"))}
    return subprocess.run(argv, cwd=folder, env={**kept, "HOME": str(home), **env}, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=seconds)


def processes(mark):
    found = []
    for p in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (p / "environ").read_bytes():
                found.append(p.name)
        except OSError:
            pass
    return found


def built(copy):
    return {p: p.stat().st_mtime_ns for p in copy.rglob("*.o")}


def daemons(home):
    return [pid for pid in processes(f"{home}/.sluice") if (Path("/proc") / pid / "comm").read_text() in ("slurmctld\n", "slurmd\n")]


def test_nothing_is_missing_here(copy, home):
    r = run(copy, home, "./quickstart", "--deps-only")
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")


def test_help_and_what_is_not_an_option(copy, home):
    r = run(copy, home, "./quickstart", "--help")
    assert r.returncode == 0 and "./quickstart --down" in r.stdout and "apt" not in r.stderr
    r = run(copy, home, "./quickstart", "--nonsense")
    assert r.returncode == 1 and "./quickstart --down" in r.stderr


def test_up_a_job_again_and_down(copy, home):
    r = run(copy, home, "./quickstart")
    assert r.returncode == 0 and "Hello from job 1 on n" in r.stdout, r.stdout + r.stderr
    there = built(copy), daemons(home)
    r = run(copy, home, "./quickstart")
    assert r.returncode == 0 and "Hello from job 2 on n" in r.stdout, r.stdout + r.stderr
    assert (built(copy), daemons(home)) == there, "nothing is built and started again"
    r = run(copy, home, "./quickstart", "--down")
    assert r.returncode == 0, r.stdout + r.stderr
    assert processes(f"{home}/.sluice") == [] and not (home / ".sluice").exists()
    assert run(copy, home, "./quickstart", "--down").returncode == 0


def test_packages_that_are_missing_and_no_way_to_get_them(copy, home, tmp_path):
    """An ordinary user without sudo: a line that names them, and what to do."""
    (tmp_path / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "dpkg-query").chmod(0o755)
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    for tool in ("sh", "dirname", "mkdir", "sed", "cat"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    r = run(copy, home, "./quickstart", "--deps-only", PATH=str(tmp_path))
    assert r.returncode == 1 and "libsqlite3-dev" in r.stderr and "apt-get install" in r.stderr, r.stderr


def test_make_installs_what_works_from_there_and_takes_it_away(copy, home, tmp_path):
    def make(*argv):
        r = run(copy, home, "make", "BUILD=build-make", "PREFIX=/opt/sluice", *argv)
        assert r.returncode == 0, r.stdout[-3000:] + r.stderr[-3000:]

    if not (copy / "build-make").exists():  # quicker to build than the usual one
        run(copy, home, "meson", "setup", "build-make", "-Dtests=false", "-Doptimization=0", "--prefix=/opt/sluice")
    make("all")
    make("install", f"DESTDIR={tmp_path}")
    there = tmp_path / "opt/sluice"
    assert {d.name: sorted(p.name for p in d.iterdir()) for d in sorted(there.iterdir())} == PROGRAMS
    for name in PROGRAMS["bin"][:-1]:
        version = subprocess.run([there / "bin" / name, "--version"], capture_output=True, text=True)
        assert version.returncode == 0 and "26.05" in version.stdout, name
    # The tree works where it lies: daemons are found beside the commands.
    up = run(copy, home, there / "bin/sluice", "up", "--dir", str(tmp_path / "c"), "--nodes", "2")
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        r = run(copy, home, there / "bin/srun", "-N2", "hostname", SLURM_CONF=str(tmp_path / "c/etc/slurm.conf"))
        assert r.returncode == 0 and len(r.stdout.splitlines()) == 2, r.stderr
    finally:
        run(copy, home, there / "bin/sluice", "down", "--dir", str(tmp_path / "c"))
    make("uninstall", f"DESTDIR={tmp_path}")
    assert [p for p in there.rglob("*") if not p.is_dir()] == []
    (copy / "build-none").mkdir(exist_ok=True)
    make("clean", "BUILD=build-none")
    assert not (copy / "build-none").exists()
