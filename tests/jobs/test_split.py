# SPDX-License-Identifier: Apache-2.0
"""A series of several volumes is refused by default, and with `geometry: {several: split}` gives a result for each."""
import unittest

import numpy
from support import JobTest, Mean, make_instance, make_package, rows


class Split(JobTest):
    def two_echoes(self):
        for echo in (1, 2):
            for z in range(1, 4):
                number = 10 * echo + z
                make_instance(self.folder / f"in/{number}.dcm", numpy.full((8, 8), 100 * echo), number=number, EchoTime=5.5 * echo, ImagePositionPatient=[0, 0, float(z)])

    def test_each_echo_is_an_item_that_is_called_by_its_first_image(self):
        self.two_echoes()
        self.install(Mean(), unit="series", more="geometry: {several: split}")
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual(summary["item_outcomes"], {"completed": 2})
        self.assertEqual({row["sop_uid"].rsplit(".")[-1]: float(row["mean"]) for row in rows(self.folder / "out/results.csv")}, {"11": 100, "21": 200})
        self.assertEqual(self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")["skipped_as_done"], 2)
        self.aidp("audit", "verify")

    def test_without_it_the_series_is_refused(self):
        self.two_echoes()
        self.install(Mean(), unit="series")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        self.assertEqual(self.outcomes(self.folder / "out"), {"1": ("quarantined", "geometry.duplicate_position")})

    def test_an_incomplete_echo_refuses_the_series_and_says_so(self):
        self.two_echoes()
        (self.folder / "in/22.dcm").unlink()
        self.install(Mean(), unit="series", more="geometry: {several: split}")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        self.assertIn("no attribute tells them apart with one at each place", rows(self.folder / "out/ledger.csv")[0]["message"])

    def test_a_localizer_among_the_slices_is_refused_alone(self):
        self.two_echoes()
        make_instance(self.folder / "in/1.dcm", numpy.zeros((8, 8)), number=1, ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
        self.install(Mean(), unit="series", more="geometry: {several: split}")
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        self.assertEqual(summary["item_outcomes"], {"completed": 2, "quarantined": 1})
        self.assertEqual(sorted(float(row["mean"]) for row in rows(self.folder / "out/results.csv") if row["mean"]), [100, 200])
        self.assertIn("a volume takes 2 slices", self.aidp("validate", "input", self.folder / "in", "--model", "mean").stdout)
        again = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        self.assertEqual(again["item_outcomes"], {"completed": 2, "quarantined": 1})
        self.aidp("audit", "verify")

    def test_geometry_is_of_volumes(self):
        package = make_package(self.folder / "package", Mean(), more="geometry: {several: split}")
        self.assertIn("it goes with 'unit: series'", self.aidp("validate", "manifest", package / "model.yaml", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
