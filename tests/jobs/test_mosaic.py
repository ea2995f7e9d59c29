# SPDX-License-Identifier: Apache-2.0
"""A Siemens mosaic, the slices of a volume as tiles of one image, is that volume; without its private header it is refused by name."""
import gzip
import json
import unittest

import h5py
import numpy
import pydicom
import torch
from mosaic import make_mosaic
from support import JobTest, Mean, make_instance, make_package, rows

ORIENTATION = [0.6, 0.8, 0, 0.48, -0.36, -0.8]  # row x column: -0.64, 0.48, -0.6
NORMAL = numpy.cross(ORIENTATION[:3], ORIENTATION[3:])
POSITION = [-31, 17.5, 120]
SPACING = (2, 3, 4.5)
SLICES = 5  # of a grid of 3 x 3
SPLIT = "geometry: {several: split}"
VOLUME = numpy.random.default_rng(5).integers(0, 1000, (SLICES, 8, 10))


class Bright(torch.nn.Module):
    def forward(self, x):
        return torch.cat([torch.zeros_like(x) + 0.5, (x > 500).to(x.dtype)], 1)


class Mosaics(JobTest):
    def mosaic(self, name="in/1.dcm", volume=VOLUME, **more):
        make_mosaic(self.folder / name, volume, POSITION, ORIENTATION, SPACING, **more)

    def tensor(self, folder):
        name = f"mean-{folder}"
        self.install(Mean(), name=name, unit="series", select="[]")
        self.aidp("validate", "input", self.folder / folder, "--model", name, "--dump-tensor", self.folder / f"{folder}.h5")
        with h5py.File(self.folder / f"{folder}.h5") as file:
            return file["1"][0], file["1"].attrs["affine_lps"]

    def test_it_is_the_volume_that_its_slices_make_in_either_direction(self):
        for direction, step in {"up": NORMAL * SPACING[2], "down": -NORMAL * SPACING[2]}.items():
            with self.subTest(direction):
                self.mosaic(f"mosaic-{direction}/1.dcm", ascending=direction == "up")
                for k in range(SLICES):
                    make_instance(self.folder / f"slices-{direction}/{k}.dcm", VOLUME[k], number=k + 1, PixelSpacing=list(SPACING[:2]), ImageOrientationPatient=ORIENTATION,
                                  ImagePositionPatient=[f"{value:.10g}" for value in POSITION + k * step])
                (tensor, affine), (wanted, wanted_affine) = self.tensor(f"mosaic-{direction}"), self.tensor(f"slices-{direction}")
                self.assertEqual(tensor.shape, (10, 8, SLICES))
                numpy.testing.assert_array_equal(tensor, wanted)
                numpy.testing.assert_allclose(affine, wanted_affine, atol=1e-6)

    def test_its_private_header_may_stand_in_any_block_of_the_group(self):
        self.mosaic()
        file = pydicom.dcmread(self.folder / "in/1.dcm")
        header = file[0x0029, 0x1010].value
        file[0x0029, 0x0010].value = "SOMEONE ELSE"
        file[0x0029, 0x1010].value = b"else"
        file.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", header)
        file.save_as(self.folder / "in/1.dcm")
        self.assertEqual(self.tensor("in")[0].shape, (10, 8, SLICES))

    def test_each_of_several_is_an_item_if_the_manifest_splits_and_else_the_series_is_refused(self):
        for number in (1, 2, 3):
            self.mosaic(f"in/{number}.dcm", numpy.full((SLICES, 8, 10), 100 * number), number=number)
        self.install(Mean(), unit="series", select="[]", more=SPLIT)
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual(summary["item_outcomes"], {"completed": 3})
        self.assertEqual({row["sop_uid"].rsplit(".")[-1]: float(row["mean"]) for row in rows(self.folder / "out/results.csv")}, {"1": 100, "2": 200, "3": 300})
        self.assertEqual(self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")["skipped_as_done"], 3)
        self.install(Mean(), name="whole", unit="series", select="[]")
        self.run_summary("whole", self.folder / "in", "--out", self.folder / "whole", code=3)
        self.assertEqual(self.outcomes(self.folder / "whole"), {"1": ("quarantined", "geometry.duplicate_position")})

    def test_a_head_that_moves_between_mosaics_is_split_all_the_same(self):
        self.mosaic("in/1.dcm", number=1)
        make_mosaic(self.folder / "in/2.dcm", VOLUME, [-31, 17.5, 121], ORIENTATION, SPACING, number=2)
        self.install(Mean(), unit="series", select="[]", more=SPLIT)
        self.assertEqual(self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")["item_outcomes"], {"completed": 2})

    def test_a_model_of_images_is_given_its_slices_never_the_mosaic(self):
        self.mosaic(volume=numpy.arange(1, SLICES + 1).reshape(SLICES, 1, 1) * numpy.full((1, 8, 10), 10))
        self.install(Mean(), select="[]")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual({int(row["frame"]): float(row["mean"]) for row in rows(self.folder / "out/results.csv")}, {1: 10, 2: 20, 3: 30, 4: 40, 5: 50})

    def test_a_mask_lies_on_the_grid_of_the_volume(self):
        self.mosaic(ascending=False)
        package = make_package(self.folder / "package", Bright(), unit="series", select="[]", postprocess="[{AsDiscrete: {argmax: true}}]",
                               outputs="[{name: mask, kind: mask, names: {1: bright}}]")
        self.aidp("model", "install", package, "--unchecked")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        (mask,) = (self.folder / "out/masks").rglob("*.nii.gz")
        with gzip.open(mask) as file:
            content = file.read()
        self.assertEqual(numpy.frombuffer(content[40:48], "<i2").tolist(), [3, 10, 8, SLICES])
        numpy.testing.assert_array_equal(numpy.frombuffer(content[352:], "u1").reshape(VOLUME.shape)[::-1], VOLUME > 500)
        rows_ras = numpy.frombuffer(content[280:328], "<f4").reshape(3, 4)
        numpy.testing.assert_allclose(rows_ras[:, 2] * [-1, -1, 1], NORMAL * SPACING[2], atol=1e-5)
        last = POSITION - (SLICES - 1) * SPACING[2] * NORMAL
        numpy.testing.assert_allclose(rows_ras[:, 3] * [-1, -1, 1], last, atol=1e-4)

    def test_one_that_cannot_be_told_into_slices_is_refused_by_name_for_volumes_and_images(self):
        for case, (more, why) in {
            "anonymised": (dict(csa=False), "the private CSA header (0029,1010)"),
            "countless": (dict(csa={"NumberOfImagesInMosaic": None}), "NumberOfImagesInMosaic"),
            "crowded": (dict(csa={"NumberOfImagesInMosaic": [1e9]}), "NumberOfImagesInMosaic of the private CSA header is not a whole number from 1 to 1024"),
            "half": (dict(csa={"NumberOfImagesInMosaic": [15.5]}), "NumberOfImagesInMosaic of the private CSA header is not a whole number"),
            "uneven": (dict(csa={"NumberOfImagesInMosaic": [10]}), "its 24 x 30 pixels are not 4 x 4 tiles"),
            "directionless": (dict(csa={"SliceNormalVector": [0, 0]}), "SliceNormalVector"),
            "skewed": (dict(csa={"SliceNormalVector": [0, 0, 1]}), "SliceNormalVector of the private CSA header is not at right angles"),
            "flat": (dict(SpacingBetweenSlices=None), "SpacingBetweenSlices"),
            "placeless": (dict(PixelSpacing=None), "PixelSpacing is missing or invalid"),
        }.items():
            with self.subTest(case):
                self.mosaic(f"{case}/1.dcm", **more)
                for unit in ("instance", "series"):
                    self.install(Mean(), name=f"{case}-{unit}", unit=unit, select="[]")
                    out = self.folder / f"out-{case}-{unit}"
                    self.run_summary(f"{case}-{unit}", self.folder / case, "--out", out, code=3)
                    self.assertEqual(self.outcomes(out), {"1": ("quarantined", "dicom.attribute")})
                    message = rows(out / "ledger.csv")[0]["message"]
                    self.assertIn("a Siemens mosaic", message)
                    self.assertIn(why, message)

    def test_a_model_that_is_not_for_it_finds_it_ineligible(self):
        self.mosaic(csa=False)
        self.install(Mean())
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", "--allow-empty")
        self.assertEqual(self.outcomes(self.folder / "out"), {"1": ("ineligible", "selection.rule")})

    def test_frames_that_only_say_so_are_no_mosaic(self):
        """Numaris X leaves MOSAIC in the ImageType of enhanced objects of slices."""
        make_instance(self.folder / "in/1.dcm", numpy.full((16, 8), 7), Modality="MR", ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"], NumberOfFrames=2, Rows=8)
        self.install(Mean(), select="[]")
        self.assertEqual(self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")["item_outcomes"], {"completed": 2})

    def test_its_pixels_are_told_as_they_are_stored(self):
        self.mosaic()
        done = self.aidp("validate", "input", self.folder / "in", "--pixels", "--format", "json")
        self.assertEqual(json.loads(done.stdout.splitlines()[0])["shape"], [1, 24, 30])


if __name__ == "__main__":
    unittest.main()
