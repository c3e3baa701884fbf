# SPDX-License-Identifier: Apache-2.0
"""MailProg: its arguments, its environment, and what happens without one."""
import json
import re

import pytest

from conftest import wait_for
from daemons import Site

RECORDER = """#!/usr/bin/env python3
import json, os, sys
with open({out!r}, "a") as f:
    f.write(json.dumps([sys.argv[1:], dict(os.environ), sys.stdin.read()]) + "\\n")
"""


@pytest.fixture
def site(tmp_path):
    sites = []

    def start(extra=""):
        program = tmp_path / "mail"
        program.write_text(RECORDER.format(out=str(tmp_path / "mails")))
        program.chmod(0o755)
        sites.append(Site(tmp_path, extra=extra or f"MailProg={program}").start())
        return sites[0]

    yield start
    for s in sites:
        s.stop()


def mails(tmp_path, n):
    """The first n mails, by their subject."""
    out = tmp_path / "mails"
    wait_for(f"{n} mails", lambda: out.exists() and out.read_text().count("\n") >= n)
    return {argv[1]: (argv, env, stdin) for argv, env, stdin in map(json.loads, out.read_text().splitlines())}


def test_mailprog_gets_subject_user_and_variables(site, tmp_path):
    s = site()
    job = s.submit("exit 3", "-J", "failing", "--mail-type=BEGIN,FAIL", "--mail-user=x@y.z", "--exclusive")
    got = mails(tmp_path, 2)
    of, took = f"Slurm Job_id={job} Name=failing", r"time \d\d:\d\d:\d\d"
    [begun] = [k for k in got if re.fullmatch(f"{of} Began, Queued {took}", k)]
    [subject] = [k for k in got if re.fullmatch(f"{of} Failed, Run {took}, FAILED, ExitCode 3", k)]
    argv, env, stdin = got[subject]
    assert argv == ["-s", subject, "x@y.z"] and stdin == ""
    want = {"SLURM_JOB_MAIL_TYPE": "Failed", "SLURM_JOB_STATE": "FAILED", "SLURM_JOB_EXIT_CODE_MAX": "3", "SLURM_JOB_EXIT_CODE2": "3:0",
            "SLURM_JOB_ID": job, "SLURM_JOB_EXCLUSIVE": "NODE", "SLURM_JOB_OVERSUBSCRIBE": "NO", "SLURM_JOB_ACCOUNT": "(null)"}
    assert {k: env.get(k) for k in want} == want
    assert env["SLURM_JOB_SLUID"].startswith("s") and "SLURM_JOB_QUEUED_TIME" in got[begun][1]


def test_maildomain_completes_a_user_who_named_no_address(site, tmp_path):
    s = site(f"MailProg={tmp_path}/mail\nMailDomain=dom.example")
    job = s.submit("true", "-J", "plain", "--mail-type=END")
    argv = next(iter(mails(tmp_path, 1).values()))[0]
    assert argv[2] == "root@dom.example"
    assert "MailUser=root@dom.example MailType=END" in s.out("scontrol", "show", "job", job)


def test_an_array_gets_one_mail(site, tmp_path):
    s = site()
    job = s.submit("exit $SLURM_ARRAY_TASK_ID", "-J", "many", "-a", "0-2", "--mail-type=END")
    subject, = mails(tmp_path, 1)
    assert subject == f"Slurm Array Summary Job_id={job}_* ({job}) Name=many Ended, Mixed, ExitCode [0-2]"


def test_a_missing_mailprog_is_one_line_in_the_log(site, tmp_path):
    s = site("MailProg=/does/not/exist")
    jobs = [s.submit("true", "--mail-type=ALL") for _ in range(2)]
    for j in jobs:
        wait_for("the end", lambda: s.state(j) == "COMPLETED")
    assert s.log("ctld").count("no mail is sent: MailProg /does/not/exist: No such file or directory") == 1


def test_none_suppresses_every_other_type_wherever_it_stands(site, tmp_path):
    s = site()
    for types in ("NONE,ALL", "END,NONE", "none"):
        job = s.submit("true", f"--mail-type={types}")
        assert "MailType" not in s.out("scontrol", "show", "job", job)


def test_what_users_chose_is_neither_an_option_of_mailprog_nor_another_header(site, tmp_path):
    s = site()
    s.submit("true", "--mail-type=END", "--mail-user=-Ssendmail=/tmp/x")
    wait_for("the refusal", lambda: "no mail is sent: -Ssendmail=/tmp/x is nobody's address" in s.log("ctld"))
    s.submit("true", "--mail-type=END", "--mail-user=x@y.z", "-J", "a\nBcc: all@y.z")
    (subject, (argv, _, _)), = mails(tmp_path, 1).items()
    assert "Name=a Bcc: all@y.z Ended" in subject and argv[2] == "x@y.z"
