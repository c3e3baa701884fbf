# SPDX-License-Identifier: Apache-2.0
"""sbcast and srun --bcast on a private cluster. Texts and exit statuses as Slurm 26.05 has them."""
import os
import signal
import subprocess

import pytest
from cluster import Cluster, program

pytestmark = pytest.mark.skipif(not program() or os.getuid() != 0, reason="needs a build, and root for node daemons")


@pytest.fixture(scope="module")
def c():
    with Cluster(nodes=2, cpus=4) as cluster:
        prog = cluster.work / "prog"
        prog.write_text("#!/bin/bash\necho prog on $SLURMD_NODENAME\n")
        prog.chmod(0o750)
        os.utime(prog, (1577836800, 1577836800))
        (cluster.work / "big").write_bytes(os.urandom(20_000_000))
        yield cluster


def sh(c, text, nodes=1):
    """In a job on the first node, or on both."""
    return c.run("salloc", "-Q", f"-N{nodes}", "-wn1" if nodes == 1 else "-n2", "bash", "-c", text)


@pytest.mark.parametrize("text, status, error", [
    ("sbcast prog e1; sbcast prog e1", 17, "sbcast: error: REQUEST_FILE_BCAST(n1): File exists\n"),
    ("sbcast prog e2; sbcast -f prog e2", 0, ""),
    ("sbcast prog e3; SBCAST_FORCE=1 sbcast prog e3", 0, ""),
    ("sbcast prog /nosuch/x", 2, "sbcast: error: REQUEST_FILE_BCAST(n1): No such file or directory\n"),
    ("sbcast nosuch x", 255, "sbcast: error: Can't open `nosuch`: No such file or directory\n"),
    ("sbcast /tmp x", 255, "sbcast: error: Can't mmap file `/tmp`, No such device.\n"),
    ("sbcast prog e4/", 1, "sbcast: error: Target filename cannot be a directory.\n"),
    ("sbcast prog", 1, "Need two file names, have 1 names\nTry \"sbcast --help\" for more information\n"),
    ("sbcast -s x prog e5", 0, "size specification is invalid, ignored\n"),
    ("sbcast -Cfoo prog e6", 0, "sbcast: error: Compression type 'foo' unknown, disabling compression support.\n"),
    ("sbcast -j 99999 prog e7", 1, "sbcast: error: Failed to load JobId=99999: 'Invalid job id specified'\n"),
    ("sbcast -j x prog e7", 1, "sbcast: fatal: Bad job/step specified: x: JobID can not be zero\n"),
    ("sbcast -j 1.x prog e7", 1,
     "sbcast: fatal: Bad job/step specified: 1.x: StepID includes unexpected non-numeric characters\n"),
    ("SLURM_JOB_ID= sbcast prog e7", 1,
     "sbcast: error: Need a job id to run this command.  Run from within a Slurm job or use the --jobid option.\n"),
    ("sbcast -Z prog e7", 1, "sbcast: error: --nodelist/-w is required with --no-allocation/-Z.\n"),
    ("sbcast -w n1 prog e8", 0, ""),
    ("sbcast -Cnone -F2 -t60 -s 10 prog e9; cmp prog e9", 0, ""),
    ("sbcast --treewidth=off -F0 prog e10", 0, ""),
    ("SBCAST_FANOUT=x sbcast -t x prog e11", 0, "sbcast: error: Ignoring invalid --treewidth value 'x'\n"
     "sbcast: error: Ignoring invalid --timeout value 'x'\n"),
])
def test_sbcast_says_what_slurm_says(c, text, status, error):
    r = sh(c, text)
    assert (r.returncode, r.stderr) == (status, error)


def test_nodes_outside_the_job_and_unknown_steps_are_refused(c):
    r = sh(c, "sbcast -w n2 prog g; echo $?; sbcast -j $SLURM_JOB_ID.7 prog g; echo $?; echo $SLURM_JOB_ID")
    job = r.stdout.split()[-1]
    assert r.stdout.split()[:2] == ["255", "255"]
    assert r.stderr == (f"sbcast: error: Not all nodes in --nodelist/-w 'n2' are in job {job}.\n"
                        f"sbcast: error: Slurm job {job}.7 lookup error: Invalid job id specified\n")


def test_modes_are_kept_and_times_with_preserve(c):
    r = sh(c, "umask 0; sbcast prog t1; sbcast -p prog t2; stat -c '%a %Y' t1 t2")
    assert [line.split()[0] for line in r.stdout.splitlines()] == ["750", "750"]
    assert r.stdout.splitlines()[1] == "750 1577836800" and r.stdout.splitlines()[0] != "750 1577836800"


def test_a_file_of_several_pieces_arrives_whole(c):
    r = sh(c, "sbcast -s 1m big big.copy && cmp big big.copy && sbcast -f big big.copy && cmp big big.copy")
    assert (r.returncode, r.stderr) == (0, "")


def test_options_of_the_transfer_were_taken_in_silence(c):
    (c.work / "zeros").write_bytes(bytes(9_000_000))
    r = sh(c, "sbcast -C -F1 -s 1m big packed && cmp big packed && sbcast -Clz4 zeros packed2 && cmp zeros packed2 &&"
              " SBCAST_COMPRESS= sbcast -f zeros packed2 && cmp zeros packed2")
    without_lz4 = "sbcast: error: lz4 compression is not available, disabling compression support.\n"
    assert (r.returncode, r.stdout) == (0, "") and r.stderr in ("", 3 * without_lz4)


