# SPDX-License-Identifier: Apache-2.0
"""Headers that lie or leave something out: never a guessed number, always a named reason."""
import unittest

import numpy
import pydicom
from pydicom.sequence import Sequence
from support import JobTest, Mean, make_instance, rows


class Headers(JobTest):
    def series(self, name, **of_slice):
        """Four slices of 100; `of_slice` gives attributes by slice number."""
        for number in range(1, 5):
            make_instance(self.folder / "in" / name / f"{number}.dcm", numpy.full((8, 8), 100), number=number, **of_slice.get(f"slice_{number}", {}))

    def without(self, path, keyword):
        file = pydicom.dcmread(path)
        delattr(file, keyword)
        file.save_as(path)

    def outcome(self, unit="series"):
        self.install(Mean(), unit=unit)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        return self.outcomes(self.folder / "out")["1"]

    def test_a_slice_without_its_size_is_not_left_out_of_the_volume(self):
        self.series("a")
        self.without(self.folder / "in/a/4.dcm", "Rows")
        self.assertEqual(self.outcome(), ("quarantined", "dicom.attribute"))

    def test_an_image_without_bits_allocated_is_an_image_still(self):
        self.series("a")
        self.without(self.folder / "in/a/4.dcm", "BitsAllocated")
        self.assertEqual(self.outcome("instance"), ("quarantined", "dicom.attribute"))
        self.assertEqual(sorted(row["outcome"] for row in rows(self.folder / "out/results.csv")), ["completed"] * 3 + ["quarantined"])

    def test_without_the_data_dictionary_nothing_is_begun(self):
        self.series("a")
        self.install(Mean())
        for words in (["run", "mean", self.folder / "in", "--out", self.folder / "out"], ["validate", "environment"]):
            said = self.aidp(*words, code=2, DCMDICTPATH=str(self.folder / "none.dic")).stderr
            self.assertIn("DCMTK's data dictionary (dicom.dic) cannot be read; install libdcmtk17 again", said)
        self.assertFalse((self.folder / "out").exists())

    def test_padding_that_differs_between_slices_is_named(self):
        self.series("a", slice_2={"PixelPaddingValue": -2000})
        self.assertEqual(self.outcome(), ("quarantined", "geometry.mixed"))

    def test_monochrome1_of_differing_depth_is_named(self):
        shallow = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": 12, "HighBit": 11}
        self.series("a", slice_1={"PhotometricInterpretation": "MONOCHROME1"}, slice_2=shallow, slice_3=shallow, slice_4=shallow)
        self.assertEqual(self.outcome(), ("quarantined", "geometry.mixed"))

    def test_a_rescale_slope_of_zero_or_that_is_no_number_is_named(self):
        for number, slope in enumerate(("0", "abc"), 1):
            path = self.folder / "in" / f"{number}.dcm"
            make_instance(path, numpy.full((8, 8), 100), number=number)
            content = path.read_bytes()
            value = content.index(b"\x28\x00\x53\x10DS") + 8  # pydicom itself writes no such text
            path.write_bytes(content[: value - 2] + b"\x04\x00" + slope.ljust(4).encode() + content[value + content[value - 2] :])
        self.assertEqual(self.outcome("instance"), ("quarantined", "dicom.attribute"))
        self.assertEqual({row["outcome"] for row in rows(self.folder / "out/results.csv")}, {"quarantined"})

    def test_a_modality_lut_stands_in_place_of_the_rescale_and_its_values_are_unsigned(self):
        table = pydicom.Dataset()
        table.LUTDescriptor, table.ModalityLUTType, table.LUTData = [3, -1, 16], "US", b"\1\0\2\0\x40\xff"
        make_instance(self.folder / "in/1.dcm", numpy.full((8, 8), 100), ModalityLUTSequence=Sequence([table]), RescaleSlope=3)
        self.install(Mean())
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual([row["mean"] for row in rows(self.folder / "out/results.csv")], ["65344"])

    def test_a_modality_lut_shorter_than_it_says_is_named(self):
        table = pydicom.Dataset()
        table.LUTDescriptor, table.ModalityLUTType, table.LUTData = [200, 0, 16], "US", b"\1\0\2\0"
        make_instance(self.folder / "in/1.dcm", numpy.full((8, 8), 100), ModalityLUTSequence=Sequence([table]))
        self.assertEqual(self.outcome("instance"), ("quarantined", "dicom.attribute"))

    def test_more_frames_than_the_file_has_room_for_cost_that_series_alone(self):
        make_instance(self.folder / "in/liar.dcm", numpy.full((8, 8), 100), NumberOfFrames=2_000_000_000)
        make_instance(self.folder / "in/liar2.dcm", numpy.full((8, 8), 100), study=3, NumberOfFrames=2000)
        make_instance(self.folder / "in/good.dcm", numpy.full((8, 8), 100), study=2)
        self.assertEqual(self.outcome("instance"), ("quarantined", "pixels.limit"))
        self.assertEqual(self.outcomes(self.folder / "out")["2"], ("completed", ""))
        self.assertEqual(self.outcomes(self.folder / "out")["3"], ("quarantined", "pixels.size"))

    def test_a_senseless_spacing_gives_no_volume(self):
        self.series("a", **{f"slice_{n}": {"PixelSpacing": [1e9, 1e9]} for n in range(1, 5)})
        self.assertEqual(self.outcome(), ("quarantined", "geometry.missing"))

    def test_the_release_is_newer_than_its_candidates(self):
        for version in ("1.0.0-rc1", "1.0.0", "1.0.0-rc.2", "0.9.10"):
            self.install(Mean(), version=version)
        self.series("a")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertIn('"version": "1.0.0"', (self.folder / "out/job.json").read_text())


if __name__ == "__main__":
    unittest.main()
