#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of slurmctld at random moments, under parallel submitters and running jobs: no acknowledged job may be lost, run
twice or hang. `killctld.py --rounds 300 --seed 7`"""
import sys

import ledger

EXPERIMENT = {"victim": "slurmctld", "seconds": (0.0, 0.5), "pause": (0.02, 0.6)}

if __name__ == "__main__":
    sys.exit(ledger.main(__doc__, **EXPERIMENT))
