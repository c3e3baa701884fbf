# SPDX-License-Identifier: Apache-2.0
"""doc/compatibility.md names every configuration key and job option that is recognised and has no effect."""
import pathlib
import re
import subprocess
import sys
import unittest

TOP = pathlib.Path(__file__).parents[2]
DOC = (TOP / "doc/compatibility.md").read_text()


class Lists(unittest.TestCase):
    def test_keys(self):
        files = [TOP / "schema" / f for f in ("slurm_conf.toml", "gres_conf.toml", "cgroup_conf.toml")]
        table = subprocess.run([sys.executable, TOP / "tools/conf_gen.py", "ineffective", *files], capture_output=True, text=True, check=True)
        self.assertGreater(len(table.stdout.splitlines()), 2)
        self.assertIn(table.stdout.strip(), DOC)

    def test_options(self):
        rows = re.split(r"\n    \{", (TOP / "src/cli/jobopt_table.c").read_text())[1:]
        without = {re.match(r'"([\w-]+)"', row)[1] for row in rows if re.match(r'"', row) and "NOT_YET" in row}
        self.assertEqual(without, set(re.findall(r"`--([\w-]+)`", DOC.split("## Job options without effect yet")[1])))

    def test_scheduler_parameters(self):
        rows = (TOP / "src/model/schedopts.c").read_text()
        section = DOC.split("## SchedulerParameters")[1].split("\n## ")[0]
        without, silent = (set(re.findall(r"`(\w+)`", line)) for line in section.splitlines() if re.match("Without effect|Accepted", line))
        self.assertEqual(without, set(re.findall(r'LATER\("(\w+)"\)', rows)))
        self.assertEqual(silent, set(re.findall(r'MOOT\("(\w+)"\)', rows)))


if __name__ == "__main__":
    unittest.main()
