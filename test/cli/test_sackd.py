# SPDX-License-Identifier: Apache-2.0
"""sackd: tokens on a host without another daemon, and several daemons at one socket."""
import signal
import subprocess

from conftest import PATIENCE, SACKD, Controller, wait_for


def sackd(conf):
    return subprocess.Popen([SACKD, "-D", "-f", conf], stderr=subprocess.DEVNULL)


def test_sackd_gives_tokens_and_another_takes_over(controller):
    controller.start()
    login = controller.folder / "login.conf"
    login.write_text(controller.text.replace("sack.socket", "login.socket"))
    there = Controller.__new__(Controller)
    there.__dict__.update(controller.__dict__, conf=login)
    assert "Token Generation failed." in there.call("ping").stdout
    daemons = [sackd(login)]
    try:
        wait_for("the first token", there.answers)
        daemons.append(sackd(login))
        daemons[0].kill()
        daemons[0].wait()
        wait_for("the take-over", there.answers)
        daemons[1].send_signal(signal.SIGTERM)
        assert daemons[1].wait(PATIENCE) == 0
        assert not (controller.folder / "login.socket").exists()
    finally:
        for d in daemons:
            d.kill()
            d.wait()


def test_sackd_without_a_key_says_so(folder):
    c = Controller(folder)
    r = subprocess.run([SACKD, "-D", "-f", c.conf], capture_output=True, text=True, timeout=PATIENCE)
    assert r.returncode == 1 and "sackd: fatal: cannot read the key" in r.stderr
