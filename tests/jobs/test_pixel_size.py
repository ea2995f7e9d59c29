# SPDX-License-Identifier: Apache-2.0
"""How large a pixel is, and where an image lies: what the object says, and nothing made up where it says nothing."""
import unittest

import nibabel
import numpy
import torch
from support import JobTest, make_instance, make_item, rows

UNPLACED = dict(ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=None)


class Bright(torch.nn.Module):
    """A mask of what is above 1."""

    def forward(self, x):
        return (x > 1).float()


class PixelSizes(JobTest):
    """A square of 10 x 10 pixels, which is 1 mm2 where a pixel is 0.1 mm wide, and 50 mm2 is the least that stays."""

    def mask(self, by_measure=True, code=0, **attributes):
        values = numpy.zeros((40, 40))
        values[10:20, 10:20] = 5
        make_instance(self.folder / "in/1.dcm", values, **attributes)
        small = f"[RemoveSmallObjects: {{min_size: 50, by_measure: {str(by_measure).lower()}}}]"
        self.install(Bright(), outputs="[{name: m, kind: mask, names: {1: bright}}]", postprocess=small)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=code)
        self.row = rows(self.folder / "out/results.csv")[0]
        found = list((self.folder / "out/masks").rglob("*.nii.gz"))
        return nibabel.load(found[0]) if found else None

    def test_a_small_object_is_measured_by_the_spacing_of_a_slice(self):
        mask = self.mask(PixelSpacing=[0.1, 0.1])
        self.assertEqual((mask.get_fdata().sum(), int(mask.header["sform_code"]), self.row["message"]), (0, 1, ""))

    def test_an_image_without_a_position_has_its_spacing_and_no_affine(self):
        mask = self.mask(**{**UNPLACED, "PixelSpacing": [0.1, 0.2]})
        self.assertEqual((mask.get_fdata().sum(), self.row["message"]), (0, ""))
        self.assertEqual((int(mask.header["sform_code"]), int(mask.header["qform_code"])), (0, 0))
        self.assertEqual(mask.header.get_zooms()[:2], (numpy.float32(0.2), numpy.float32(0.1)))

    def test_the_detectors_spacing_is_taken_and_said_so(self):
        mask = self.mask(**UNPLACED, ImagerPixelSpacing=[0.1, 0.1])
        self.assertEqual(mask.get_fdata().sum(), 0)
        self.assertIn("ImagerPixelSpacing", self.row["message"])

    def test_a_magnification_that_is_told_is_undone(self):
        mask = self.mask(by_measure=False, **UNPLACED, ImagerPixelSpacing=[0.5, 0.5], EstimatedRadiographicMagnificationFactor=1.25)
        self.assertEqual((mask.header.get_zooms()[0], self.row["message"]), (numpy.float32(0.4), ""))

    def test_ultrasound_has_the_spacing_of_its_regions(self):
        region = make_item(RegionSpatialFormat=1, PhysicalUnitsXDirection=3, PhysicalUnitsYDirection=3, PhysicalDeltaX=0.01, PhysicalDeltaY=0.02)
        mask = self.mask(**UNPLACED, SequenceOfUltrasoundRegions=[region])
        self.assertEqual(mask.header.get_zooms()[:2], (numpy.float32(0.1), numpy.float32(0.2)))

    def test_without_any_spacing_nothing_is_measured_and_a_mask_has_no_units(self):
        self.assertIsNone(self.mask(**UNPLACED, code=3))
        self.assertEqual((self.row["outcome"], self.row["reason"]), ("quarantined", "geometry.missing"))

    def test_a_mask_without_any_spacing_says_that_it_has_none(self):
        mask = self.mask(by_measure=False, **UNPLACED)
        self.assertEqual((mask.get_fdata().sum(), int(mask.header["sform_code"]), int(mask.header["xyzt_units"])), (100, 0, 0))

    def test_a_position_without_a_sensible_orientation_or_spacing_is_no_affine(self):
        for wrong in (dict(ImageOrientationPatient=None), dict(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), dict(PixelSpacing=[0, 0])):
            with self.subTest(wrong=wrong):
                self.assertEqual(int(self.mask(by_measure=False, **wrong).header["sform_code"]), 0)
                self.clean()
                self.setUp()


if __name__ == "__main__":
    unittest.main()
