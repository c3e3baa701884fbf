#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The scenarios of scenarios.sh where control groups have version 2: in a virtual machine with Debian's kernel.

  run.py [SCENARIO…]     prints "ok NAME" or "not ok NAME: WHY" for each; fails when one does

The machine has a kernel, one archive with busybox, our programs and their libraries, and a serial line; no disk, no network. It needs
qemu-system-x86_64 and busybox (tools/deps.sh) and no hardware support: about a minute where everything is emulated. The kernel comes from
Debian's package by `apt-get download` and stays in build/vm.
"""
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SLUICE_BUILD", TOP / "build")).resolve()
CACHE = TOP / "build/vm"
SECONDS = 900  # a minute or two, and several times that on a busy host
NOT_HERE = 77  # exit status: there can be no machine on this host
CLIENTS = "sbatch srun squeue sinfo scancel scontrol".split()
DAEMONS = ("slurmctld", "slurmd", "slurmstepd")
PACKAGE = "linux-image-cloud-amd64"  # depends on the one with the kernel in it

INIT = """#!/bin/sh
export PATH=/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
hostname vm
ip link set lo up
mkdir /tmp/work /var/run /var/tmp
ulimit -n 4096
ONLY="@ONLY@" sh /test/scenarios.sh v2 /programs /tmp/work
rmdir /sys/fs/cgroup/system.slice
echo "left: $(find /sys/fs/cgroup -mindepth 1 -type d | tr '\\n' ' ')"
echo "end: $(cut -d ' ' -f 1 /proc/uptime) seconds"
poweroff -f
"""


def missing():
    """Why it cannot run here, or None."""
    for name in ("qemu-system-x86_64", "busybox", "strip", "apt-get", "dpkg-deb"):
        if not shutil.which(name):
            return f"{name} is not installed"
    if os.uname().machine != "x86_64":
        return "the programs are not for x86_64"
    return None


def kernel():
    """Its path; got once."""
    have = sorted(CACHE.glob("vmlinuz-*"))
    if have:
        return have[-1]
    CACHE.mkdir(parents=True, exist_ok=True)
    depends = subprocess.run(["apt-cache", "depends", PACKAGE], text=True, capture_output=True, check=True).stdout
    package = re.findall(r"Depends: (linux-image-\S+)", depends)[0]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True, stderr=subprocess.DEVNULL)
        deb = next(Path(folder).glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", deb, f"{folder}/x"], check=True)
        found = next(Path(folder, "x/boot").glob("vmlinuz-*"))
        shutil.move(found, CACHE / found.name)
        return CACHE / found.name


class Archive:
    """An initial root file system: cpio's "newc" format, which needs no program."""

    def __init__(self, path):
        self.file, self.inode, self.folders = path.open("wb"), 0, {"."}

    def add(self, name, mode, data=b""):
        parent = os.path.dirname(name)
        if parent and parent not in self.folders:
            self.folder(parent)
        self.inode += 1
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        self.file.write(b"070701" + b"".join(b"%08X" % v for v in fields) + name.encode() + b"\0")
        self.file.write(b"\0" * (-(110 + len(name) + 1) % 4) + data + b"\0" * (-len(data) % 4))

    def folder(self, name):
        self.folders.add(name)
        self.add(name, stat.S_IFDIR | 0o755)

    def copy(self, source, name, mode=0o755):
        self.add(name, stat.S_IFREG | mode, Path(source).read_bytes())

    def link(self, name, target):
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def close(self):
        self.add("TRAILER!!!", 0)
        self.file.close()


def stripped(program, folder):
    """Without what only a debugger reads: the machine holds it all in memory."""
    out = Path(folder) / program.name
    subprocess.run(["strip", "-o", out, program], check=True)
    return out


def libraries(programs):
    found = set()
    for p in programs:
        text = subprocess.run(["ldd", p], text=True, capture_output=True).stdout  # fails for a static program
        found |= set(re.findall(r"(/\S+) \(0x", text))
    return sorted(found)


def make_root(path, only, folder):
    sluice = BUILD / "src/cli/sluice"
    daemons = [BUILD / "src" / d / d for d in DAEMONS]
    a = Archive(path)
    for name in ("dev", "proc", "sys", "tmp", "root", "var"):
        a.folder(name)
    a.add("init", stat.S_IFREG | 0o755, INIT.replace("@ONLY@", only).encode())
    a.copy(shutil.which("busybox"), "bin/busybox")
    for applet in subprocess.run(["busybox", "--list"], text=True, capture_output=True, check=True).stdout.split():
        if applet != "busybox":
            a.link(f"bin/{applet}", "busybox")
    for lib in libraries([sluice, *daemons]):
        a.copy(os.path.realpath(lib), lib.lstrip("/"))
    for p in [sluice, *daemons]:
        a.copy(stripped(p, folder), f"programs/{p.name}")
    for name in CLIENTS:
        a.link(f"programs/{name}", "sluice")
    for script in ("scenarios.sh", "scenario_list.sh"):
        a.copy(Path(__file__).parent / script, f"test/{script}")
    for name, text in {"passwd": "root:x:0:0:root:/root:/bin/sh\n", "group": "root:x:0:\n", "hosts": "127.0.0.1 localhost vm\n",
                       "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n"}.items():
        a.add(f"etc/{name}", stat.S_IFREG | 0o644, text.encode())
    a.close()


def boot(root, seconds):
    """What the machine prints, as it prints it; it is ended after so many seconds."""
    cmd = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "qemu64", "-smp", "2", "-m", "1200", "-nographic", "-no-reboot",
           "-nic", "none", "-kernel", kernel(), "-initrd", root, "-append", "console=ttyS0 panic=-1 quiet loglevel=0 mitigations=off"]
    p = subprocess.Popen(["timeout", str(seconds), *map(str, cmd)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in p.stdout:
        yield re.sub(r"\x1b\S*?[A-Za-z]", "", line.decode(errors="replace")).strip()
    p.wait()


def results(only="", seconds=SECONDS, show=None):
    """The lines of the machine."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root.cpio"
        make_root(root, only, folder)
        lines = []
        for line in boot(root, seconds):
            lines.append(line)
            if show:
                show(line)
        return lines


def main():
    why = missing()
    try:
        why = why or (not kernel() and "there is no kernel")
    except (subprocess.CalledProcessError, LookupError) as e:
        why = f"no package {PACKAGE}: {e}"
    if why:
        print(f"cannot run: {why}")
        return NOT_HERE
    t0 = time.monotonic()
    lines = results(" ".join(sys.argv[1:]), show=lambda line: print(line, flush=True))
    passed = sum(line.startswith("ok ") for line in lines)
    failed = sum(line.startswith("not ok ") for line in lines)
    ended = any(line.startswith("end: ") for line in lines)
    left = [line for line in lines if line.startswith("left: ") and line != "left:"]
    print(f"{passed} passed, {failed} failed, {time.monotonic() - t0:.0f} s")
    return 1 if failed or left or not ended or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
