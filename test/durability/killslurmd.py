#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of a slurmd at random moments: no running job may be lost by that, no job run twice, and every end be reported.
`killslurmd.py --rounds 300 --seed 7`"""
import sys

import ledger

EXPERIMENT = {"victim": "slurmd", "seconds": (0.2, 1.5), "pause": (0.02, 0.4)}

if __name__ == "__main__":
    sys.exit(ledger.main(__doc__, **EXPERIMENT))
