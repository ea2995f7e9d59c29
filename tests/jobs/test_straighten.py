# SPDX-License-Identifier: Apache-2.0
"""A tilted or uneven series is refused by default, and with `geometry: {gantry_tilt: resample, ...}` becomes an even volume."""
import gzip
import unittest

import h5py
import numpy
import torch
from support import JobTest, Mean, make_instance, make_package, rows

RESAMPLE = "geometry: {gantry_tilt: resample, uneven_spacing: resample, largest_gap_mm: 6}"
DEPTHS_MM = (0, 2, 4, 7, 9, 13, 15)
SHEAR = 0.3  # mm along the columns for each mm of depth: 16.7 degrees
SPACING_MM = 0.8


class Bright(torch.nn.Module):
    def forward(self, x):
        return torch.cat([torch.zeros_like(x) + 0.5, (x > 500).to(x.dtype)], 1)


class Straighten(JobTest):
    def tilted(self, value):
        """Slices whose pixels are value(x, y, z) of their own places in mm, LPS."""
        column, row = numpy.meshgrid(numpy.arange(40), numpy.arange(40))
        for number, depth in enumerate(DEPTHS_MM, 1):
            pixels = value(column * SPACING_MM, row * SPACING_MM + SHEAR * depth, numpy.full(row.shape, float(depth)))
            make_instance(self.folder / f"in/{number}.dcm", numpy.rint(pixels).astype("<i2"), number=number, PixelSpacing=[SPACING_MM, SPACING_MM], ImagePositionPatient=[0, SHEAR * depth, depth])

    def test_every_voxel_has_the_value_of_its_place(self):
        self.tilted(lambda x, y, z: 10 * x + 20 * y + 40 * z)
        self.install(Mean(), unit="series", more=RESAMPLE)
        self.aidp("validate", "input", self.folder / "in", "--model", "mean", "--dump-tensor", self.folder / "t.h5")
        with h5py.File(self.folder / "t.h5") as file:
            tensor, affine = file["1"][0], file["1"].attrs["affine_lps"]
        self.assertEqual(tensor.shape, (40, 46, 9))  # of 15 mm in steps of the smallest distance, as near as goes evenly
        numpy.testing.assert_allclose(numpy.diag(affine)[:3], [SPACING_MM, SPACING_MM, 15 / 8])
        index = numpy.stack(numpy.meshgrid(*map(numpy.arange, tensor.shape), indexing="ij"))
        x, y, z = numpy.tensordot(affine[:3, :3], index, 1) + affine[:3, 3].reshape(3, 1, 1, 1)
        inside = (y > SHEAR * z + 2) & (y < SHEAR * z + 39 * SPACING_MM - 2)
        self.assertGreater(inside.mean(), 0.7)
        self.assertLess(numpy.abs(tensor - (10 * x + 20 * y + 40 * z))[inside].max(), 1.0)  # the slices' own values are rounded
        outside = (y < SHEAR * z - 2) | (y > SHEAR * z + 39 * SPACING_MM + 2)
        self.assertEqual(set(tensor[outside]), {0.0})

    def test_a_segmented_block_has_its_true_volume_and_a_mask_on_the_grid(self):
        self.tilted(lambda x, y, z: 1000 * ((x > 7.6) & (x < 24.4) & (y > 7.6) & (y < 24.4)))
        package = make_package(self.folder / "package", Bright(), unit="series", more=RESAMPLE, postprocess="[{AsDiscrete: {argmax: true}}]",
                               outputs="[{name: mask, kind: mask, names: {1: bright}}, {name: block_ml, kind: volume, labels: [1]}]")
        self.aidp("model", "install", package, "--unchecked")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        slices = 9 * 15 / 8  # mm, with half a slice beyond each end
        self.assertAlmostEqual(float(rows(self.folder / "out/results.csv")[0]["block_ml"]), 16.8 * 16.8 * slices / 1000, delta=0.03 * 4.8)
        self.assertEqual(rows(self.folder / "out/results.csv")[0]["message"], "7 slices were resampled to 9, 1.875 mm apart")
        (mask,) = (self.folder / "out/masks").rglob("*.nii.gz")
        with gzip.open(mask) as file:
            header = file.read(352)
        self.assertEqual(numpy.frombuffer(header[40:48], "<i2").tolist(), [3, 40, 46, 9])

    def test_without_it_the_series_is_refused(self):
        self.tilted(lambda x, y, z: z)
        self.install(Mean(), unit="series", more="geometry: {gantry_tilt: resample}")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        self.assertEqual(self.outcomes(self.folder / "out"), {"1": ("quarantined", "geometry.uneven_spacing")})

    def test_how_wide_a_gap_may_be_is_asked_for(self):
        for more, wanted in {
            "geometry: {uneven_spacing: resample}": "largest_gap_mm",
            "geometry: {largest_gap_mm: 4}": "needs 'uneven_spacing: resample'",
            "geometry: {uneven_spacing: resample, largest_gap_mm: 0}": "above 0",
        }.items():
            with self.subTest(more):
                package = make_package(self.folder / str(len(wanted)), Mean(), unit="series", more=more)
                self.assertIn(wanted, self.aidp("validate", "manifest", package / "model.yaml", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
