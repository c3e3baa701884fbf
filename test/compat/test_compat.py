# SPDX-License-Identifier: Apache-2.0
"""What Slurm printed, case for case: `run` executes the cases in namespaces of their own, `diff` compares with expected/.

known-differences.txt has the cases that still differ, each with a reason: a case that differs and is not there is a regression,
one that is there and is the same by now asks for its line to be removed, unless its reason begins with "sometimes:", for what hangs on who is faster. SLUICE_COMPAT=REGEX runs only cases that match.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = Path(os.environ.get("SLUICE_BUILD", TOP / "build"))


def namespaces():
    probe = ["unshare", "--pid", "--fork", "--mount-proc", "--net", "--mount", "--uts", "--ipc", "true"]
    return os.geteuid() == 0 and subprocess.run(probe, capture_output=True).returncode == 0


SOMETIMES = "sometimes:"
LOOKS = 3  # more at a case that differs: a stray one does under heavy load, for Slurm as well


def known():
    rows = (line.split(None, 1) for line in (HERE / "known-differences.txt").read_text().splitlines() if line and line[0] != "#")
    return {case: reason for case, reason in rows}


# Cases wait more than they work: those of the largest group run beside all others. Of "ID GROUP".
HALVES = r".* small$", r"(?!.* small$)"


def differences(root, out, only):
    """Runs the cases whose id matches and gives what differs of each: {id: parts}, and the text of all differences."""
    runs = [(half, subprocess.Popen([sys.executable, HERE / "run", "--prefix", root, "--cases", HERE / "cases", "--out", half,
                                     "--no-accounting", "--only", f"^(?=.*(?:{only})){which}"], stdout=subprocess.DEVNULL))
            for half, which in ((out / str(i), which) for i, which in enumerate(HALVES))]
    for half, p in runs:
        assert p.wait(1800) == 0
        for case in half.glob("*.json"):
            case.rename(out / case.name)
    r = subprocess.run([sys.executable, HERE / "diff", HERE / "expected", out, "-v", "--json", out / "summary", "--only", only],
                       capture_output=True, text=True)
    return json.loads((out / "summary").read_text())["cases"], r.stdout


@pytest.fixture
def prefix():
    """A folder that every user of a case can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="sluice-compat-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.mark.skipif(not namespaces(), reason="needs root and Linux namespaces")
def test_cases(tmp_path_factory, prefix):
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet"], check=True, env={**os.environ, "DESTDIR": str(prefix)})
    [root] = [p.parent.parent for p in prefix.rglob("bin/sluice")]
    cases, _ = differences(root, tmp_path_factory.mktemp("compat"), os.environ.get("SLUICE_COMPAT", "."))
    worse = sorted(case for case, parts in cases.items() if parts and case not in known())
    better = sorted(case for case, parts in cases.items() if not parts and not known().get(case, SOMETIMES).startswith(SOMETIMES))
    for _ in range(LOOKS):
        if worse:
            again, text = differences(root, tmp_path_factory.mktemp("again"), "^(" + "|".join(worse) + ") ")
            worse = [case for case in worse if again[case]]
    assert not worse, f"these cases were the same before: {' '.join(worse)}\n{text}"
    assert not better, f"the same by now, remove them from known-differences.txt: {' '.join(better)}"
