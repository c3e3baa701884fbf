#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads schema/*.toml, checks it and writes tables: C declarations and descriptors, or documents.

Only data comes out; what is done with it is written by hand in src/meta. The form of the input is described in
doc/spec/02-schema.md.

  schema_gen.py model OUTDIR FILES...   OUTDIR/model.h and OUTDIR/model.c
  schema_gen.py lock FILES...           adds new numbers to tags.lock beside the first file
  schema_gen.py check FILES...          fails unless tags.lock holds every number
  schema_gen.py proto FILES...          a .proto file of all records, on stdout (this and the next: schema_docs.py)
  schema_gen.py openapi FILES...        components/schemas as JSON, on stdout
  schema_gen.py man RECORD FILES...     the keys of a record as troff, on stdout
"""
import json
import pathlib
import re
import sys
import tomllib

# kind -> C type, its alignment
KINDS = {
    "bool": ("bool", 1), "tri": ("uint16_t", 2), "u16": ("uint16_t", 2), "u32": ("uint32_t", 4), "u64": ("uint64_t", 8),
    "i32": ("int32_t", 4), "i64": ("int64_t", 8), "f64": ("double", 8), "u16_opt": ("uint16_t", 2),
    "u32_opt": ("uint32_t", 4), "u64_opt": ("uint64_t", 8), "time": ("int64_t", 8), "minutes": ("uint32_t", 4),
    "seconds": ("uint32_t", 4), "mb": ("uint64_t", 8), "uid": ("uint32_t", 4), "gid": ("uint32_t", 4),
    "enum": ("uint32_t", 4), "flags": ("uint64_t", 8), "str": ("char *", 8), "hosts": ("char *", 8), "tres": ("char *", 8),
    "bytes": ("struct meta_bytes", 8), "bits": ("struct bits", 8), "rec": ("struct %s *", 8), "ref": ("struct %s *", 8),
    "strs": ("struct meta_strs", 8), "u32s": ("struct meta_u32s", 8),
    "recs": ("struct {\n        struct %s *v;\n        uint32_t n;\n    }", 8),
}
# kind -> what an unset field holds, where that is not 0 (src/meta/kind.c says the same)
UNSET = {"tri": "NO_VAL16", "u16_opt": "NO_VAL16", "u32_opt": "NO_VAL", "u64_opt": "NO_VAL64", "minutes": "NO_VAL", "mb": "NO_VAL64",
         "uid": "NO_VAL", "gid": "NO_VAL"}
OWNED = {"str", "hosts", "tres", "bytes", "bits", "rec", "ref", "strs", "u32s", "recs"}
KEYWORDS = set("""auto break case char const continue default do double else enum extern float for goto if inline int
long register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
bool true false asm typeof sh""".split())
# section -> keys of a row that must be there, keys that may be there
SECTIONS = {
    "enum": ({"prefix", "values"}, {"flags", "help"}),
    "record": ({"field"}, {"shared", "help", "retired"}),
    "message": ({"number", "access", "kind"}, {"request", "reply", "help"}),
    "fact": ({"number", "record"}, {"durable", "help"}),
    "error": ({"number", "text"}, {"help"}),
}
VALUE_KEYS = ({"v", "name"}, {"alt", "json", "help"})
FIELD_KEYS = ({"tag", "kind"}, {"enum", "record", "kv", "json", "help", "max", "secret", "volatile"})
# what is not a text
TYPES = {"tag": int, "number": int, "v": int, "max": int, "flags": bool, "shared": bool, "secret": bool, "volatile": bool,
         "durable": bool, "values": list, "retired": list, "field": dict}
# the constants of src/model/message.h
CHOICES = {"access": ("none", "user", "operator", "admin", "daemon"), "kind": ("command", "query", "node", "local")}
TAG_MAX = 8191
NUMBER_MAX = 1023  # of messages and facts: their tables are indexed by it


def fail(text):
    sys.exit(f"schema: {text}")


def check_keys(where, row, keys):
    needed, allowed = keys
    for key in needed - row.keys():
        fail(f"{where}: '{key}' is missing")
    for key, value in row.items():
        if key not in needed | allowed:
            fail(f"{where}: unknown key '{key}'")
        if type(value) is not TYPES.get(key, str):
            fail(f"{where}: '{key}' must be of type {TYPES.get(key, str).__name__}")
        if key == "help" and "*/" in value:
            fail(f"{where}: 'help' holds the end of a C comment")


def once(seen, what, value, where):
    if value in seen:
        fail(f"{where}: {what} {value} is also that of {seen[value]}")
    seen[value] = where


def constant(prefix, name):
    return prefix + re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def load(files):
    schema = {section: {} for section in SECTIONS}
    for file in files:
        try:
            rows = tomllib.loads(pathlib.Path(file).read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as e:
            fail(f"{file}: {e}")
        for section, entries in rows.items():
            if section not in SECTIONS:
                fail(f"{file}: unknown section [{section}.*]")
            for name, row in entries.items():
                if name in schema[section]:
                    fail(f"{file}: {section}.{name} is defined twice")
                check_keys(f"{section}.{name}", row, SECTIONS[section])
                schema[section][name] = row
    check_enums(schema)
    check_records(schema)
    check_rows(schema)
    return schema


def check_enums(schema):
    constants = {}
    for name, row in schema["enum"].items():
        where, values = f"enum.{name}", {}
        if name in schema["record"]:
            fail(f"{where}: a record has the same name")
        if not row.get("flags") and all(value.get("v") != 0 for value in row["values"]):
            fail(f"{where}: no value is 0, which is what an unset field has")
        for value in row["values"]:
            check_keys(where, value, VALUE_KEYS)
            v, value["c"] = value["v"], constant(row["prefix"], value["name"])
            once(values, "value", v, f"{where}.{value['name']}")
            once(constants, "constant", value["c"], f"{where}.{value['name']}")
            if row.get("flags") and (v <= 0 or v >= 1 << 64 or v & (v - 1)):
                fail(f"{where}.{value['name']}: {v:#x} is not one bit")
            if not row.get("flags") and not 0 <= v < 1 << 31:
                fail(f"{where}.{value['name']}: {v} is out of range")


def check_records(schema):
    for name, row in schema["record"].items():
        tags, keys, jsons = {}, {}, {}
        for field, f in row["field"].items():
            where = f"record.{name}.{field}"
            if field in KEYWORDS or not re.fullmatch(r"[a-z_][a-z0-9_]*", field):
                fail(f"{where}: not a name that C allows")
            check_keys(where, f, FIELD_KEYS)
            if not 1 <= f["tag"] <= TAG_MAX:
                fail(f"{where}: tag {f['tag']} is not between 1 and {TAG_MAX}")
            once(tags, "tag", f["tag"], where)
            if f["tag"] in row.get("retired", []):
                fail(f"{where}: tag {f['tag']} is retired; take a new one")
            if "kv" in f:
                once(keys, "kv", f["kv"].lower(), where)
            if "json" in f:
                once(jsons, "json", f["json"], where)
            check_kind(schema, where, f)


def check_kind(schema, where, f):
    kind = f["kind"]
    if kind not in KINDS:
        fail(f"{where}: unknown kind '{kind}'")
    for key, kinds in (("enum", ("enum", "flags")), ("record", ("rec", "ref", "recs"))):
        if (key in f) != (kind in kinds):
            fail(f"{where}: kind '{kind}' " + ("takes no" if key in f else "needs a key") + f" '{key}'")
        if key in f and f[key] not in schema[key]:
            fail(f"{where}: there is no {key}.{f[key]}")
    if kind in ("enum", "flags") and bool(schema["enum"][f["enum"]].get("flags")) != (kind == "flags"):
        fail(f"{where}: enum.{f['enum']} is " + ("not " if kind == "flags" else "") + "one of flags")
    if kind == "ref" and not schema["record"][f["record"]].get("shared"):
        fail(f"{where}: record.{f['record']} is not shared")


def check_rows(schema):
    for section in ("message", "fact", "error"):
        numbers = {}
        for name, row in schema[section].items():
            once(numbers, "number", row["number"], f"{section}.{name}")
            if section != "error" and not 1 <= row["number"] <= NUMBER_MAX:
                fail(f"{section}.{name}: number {row['number']} is not between 1 and {NUMBER_MAX}")
            for key in ("request", "reply", "record"):
                if key in row and row[key] not in schema["record"]:
                    fail(f"{section}.{name}: there is no record.{row[key]}")
            for key, choices in CHOICES.items():
                if section == "message" and row[key] not in choices:
                    fail(f"{section}.{name}: unknown {key} '{row[key]}'")


def numbers_of(schema):
    """Every number that journals and peers hold, as 'section.owner.name' -> number. (Errors are Slurm's, not ours.)"""
    all_numbers = {}
    for name, row in schema["record"].items():
        all_numbers |= {f"record.{name}.{field}": f["tag"] for field, f in row["field"].items()}
    for name, row in schema["enum"].items():
        all_numbers |= {f"enum.{name}.{v['name']}": v["v"] for v in row["values"]}
    for section in ("message", "fact"):
        all_numbers |= {f"{section}.{name}": row["number"] for name, row in schema[section].items()}
    return all_numbers


def read_lock(path):
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {k: int(v) for k, _, v in (line.rpartition("=") for line in lines if line and line[0] != "#")}


def check_lock(schema, path):
    numbers = numbers_of(schema)
    for key, number in read_lock(path).items():
        owner = key.split(".")
        if key in numbers and numbers[key] != number:
            fail(f"{key} was {number} and is now {numbers[key]}: journals hold the old number. "
                 "Give it back and add a new entry with a new number")
        if key not in numbers and not (
                owner[0] == "record" and number in schema["record"].get(owner[1], {}).get("retired", [])):
            fail(f"{key}={number} is gone: a number is never given away. Put it back, or name it in `retired` of its "
                 "record and add a new tag; a mere change of name is made in tags.lock too")


def write_lock(schema, path):
    numbers = numbers_of(schema) | read_lock(path)
    lines = [f"{key}={numbers[key]}" for key in sorted(numbers, key=lambda key: (key.split(".")[:2], numbers[key]))]
    path.write_text("# SPDX-License-Identifier: Apache-2.0\n# Numbers that are taken for ever. Written by "
                    "`ninja schema-lock`; doc/spec/02-schema.md.\n" + "\n".join(lines) + "\n", encoding="utf-8")


# --- C ---------------------------------------------------------------------------------------------------------------

def quoted(text):
    return "NULL" if text is None else json.dumps(text, ensure_ascii=False)


def members(row):
    """Fields in the order of the struct: by alignment, so that no padding is left inside."""
    fields = sorted(row["field"].items(), key=lambda item: -KINDS[item[1]["kind"]][1])
    if row.get("shared"):
        word = next((i for i, (_, f) in enumerate(fields) if KINDS[f["kind"]][1] == 4), None)
        if word is not None:
            fields.insert(0, fields.pop(word))
    return fields


def c_enum(name, row):
    if row.get("flags"):
        for v in row["values"]:
            yield f"#define {v['c']} UINT64_C({v['v']:#x})"
    else:
        yield f"enum {name} {{"
        for v in row["values"]:
            yield f"    {v['c']} = {v['v']},"
        yield "};"
    yield f"extern const struct meta_enum enum_{name};\n"


def c_struct(name, row):
    if "help" in row:
        yield f"/* {row['help']} */"
    yield f"struct {name} {{"
    if row.get("shared"):
        yield "    struct shared sh;"
    for field, f in members(row):
        c_type = KINDS[f["kind"]][0].replace("%s", f.get("record", ""))
        gap = "" if c_type[-1] == "*" else " "
        comment = f" /* {f['help']} */" if "help" in f else ""
        yield f"    {c_type}{gap}{field};{comment}"
    if not row["field"] and not row.get("shared"):
        yield "    char empty;"
    yield "};"
    yield f"extern const struct meta_record record_{name};\n"


def c_numbers(tag, prefix, rows):
    if rows:
        yield f"enum {tag} {{"
        for name, row in rows.items():
            yield f"    {constant(prefix, name)} = {row['number']},"
        yield "};\n"


def model_h(schema):
    yield "/* Written by tools/schema_gen.py from schema/. */\n#ifndef MODEL_H\n#define MODEL_H\n"
    yield '#include "base/bits.h"\n#include "base/shared.h"\n#include "meta/meta.h"\n'
    for name, row in schema["enum"].items():
        yield from c_enum(name, row)
    for name, row in schema["record"].items():
        yield from c_struct(name, row)
    yield from c_numbers("msg_type", "MSG_", schema["message"])
    yield from c_numbers("fact_type", "FACT_", schema["fact"])
    yield from c_numbers("error_code", "ESLURM_", schema["error"])
    yield "extern const struct meta_record *const all_records[];\nextern const uint32_t all_records_count;\n\n#endif"


def c_field(record, name, f):
    flags = [c for key, c in (("secret", "META_F_SECRET"), ("volatile", "META_F_VOLATILE")) if f.get(key)]
    parts = [f'.name = "{name}"', f".tag = {f['tag']}", f".kind = META_{f['kind'].upper()}",
             f".offset = offsetof(struct {record}, {name})"]
    parts += [f".{key} = {quoted(f[key])}" for key in ("kv", "json", "help") if key in f]
    parts += [f".flags = {' | '.join(flags)}"] if flags else []
    parts += [f".max = {f['max']}"] if "max" in f else []
    parts += [f".enums = &enum_{f['enum']}"] if "enum" in f else []
    parts += [f".sub = &record_{f['record']}"] if "record" in f else []
    return "    {" + ", ".join(parts) + "},"


def c_record(name, row):
    """The fields by tag, which of them own memory, the record with every field unset, and what holds these together."""
    fields = sorted(row["field"].items(), key=lambda item: item[1]["tag"])
    owned = [f"{{{i}, offsetof(struct {name}, {field})}}" for i, (field, f) in enumerate(fields) if f["kind"] in OWNED]
    blank = [f".{field} = {UNSET[f['kind']]}" for field, f in fields if f["kind"] in UNSET]
    blank += [".sh = {1}"] if row.get("shared") else []
    yield f"static const struct meta_field {name}_fields[] = {{"
    yield from (c_field(name, field, f) for field, f in fields)
    yield "    {0},\n};"
    yield f"static const struct meta_owned {name}_owned[] = {{{', '.join(owned) or '{0}'}}};"
    yield f'_Static_assert(sizeof(struct {name}) <= UINT16_MAX, "{name} is too large for struct meta_owned");'
    yield f"static const struct {name} {name}_blank = {{{', '.join(blank) or '0'}}};"
    yield f"const struct meta_record record_{name} = {{"
    yield f'    .name = "{name}", .help = {quoted(row.get("help"))}, .fields = {name}_fields, .n = {len(fields)},'
    yield f"    .size = sizeof(struct {name}), .shared = {'true' if row.get('shared') else 'false'},"
    yield f"    .owned = {name}_owned, .owned_n = {len(owned)}, .blank = &{name}_blank,\n}};\n"


def c_table(c_type, name, count, rows, line):
    """A table with one empty row at its end, so that it may have no rows."""
    yield f"const {c_type} {name}[] = {{"
    yield from ("    " + line(*item) for item in sorted(rows.items(), key=lambda item: item[1]["number"]))
    yield f"    {{0}},\n}};\nconst uint32_t {count} = sizeof {name} / sizeof *{name} - 1;\n"


def record_ref(row, key):
    return f"&record_{row[key]}" if key in row else "NULL"


def model_c(schema):
    yield '/* Written by tools/schema_gen.py from schema/. */\n#include "model.h"\n\n#include "model/errors.h"'
    yield '#include "model/fact.h"\n#include "model/message.h"\n'
    for name, row in schema["enum"].items():
        yield f"static const struct meta_enum_name {name}_names[] = {{"
        for v in row["values"]:
            yield f"    {{UINT64_C({v['v']})," + ",".join(
                quoted(v.get(key)) for key in ("name", "alt", "json", "help")) + "},"
        yield f'}};\nconst struct meta_enum enum_{name} = {{"{name}", {name}_names, {len(row["values"])}}};\n'
    for name, row in schema["record"].items():
        yield from c_record(name, row)
    yield "const struct meta_record *const all_records[] = {"
    yield from (f"    &record_{name}," for name in schema["record"])
    yield f"    NULL,\n}};\nconst uint32_t all_records_count = {len(schema['record'])};\n"
    yield from c_table("struct message_type", "message_types", "message_types_count", schema["message"], lambda name, row: (
        f'[{row["number"]}] = {{{row["number"]}, "{name}", {record_ref(row, "request")}, {record_ref(row, "reply")}, '
        f'ACCESS_{row["access"].upper()}, MSGK_{row["kind"].upper()}}},'))
    yield from c_table("struct fact_type_row", "fact_types", "fact_types_count", schema["fact"], lambda name, row: (
        f'[{row["number"]}] = {{{row["number"]}, "{name}", {record_ref(row, "record")}, '
        f'{"true" if row.get("durable") else "false"}}},'))
    yield from c_table("struct error_row", "error_rows", "error_rows_count", schema["error"], lambda name, row: (
        f'{{{row["number"]}, "{constant("ESLURM_", name)}", {quoted(row["text"])}}},'))


def main(args):
    command, rest = (args[0], args[1:]) if args else ("", [])
    extra = rest.pop(0) if command in ("model", "man") and rest else None
    if command not in ("model", "lock", "check", "proto", "openapi", "man") or not rest:
        sys.exit(__doc__)
    schema, lock = load(rest), pathlib.Path(rest[0]).parent / "tags.lock"
    check_lock(schema, lock)
    if command == "model":
        for file, lines in (("model.h", model_h(schema)), ("model.c", model_c(schema))):
            pathlib.Path(extra, file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    elif command == "lock":
        write_lock(schema, lock)
    elif command == "check":
        missing = numbers_of(schema).keys() - read_lock(lock).keys()
        if missing:
            fail(f"run `ninja schema-lock` in the build folder: not in tags.lock: {', '.join(sorted(missing))}")
    else:
        import schema_docs
        try:
            print("\n".join(getattr(schema_docs, command)(schema, extra)))
        except schema_docs.Unknown as e:
            fail(e)


if __name__ == "__main__":
    main(sys.argv[1:])
