#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules of ARCHITECTURE.md that a program can check: `check_rules.py [RULE…]`, all without an argument.

  levels    a file includes only its own folder and folders of a lower level
  pure      levels 0 to 4 include no system header but the allowed ones, and their libraries call only what is allowed
  banned    functions that nobody calls
  length    functions of at most 100 lines, source files of at most 1,000
  format    clang-format would change nothing
  spdx      every source file names its licence in its first lines
  keys      every key of slurm.conf is read by something besides `scontrol show config`, or says effective=false
"""
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import conf_gen

TOP = Path(__file__).resolve().parent.parent
LEVELS = [["base"], ["meta"], ["model"], ["conf", "sched"], ["core", "nodecore"], ["port"], ["os", "sim"], ["client"],
          ["slurmctld", "slurmd", "slurmstepd", "sackd", "cli"]]
LEVEL = {folder: n for n, row in enumerate(LEVELS) for folder in row}
PURE = [folder for row in LEVELS[:5] for folder in row]
PURE_HEADERS = {"stddef.h", "stdint.h", "stdbool.h", "string.h", "limits.h", "inttypes.h", "stdarg.h", "assert.h"}
# The two files that stand between the pure levels and the C library, and the one that calls another library,
# which is as pure: it reads from memory.
PURE_EXCEPTIONS = {"src/base/mem.c": {"stdio.h", "stdlib.h"}, "src/base/buf.c": {"stdio.h"}, "src/conf/yamltree.c": {"yaml.h"}}
PURE_SYMBOLS = set("""abort calloc realloc free fprintf stderr vsnprintf memcpy memmove memset memcmp memchr memrchr memmem
 strlen strnlen strcmp strncmp strchr strrchr strstr strspn strcspn strpbrk strchrnul
 __popcountdi2 __stack_chk_fail __stack_chk_guard _GLOBAL_OFFSET_TABLE_ __assert_fail
 __vsnprintf_chk __fprintf_chk __memcpy_chk __memset_chk __memmove_chk""".split())
# libyaml; instrumented builds add calls of their own.
PURE_PREFIXES = ("yaml_parser_", "yaml_document_", "__asan_", "__ubsan_", "__sanitizer_", "__tsan_", "__gcov_", "__llvm_", "__start_", "__stop_")
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|strtok|gets|atoi|atol|system|popen|alloca|strncpy|strncat|tmpnam|mktemp)\s*\(")
FUNCTION_MAX, FILE_MAX = 100, 1000
GENERATED = {"model.h", "version.h", "conf_keys.h"}


def sources(*suffixes, tops=("src", "include", "test", "bench")):
    return sorted(p for top in tops for p in (TOP / top).rglob("*") if p.suffix in suffixes and p.is_file())


def name(path):
    return str(path.relative_to(TOP))


def without_comments(text):
    """Comments and strings blanked, line numbers kept."""
    blank = lambda m: re.sub(r"[^\n]", " ", m[0])
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def includes(path):
    for n, line in enumerate(path.read_text().splitlines(), 1):
        if m := re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line):
            yield n, m[1], m[2]


def rule_levels():
    for path in sources(".c", ".h", tops=("src",)):
        own = path.relative_to(TOP / "src").parts[0]
        if own not in LEVEL:
            yield f"{name(path)}: src/{own} has no level"
            continue
        for n, kind, target in includes(path):
            folder = target.split("/")[0]
            if kind == '"' and folder in LEVEL and folder != own and LEVEL[folder] >= LEVEL[own]:
                yield f"{name(path)}:{n}: level {LEVEL[own]} ({own}) includes level {LEVEL[folder]} ({target})"
            if kind == '"' and folder not in LEVEL and target not in GENERATED:
                yield f'{name(path)}:{n}: "{target}" is in no level'


def rule_pure():
    for folder in PURE:
        for path in sources(".c", ".h", tops=(f"src/{folder}",)):
            allowed = PURE_HEADERS | PURE_EXCEPTIONS.get(name(path), set())
            for n, kind, target in includes(path):
                if kind == "<" and target not in allowed:
                    yield f"{name(path)}:{n}: <{target}> is not for pure levels"
    build = TOP / "build"
    libraries = [build / "src" / f / f"lib{f}.a" for f in PURE]
    defined, wanted = set(), {}
    for lib in filter(Path.exists, libraries):
        for line in subprocess.run(["nm", "-A", lib], capture_output=True, text=True).stdout.splitlines():
            where, kind, symbol = re.match(r"(\S+?):\s*[0-9a-f]*\s*(\S) (\S+)$", line).groups()
            if kind == "U":
                wanted.setdefault(symbol, where)
            else:
                defined.add(symbol)
    for symbol, where in sorted(wanted.items()):
        if symbol not in defined | PURE_SYMBOLS and not symbol.startswith(PURE_PREFIXES):
            yield f"{Path(where).name}: calls {symbol}, which is not for pure levels"


def rule_banned():
    for path in sources(".c", ".h"):
        for n, line in enumerate(without_comments(path.read_text()).splitlines(), 1):
            if m := BANNED.search(line):
                yield f"{name(path)}:{n}: {m[1]} is banned"


def rule_length():
    for path in sources(".c", ".h", tops=("src",)):
        lines = without_comments(path.read_text()).splitlines()
        if len(lines) > FILE_MAX:
            yield f"{name(path)}: {len(lines)} lines, at most {FILE_MAX}"
        start = None
        for n, line in enumerate(lines, 1):
            if line.startswith("{"):
                start = n
            elif line.startswith("}") and start:
                if n - start > FUNCTION_MAX:
                    yield f"{name(path)}:{start}: a function of {n - start} lines, at most {FUNCTION_MAX}"
                start = None


def rule_format():
    files = [str(p) for p in sources(".c", ".h")]
    for line in subprocess.run(["clang-format", "--dry-run", *files], capture_output=True, text=True).stderr.splitlines():
        if "warning:" in line:
            yield line.replace(f"{TOP}/", "")


def rule_spdx():
    for path in sources(".c", ".h", ".py", ".sh", tops=("src", "include", "test", "bench", "tools")):
        if "SPDX-License-Identifier: Apache-2.0" not in path.read_text()[:300] and not name(path).startswith(("test/compat/", "test/data/")):
            yield f"{name(path)}: no SPDX line"


def rule_keys():
    """Every CONF_ constant of a key that is said to have an effect is read somewhere, besides where all keys are shown."""
    users = [p for p in sources(".c", ".h", tops=("src",)) if name(p) != "src/conf/show.c"]
    read = set(re.findall(r"\bCONF_[A-Z0-9_]+", "".join(p.read_text() for p in users)))
    for key, row in tomllib.loads((TOP / "schema/slurm_conf.toml").read_text())["key"].items():
        constant = "CONF_" + conf_gen.snake(key)
        if row["kind"] != "run" and row.get("effective", True) and constant not in read:
            yield f"schema/slurm_conf.toml: nothing reads {key}: it has no effect"


def main():
    rules = {k[5:]: v for k, v in globals().items() if k.startswith("rule_")}
    bad = 0
    for rule in sys.argv[1:] or rules:
        for complaint in rules[rule]():
            print(f"{rule}: {complaint}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
