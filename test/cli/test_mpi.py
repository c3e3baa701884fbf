# SPDX-License-Identifier: Apache-2.0
"""MPI programs of real libraries: MPICH and libpmi2 by srun --mpi=pmi2, Open MPI and MPICH by their own mpirun."""
import subprocess

import pytest
from cluster import TOP, Cluster


@pytest.fixture(scope="module")
def cluster():
    with Cluster(nodes=2, cpus=4) as c:
        for program, command in (("mpich", ["mpicc.mpich"]), ("openmpi", ["mpicc.openmpi"])):
            subprocess.run([*command, "-o", c.work / program, TOP / "test/data/mpi_sum.c"], check=True)
        subprocess.run(["cc", "-o", c.work / "ring", TOP / "test/data/pmi2_ring.c", "-lpmi2"], check=True)
        c.env["OMPI_ALLOW_RUN_AS_ROOT"] = c.env["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        yield c


def ranks(text, size):
    """The lines of mpi_sum, without their nodes."""
    lines = sorted(text.splitlines())
    assert [line.split(" on ")[0] for line in lines] == [f"{i} of {size}" for i in range(size)], text
    assert all(line.endswith(f": {size * (size - 1) // 2}") for line in lines), text
    return {line.split()[4].rstrip(":") for line in lines}


@pytest.mark.parametrize("options", [["-n1"], ["-N2", "-n4"], ["-N2", "-n5", "-m", "cyclic"], ["-N2", "-n8", "-m", "plane=2"]])
def test_mpich_by_srun(cluster, options):
    size = int([o for o in options if o.startswith("-n")][0][2:])
    nodes = ranks(cluster.out("srun", "--mpi=pmi2", *options, "./mpich"), size)
    assert len(nodes) == (2 if "-N2" in options else 1)


def test_a_rank_that_aborts_ends_the_others(cluster):
    r = cluster.run("srun", "--mpi=pmi2", "-N2", "-n4", "./mpich", "abort")
    assert r.returncode != 0 and "TASK FAILURE" in r.stderr, r.stderr


def test_libpmi2(cluster):
    out = cluster.out("srun", "--mpi=pmi2", "-N2", "-n5", "./ring")
    assert sorted(out.splitlines()) == [f"{i} of 5: a;{(i + 1) % 5}=;;b" for i in range(5)]


def test_what_a_task_finds(cluster):
    out = cluster.out("srun", "--mpi=pmi2", "-n2", "sh", "-c", "echo $PMI_RANK $PMI_SIZE $PMI_JOBID $SLURM_MPI_TYPE $PMI_FD; ls /proc/self/fd | wc -l")
    job = out.split()[2]
    assert sorted(out.splitlines()) == sorted([f"0 2 {job} pmi2 3", f"1 2 {job} pmi2 3", "5", "5"])
    assert cluster.out("srun", "sh", "-c", "env | grep -c ^PMI_ || true") == "0\n"


def test_nonsense_harms_nobody(cluster):
    r = cluster.run("srun", "--mpi=pmi2", "-n2", "sh", "-c", "head -c 300000 /dev/urandom >&$PMI_FD; echo end")
    assert r.stdout == "end\nend\n" and "PMI: " in r.stderr


@pytest.mark.parametrize("mpi", ["mpich", "openmpi"])
def test_mpirun_in_an_allocation(cluster, mpi):
    assert len(ranks(cluster.out("salloc", "-N2", "-n4", f"mpirun.{mpi}", f"./{mpi}"), 4)) == 2


def test_types(cluster):
    assert cluster.out("srun", "--mpi=list") == "MPI plugin types are...\n\tnone\n\tpmi2\n"
    r = cluster.run("srun", "--mpi=pmix", "true")
    assert r.returncode == 1 and "Invalid MPI type 'pmix', --mpi=list for acceptable types" in r.stderr
