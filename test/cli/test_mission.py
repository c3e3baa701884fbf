# SPDX-License-Identifier: Apache-2.0
"""The mission: a site's slurm.conf and gres.conf of 32 GPU nodes, and its batch scripts, as they are, on one host.

`module` and `python` are stand-ins on the PATH. The stand-in of python leaves a line in a ledger when it begins and one when it
ends, with what it was given and the variables it sees.
"""
import collections
import json
import re
import shutil

import pytest
from cluster import PATIENCE, TOP, Cluster, poll, program

DATA = TOP / "test/data/lambda"
PYTHON = r"""#!/usr/bin/python3
import fcntl, json, os, sys, time
def tell(what):
    with open(os.environ["LEDGER"], "a") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        row = {k: v for k, v in os.environ.items() if k.startswith(("SLURM", "CUDA", "MASTER", "WORLD", "LOCAL"))}
        f.write(json.dumps({"what": what, "time": time.monotonic(), "args": sys.argv[1:], **row}) + "\n")
tell("begin")
time.sleep(0.2)
while not os.path.exists(os.environ.get("STAND_IN_UNTIL", "/")):
    time.sleep(0.02)
tell("end")
"""

pytestmark = pytest.mark.skipif(program() is None, reason="sluice is not built")


@pytest.fixture(scope="module")
def site():
    with Cluster(conf=DATA / "slurm.conf") as c:
        for name, text in (("module", "#!/bin/sh\n"), ("python", PYTHON)):
            (c.dir / "bin" / name).write_text(text)
            (c.dir / "bin" / name).chmod(0o755)
        for script in [*DATA.glob("*.slurm"), DATA / "dependencies.sh"]:
            shutil.copy(script, c.work)
        yield c


@pytest.fixture
def ledger(site):
    path = site.work / "ledger"
    path.write_text("")
    site.env["LEDGER"] = str(path)
    whole_lines = lambda: path.read_text().split("\n")[:-1]
    return lambda what="begin": [r for r in map(json.loads, whole_lines()) if r["what"] == what]


def running(rows):
    """What runs at each beginning: lists of rows."""
    now = []
    for r in sorted(rows("begin") + rows("end"), key=lambda r: r["time"]):
        same = [x for x in now if x["SLURM_JOB_ID"] == r["SLURM_JOB_ID"] and x["SLURM_PROCID"] == r["SLURM_PROCID"]]
        now = [x for x in now if x not in same]
        if r["what"] == "begin":
            now.append(r)
            yield list(now)


def option(args, name):
    return args[args.index(name) + 1]


def no_gpu_is_shared(rows):
    for together in running(rows):
        held = collections.defaultdict(list)
        for job in {(r["SLURM_JOB_ID"], r["SLURMD_NODENAME"], r["CUDA_VISIBLE_DEVICES"]) for r in together}:
            held[job[1]] += job[2].split(",")
        for node, gpus in held.items():
            assert len(gpus) == len(set(gpus)), f"{node}: {gpus}"


def test_nodes(site):
    assert site.out("sinfo", "-h", "-o", "%D %T %N").splitlines()[0] == "32 idle lambda-gpu-[001-032]"
    node = site.out("scontrol", "show", "node", "lambda-gpu-017")
    assert "Gres=gpu:h200:8" in node and "CPUTot=64" in node and "RealMemory=515000" in node
    assert "stand-in" in node, "the comment of a node names what is not there"


def test_config_keeps_every_line(site):
    text = (site.dir / "etc/slurm.conf").read_text()
    assert all(line in text for line in (DATA / "slurm.conf").read_text().splitlines())


def test_single_gpu(site, ledger):
    job = int(site.out("sbatch", "--parsable", "pytorch_single_gpu.slurm"))
    site.wait_job(job)
    out = (site.work / f"pytorch_single_{job}.out").read_text()
    assert f"Job ID: {job}\nNode: lambda-gpu-001\nGPU: 0\nStart time: " in out and "\nEnd time: " in out
    [row] = ledger()
    assert row["SLURM_CPUS_PER_TASK"] == "8" and row["SLURM_MEM_PER_NODE"] == "65536" and row["SLURM_JOB_PARTITION"] == "gpu"
    assert row["SLURM_SUBMIT_DIR"] == str(site.work) and row["SLURM_JOB_NAME"] == "pytorch-single-gpu"
    assert option(row["args"], "--output-dir") == f"/shared/results/{job}"


