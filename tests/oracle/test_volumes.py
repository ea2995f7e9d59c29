# SPDX-License-Identifier: Apache-2.0
"""Series as volumes beside dcm2niix's and the publishers' own: the same voxels, the same affine, or a reason why there is no volume.

Voxels may not differ at all where none is resampled, affines by 1e-3 mm. A volume is dumped as the model is given it, turned to the axes of the reference.
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
from mosaic import make_mosaic  # noqa: E402
from support import SHARED, JobTest, Mean, make_instance, make_package  # noqa: E402

try:
    import h5py
    import nibabel
    from scipy.ndimage import binary_dilation

    MISSING = "" if (SHARED / "dicom").is_dir() else "../shared is not here"
except ImportError as missing:
    MISSING = f"{missing}: scripts/setup installs it"

AFFINE_MM = 1e-3
STRAIGHTENED = 1.01  # of a voxel, HU
TO_RAS = numpy.diag([-1, -1, 1, 1])
SINGLE_OBJECTS = {"enhanced_mr_Siemens_XA10": "enhanced_mr/Siemens", "mr_vendors_philips_enhanced_fmri_001": "mr_vendors/philips_enhanced/fmri/001"}
FOLDERS_WITHIN = {"mr_siemens_epi/3_EPI_PE=AP.nii": "mr_0003", "mr_siemens_epi/4_EPI_PE=PA.nii": "mr_0004"}  # of mosaics
VOLUMES_HERE = {"enhanced_mr_Siemens_XA10": 2}  # of the four that the reference was made of
RESCALE_SLOPES = {"mr_vendors_philips_enhanced_fmri_001": 1.85934065934065}  # of the file; dcm2niix takes Philips' own scale instead
PUBLISHED = {  # folder, or file of a mosaic, to the volume of its publisher
    **{f"ts_siemens_trio/{syntax}.dcm": "ts_siemens_trio/1.nii.gz" for syntax in range(1, 10)},
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
    def unpack(self, series="*"):
        for archive in sorted((SHARED / "dicom/series").glob(f"{series}.tar.xz")):
            subprocess.run(["tar", "-xJf", str(archive), "-C", str(self.folder)], check=True)

    def volumes_of(self, folder, axcodes, geometry="{several: reject}"):
        """[(voxels, RAS affine)], or the reason why the series is no volume."""
        name = f"to-{axcodes.lower()}-{len(list(self.folder.iterdir()))}"
        self.aidp("model", "install", make_package(self.folder / name, Mean(), name=name, unit="series", select="[]",
                                                   preprocess=f"[{{Orientation: {{axcodes: {axcodes}}}}}]", more=f"geometry: {geometry}"))
        dump = self.folder / f"{name}.h5"
        done = subprocess.run(self.command("validate", "input", folder, "--model", name, "--dump-tensor", dump, "--format", "json"), capture_output=True, text=True)
        if not dump.exists():
            reasons = {json.loads(line).get("reason") for line in done.stdout.splitlines()} - {"", None}
            self.assertTrue(reasons, done.stdout + done.stderr)
            return ", ".join(sorted(reasons))
        with h5py.File(dump) as file:
            return [(file[name][0], TO_RAS @ file[name].attrs["affine_lps"]) for name in sorted(file, key=int)]

    def volume_of(self, folder, axcodes):
        got = self.volumes_of(folder, axcodes)
        if isinstance(got, str):
            return got
        self.assertEqual(len(got), 1)
        return got[0]

    def test_the_complete_series_are_dcm2niix_s_volumes_or_are_refused_by_name(self):
        self.unpack()
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

    def test_series_of_several_volumes_are_split_as_dcm2niix_does(self):
        several = {key: wanted for key, wanted in json.loads((SHARED / "dicom/ref/volumes.json").read_text()).items() if len(wanted["nifti_shape"]) == 4}
        self.assertTrue(several)
        self.unpack()
        for key, wanted in several.items():
            series = key.split("/")[0]
            folder = SHARED / "dicom" / SINGLE_OBJECTS[series] if series in SINGLE_OBJECTS else self.folder / series
            with self.subTest(key):
                folder /= FOLDERS_WITHIN.get(key, "")
                got = self.volumes_of(folder, wanted["axcodes"], "{several: split}")
                self.assertNotIsInstance(got, str, got)
                for _, affine in got:
                    self.assertLess(numpy.abs(affine - numpy.array(wanted["affine_RAS"])).max(), AFFINE_MM)
                volumes = numpy.stack([voxels for voxels, _ in got], axis=-1)
                self.assertEqual(list(volumes.shape), [*wanted["nifti_shape"][:3], VOLUMES_HERE.get(series, wanted["nifti_shape"][3])])
                print(f"  {key}: split into {len(got)} of {'x'.join(map(str, volumes.shape[:3]))}")
                if series in VOLUMES_HERE:
                    continue
                stored = numpy.rint(volumes / RESCALE_SLOPES.get(series, 1)).astype("<i2")
                self.assertEqual(hashlib.sha256(stored.tobytes(order="F")).hexdigest(), wanted["voxel_sha256_fortran_le"])

    def test_a_tilted_uneven_head_is_straightened_as_dcm2niix_does(self):
        """Its two steps each round to whole numbers, ours do not."""
        self.unpack("ct_ge_head")
        program = pathlib.Path(sys.executable).parent / "dcm2niix"
        subprocess.run([program, "-o", self.folder, "-f", "dcm2niix", self.folder / "ct_ge_head"], check=True, capture_output=True)
        wanted = nibabel.load(self.folder / "dcm2niix_Tilt_Eq_1.nii")
        ((voxels, affine),) = self.volumes_of(self.folder / "ct_ge_head", "".join(nibabel.aff2axcodes(wanted.affine)), "{gantry_tilt: resample, uneven_spacing: resample, largest_gap_mm: 8}")
        self.assertEqual(voxels.shape, wanted.shape)
        self.assertLess(numpy.abs(affine - wanted.affine).max(), AFFINE_MM)
        theirs = wanted.get_fdata()
        pads = binary_dilation(theirs < voxels.min() - 0.5, iterations=3)  # they mix PixelPaddingValue into its neighbours, three slices far
        self.assertGreater(numpy.mean(~pads), 0.6)
        difference = numpy.abs(voxels - theirs)[~pads].max()
        self.assertLess(difference, STRAIGHTENED)
        print(f"  ct_ge_head: straightened to {'x'.join(map(str, voxels.shape))}, voxels within {difference:.3f} of {numpy.ptp(voxels):.0f}")

    def check_against_dcm2niix(self, folder):
        """That the volumes of a folder of one series are those of dcm2niix."""
        out = self.folder / f"dcm2niix-{folder.name}"
        out.mkdir()
        subprocess.run([pathlib.Path(sys.executable).parent / "dcm2niix", "-o", out, "-f", "volumes", folder], check=True, capture_output=True)
        wanted = nibabel.load(out / "volumes.nii")
        got = self.volumes_of(folder, "".join(nibabel.aff2axcodes(wanted.affine)), "{several: split}")
        self.assertNotIsInstance(got, str, got)
        numpy.testing.assert_array_equal(numpy.stack([voxels for voxels, _ in got], axis=-1), wanted.get_fdata())
        self.assertLess(max(numpy.abs(affine - wanted.affine).max() for _, affine in got), AFFINE_MM)

    def test_volumes_that_only_instance_number_tells_apart_are_dcm2niix_s(self):
        times, slices = 3, 5
        values = numpy.random.default_rng(4).integers(0, 4000, (times, slices, 12, 10))
        for name, number_of in (("volume-after-volume", lambda time, z: time * slices + z), ("place-after-place", lambda time, z: z * times + time)):
            with self.subTest(name):
                folder = self.folder / name
                for time, z in numpy.ndindex(times, slices):
                    number = int(number_of(time, z)) + 1
                    make_instance(folder / f"{number}.dcm", values[time, z], number=number, Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4",
                                  Manufacturer="GE MEDICAL SYSTEMS", ImagePositionPatient=[0, 0, 2.5 * z])
                self.check_against_dcm2niix(folder)

    def test_synthetic_mosaics_are_dcm2niix_s_volumes(self):
        orientations = {"axial": [1, 0, 0, 0, 1, 0], "sagittal": [0, 1, 0, 0, 0, -1], "oblique": [0.6, 0.8, 0, 0.48, -0.36, -0.8]}
        for number, (name, orientation) in enumerate(orientations.items()):
            for ascending in (True, False):
                with self.subTest(name, ascending=ascending):
                    folder = self.folder / f"{name}-{ascending}"
                    volumes = numpy.random.default_rng(number).integers(0, 4000, (2, 11, 24, 20))
                    for time, volume in enumerate(volumes, 1):
                        make_mosaic(folder / f"{time}.dcm", volume, [-31, 17.5, 120], orientation, (2, 3, 4.5), ascending=ascending, number=time)
                    self.check_against_dcm2niix(folder)

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
