#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads schema/*_conf.toml and writes the keys of the configuration files: C tables and a documentation fragment.

  conf_gen.py table OUTDIR FILES...   OUTDIR/conf_keys.h and OUTDIR/conf_keys.c
  conf_gen.py ineffective FILES...    the keys that change nothing yet, as a Markdown table, on stdout
"""
import json
import pathlib
import re
import sys
import tomllib

KINDS = ["str", "list", "bool", "u16", "u32", "u64", "f64", "mb", "minutes", "enum", "flags", "plugin", "user", "ports", "run"]
LIMITS = {"u16": 2**16 - 1, "u32": 2**32 - 1, "u64": 2**64 - 1, "mb": 2**63 - 1}
FLAGS = ["multi", "inf", "minus", "lower", "flags", "list", "old", "lenient", "daemon", "multifactor"]
FILES = ["slurm", "gres", "cgroup"]
ROW = {"kind", "default", "min", "max", "values", "show", "unit", "none", "effective", "alias", "bad", "fatal", "help", *FLAGS}
OLD = {"new", "drop", "note", "values"}


def fail(text):
    sys.exit(f"conf_gen: {text}")


def snake(name):
    """SlurmctldHost -> SLURMCTLD_HOST, DefMemPerCPU -> DEF_MEM_PER_CPU, MCSPlugin -> MCS_PLUGIN"""
    name = re.sub(r"CPUs", "Cpus", name)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).upper()


def quote(text):
    return "NULL" if text is None else json.dumps(text, ensure_ascii=True)


def check(where, row, allowed):
    unknown = set(row) - allowed
    if unknown:
        fail(f"{where}: unknown column {', '.join(sorted(unknown))}")


def read(paths):
    files = []
    for path in paths:
        with open(path, "rb") as f:
            data = tomllib.load(f)
        if data.get("file") not in FILES:
            fail(f"{path}: file must be one of {FILES}")
        for name, row in data.get("key", {}).items():
            check(f"{path}: {name}", row, ROW)
        for line, table in data.get("line", {}).items():
            for name, row in table["key"].items():
                check(f"{path}: {line} {name}", row, ROW)
        for name, row in data.get("old", {}).items():
            check(f"{path}: {name}", row, OLD)
        files.append(data)
    return files


class Tables:
    """Collects the texts of conf_keys.c: one constant array a list of values, referred to by the rows."""

    def __init__(self):
        self.arrays = []

    def values(self, row, where):
        names = row.get("values")
        if not names:
            return "NULL, 0"
        out = []
        for i, text in enumerate(names):
            name, eq, number = text.rpartition("=")
            if row["kind"] == "plugin":
                name, number = text, str(i)
            elif not eq:
                fail(f"{where}: value {text} has no number")
            out.append(f"{{{quote(name)}, {number}u}}")
        self.arrays.append(f"static const struct conf_value values_{len(self.arrays)}[] = {{{', '.join(out)}}};")
        return f"values_{len(self.arrays) - 1}, {len(names)}"

    def row(self, name, row, file, where, alias):
        if row["kind"] not in KINDS:
            fail(f"{where}: no kind {row['kind']}")
        flags = [f"CONF_KEY_{flag.upper()}" for flag in FLAGS if row.get(flag)]
        if not row.get("effective", True):
            flags.append("CONF_KEY_INEFFECTIVE")
        top = row.get("max", LIMITS.get(row["kind"], 0))
        return (f"{{.name = {quote(name)}, .help = {quote(row.get('help'))}, .def = {quote(row.get('default'))}, "
                f".show = {quote(row.get('show'))}, .unit = {quote(row.get('unit'))}, .none = {quote(row.get('none'))}, "
                f".bad = {quote(row.get('bad'))}, .fatal = {quote(row.get('fatal'))}, "
                f".min = {row.get('min', 0)}u, .max = {top}u, .kind = CONF_KIND_{row['kind'].upper()}, "
                f".file = CONF_FILE_{file.upper()}, .flags = {' | '.join(flags) or '0'}, .alias = {alias}, "
                f"CONF_VALUES({self.values(row, where)})}},")


def header(files):
    out = ["/* Made by tools/conf_gen.py from schema/slurm_conf.toml and its neighbours; not for editing. */",
           "#ifndef CONF_CONF_KEYS_H", "#define CONF_CONF_KEYS_H", ""]

    def enum(name, members, help_=None):
        out.append(f"enum {name} {{")
        out.extend(f"    {m}," + (f" /* {h} */" if h else "") for m, h in members)
        out.extend(["};", ""])

    enum("conf_kind", [(f"CONF_KIND_{k.upper()}", None) for k in KINDS])
    enum("conf_key_file", [(f"CONF_FILE_{f.upper()}", None) for f in FILES])
    keys, lines = [], []
    for data in files:
        prefix = "CONF_" + data.get("prefix", "")
        keys += [(prefix + snake(name), row.get("help")) for name, row in data.get("key", {}).items()]
        lines += [(f"CONF_LINE_{snake(name)}", table.get("help")) for name, table in data.get("line", {}).items()]
    enum("conf_key", keys + [("CONF_KEY_COUNT", None)])
    enum("conf_line_kind", lines + [("CONF_LINE_COUNT", None)])
    for data in files:
        for name, table in data.get("line", {}).items():
            prefix = table["prefix"]
            members = [(prefix + snake(key), row.get("help")) for key, row in table["key"].items()]
            enum(f"conf_{prefix.lower().rstrip('_')}", members + [(prefix.rstrip("_") + "S", None)])
    out.append("#endif")
    return "\n".join(out) + "\n"


def source(files):
    tables = Tables()
    keys, lines, olds, renamed, sort = [], [], [], [], []
    for data in files:
        file, prefix = data["file"], "CONF_" + data.get("prefix", "")
        for name, row in data.get("key", {}).items():
            sort.append((FILES.index(file), name.lower(), prefix + snake(name)))
            keys.append(f"    [{prefix}{snake(name)}] = {tables.row(name, row, file, name, -1)}")
        for line, table in data.get("line", {}).items():
            rows = []
            for name, row in table["key"].items():
                alias = row.get("alias", name)
                target = table["prefix"] + snake(alias) if alias else "-1"
                rows.append(f"    [{table['prefix']}{snake(name)}] = {tables.row(name, row, file, name, target)}")
            array = f"keys_{line.lower()}"
            tables.arrays.append(f"static const struct conf_key_info {array}[] = {{\n" + "\n".join(rows) + "\n};")
            lines.append(f"    [CONF_LINE_{snake(line)}] = {{{quote(line)}, {quote(table.get('help'))}, {array}, "
                         f"{len(rows)}, CONF_FILE_{file.upper()}}},")
        for name, row in data.get("old", {}).items():
            new = prefix + snake(row["new"]) if "new" in row else "-1"
            pairs = [text.partition("=")[::2] for text in row.get("values", [])]
            text = "".join(f"{quote(a)}, {quote(b)}, " for a, b in pairs)
            olds.append(f"    {{{quote(name)}, {quote(row.get('drop'))}, {quote(row.get('note'))}, {new}, "
                        f"CONF_FILE_{file.upper()}, {{{text}NULL}}}},")
        renamed += [f"    {{{quote(a)}, {quote(b)}}}," for a, b in data.get("value", {}).items()]
    return "\n".join([
        "/* Made by tools/conf_gen.py from schema/slurm_conf.toml and its neighbours; not for editing. */",
        '#include "conf/table.h"', "", "#define CONF_VALUES(v, n) .values = v, .n_values = n", "",
        *tables.arrays, "",
        "const struct conf_key_info conf_key_table[CONF_KEY_COUNT] = {", *keys, "};", "",
        "const uint16_t conf_key_order[CONF_KEY_COUNT] = {", ",\n".join("    " + c for *_, c in sorted(sort)), "};", "",
        "const struct conf_line_info conf_line_table[CONF_LINE_COUNT] = {", *lines, "};", "",
        "const struct conf_old conf_old_table[] = {", *olds, "};",
        f"const uint32_t conf_old_count = {len(olds)};", "",
        "const struct conf_renamed conf_renamed_table[] = {", *renamed, "};",
        f"const uint32_t conf_renamed_count = {len(renamed)};", ""])


def ineffective(files):
    print("| file | key | what it would do |\n|---|---|---|")
    for data in files:
        tables = [("", data.get("key", {}))] + [(line + " ", t["key"]) for line, t in data.get("line", {}).items()]
        for line, rows in tables:
            for name, row in rows.items():
                if not row.get("effective", True):
                    print(f"| {data['file']}.conf | {line}{name} | {row['help']} |")


def main(argv):
    if len(argv) > 3 and argv[1] == "table":
        files, out = read(argv[3:]), pathlib.Path(argv[2])
        (out / "conf_keys.h").write_text(header(files))
        (out / "conf_keys.c").write_text(source(files))
    elif len(argv) > 2 and argv[1] == "ineffective":
        ineffective(read(argv[2:]))
    else:
        fail(__doc__)


if __name__ == "__main__":
    main(sys.argv)
