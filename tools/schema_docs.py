# SPDX-License-Identifier: Apache-2.0
"""The schema as documents: .proto, OpenAPI, manual fragments. Called by schema_gen.py."""
import json

TEXT, NUMBER, BOOLEAN = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
OPTIONAL = {"$ref": "#/components/schemas/number"}
# kind -> .proto type, OpenAPI schema; None where another entity is named
KINDS = {
    "bool": ("bool", BOOLEAN), "tri": ("uint32", BOOLEAN), "u16": ("uint32", NUMBER), "u32": ("uint32", NUMBER),
    "u64": ("uint64", NUMBER), "i32": ("sint32", NUMBER), "i64": ("sint64", NUMBER), "f64": ("double", {"type": "number"}),
    "u16_opt": ("uint32", OPTIONAL), "u32_opt": ("uint32", OPTIONAL), "u64_opt": ("uint64", OPTIONAL),
    "time": ("int64", OPTIONAL), "minutes": ("uint32", OPTIONAL), "seconds": ("uint32", NUMBER), "mb": ("uint64", OPTIONAL),
    "uid": ("uint32", NUMBER), "gid": ("uint32", NUMBER), "enum": (None, None), "flags": ("uint64", None),
    "str": ("string", TEXT), "hosts": ("string", TEXT), "tres": ("string", TEXT), "bytes": ("bytes", TEXT),
    "bits": ("repeated uint32", TEXT), "rec": (None, None), "ref": (None, None), "recs": (None, None),
    "strs": ("repeated string", {"type": "array", "items": TEXT}),
    "u32s": ("repeated uint32", {"type": "array", "items": NUMBER}),
}


class Unknown(Exception):
    """Something was asked for that is not in the schema."""


def proto_type(f):
    kind = KINDS[f["kind"]][0] or f.get("record") or f["enum"]
    if f["kind"] == "recs":
        return "repeated " + kind
    return kind if kind.startswith("repeated") else "optional " + kind


def proto(schema, _):
    yield '// Written by tools/schema_gen.py from schema/.\nsyntax = "proto3";\npackage sluice;\n'
    for name, row in schema["enum"].items():
        if not row.get("flags"):
            yield f"enum {name} {{"
            yield from (f"  {v['c']} = {v['v']};" for v in sorted(row["values"], key=lambda v: v["v"]))
            yield "}\n"
    for name, row in schema["record"].items():
        yield f"message {name} {{"
        for field, f in sorted(row["field"].items(), key=lambda item: item[1]["tag"]):
            note = "  // pairs: how many numbers are left out, how many follow that are members" if f["kind"] == "bits" else ""
            yield f"  {proto_type(f)} {field} = {f['tag']};{note}"
        yield "}\n"


def property_schema(schema, f):
    if f["kind"] in ("rec", "ref", "recs"):
        one = {"$ref": f"#/components/schemas/{f['record']}"}
        return {"type": "array", "items": one} if f["kind"] == "recs" else one
    if f["kind"] in ("enum", "flags"):
        one = TEXT | {"enum": [v.get("json", v["name"]) for v in schema["enum"][f["enum"]]["values"]]}
        return {"type": "array", "items": one} if f["kind"] == "flags" else one
    return KINDS[f["kind"]][1]


def openapi(schema, _):
    schemas = {"number": {"type": "object", "description": "A number that may be unset or without limit.", "properties": {
        "set": BOOLEAN, "infinite": BOOLEAN, "number": NUMBER}}}
    for name, row in schema["record"].items():
        shown = [f for f in row["field"].values() if "json" in f and not f.get("secret")]
        properties = {f["json"]: property_schema(schema, f) for f in shown}
        for f in shown:
            if "help" in f and "$ref" not in properties[f["json"]]:
                properties[f["json"]] = properties[f["json"]] | {"description": f["help"]}
        schemas[name] = {"type": "object", "properties": properties}
        if "help" in row:
            schemas[name]["description"] = row["help"]
    yield json.dumps({"components": {"schemas": schemas}}, indent=2)


def man(schema, record):
    if record not in schema["record"]:
        raise Unknown(f"there is no record.{record}")
    shown = [f for f in schema["record"][record]["field"].values() if "kv" in f]
    for f in sorted(shown, key=lambda f: f["kv"].lower()):
        yield f".TP\n\\fB{f['kv']}\\fR"
        yield f.get("help", "").replace("\\", "\\e").replace("-", "\\-")