def test_several_nodes_get_a_file_one_after_the_other(c):
    r = c.run("srun", "-l", "-N2", "--treewidth=1", "--compress=none", "--bcast", "./prog")
    assert (r.returncode, sorted(r.stdout.splitlines())) == (0, ["0: prog on n1", "1: prog on n2"]), r.stderr


def test_a_node_that_does_not_answer_held_sbcast_for_ever(c):
    nodes = c.pids("slurmd")
    pids = " ".join(map(str, nodes))
    try:
        r = sh(c, f"kill -STOP {pids}; sbcast -t1 prog late; status=$?; kill -CONT {pids}; exit $status")
    finally:
        for pid in nodes:
            os.kill(pid, signal.SIGCONT)
    assert (r.returncode, r.stderr) == (1, "sbcast: error: REQUEST_FILE_BCAST(n1): Socket timed out on send/recv operation\n")


def test_another_users_folder_is_out_of_reach(c):
    shut = c.dir / "shut"
    shut.mkdir(mode=0o700)
    c.dir.chmod(0o755)
    r = c.run("setpriv", "--reuid=65533", "--regid=65533", "--clear-groups", "salloc", "-Q", "-N1", "-D", "/", "-wn1",
              "sbcast", "/etc/passwd", str(shut / "x"))
    assert r.returncode == 13 and r.stderr.endswith("REQUEST_FILE_BCAST(n1): Permission denied\n")
    assert list(shut.iterdir()) == []


def test_srun_runs_the_copies(c):
    assert c.run("srun", "-l", "-N2", "--bcast=here/", "./prog").returncode == 1
    (c.work / "here").mkdir()
    r = c.run("srun", "-l", "-N2", "--bcast=here/", "./prog")
    assert (r.returncode, sorted(r.stdout.splitlines())) == (0, ["0: prog on n1", "1: prog on n2"]), r.stderr
    names = sorted(p.name for p in (c.work / "here").iterdir())
    assert [n[-3:] for n in names] == ["_n1", "_n2"] and all(n.startswith("slurm_bcast_") for n in names)
    for _ in range(2):  # what is there is replaced
        r = c.run("srun", "-N1", f"--bcast={c.work}/copy", "./prog")
        assert (r.returncode, r.stderr) == (0, "")


def test_a_copy_that_fails_ends_srun(c):
    r = c.run("srun", "-N1", "-wn1", "--bcast=/nosuch/x", "./prog")
    assert r.returncode == 1
    assert r.stderr == ("srun: error: REQUEST_FILE_BCAST(n1): No such file or directory\n"
                        f"srun: fatal: Failed to broadcast '{c.work}/./prog'. Step launch aborted.\n")


def libraries(program):
    """What ldd says: file names of the libraries by their folders."""
    out = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    paths = [w for line in out.splitlines() for w in line.split() if w.startswith("/")]
    return {os.path.basename(p): os.path.dirname(p) for p in paths}


def test_send_libs_left_the_libraries_behind(c):
    libs = libraries("/bin/sh")
    r = sh(c, "sbcast --send-libs --exclude=NONE /bin/sh l1; ls l1_libs; srun -n1 ./l1 -c 'echo runs'")
    assert (r.stderr, sorted(r.stdout.split())) == ("", sorted([*libs, "runs"]))
    r = sh(c, f"sbcast --send-libs --exclude={libs['libc.so.6']} /bin/sh l2; ls l2_libs")
    assert (r.stderr, sorted(r.stdout.split())) == ("", sorted(n for n, d in libs.items() if d != libs["libc.so.6"]))
    r = sh(c, "sbcast --send-libs --exclude=/lib,/usr,/lib64 /bin/sh l3; ls -d l3*; ls l3_libs; sbcast --send-libs=no /bin/sh l4; ls -d l4*")
    assert (r.stderr, r.stdout.split()) == ("", ["l3", "l3_libs", "l4"])


def test_send_libs_says_what_slurm_says(c):
    r = sh(c, "sbcast --send-libs prog l5; ls -d l5*; sbcast --send-libs --exclude=foo /bin/sh l6; ls -d l6*")
    assert r.stderr == ("sbcast: error: Cannot autodetect libraries for 'prog' with ldd command; still sending the file but ignoring send_libs\n"
                        "sbcast: error: Ignoring non-absolute excluded path: 'foo'\n")
    assert r.stdout.split() == ["l5", "l6", "l6_libs"]


def test_srun_finds_the_libraries_that_it_sent(c):
    out = "echo $LD_LIBRARY_PATH; ls $LD_LIBRARY_PATH"
    r = sh(c, f"srun -n1 --bcast=$PWD/m1 --send-libs --bcast-exclude=NONE sh -c '{out}'")
    assert (r.stderr, sorted(r.stdout.split())) == ("", sorted([f"{c.work}/m1_libs", *libraries("/bin/sh")]))
    r = sh(c, "mkdir m2; LD_LIBRARY_PATH=/o srun -n1 --bcast=$PWD/m2/ --send-libs sh -c 'echo $LD_LIBRARY_PATH'")
    assert r.stdout.split()[-1].startswith(f"{c.work}/m2/slurm_bcast_") and r.stdout.split()[-1].endswith("_n1_libs:/o")
    r = sh(c, "srun -n1 --bcast=$PWD/m3 --send-libs=no sh -c 'echo a$LD_LIBRARY_PATH'; ls -d m3*")
    assert r.stdout.split() == ["a", "m3"]
