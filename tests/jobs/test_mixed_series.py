# SPDX-License-Identifier: Apache-2.0
"""What lies in a series beside its images neither spoils it nor speaks for it."""
import unittest

import numpy
import pydicom
from support import JobTest, Mean, make_instance, rows

IMAGE = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PhotometricInterpretation", "PixelData")


class MixedSeries(JobTest):
    def series_with(self, other, **attributes):
        """Three slices, and a first file that lacks `other` of an image."""
        for number in (1, 2, 3):
            make_instance(self.folder / f"in/{number}.dcm", numpy.full((8, 8), 40), number=number)
        path = self.folder / "in/0.dcm"
        make_instance(path, numpy.zeros((8, 8)), number=9, **attributes)
        file = pydicom.dcmread(path)
        for keyword in other:
            del file[keyword]
        file.save_as(path)

    def check_three_slices(self):
        self.install(Mean(), unit="series")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        (row,) = [row for row in rows(self.folder / "out/results.csv") if row["outcome"] == "completed"]
        self.assertAlmostEqual(float(row["mean"]), 40, places=4)

    def test_raw_data_with_rows_and_columns_is_no_image(self):  # as Philips exports it
        self.series_with([keyword for keyword in IMAGE if keyword not in ("Rows", "Columns")])
        self.check_three_slices()

    def test_rules_read_an_image_not_the_report_before_it(self):
        self.series_with(IMAGE, Modality="SR")
        self.check_three_slices()

    def test_a_number_of_frames_that_is_no_number_is_refused_by_name(self):
        make_instance(self.folder / "in/1.dcm", numpy.zeros((8, 8)))
        content = (self.folder / "in/1.dcm").read_bytes()
        place = content.index(b"\x28\x00\x10\x00US")  # Rows
        (self.folder / "in/1.dcm").write_bytes(content[:place] + b"\x28\x00\x08\x00IS\x02\x001A" + content[place:])
        self.install(Mean())
        self.assertIn("NumberOfFrames is not a whole number above 0", self.aidp("validate", "input", self.folder / "in", "--model", "mean", code=6).stdout)


if __name__ == "__main__":
    unittest.main()
