# SPDX-License-Identifier: Apache-2.0
"""Every file of ../shared/dicom through `validate input --pixels`, compared with what other decoders made of it."""
import collections
import csv
import json
import pathlib
import subprocess
import unittest

import numpy
from pydicom.pixels import pixel_array
from support import BIN, SHARED, JobTest

DICOM = SHARED / "dicom"
# The published hash is an outlier: pylibjpeg differs by 1 in 9784 values from GDCM and DCMTK, which agree with each other.
OUTLIERS = {"dcmjs/test/sample-op.dcm"}
# pydicom cannot decode this syntax; the same pixels lie beside it without compression.
TWINS = {"pydicom_data/liver_nonbyte_aligned_deflate.dcm": "pydicom_data/liver_nonbyte_aligned.dcm"}
REFUSALS = {"dicom.not_dicom", "dicom.not_image", "dicom.truncated", "dicom.malformed", "pixels.corrupt", "pixels.size", "pixels.transfer_syntax"}


def theirs_of(path):
    """Stored values as pydicom's decoders have them, or None: the tests' environment has Pillow's libjpeg and OpenJPEG, which read no JPEG of 12 bits."""
    try:
        return pixel_array(path, raw=True)
    except RuntimeError:
        return None


@unittest.skipUnless(DICOM.is_dir(), "../shared is not here")
class SharedPixels(JobTest):
    def decoded(self):
        done = self.aidp("validate", "input", DICOM, "--pixels", "--format", "json", code=3)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        frames = collections.Counter(line["path"] for line in lines if line["type"] == "frame")
        instances = {str(pathlib.Path(line["path"]).relative_to(DICOM.resolve())): line for line in lines if line["type"] == "instance"}
        for line in instances.values():
            if "shape" in line:
                self.assertEqual(frames[line["path"]], line["shape"][0], line["path"])
        return instances

    def compared(self, row, line):
        """With another decoder's values."""
        theirs = theirs_of(DICOM / row["path"])
        if theirs is None:
            self.assertLessEqual(max(abs(line["min"] - float(row["min"])), abs(line["max"] - float(row["max"]))), 1, row["path"])
            return "with min and max within 1 (no other decoder here)"
        out = self.folder / "values"
        subprocess.run([BIN / "aidp_oracle", "stored", DICOM / row["path"], out], check=True)
        ours = numpy.fromfile(out, dtype=line["dtype"])
        self.assertLessEqual(numpy.abs(ours - theirs.flatten().astype(int)).max(), 1, row["path"])
        return "within 1"

    def judged(self, row, line, hashes):
        if line["outcome"] != "completed":
            self.assertIn(line["reason"], REFUSALS, row["path"])
            self.assertTrue(line["message"], row["path"])
            self.assertTrue(row["path"].startswith("malformed/") or row["path"].endswith(".gz") or not row["sha256_pixels_le"], f"{row['path']}: {line['message']}")
            return "refused"
        expected = row["sha256_pixels_le"] or hashes.get(TWINS.get(row["path"]))
        if line["pixel_sha256"] == expected:
            low, high = float(row["min"] or line["min"]), float(row["max"] or line["max"])
            self.assertTrue(numpy.allclose([line["min"], line["max"]], [low, high], rtol=1e-6), row["path"])
            return "equal"
        if not expected or row["path"] in OUTLIERS:
            return "without a reference"
        self.assertEqual((row["path"], row["lossy"]), (row["path"], "lossy"))
        return self.compared(row, line)

    def test_lossless_pixels_are_equal_lossy_ones_within_1_and_every_refusal_is_named(self):
        instances = self.decoded()
        with open(DICOM / "index.csv", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["path"] in instances]
        self.assertGreater(len(rows), 250)
        hashes = {row["path"]: row["sha256_pixels_le"] for row in rows}
        table = collections.defaultdict(collections.Counter)
        for row in rows:
            verdict = self.judged(row, instances[row["path"]], hashes)
            table[row["ts_name"] or "none"][verdict if verdict != "refused" else instances[row["path"]]["reason"]] += 1
        for syntax, counts in sorted(table.items()):
            print(f"  {syntax}: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))
        total = sum(table.values(), collections.Counter())
        print(f"  all: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(total.items())))


if __name__ == "__main__":
    unittest.main()
