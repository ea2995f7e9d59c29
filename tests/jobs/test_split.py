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
        self.assertIn("neither an attribute nor the order of InstanceNumber tells them apart", rows(self.folder / "out/ledger.csv")[0]["message"])

    def numbered(self, places, code=0, **of_number):
        """The means, or the reason why there are none, of a series that only InstanceNumber tells apart: its places from number 1 on. An image's values are its number."""
        folder = self.folder / f"in-{len(list(self.folder.iterdir()))}"
        for number, place in enumerate(places, 1):
            own = {keyword: values[number - 1] for keyword, values in of_number.items()}
            make_instance(folder / f"{number}.dcm", numpy.full((8, 8), number), number=number, ImagePositionPatient=[0, 0, float(place)], **own)
        out = self.folder / f"out-{folder.name}"
        self.aidp("run", "mean", folder, "--out", out, code=code)
        return [float(row["mean"]) for row in rows(out / "results.csv")] or [row["reason"] for row in rows(out / "ledger.csv")]

    def test_images_that_only_their_number_tells_apart_are_volumes_in_its_order(self):
        self.install(Mean(), unit="series", more="geometry: {several: split}")
        self.assertEqual(self.numbered([1, 3, 2, 1, 3, 2]), [2, 5], "volume after volume")
        self.assertEqual(self.numbered([1, 1, 2, 2, 3, 3]), [3, 4], "place after place")
        self.assertEqual(self.numbered([1, 3, 2, 1, 3, 2], InstanceNumber=[0, 1, 2, 3, 4, 5]), [2, 5], "counted from 0")
        self.assertEqual(self.numbered([1, 3, 2, 1, 3, 2], InstanceNumber=[1, 2, 3, 7, 8, 9]), [2, 5], "without the second of three volumes")
        thinned = [3, 4, 7, 8, 11, 12, 15, 16, 19, 20]
        self.assertEqual(self.numbered([1, 1, 2, 2, 3, 3, 4, 4, 5, 5], InstanceNumber=thinned), [5, 6], "two of four at each place")

    def test_numbers_that_count_no_volumes_refuse_the_series(self):
        self.install(Mean(), unit="series", more="geometry: {several: split}")
        for why, places, more in (
            ("a place lacks one", [1, 2, 3, 1, 2], {}),
            ("no order", [1, 2, 2, 1, 3, 3], {}),
            ("images 5 to 7 are lost", [1, 2, 3, 1, 2, 3], {"InstanceNumber": [1, 2, 3, 4, 8, 9]}),
            ("images 1, 8 and 9 are lost", [2, 3, 1, 2, 3, 1], {"InstanceNumber": [2, 3, 4, 5, 6, 7]}),
            ("images 3, 4 and 9 are lost, of three at each place", [1, 1, 2, 2, 3, 3], {"InstanceNumber": [1, 2, 5, 6, 7, 8]}),
            ("images 1 and 6 are lost, of three at each of two places", [1, 1, 2, 2], {"InstanceNumber": [2, 3, 4, 5]}),
            ("one place", [1, 1, 1], {}),
            ("an echo would be mixed with another", [1, 2, 3, 1, 2, 3], {"EchoTime": [5, 5, 9, 5, 5, 9]}),
            ("a number twice", [1, 2, 3, 1, 2, 3], {"InstanceNumber": [1, 2, 3, 1, 2, 3]}),
            ("no number", [1, 2, 3, 1, 2, 3], {"InstanceNumber": [None] * 6}),
        ):
            with self.subTest(why):
                self.assertEqual(self.numbered(places, code=3, **more), ["geometry.duplicate_position"])

    def test_a_localizer_among_the_slices_is_refused_alone(self):
        self.two_echoes()
        make_instance(self.folder / "in/1.dcm", numpy.zeros((8, 8)), number=1, ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
        self.install(Mean(), unit="series", more="geometry: {several: split}")
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        self.assertEqual(summary["item_outcomes"], {"completed": 2, "quarantined": 1})
        self.assertEqual(sorted(float(row["mean"]) for row in rows(self.folder / "out/results.csv") if row["mean"]), [100, 200])
        self.assertIn("a volume needs at least 2 slices", self.aidp("validate", "input", self.folder / "in", "--model", "mean").stdout)
        again = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        self.assertEqual(again["item_outcomes"], {"completed": 2, "quarantined": 1})
        self.aidp("audit", "verify")

    def test_geometry_is_of_volumes(self):
        package = make_package(self.folder / "package", Mean(), more="geometry: {several: split}")
        self.assertIn("it needs 'unit: series'", self.aidp("validate", "manifest", package / "model.yaml", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
