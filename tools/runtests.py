#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the test suites one after the other; a row of SUITES each. See ./runtests."""
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD, ASAN, TSAN, FUZZ = (TOP / name for name in ("build", "build-asan", "build-tsan", "build-fuzz"))


def run(cmd, **kw):
    return subprocess.run(cmd, cwd=TOP, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)


def build(folder, *options, env=None, target="all"):
    """Configures once, then builds; ends the run when that fails: nothing can be tested then."""
    if not (folder / "build.ninja").exists():
        r = run(["meson", "setup", folder, *options], env={**os.environ, **(env or {})})
        if r.returncode:
            sys.exit(f"{r.stdout[-4000:]}\nmeson setup {folder.name} failed")
    r = run(["ninja", "-C", folder, target])
    if r.returncode:
        sys.exit(f"{r.stdout[-6000:]}\nthe build in {folder.name} failed")


def rules():
    passed, failed = 0, []
    for rule in ("levels", "pure", "banned", "length", "format", "spdx", "keys"):
        r = run([sys.executable, "tools/check_rules.py", rule])
        passed += r.returncode == 0
        if r.returncode:
            failed.append(f"rule {rule}\n{r.stdout[-3000:]}")
    return passed, failed


def meson_tests(folder, env=None, names=()):
    run(["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs", "--timeout-multiplier", "10", *names], env={**os.environ, **(env or {})})
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


