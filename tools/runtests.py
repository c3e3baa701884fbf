#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the test suites one after the other; a row of SUITES each. See ./runtests."""
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD, ASAN = TOP / "build", TOP / "build-asan"


def run(cmd, **kw):
    return subprocess.run(cmd, cwd=TOP, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)


def build(folder, *options):
    """Configures once, then builds; ends the run when that fails: nothing can be tested then."""
    if not (folder / "build.ninja").exists():
        r = run(["meson", "setup", folder, *options])
        if r.returncode:
            sys.exit(f"{r.stdout[-4000:]}\nmeson setup {folder.name} failed")
    r = run(["ninja", "-C", folder])
    if r.returncode:
        sys.exit(f"{r.stdout[-6000:]}\nthe build in {folder.name} failed")


def rules():
    passed, failed = 0, []
    for rule in ("levels", "pure", "banned", "length", "format", "spdx"):
        r = run([sys.executable, "tools/check_rules.py", rule])
        passed += r.returncode == 0
        if r.returncode:
            failed.append(f"rule {rule}\n{r.stdout[-3000:]}")
    return passed, failed


def meson_tests(folder, env=None):
    run(["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs"], env={**os.environ, **(env or {})})
    passed, failed = 0, []
    for line in (folder / "meson-logs/testlog.json").read_text().splitlines():
        t = json.loads(line)
        if t["result"] in ("OK", "EXPECTEDFAIL"):
            passed += 1
        elif t["result"] != "SKIP":
            failed.append(f"{t['name']}: {t['result']}\n{t.get('stdout', '')[-2000:]}{t.get('stderr', '')[-2000:]}")
    return passed, failed


def unit():
    return meson_tests(BUILD)


def asan():
    """The same programs, and the commands and daemons, with AddressSanitizer and UndefinedBehaviorSanitizer."""
    build(ASAN, "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dbuildtype=debugoptimized")
    ubsan = {"UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
    passed, failed = meson_tests(ASAN, {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1", **ubsan})
    more, worse = pytest("test/cli", {"SLUICE_BUILD": str(ASAN), **ubsan})
    return passed + more, failed + worse


def pytest(folder, env=None):
    if not list((TOP / folder).glob("test_*.py")):
        return 0, []
    r = run(["/usr/bin/python3", "-m", "pytest", "-q", "-rf", "--tb=short", folder], env={**os.environ, **(env or {})})
    counts = {k: int(n) for n, k in re.findall(r"(\d+) (passed|failed|error)", r.stdout.splitlines()[-1] if r.stdout else "")}
    bad = counts.get("failed", 0) + counts.get("error", 0)
    failed = [f"{folder}\n{r.stdout[-6000:]}"] + [folder] * (bad - 1) if bad or r.returncode not in (0, 5) else []
    return counts.get("passed", 0), failed


def cli():
    return pytest("test/cli")


def compat():
    return pytest("test/compat")


def vm():
    """Control groups version 2, in a virtual machine; nothing where there cannot be one."""
    r = run(["/usr/bin/python3", "test/vm/run.py"])
    if r.returncode == 77:
        print(f"vm: {r.stdout.strip()}", flush=True)
        return 0, []
    lines = r.stdout.splitlines()
    failed = [line for line in lines if line.startswith("not ok ")]
    if r.returncode and not failed:
        failed = [r.stdout[-6000:]]
    return sum(line.startswith("ok ") for line in lines), failed


SUITES = {"rules": rules, "unit": unit, "asan": asan, "cli": cli, "compat": compat, "vm": vm}


def main():
    wanted = sys.argv[1:] or list(SUITES)
    unknown = [s for s in wanted if s not in SUITES]
    if unknown:
        sys.exit(f"runtests: no suite is called {unknown[0]}; there are: {' '.join(SUITES)}")
    build(BUILD)
    passed, failed = 0, 0
    for suite in wanted:
        t0 = time.monotonic()
        ok, bad = SUITES[suite]()
        passed, failed = passed + ok, failed + len(bad)
        print(f"{suite}: {ok} passed, {len(bad)} failed, {time.monotonic() - t0:.0f} s", flush=True)
        for text in bad:
            print(f"--- {text}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
