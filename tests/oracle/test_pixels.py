# SPDX-License-Identifier: Apache-2.0
"""What stored values mean: palettes, colours and modality LUTs as pydicom has them, and the order of the steps from a stored value to the model's."""
import functools
import pathlib
import subprocess
import sys
import unittest

import numpy
import pydicom
import torch
from pydicom.pixels import apply_color_lut, apply_modality_lut, convert_color_space, pixel_array
from pydicom.sequence import Sequence

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/jobs"))
from support import BIN, SHARED, JobTest, make_instance, make_package  # noqa: E402

PACKAGES = pathlib.Path(pydicom.__file__).parents[1]
BUNDLED = [PACKAGES / "pydicom/data/test_files", PACKAGES / "data_store/data", SHARED / "dicom"]


@functools.cache
def native_files():
    """Path and PhotometricInterpretation of every file without compression, of pydicom's own and of ../shared."""
    found = []
    for folder in BUNDLED:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            try:
                file = pydicom.dcmread(path, stop_before_pixels=True)
                if not file.file_meta.TransferSyntaxUID.is_compressed:
                    found.append((path, file.PhotometricInterpretation, file.file_meta.TransferSyntaxUID.is_little_endian))
            except Exception:  # a folder, not DICOM, no image
                pass
    return found


class Meaning(JobTest):
    def decoded(self, path, dtype, shape):
        out = self.folder / "values"
        done = subprocess.run([BIN / "aidp_oracle", "decoded", path, out], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{path}: {done.stderr}")
        return numpy.fromfile(out, dtype=dtype).reshape(shape)

    def test_a_palette_gives_pydicoms_colours(self):
        count = 0
        for path, kind, little_endian in native_files():
            if kind != "PALETTE COLOR":
                continue
            file = pydicom.dcmread(path)
            if not little_endian:  # pydicom 3.0 takes the bytes of a palette for little-endian: the same picture, as it is with other files
                file = pydicom.dcmread(path.with_name(path.name.replace("_expb", "")))
            theirs = apply_color_lut(file.pixel_array, file)
            self.assertTrue(numpy.array_equal(self.decoded(path, theirs.dtype, theirs.shape), theirs), path)
            count += 1
        self.assertGreater(count, 0)

    def test_ybr_becomes_rgb_once_and_rgb_stays_what_it_is(self):
        count = 0
        for path, kind, _ in native_files():
            if kind not in ("YBR_FULL", "YBR_FULL_422", "RGB"):
                continue
            stored = pixel_array(path, raw=True)
            theirs = stored if kind == "RGB" else convert_color_space(stored, "YBR_FULL", "RGB")
            ours = self.decoded(path, stored.dtype.newbyteorder("<"), stored.shape)
            self.assertLessEqual(numpy.abs(ours.astype(int) - theirs.astype(int)).max(), 0 if theirs is stored else 1, path)
            count += 1
        self.assertGreater(count, 3)

    @unittest.skipUnless((SHARED / "dicom").is_dir(), "../shared is not here")
    def test_the_same_picture_through_jpeg_jpeg_2000_rle_and_ybr_is_nearly_the_same_rgb(self):
        folder = SHARED / "dicom"
        plain = self.decoded(folder / "pydicom_data/SC_rgb.dcm", "u1", (100, 100, 3)).astype(int)
        for name, tolerance in (("pydicom/SC_rgb_rle.dcm", 0), ("pydicom/SC_rgb_jpeg_gdcm.dcm", 0), ("derived/htj2k_lossless_rgb_rct.dcm", 0),
                                ("pydicom_data/SC_ybr_full_uncompressed.dcm", 2), ("pydicom/SC_rgb_jpeg_dcmtk.dcm", 2), ("pydicom/SC_rgb_dcmtk_+eb+cr.dcm", 2)):
            ours = self.decoded(folder / name, "u1", plain.shape).astype(int)
            self.assertLessEqual(numpy.median(numpy.abs(ours - plain)), tolerance, name)

    @unittest.skipUnless((SHARED / "dicom").is_dir(), "../shared is not here")
    def test_a_modality_lut_gives_pydicoms_values(self):
        path = SHARED / "dicom/pydicom_data/mlut_18.dcm"
        file = pydicom.dcmread(path)
        theirs = apply_modality_lut(file.pixel_array, file)
        self.assertTrue(numpy.array_equal(self.decoded(path, "<u2", theirs.shape), theirs))

    def model_input(self, values, **attributes):
        folder = self.folder / f"case-{len(list(self.folder.iterdir()))}"
        make_instance(folder / "in/1.dcm", values, **attributes)
        package = make_package(folder / "package", None)
        done = subprocess.run([BIN / "aidp_oracle", "input", package / "model.yaml", folder / "in", folder / "out.pt"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return torch.load(folder / "out.pt")[0].flatten().tolist()

    def table(self, first, entries):
        table = pydicom.Dataset()
        table.LUTDescriptor, table.ModalityLUTType = [len(entries), first, 16], "US"
        table.add_new("LUTData", "OW", numpy.array(entries, "<u2").tobytes())
        return Sequence([table])

    def test_padding_is_of_stored_values_then_comes_the_rescale_and_monochrome1_last(self):
        values = [[-5, 0, 10, 100]]
        unsigned = dict(PixelRepresentation=0, BitsStored=8, HighBit=7)
        self.assertEqual(self.model_input(values, RescaleSlope=2, RescaleIntercept=1, PixelPaddingValue=-5), [1, 1, 21, 201])
        self.assertEqual(self.model_input([[9, 0, 10, 100]], PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=9, **unsigned), [155, 255, 245, 155])
        self.assertEqual(self.model_input([[9, 0, 10, 100]], PhotometricInterpretation="MONOCHROME1", RescaleSlope=2, RescaleIntercept=1, **unsigned),
                         [2 * 246 + 1, 2 * 255 + 1, 2 * 245 + 1, 2 * 155 + 1])

    def test_padding_comes_before_the_modality_lut_and_monochrome1_after_it(self):
        table = self.table(-1, [7, 60000, 8, 9])  # of -1, 0, 1, 2; what is below or above has the first or the last
        self.assertEqual(self.model_input([[-9, -1, 0, 5]], ModalityLUTSequence=table), [7, 7, 60000, 9])
        self.assertEqual(self.model_input([[-9, -1, 0, 5]], ModalityLUTSequence=table, PixelPaddingValue=-9), [7, 7, 60000, 9])
        self.assertEqual(self.model_input([[0, 1, 2, 5]], ModalityLUTSequence=table, PixelPaddingValue=0), [8, 8, 9, 9])
        self.assertEqual(self.model_input([[0, 1, 2, 5]], ModalityLUTSequence=table, PhotometricInterpretation="MONOCHROME1"),
                         [65535 - 60000, 65535 - 8, 65535 - 9, 65535 - 9])


if __name__ == "__main__":
    unittest.main()
