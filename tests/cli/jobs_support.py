# SPDX-License-Identifier: Apache-2.0
"""Brings tests/jobs/support.py within reach of the tests of the command line, and runs aidp without a home of its own."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/jobs"))

from support import BIN, JobTest, Mean, make_cohort, make_package, rows  # noqa: E402,F401


def aidp(*words, env=None, **options):
    """One call in a clean environment plus `env`; stdout and stderr are text."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("AIDP_") and key != "XDG_DATA_HOME"}
    return subprocess.run([str(BIN / "aidp"), *map(str, words)], capture_output=True, text=True, timeout=120, env={**clean, **(env or {})}, **options)


def commands():
    """The commands as the help lists them."""
    lines = aidp("help").stdout.split("Commands:\n")[1].split("\n\n")[0].splitlines()
    return [line.strip().split("  ")[0] for line in lines]
