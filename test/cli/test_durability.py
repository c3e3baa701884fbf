# SPDX-License-Identifier: Apache-2.0
"""Short runs of test/durability: what is acknowledged survives kill -9."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "durability"))
import killctld  # noqa: E402
import killslurmd  # noqa: E402
import ledger  # noqa: E402


@pytest.mark.parametrize("program", [killctld, killslurmd], ids=lambda p: p.__name__)
def test_nothing_is_lost(program):
    faults, text = ledger.campaign(rounds=3, seed=1, submitters=8, **program.EXPERIMENT)
    assert not faults, "\n".join([*faults, text])
