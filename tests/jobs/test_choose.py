# SPDX-License-Identifier: Apache-2.0
"""Rules and preferences are asked of each image, or of each volume of a series; what does not fit leaves with its reason. No two patients share a volume."""
import json
import unittest

import numpy
from pydicom.sequence import Sequence
from support import JobTest, Mean, make_instance, make_item, rows

NO_LOCALIZER = "[{none: [{attribute: ImageType, contains: LOCALIZER}]}]"
SPLIT = "geometry: {several: split}"
AXIAL = ["ORIGINAL", "PRIMARY", "AXIAL"]


class Choose(JobTest):
    def slice(self, name, value, z, number, **attributes):
        make_instance(self.folder / f"in/{name}.dcm", numpy.full((8, 8), value), number=number, **{"ImagePositionPatient": [0, 0, float(z)], **attributes})

    def means_of(self, code=0, **package):
        """The means that a package of these settings gives; the ledger's row and the summary are kept."""
        name = f"p{len(list(self.folder.iterdir()))}"
        self.install(Mean(), name=name, **package)
        self.summary = self.run_summary(name, self.folder / "in", "--out", self.folder / name, "--allow-empty", code=code)
        self.ledger = rows(self.folder / name / "ledger.csv")
        self.results = rows(self.folder / name / "results.csv")
        self.last = name
        return sorted(float(row["mean"]) for row in self.results if row["mean"])

    def test_a_rule_is_asked_of_each_image_whichever_file_comes_first(self):
        for order, (first, second) in enumerate((("PA", "LL"), ("LL", "PA"))):
            for number, view in enumerate((first, second), 1):
                make_instance(self.folder / f"in/{number}.dcm", numpy.full((8, 8), 100 if view == "PA" else 900), number=number, ViewPosition=view)
            with self.subTest(first=first):
                self.assertEqual(self.means_of(select="[{attribute: ViewPosition, equals: PA}]"), [100])
                self.assertEqual(self.results[0]["view_position"], "PA")
                self.assertEqual(self.ledger[0]["outcome"], "completed")
                self.assertEqual(self.ledger[0]["message"], "1 of 2 images left out: ViewPosition must equal PA, but it is LL")
                done = self.aidp("validate", "input", self.folder / "in", "--model", self.last, "--format", "json").stdout
                (series,) = [json.loads(line) for line in done.splitlines() if '"items"' in line and "PA" in line]
                self.assertEqual((series["items"], series["eligible"]), (1, True))
                self.aidp("audit", "verify")

    def test_each_result_says_what_its_own_image_says(self):
        for number, view in enumerate(("PA", "LL"), 1):
            make_instance(self.folder / f"in/{number}.dcm", numpy.full((8, 8), number), number=number, ViewPosition=view, KVP=100 + number)
        self.assertEqual(self.means_of(select="[]"), [1, 2])
        self.assertEqual({(row["mean"][0], row["view_position"], row["kvp"]) for row in self.results}, {("1", "PA", "101"), ("2", "LL", "102")})

    def test_images_that_all_fail_give_the_reason_alone(self):
        for number in (1, 2):
            make_instance(self.folder / f"in/{number}.dcm", numpy.zeros((8, 8)), number=number, ViewPosition="LL")
        self.assertEqual(self.means_of(select="[{attribute: ViewPosition, equals: PA}]"), [])
        self.assertEqual((self.ledger[0]["reason"], self.ledger[0]["message"]), ("selection.rule", "ViewPosition must equal PA, but it is LL"))

    def with_scout(self, **scout):
        for z in range(3):
            self.slice(f"1{z}", 40, z, z + 2, ImageType=AXIAL)
        self.slice("00", 5, 0, 1, **{"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], **scout})

    def test_a_scout_that_a_rule_excludes_leaves_and_the_slices_are_one_volume(self):
        for scout in ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, {}, {"ImagePositionPatient": None}):  # across, among them, nowhere
            self.with_scout(**scout)
            for more in ("", SPLIT):
                with self.subTest(f"{scout} {more}"):
                    self.assertEqual(self.means_of(unit="series", select=NO_LOCALIZER, more=more), [40])
                    self.assertIn("1 of 2 volumes left out: none of (ImageType must contain LOCALIZER)", self.ledger[0]["message"])
            with self.subTest(f"{scout} each image"):
                self.assertEqual(self.means_of(select=NO_LOCALIZER), [40, 40, 40])

    def dixon(self):
        for kind, value in (("W", 100), ("F", 200), ("IP", 300)):
            for z in range(3):
                self.slice(f"{z}{kind}", value, z, value + z, ImageType=["DERIVED", "PRIMARY", kind, kind])

    def test_a_rule_chooses_a_volume_of_several(self):
        self.dixon()
        rule = "[{attribute: ImageType, contains: W}]"
        self.assertEqual(self.means_of(unit="series", select=rule, more=SPLIT), [100])
        self.assertIn("2 of 3 volumes left out", self.ledger[0]["message"])
        self.assertEqual(self.means_of(unit="series", select=rule), [100], "the only one that fits is not several")
        self.assertEqual(self.means_of(unit="series", select="[]", code=3), [])
        self.assertEqual(self.ledger[0]["reason"], "geometry.duplicate_position")
        self.aidp("audit", "verify")

    def test_a_rule_chooses_a_kernel_of_two_with_other_steps(self):
        for z in range(9):
            self.slice(f"s{z}", 10, z / 2, z, ConvolutionKernel="SHARP", SliceThickness=0.5)
            if z % 2 == 0:
                self.slice(f"b{z}", 20, z / 2, 20 + z, ConvolutionKernel="SOFT", SliceThickness=1)
        self.assertEqual(self.means_of(unit="series", select="[{attribute: ConvolutionKernel, equals: SOFT}]"), [20])
        self.assertEqual(self.results[0]["kernel"], "SOFT")
        self.assertEqual(self.means_of(unit="series", select="[{attribute: SliceThickness, range: [null, 0.7]}]"), [10])

    def test_what_a_rule_names_tells_volumes_apart(self):
        for z in range(3):
            self.slice(f"a{z}", 10, z, z + 1)
            self.slice(f"b{z}", 20, z, 10 - z, ContrastBolusAgent="Iohexol")
        self.assertEqual(self.means_of(unit="series", select="[{attribute: ContrastBolusAgent, present: true}]"), [20])
        self.assertEqual(self.means_of(unit="series", select="[{attribute: ContrastBolusAgent, present: false}]"), [10])

    def test_no_part_of_a_volume_is_cut_off(self):
        for z in range(4):
            self.slice(z, 10, z, z + 1, XRayTubeCurrent=200 if z < 3 else 50)
        self.assertEqual(self.means_of(unit="series", select="[{attribute: XRayTubeCurrent, range: [100, null]}]"), [])
        self.assertEqual((self.ledger[0]["reason"], self.ledger[0]["message"]),
                         ("selection.rule", "XRayTubeCurrent must lie in [100, inf], but it is 50 in 1 of its 4 slices"))
        self.assertEqual(len(self.means_of(select="[{attribute: XRayTubeCurrent, range: [100, null]}]")), 3)

    def test_a_volume_of_an_enhanced_object_has_the_values_of_its_own_frames(self):
        frames, pixels = [], []
        for kind, echo in (("W", 1.0), ("F", 2.0)):
            for z in range(3):
                pixels.append(numpy.full((8, 8), 100 * echo, "<i2"))
                frames.append(make_item(PlanePositionSequence=Sequence([make_item(ImagePositionPatient=[0, 0, float(z)])]),
                                        MRImageFrameTypeSequence=Sequence([make_item(FrameType=["DERIVED", "PRIMARY", "DIXON", kind])]),
                                        MREchoSequence=Sequence([make_item(EffectiveEchoTime=echo)])))
        make_instance(self.folder / "in/1.dcm", pixels[0], NumberOfFrames=len(frames), PixelData=numpy.stack(pixels).tobytes(),
                      ImageType=["DERIVED", "PRIMARY", "DIXON", "MIXED"], PerFrameFunctionalGroupsSequence=Sequence(frames))
        for rule, mean in (("{attribute: ImageType, contains: W}", 100), ("{attribute: FrameType, contains: F}", 200), ("{attribute: EffectiveEchoTime, equals: 2}", 200)):
            with self.subTest(rule):
                self.assertEqual(self.means_of(unit="series", select=f"[{rule}]", more=SPLIT), [mean])

    def test_a_preference_is_asked_of_each_volume(self):
        for echo in (1, 2):
            for z in range(3):
                self.slice(f"{echo}{z}", 100 * echo, z, 10 * echo + z, EchoTime=echo)
        prefer = "per_study: one\n  prefer: [{attribute: EchoTime, order: largest}]\n  "
        self.assertEqual(self.means_of(unit="series", select="[]", more=prefer + SPLIT), [200])
        self.assertIn("1 of 2 volumes left out: the model prefers another of the series", self.ledger[0]["message"])

    def test_two_patients_in_a_series_are_quarantined_and_both_files_named(self):
        for patient in ("CANARY-2", None):
            for z in range(3):
                self.slice(f"a{z}", 10, 2 * z, z + 1)
                self.slice(f"b{z}", 90, 2 * z + 1, z + 11, PatientID=patient)
            for unit in ("instance", "series"):
                with self.subTest(patient=patient, unit=unit):
                    self.assertEqual(self.means_of(unit=unit, code=3), [])
                    (row,) = self.ledger
                    self.assertEqual((row["outcome"], row["reason"]), ("quarantined", "dicom.patients"))
                    self.assertTrue("a0.dcm and " in row["message"] and "b0.dcm" in row["message"], row["message"])
                    self.assertNotIn("CANARY", row["message"])

    def test_patients_who_share_a_study_have_a_series_each(self):
        for series, patient in enumerate(("A", "B"), 1):
            make_instance(self.folder / f"in/{series}.dcm", numpy.full((8, 8), series), series=series, PatientID=patient)
        self.assertEqual(self.means_of(more="per_study: one"), [1, 2])

    def test_acquisitions_that_lie_among_each_other_are_never_blended(self):
        for acquisition in (1, 2):
            for i in range(5):
                self.slice(f"{acquisition}{i}", 100 * acquisition, 2 * i + 0.7 * (acquisition - 1), 10 * acquisition + i, AcquisitionNumber=acquisition)
        resample = "uneven_spacing: resample, largest_gap_mm: 5"
        self.assertEqual(self.means_of(unit="series", more="geometry: {several: split, %s}" % resample), [100, 200])
        self.assertEqual(self.means_of(unit="series", more="geometry: {%s}" % resample, code=3), [])
        self.assertEqual(self.ledger[0]["reason"], "geometry.mixed")

    def test_two_files_of_an_instance_with_other_pixels_are_both_named(self):
        for name, value in (("a", 100), ("b", 900)):
            make_instance(self.folder / f"in/{name}.dcm", numpy.full((8, 8), value))
        self.assertEqual(self.means_of(code=3), [])
        self.assertRegex(self.ledger[0]["message"], r"/a\.dcm and .*/b\.dcm")

    def test_what_leaves_is_read_again_once(self):
        self.with_scout()
        self.install(Mean(), select=NO_LOCALIZER)
        read = [self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")["headers_read"] for _ in range(3)]
        self.assertEqual(read, [4, 4, 0])


if __name__ == "__main__":
    unittest.main()