UBSAN = {"UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}


def asan():
    """The same programs, and the commands and daemons, with AddressSanitizer and UndefinedBehaviorSanitizer."""
    build(ASAN, "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dbuildtype=debugoptimized")
    passed, failed = meson_tests(ASAN, {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1", **UBSAN})
    more, worse = pytest("test/cli", {"SLUICE_BUILD": str(ASAN), **UBSAN}, os.cpu_count())
    return passed + more, failed + worse


# What has threads, or lives among processes of ours that have some.
TSAN_UNIT = ("auth", "journal", "stepd", "slurmd")
TSAN_CLI = ("slurmctld", "threads", "commands", "cluster", "durability", "sackd")


def tsan():
    """The parts with threads with ThreadSanitizer. There are no suppressions: every report is a failure."""
    build(TSAN, "-Db_sanitize=thread", "-Db_lundef=false", "-Dbuildtype=debugoptimized")
    reports = TSAN / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir()
    env = {"TSAN_OPTIONS": f"log_path={reports}/r:exitcode=66", "SLUICE_BUILD": str(TSAN)}
    passed, failed = meson_tests(TSAN, env, TSAN_UNIT)
    more, worse = pytest([f"test/cli/test_{name}.py" for name in TSAN_CLI], env, os.cpu_count())
    races = [f"{r.name}\n{r.read_text()[:6000]}" for r in sorted(reports.iterdir())]
    return passed + more, failed + worse + races


FUZZ_SECONDS = 4


def fuzz_seeds(folder):
    """The first inputs of every target: lines of test/fuzz/seeds, and records that fuzz_seeds makes. Gives the folder."""
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    subprocess.run([folder / "test/fuzz/fuzz_seeds", corpus], env={**os.environ, **UBSAN}, check=True)
    for texts in (TOP / "test/fuzz/seeds").glob("*.txt"):
        (corpus / texts.stem).mkdir(exist_ok=True)
        for i, line in enumerate(texts.read_text().splitlines()):
            (corpus / texts.stem / f"line{i}").write_bytes(line.encode("latin1").decode("unicode_escape").encode("latin1"))
    return corpus


def fuzz_one(program, corpus, seconds):
    """None, or what libFuzzer said. The inputs it finds go to corpus-found/, what breaks the target to crashes/."""
    name, top = program.name.removeprefix("fuzz_"), corpus.parent
    seeds, found, crashes = corpus / name, top / "corpus-found" / name, top / "crashes"
    for d in (seeds, found, crashes):
        d.mkdir(parents=True, exist_ok=True)
    r = run([program, f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
             f"-artifact_prefix={crashes}/{name}-", found, seeds], stdin=subprocess.DEVNULL, env={**os.environ, **UBSAN})
    if "FUZZ_VERBOSE" in os.environ:
        last = re.findall(r"^#\d+\s+DONE.*|stat::number_of_executed_units.*", r.stdout, re.M)
        print(f"{name}: {' '.join(last)}", flush=True)
    return f"fuzz_{name}: {r.returncode}\n{r.stdout[-5000:]}" if r.returncode else None


def fuzz():
    """Every decoder of outside input with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, FUZZ_SECONDS each.
    Longer: FUZZ_SECONDS=600 [FUZZ_TARGETS="jobopt conf"] [FUZZ_VERBOSE=1] ./runtests fuzz. Inputs found are kept in build-fuzz/."""
    if not shutil.which("clang"):
        return 0, ["clang is needed"]
    build(FUZZ, "-Dfuzzer=true", "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dbuildtype=debugoptimized",
          "-Dwerror=false", env={"CC": "clang"}, target="fuzz")
    corpus = fuzz_seeds(FUZZ)
    seconds = int(os.environ.get("FUZZ_SECONDS", FUZZ_SECONDS))
    only = os.environ.get("FUZZ_TARGETS", "").split()
    programs = [p for p in sorted((FUZZ / "test/fuzz").glob("fuzz_*")) if p.is_file() and p.name != "fuzz_seeds"
                and (not only or p.name.removeprefix("fuzz_") in only)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        said = list(pool.map(lambda p: fuzz_one(p, corpus, seconds), programs))
    return said.count(None), [text for text in said if text]


def pytest(files, env=None, side_by_side=1):
    """Files side by side, for tests that mostly wait for daemons of their own; the tests of a file one after the other."""
    files = [files] if isinstance(files, str) else files
    workers = ["-n", str(side_by_side), "--dist", "loadfile"] if side_by_side > 1 else []
    r = run(["/usr/bin/python3", "-m", "pytest", "-q", "-rf", "--tb=short", *workers, *files], env={**os.environ, **(env or {})})
    counts = {k: int(n) for n, k in re.findall(r"(\d+) (passed|failed|error)", r.stdout.splitlines()[-1] if r.stdout else "")}
    bad = counts.get("failed", 0) + counts.get("error", 0)
    failed = [f"{files[0]}\n{r.stdout[-6000:]}"] + [files[0]] * (bad - 1) if bad or r.returncode not in (0, 5) else []
    return counts.get("passed", 0), failed


def cli():
    return pytest("test/cli", side_by_side=os.cpu_count() + 1)


def quickstart():
    return pytest("test/quickstart")


def bare():
    """Not in the normal run: it takes five minutes and a mirror of Debian."""
    r = run(["test/quickstart/bare"])
    passed = r.stdout.count("\nok: ")
    return passed, [r.stdout[-3000:]] if r.returncode else []


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


SUITES = {"rules": rules, "unit": unit, "asan": asan, "tsan": tsan, "fuzz": fuzz, "cli": cli, "compat": compat,
          "vm": vm, "quickstart": quickstart}
ON_DEMAND = {"bare": bare}


def main():
    wanted = sys.argv[1:] or list(SUITES)
    known = {**SUITES, **ON_DEMAND}
    unknown = [s for s in wanted if s not in known]
    if unknown:
        sys.exit(f"runtests: no suite is called {unknown[0]}; there are: {' '.join(known)}")
    build(BUILD)
    passed, failed = 0, 0
    for suite in wanted:
        t0 = time.monotonic()
        ok, bad = known[suite]()
        passed, failed = passed + ok, failed + len(bad)
        print(f"{suite}: {ok} passed, {len(bad)} failed, {time.monotonic() - t0:.0f} s", flush=True)
        for text in bad:
            print(f"--- {text}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
