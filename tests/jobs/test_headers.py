# SPDX-License-Identifier: Apache-2.0
"""Headers that lie or leave something out: never a guessed number, always a named reason."""
import struct
import unittest

import h5py
import numpy
import pydicom
from pydicom.sequence import Sequence
from support import JobTest, Mean, make_instance, make_item, rows


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

    def written(self, path, attribute, text, **attributes):
        """An image with an attribute that pydicom itself would not write so."""
        group, element = pydicom.datadict.tag_for_keyword(attribute) >> 16, pydicom.datadict.tag_for_keyword(attribute) & 0xFFFF
        vr = pydicom.datadict.dictionary_VR(attribute)
        make_instance(path, numpy.full((8, 8), 150), **{**attributes, attribute: 1})
        content = path.read_bytes()
        value = content.index(struct.pack("<HH", group, element) + vr.encode()) + 8
        text = text.encode() + b" " * (len(text) % 2)
        path.write_bytes(content[: value - 2] + struct.pack("<H", len(text)) + text + content[value + content[value - 2] :])

    def test_a_number_with_more_behind_it_is_named_and_never_half_read(self):
        for number, (attribute, text) in enumerate((("RescaleSlope", "1,52"), ("RescaleIntercept", "-1024,5"), ("RescaleSlope", "1 .5"),
                                                    ("RescaleIntercept", "5HU"), ("RescaleSlope", "1\\2"), ("NumberOfFrames", "1 of 4")), 1):
            self.written(self.folder / "in" / f"{number}.dcm", attribute, text, number=number)
        self.assertEqual(self.outcome("instance"), ("quarantined", "dicom.attribute"))
        for number, row in enumerate(rows(self.folder / "out/results.csv"), 1):
            self.assertEqual(row["outcome"], "quarantined")
        said = {row["message"] for row in rows(self.folder / "out/results.csv")} | {rows(self.folder / "out/ledger.csv")[0]["message"]}
        self.assertTrue(any("NumberOfFrames" in message or "Rescale" in message for message in said), said)

    def test_a_window_with_a_decimal_comma_is_named(self):
        self.written(self.folder / "in/1.dcm", "WindowCenter", "40,5", WindowWidth=400)
        self.install(Mean(), more="voi: apply")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        self.assertIn("WindowCenter", rows(self.folder / "out/results.csv")[0]["message"])

    def test_an_empty_rescale_slope_and_one_with_spaces_and_a_plus_sign_are_as_they_were_meant(self):
        self.written(self.folder / "in/1.dcm", "RescaleSlope", "  +2.0 ")
        make_instance(self.folder / "in/2.dcm", numpy.full((8, 8), 150), number=2, RescaleSlope="")
        self.install(Mean())
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual([row["mean"] for row in rows(self.folder / "out/results.csv")], ["300", "150"])

    def test_slices_of_different_sign_and_depth_have_each_its_own_meaning(self):
        unsigned = dict(PixelRepresentation=0, RescaleIntercept=-1024)
        bytes_ = dict(PixelRepresentation=0, BitsAllocated=8, BitsStored=8, HighBit=7, RescaleIntercept=-1024, PixelData=b"\x18" * 64)
        values = (numpy.full((8, 8), -1000), numpy.full((8, 8), 24), numpy.full((8, 8), 24))
        for number, (value, attributes) in enumerate(zip(values, ({}, unsigned, bytes_)), 1):
            make_instance(self.folder / "in" / f"{number}.dcm", value, number=number, **attributes)
        self.install(Mean(), unit="series")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual([row["mean"] for row in rows(self.folder / "out/results.csv")], ["-1000"])

    def test_pixel_data_beyond_the_header_is_named_and_padding_is_not(self):
        frames = numpy.arange(4 * 64, dtype="<i2").tobytes()
        make_instance(self.folder / "in/absent.dcm", numpy.zeros((8, 8)), study=1, PixelData=frames)
        make_instance(self.folder / "in/few.dcm", numpy.zeros((8, 8)), study=2, NumberOfFrames=2, PixelData=frames)
        make_instance(self.folder / "in/narrow.dcm", numpy.zeros((8, 8)), study=3, BitsAllocated=8, BitsStored=8, HighBit=7)
        make_instance(self.folder / "in/short.dcm", numpy.zeros((8, 8)), study=4, Rows=7, PixelData=frames[:128])
        make_instance(self.folder / "in/padded.dcm", numpy.zeros((8, 8)), study=5, PixelData=frames[:128] + bytes(12))
        self.outcome("instance")
        self.assertEqual(self.outcomes(self.folder / "out"), {**{str(n): ("quarantined", "pixels.size") for n in range(1, 5)}, "5": ("completed", "")})

    def test_a_uid_that_is_none_is_malformed_and_not_missing(self):
        make_instance(self.folder / "in/1.dcm", numpy.zeros((8, 8)), SeriesInstanceUID="1.2.ANON-4")
        make_instance(self.folder / "in/2.dcm", numpy.zeros((8, 8)), study=2, SOPInstanceUID="1." + "2" * 64)
        self.install(Mean())
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        messages = sorted(row["message"] for row in rows(self.folder / "out/ledger.csv"))
        self.assertIn("SOPInstanceUID is malformed", messages[0])
        self.assertIn("SeriesInstanceUID is malformed", messages[1])

    def test_a_reconstruction_of_nuclear_medicine_is_the_volume_that_its_detector_places(self):
        detector = make_item(ImagePositionPatient=[-18, -18, 100], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
        values = numpy.repeat(numpy.arange(6, dtype="<i2"), 64)
        make_instance(self.folder / "in/1.dcm", numpy.zeros((8, 8)), Modality="NM", NumberOfFrames=6, PixelData=values.tobytes(), PixelSpacing=[4.5, 4.5],
                      ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"], SpacingBetweenSlices=-4.5, DetectorInformationSequence=[detector],
                      SliceVector=list(range(1, 7)), ImagePositionPatient=None, ImageOrientationPatient=None)
        self.install(Mean(), unit="series", select="[{attribute: Modality, equals: NM}]")
        self.aidp("validate", "input", self.folder / "in", "--model", "mean", "--dump-tensor", self.folder / "t.h5")
        with h5py.File(self.folder / "t.h5") as file:
            affine, data = file["1"].attrs["affine_lps"], file["1"][()]
        self.assertEqual(affine.tolist(), [[4.5, 0, 0, -18], [0, 4.5, 0, -18], [0, 0, 4.5, 77.5], [0, 0, 0, 1]])
        self.assertEqual(data[0, 0, 0].tolist(), [5, 4, 3, 2, 1, 0])

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
