# SPDX-License-Identifier: Apache-2.0
"""Files made to do harm: malformed ones, and mutants of real ones of every transfer syntax. None may cost a worker."""
import pathlib
import subprocess
import sys
import unittest

from support import BIN, SHARED

READER = pathlib.Path(__file__).resolve().parents[1] / "hostile/read_hostile.py"


@unittest.skipUnless((SHARED / "dicom/malformed").is_dir(), "no shared/dicom here: no files to make mutants of")
class Hostile(unittest.TestCase):
    def test_each_is_decoded_or_refused(self):
        done = subprocess.run([sys.executable, READER, "--aidp", BIN / "aidp", "--seed", "18", "--files", "500"], capture_output=True, text=True)
        print("".join(f"  {line}\n" for line in done.stdout.splitlines()), end="")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