def test_two_nodes(site, ledger):
    job = int(site.out("sbatch", "--parsable", "pytorch_multi_gpu.slurm"))
    site.wait_job(job)
    out = (site.work / f"pytorch_multi_{job}.out").read_text()
    assert "Master node: lambda-gpu-001\nWorld size: 8\nNode: lambda-gpu-001\nLocal rank: 0\n" in out
    rows = sorted(ledger(), key=lambda r: int(r["SLURM_PROCID"]))
    places = [(int(r["SLURM_PROCID"]), int(r["SLURM_NODEID"]), int(r["SLURM_LOCALID"]), r["SLURMD_NODENAME"]) for r in rows]
    assert places == [(i, i // 4, i % 4, f"lambda-gpu-00{1 + i // 4}") for i in range(8)]
    for r in rows:
        assert r["SLURM_NTASKS"] == r["WORLD_SIZE"] == "8" and r["SLURM_NNODES"] == "2"
        assert r["SLURM_JOB_NODELIST"] == "lambda-gpu-[001-002]" and r["MASTER_ADDR"] == "lambda-gpu-001"
        assert r["CUDA_VISIBLE_DEVICES"] == "0,1,2,3" and r["SLURM_NTASKS_PER_NODE"] == "4"
        assert "--nnodes=2" in r["args"] and "--master_addr=lambda-gpu-001" in r["args"]


def test_array(site, ledger):
    job = int(site.out("sbatch", "--parsable", "sweep.slurm"))
    poll(lambda: len(ledger("end")) == 20 and not site.out("squeue", "-h", "-j", job), PATIENCE, lambda: site.out("squeue"))
    rates, sizes, optimizers = "0.001 0.01 0.1 0.0001 0.00001".split(), "16 32 64 128".split(), "adam sgd adamw rmsprop".split()
    for i in range(1, 21):
        want = f"Task {i}: LR={rates[(i - 1) % 5]}, BS={sizes[(i - 1) // 5 % 4]}, OPT={optimizers[(i - 1) // 20 % 4]}\n"
        assert (site.work / f"sweep_{job}_{i}.out").read_text() == want
    rows = ledger()
    assert sorted(int(r["SLURM_ARRAY_TASK_ID"]) for r in rows) == list(range(1, 21))
    assert {(r["SLURM_ARRAY_JOB_ID"], r["SLURM_ARRAY_TASK_COUNT"], r["SLURM_ARRAY_TASK_MIN"], r["SLURM_ARRAY_TASK_MAX"])
            for r in rows} == {(str(job), "20", "1", "20")}
    assert max(len(together) for together in running(ledger)) <= 4
    no_gpu_is_shared(ledger)


def test_gpus_are_not_shared(site, ledger):
    """More GPUs than one node has, at the same time."""
    site.env["STAND_IN_UNTIL"] = str(site.work / "go")
    jobs = [int(site.out("sbatch", "--parsable", "-w", "lambda-gpu-003", "--mem=32G", "pytorch_single_gpu.slurm")) for _ in range(10)]
    del site.env["STAND_IN_UNTIL"]
    poll(lambda: len(ledger()) == 8, PATIENCE, lambda: site.out("squeue"))
    (site.work / "go").touch()
    poll(lambda: len(ledger("end")) == len(jobs), PATIENCE, lambda: site.out("squeue"))
    assert max(len(together) for together in running(ledger)) == 8
    no_gpu_is_shared(ledger)


def test_dependency_chain(site, ledger):
    shutil.copy(DATA / "pytorch_single_gpu.slurm", site.work / "single_gpu_job.slurm")
    for name in ("post_process_job", "final_analysis", "final_job"):
        (site.work / f"{name}.slurm").write_text(f"#!/bin/bash\n#SBATCH -c1 --mem=100\npython {name}\n")
    r = site.run("bash", "-x", "dependencies.sh")
    jobs = [int(j) for j in re.findall(r"^\++ job[123]=(\d+)$", r.stderr, re.M)]
    assert len(jobs) == 3 and "Job dependency problem" in r.stderr, r.stderr
    poll(lambda: len(ledger("end")) == 3, PATIENCE, lambda: site.out("squeue"))
    rows = ledger()
    assert [int(r["SLURM_JOB_ID"]) for r in rows] == jobs
    ends = {r["SLURM_JOB_ID"]: r["time"] for r in ledger("end")}
    for before, after in zip(rows, rows[1:]):
        assert after["time"] > ends[before["SLURM_JOB_ID"]]
