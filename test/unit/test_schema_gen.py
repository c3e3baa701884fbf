# SPDX-License-Identifier: Apache-2.0
"""The generator refuses what would break a peer, a journal or the compiler, and says what to do."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).parents[2] / "tools" / "schema_gen.py"
SCHEMA = """
[enum.color]
prefix = "COLOR_"
values = [{v=0, name="none"}, {v=1, name="light blue"}]
[enum.mark]
prefix = "MARK_"
flags = true
values = [{v=1, name="a"}, {v=2, name="b"}]
[record.inner.field]
x = {tag=1, kind="u16"}
[record.thing]
shared = true
[record.thing.field]
small = {tag=1, kind="bool", kv="Small", json="small"}
list = {tag=2, kind="recs", record="inner", json="list"}
count = {tag=3, kind="u32"}
color = {tag=4, kind="enum", enum="color", kv="Color", json="color", help="what it looks like"}
[message.ask]
number = 5
request = "thing"
access = "user"
kind = "query"
[error.BAD]
number = 2000
text = "It is bad"
"""


class Generator(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = pathlib.Path(self.folder.name, "a.toml")
        self.addCleanup(self.folder.cleanup)

    def run_tool(self, schema, *command):
        self.file.write_text(schema, encoding="utf-8")
        return subprocess.run([sys.executable, TOOL, *command, self.file], capture_output=True, text=True, check=False,
                              env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})

    def model(self, schema):
        return self.run_tool(schema, "model", self.folder.name)

    def refused(self, old, new, message):
        self.assertIn(old, SCHEMA)
        result = self.model(SCHEMA.replace(old, new))
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(message, result.stderr)
        self.assertNotIn("Traceback", result.stderr)

    def test_struct_has_no_holes_inside(self):
        self.assertEqual(self.model(SCHEMA).stderr, "")
        header = pathlib.Path(self.folder.name, "model.h").read_text(encoding="utf-8")
        order = [header.index(name) for name in ("struct shared sh;", " count;", " list;", " color;", " small;")]
        self.assertEqual(order, sorted(order))
        self.assertIn("COLOR_LIGHT_BLUE = 1,", header)
        self.assertIn("#define MARK_B UINT64_C(0x2)", header)
        self.assertIn("MSG_ASK = 5,", header)
        self.assertIn("ESLURM_BAD = 2000,", header)

    def test_refusals(self):
        for old, new, message in (
                ("tag=2", "tag=1", "record.thing.list: tag 1 is also that of record.thing.small"),
                ("tag=2", "tag=0", "tag 0 is not between 1 and 8191"),
                ("tag=2", "tag=8192", "tag 8192 is not between 1 and 8191"),
                ("tag=2", 'tag="2"', "'tag' must be of type int"),
                ('kind="bool"', 'kind="boole"', "unknown kind 'boole'"),
                ('enum="color"', 'enum="colour"', "there is no enum.colour"),
                ('enum="color"', 'enum="mark"', "enum.mark is one of flags"),
                ('record="inner"', 'record="outer"', "there is no record.outer"),
                ('kind="recs"', 'kind="ref"', "record.inner is not shared"),
                (', record="inner"', "", "kind 'recs' needs a key 'record'"),
                ('kind="u32"', 'kind="u32", enum="color"', "kind 'u32' takes no 'enum'"),
                ('kv="Color"', 'kv="small"', "kv small is also that of record.thing.small"),
                ('json="color"', 'json="small"', "json small is also that of record.thing.small"),
                ("count =", "default =", "record.thing.default: not a name that C allows"),
                ("count =", '"a-b" =', "record.thing.a-b: not a name that C allows"),
                ('kind="u32"', 'kind="u32", hlep="x"', "unknown key 'hlep'"),
                ("{v=0,", "{v=2,", "enum.color: no value is 0"),
                ("{v=1, name=\"light", "{v=0, name=\"light", "value 0 is also that of enum.color.none"),
                ('{v=2, name="b"}', '{v=3, name="b"}', "enum.mark.b: 0x3 is not one bit"),
                ('name="b"', 'name="A"', "constant MARK_A is also that of enum.mark.a"),
                ('request = "thing"', 'request = "nothing"', "there is no record.nothing"),
                ("number = 5", "number = 1024", "number 1024 is not between 1 and 1023"),
                ('access = "user"', 'access = "everybody"', "message.ask: unknown access 'everybody'"),
                ("[error.BAD]", "[eror.BAD]", "unknown section [eror.*]"),
                ("[error.BAD]", "[error.BAD", "a.toml: ")):
            with self.subTest(new):
                self.refused(old, new, message)

    def test_numbers_are_for_ever(self):
        self.assertEqual(self.run_tool(SCHEMA, "lock").returncode, 0)
        self.assertEqual(self.run_tool(SCHEMA, "check").returncode, 0)
        self.refused("tag=3", "tag=9", "record.thing.count was 3 and is now 9")
        self.refused('count = {tag=3, kind="u32"}', "", "record.thing.count=3 is gone")
        self.refused("number = 5", "number = 6", "message.ask was 5 and is now 6")
        retired = SCHEMA.replace('count = {tag=3, kind="u32"}', "").replace("shared = true", "shared = true\nretired = [3]")
        self.assertEqual(self.model(retired).stderr, "")
        again = retired.replace("[message.ask]", '[record.thing.field.other]\ntag=3\nkind="u32"\n[message.ask]')
        self.assertIn("tag 3 is retired", self.model(again).stderr)

    def test_new_numbers_are_locked(self):
        self.run_tool(SCHEMA, "lock")
        wider = SCHEMA.replace("[message.ask]", '[record.thing.field.other]\ntag=7\nkind="u32"\n[message.ask]')
        self.assertEqual(self.model(wider).stderr, "")
        self.assertIn("record.thing.other", self.run_tool(wider, "check").stderr)
        self.run_tool(wider, "lock")
        self.assertEqual(self.run_tool(wider, "check").stderr, "")

    def test_documents(self):
        self.assertIn("  repeated inner list = 2;", self.run_tool(SCHEMA, "proto").stdout)
        self.assertIn('"#/components/schemas/inner"', self.run_tool(SCHEMA, "openapi").stdout)
        self.assertIn("\\fBColor\\fR\nwhat it looks like", self.run_tool(SCHEMA, "man", "thing").stdout)
        self.assertIn("there is no record.none", self.run_tool(SCHEMA, "man", "none").stderr)


if __name__ == "__main__":
    unittest.main()
