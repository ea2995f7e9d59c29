# SPDX-License-Identifier: Apache-2.0
"""Series as volumes beside dcm2niix's and the publishers' own: the same voxels, the same affine, or a reason why there is no volume.

Voxels may not differ at all, affines by 1e-3 mm. A volume is dumped as the model is given it, turned to the axes of the reference.
"""
import hashlib
import json
import pathlib
import subprocess
import sys
import unittest

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/jobs"))
from support import SHARED, JobTest, Mean, make_package  # noqa: E402

try:
    import h5py
    import nibabel

    MISSING = "" if (SHARED / "dicom").is_dir() else "../shared is not here"
except ImportError as missing:
    MISSING = f"{missing}: scripts/setup installs it"

AFFINE_MM = 1e-3
TO_RAS = numpy.diag([-1, -1, 1, 1])
SINGLE_OBJECTS = {"enhanced_mr_Siemens_XA10": "enhanced_mr/Siemens", "mr_vendors_philips_enhanced_fmri_001": "mr_vendors/philips_enhanced/fmri/001"}
PUBLISHED = {  # folder to the volume of its publisher
    "mr_vendors/ge/anatomical/001": "mr_vendors/ge/anatomical/001_ground_truth.nii.gz",
    "mr_vendors/hitachi/anatomical/001": "mr_vendors/hitachi/anatomical/001_ground_truth.nii.gz",
    "mr_vendors/hyperfine/anatomical/001": "mr_vendors/hyperfine/anatomical/001_ground_truth.nii.gz",
    "mr_vendors/generic/compressed/001": "mr_vendors/generic/compressed/001_ground_truth.nii.gz",
    "mr_vendors/generic/compressed_rle/001": "mr_vendors/generic/compressed/001_ground_truth.nii.gz",
    "mr_vendors/generic/compressed_j2k/001": "mr_vendors/generic/compressed/001_ground_truth.nii.gz",
    "mr_vendors/generic/compressed_jpegls/001": "mr_vendors/generic/compressed/001_ground_truth.nii.gz",
}


@unittest.skipIf(MISSING, MISSING)
class Volumes(JobTest):
    def volume_of(self, folder, axcodes):
        """(voxels, RAS affine), or the reason why the series is no volume."""
        name = f"to-{axcodes.lower()}-{len(list(self.folder.iterdir()))}"
        self.aidp("model", "install", make_package(self.folder / name, Mean(), name=name, unit="series", select="[]",
                                                   preprocess=f"[{{Orientation: {{axcodes: {axcodes}}}}}]"))
        dump = self.folder / f"{name}.h5"
        done = subprocess.run(self.command("validate", "input", folder, "--model", name, "--dump-tensor", dump, "--format", "json"), capture_output=True, text=True)
        if not dump.exists():
            reasons = {json.loads(line).get("reason") for line in done.stdout.splitlines()} - {"", None}
            self.assertTrue(reasons, done.stdout + done.stderr)
            return ", ".join(sorted(reasons))
        with h5py.File(dump) as file:
            self.assertEqual(len(file), 1)
            return file["1"][0], TO_RAS @ file["1"].attrs["affine_lps"]

    def test_the_complete_series_are_dcm2niix_s_volumes_or_are_refused_by_name(self):
        for archive in sorted((SHARED / "dicom/series").glob("*.tar.xz")):
            subprocess.run(["tar", "-xJf", str(archive), "-C", str(self.folder)], check=True)
        equal = 0
        for key, wanted in json.loads((SHARED / "dicom/ref/volumes.json").read_text()).items():
            series = key.split("/")[0]
            folder = SHARED / "dicom" / SINGLE_OBJECTS[series] if series in SINGLE_OBJECTS else self.folder / series
            with self.subTest(key):
                got = self.volume_of(folder, wanted["axcodes"])
                if isinstance(got, str):
                    print(f"  {key}: refused, {got}")
                    self.assertIn("geometry.", got)
                    self.assertTrue(len(wanted["nifti_shape"]) == 4 or series == "ct_ge_head", "one even volume is not refused")
                    continue
                voxels, affine = got
                self.assertEqual(list(voxels.shape), wanted["nifti_shape"])
                stored = numpy.rint(voxels).astype("<i2")
                self.assertEqual(hashlib.sha256(stored.tobytes(order="F")).hexdigest(), wanted["voxel_sha256_fortran_le"])
                difference = numpy.abs(affine - numpy.array(wanted["affine_RAS"])).max()
                self.assertLess(difference, AFFINE_MM)
                print(f"  {key}: {'x'.join(map(str, voxels.shape))} voxels equal, affine within {difference:.1e} mm")
                equal += 1
        self.assertGreater(equal, 0)

    def test_series_of_other_makers_are_their_publishers_volumes(self):
        for folder, reference in PUBLISHED.items():
            with self.subTest(folder):
                wanted = nibabel.load(SHARED / "dicom/ref" / reference)
                got = self.volume_of(SHARED / "dicom" / folder, "".join(nibabel.aff2axcodes(wanted.affine)))
                self.assertNotIsInstance(got, str, got)
                voxels, affine = got
                numpy.testing.assert_array_equal(voxels, wanted.get_fdata(dtype=numpy.float32).reshape(voxels.shape))
                difference = numpy.abs(affine - wanted.affine).max()
                self.assertLess(difference, AFFINE_MM)
                print(f"  {folder}: {'x'.join(map(str, voxels.shape))} voxels equal, affine within {difference:.1e} mm")


if __name__ == "__main__":
    unittest.main()
