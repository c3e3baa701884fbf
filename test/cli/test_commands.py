# SPDX-License-Identifier: Apache-2.0
"""The commands where no daemon runs: names, versions, help, lists of hosts, refusals."""
import os
import re
import subprocess

import pytest
from conftest import BUILD, PATIENCE

SLUICE = BUILD / "src/cli/sluice"
COMMANDS = ["salloc", "sbatch", "sbcast", "scancel", "scontrol", "sinfo", "squeue", "srun"]


def run(folder, name, *args, env=None, stdin=""):
    link = os.path.join(folder, name)
    if not os.path.exists(link):
        os.symlink(SLUICE, link)
    e = {"PATH": os.environ["PATH"], "TZ": "UTC0", "LANG": "C", "HOME": folder, **(env or {})}
    return subprocess.run([link, *args], capture_output=True, text=True, input=stdin, timeout=PATIENCE, env=e, cwd=folder)


@pytest.fixture
def nowhere(folder):
    """A configuration whose controller does not run."""
    conf = os.path.join(folder, "slurm.conf")
    with open(conf, "w") as f:
        f.write("ClusterName=alpha\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=1\nAuthType=auth/slurm\n"
                "NodeName=n1 CPUs=1\nPartitionName=p Nodes=n1 Default=YES\n")
    with open(os.path.join(folder, "slurm.key"), "wb") as f:
        f.write(b"k" * 64)
    os.chmod(os.path.join(folder, "slurm.key"), 0o600)
    return {"SLURM_CONF": conf}


@pytest.mark.parametrize("name", COMMANDS)
def test_version_needs_no_configuration(folder, name):
    r = run(folder, name, "-V")
    assert r.returncode == 0 and re.fullmatch(r"slurm \d+\.\d+\.\d+ \(Sluice \S+\)\n", r.stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_needs_no_configuration(folder, name):
    r = run(folder, name, "--help")
    assert r.returncode == 0 and name in r.stdout


@pytest.mark.parametrize("name", ["scancel", "scontrol", "sinfo", "squeue"])
def test_an_unknown_option_is_named(folder, name):
    r = run(folder, name, "--nosuch")
    assert r.returncode == 1
    assert r.stderr == f"{name}: unrecognized option '--nosuch'\nTry \"{name} --help\" for more information\n"


def test_one_program_has_many_names(folder):
    assert "squeue" in run(folder, "sluice", "--help").stdout
    assert run(folder, "sluice", "squeue", "--usage").stdout.startswith("Usage: squeue")
    r = run(folder, "sluice", "nosuch")
    assert r.returncode == 1 and "no command is called nosuch" in r.stderr


@pytest.mark.parametrize("what,text,expected", [
    ("hostnames", "n[1-3,7]", "n1\nn2\nn3\nn7\n"),
    ("hostnames", "a[01-03]b[1-2],x", "a01b1\na01b2\na02b1\na02b2\na03b1\na03b2\nx\n"),
    ("hostname", "[1,3-5]", "1\n3\n4\n5\n"),
    ("hostlist", "n1,n2,n3,n7,m2,n1", "n[1-3,7],m2,n1\n"),
    ("hostlistsorted", "n3,n1,n2,n1", "n[1,1-3]\n"),
    ("hostlist", "a-001,a-002,a-010", "a-[001-002,010]\n"),
])
def test_lists_of_hosts_need_no_daemon(folder, what, text, expected):
    r = run(folder, "scontrol", "show", what, text)
    assert (r.returncode, r.stdout, r.stderr) == (0, expected, "")


def test_bad_lists_of_hosts(folder):
    r = run(folder, "scontrol", "show", "hostnames", "n[1-")
    assert (r.returncode, r.stderr) == (0, "Invalid hostlist: n[1-\n")
    r = run(folder, "scontrol", "show", "hostnames")
    assert (r.returncode, r.stderr) == (0, "scontrol: error: host list is empty\n")


def test_keywords_of_scontrol(folder):
    assert run(folder, "scontrol", "frobnicate").stderr == "invalid keyword: frobnicate\n"
    assert run(folder, "scontrol", "show").stderr == "too few arguments for keyword:show\n"
    assert run(folder, "scontrol", "show", "nosuch").stderr.rstrip() == "invalid entity:nosuch for keyword:show"
    r = run(folder, "scontrol", "errnumstr", "2017")
    assert (r.returncode, r.stdout) == (0, "Invalid job id specified\n")
    r = run(folder, "scontrol", stdin="version\nquit\n")
    assert r.returncode == 0 and "slurm " in r.stdout and r.stdout.count("scontrol: ") == 2


@pytest.mark.parametrize("argv,status,text", [
    (["squeue", "-t", "nosuch"], 1, "squeue: error: Invalid job state specified: nosuch"),
    (["squeue", "-j", "abc"], 1, "squeue: error: Invalid job id: abc"),
    (["sinfo", "-t", "foo"], 1, 'sinfo: error: Bad state string: "foo"'),
    (["scancel"], 1, "scancel: error: No job identification provided"),
    (["scancel", "abc"], 1, "scancel: error: Invalid job id abc"),
    (["scancel", "-s", "NOSUCH", "7"], 1, "Unknown job signal: NOSUCH"),
    (["scancel", "-u", "nosuchuser"], 1, "scancel: error: Invalid user name: nosuchuser"),
])
def test_refusals_before_anything_is_asked(folder, nowhere, argv, status, text):
    r = run(folder, *argv, env=nowhere)
    assert r.returncode == status and r.stderr.split("\n")[0] == text


def test_controller_away(folder, nowhere):
    away = "Unable to contact slurm controller (connect failure)"
    assert run(folder, "squeue", env=nowhere).stderr == f"slurm_load_jobs error: {away}\n"
    assert run(folder, "sinfo", env=nowhere).stderr == f"slurm_load_partitions: {away}\n"
    r = run(folder, "sbatch", "--wrap", "true", env=nowhere)
    assert r.returncode == 1 and r.stderr == f"sbatch: error: Batch job submission failed: {away}\n"
    r = run(folder, "scontrol", "ping", env=nowhere)
    assert (r.returncode, r.stdout) == (1, "Slurmctld(primary) at localhost is DOWN\n")


def test_check_names_the_line(folder, nowhere):
    with open(nowhere["SLURM_CONF"], "a") as f:
        f.write("NoSuchKey=1\n")
    r = run(folder, "sluice", "check", nowhere["SLURM_CONF"])
    assert r.returncode == 1 and "NoSuchKey" in r.stdout
