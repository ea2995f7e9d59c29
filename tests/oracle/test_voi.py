# SPDX-License-Identifier: Apache-2.0
"""`input: {voi: apply}` gives a model what pydicom's apply_voi_lut gives, as a part of its range: windows, tables, and MONOCHROME1 after them."""
import pathlib
import sys
import unittest

import h5py
import numpy
import pydicom
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/jobs"))
from support import JobTest, Mean, make_instance, make_item  # noqa: E402

STORED = numpy.arange(-300, 1300, 4).reshape(20, 20)
WINDOW = dict(WindowCenter=[40, 300], WindowWidth=[400, 1500], RescaleSlope=2, RescaleIntercept=-100)
TOLERANCE = 1e-6  # of the range from 0 to 1


def table(first, entries, bits):
    lut = make_item(LUTDescriptor=[len(entries), first, bits])
    lut["LUTDescriptor"].VR = "SS" if first < 0 else "US"
    lut.add_new("LUTData", "OW", numpy.asarray(entries, "<u2").tobytes())
    return Sequence([lut])


def pydicoms(file, values, voi):
    """0 to 1; pydicom's range is that of the stored bits rescaled, or of the table's entries."""
    shown = apply_voi_lut(values, voi)
    if "VOILUTSequence" in voi:
        low, high = 0, 2 ** voi.VOILUTSequence[0].LUTDescriptor[2] - 1
    else:
        low, high = (bound * file.RescaleSlope + file.RescaleIntercept for bound in (-(2**15), 2**15 - 1))
    part = (shown - low) / (high - low)
    return 1 - part if file.PhotometricInterpretation == "MONOCHROME1" else part


class Voi(JobTest):
    def given(self, path):
        """Rows x columns of what the model is given."""
        self.aidp("validate", "input", path, "--model", "mean", "--dump-tensor", self.folder / "t.h5")
        with h5py.File(self.folder / "t.h5") as file:
            return file["1"][0]

    def check(self, **attributes):
        make_instance(self.folder / "in/1.dcm", STORED, **attributes)
        self.install(Mean(), more="voi: apply")
        file = pydicom.dcmread(self.folder / "in/1.dcm")
        theirs = pydicoms(file, apply_modality_lut(file.pixel_array, file), file)
        self.assertGreater(numpy.ptp(theirs), 0.5)
        numpy.testing.assert_allclose(self.given(self.folder / "in"), theirs, rtol=0, atol=TOLERANCE)

    def test_a_linear_window(self):
        self.check(**WINDOW)

    def test_a_window_of_one_value_is_a_threshold(self):
        self.check(WindowCenter=40, WindowWidth=1)

    def test_an_exactly_linear_window(self):
        self.check(VOILUTFunction="LINEAR_EXACT", **WINDOW)

    def test_a_sigmoid_window(self):
        self.check(VOILUTFunction="SIGMOID", **WINDOW)

    def test_a_table_goes_before_a_window(self):
        self.check(VOILUTSequence=table(0, numpy.arange(1000) ** 2 % 4096, 12), **WINDOW)

    def test_a_table_that_begins_below_zero(self):
        self.check(VOILUTSequence=table(-200, range(0, 60000, 100), 16), **WINDOW)

    def test_monochrome1_is_turned_after_the_window(self):
        self.check(PhotometricInterpretation="MONOCHROME1", **WINDOW)

    def test_padding_becomes_the_least_value_that_is_shown(self):
        make_instance(self.folder / "in/1.dcm", STORED, WindowCenter=500, WindowWidth=4000, PixelPaddingValue=int(STORED.max()))
        self.install(Mean(), more="voi: apply")
        given = self.given(self.folder / "in")
        self.assertEqual(given[-1, -1], given[0, 0])
        self.assertGreater(given[-1, -2], given[0, 0])

    def test_each_slice_of_a_volume_by_its_own_window(self):
        for number in (1, 2, 3, 4):
            make_instance(self.folder / f"in/{number}.dcm", STORED, number=number, WindowCenter=100 * number, WindowWidth=300)
        self.install(Mean(), unit="series", more="voi: apply")
        given = self.given(self.folder / "in")
        for number in (1, 2, 3, 4):
            file = pydicom.dcmread(self.folder / f"in/{number}.dcm")
            numpy.testing.assert_allclose(given[:, :, number - 1].T, pydicoms(file, file.pixel_array, file), rtol=0, atol=TOLERANCE)

    def test_a_frames_own_window_goes_before_the_shared_and_the_images(self):
        frames = numpy.stack([STORED, STORED + 1])
        window = {number: make_item(WindowCenter=100 * number, WindowWidth=300) for number in (1, 2)}
        groups = Sequence([make_item(FrameVOILUTSequence=Sequence([window[1]])), make_item()])
        make_instance(self.folder / "in/1.dcm", STORED, NumberOfFrames=2, WindowCenter=0, WindowWidth=9, PixelData=frames.astype("<i2").tobytes(),
                      PerFrameFunctionalGroupsSequence=groups, SharedFunctionalGroupsSequence=Sequence([make_item(FrameVOILUTSequence=Sequence([window[2]]))]))
        self.install(Mean(), more="voi: apply")
        self.aidp("validate", "input", self.folder / "in", "--model", "mean", "--dump-tensor", self.folder / "t.h5")
        file = pydicom.dcmread(self.folder / "in/1.dcm")
        with h5py.File(self.folder / "t.h5") as tensors:
            for number in (1, 2):
                values = frames[number - 1].astype("<i2")
                for name, attributes in (("WindowCenter", window[number].WindowCenter), ("WindowWidth", window[number].WindowWidth)):
                    setattr(file, name, attributes)
                numpy.testing.assert_allclose(tensors[str(number)][0], pydicoms(file, values, file), rtol=0, atol=TOLERANCE)

    def refusal(self, **attributes):
        make_instance(self.folder / "in/1.dcm", STORED, **attributes)
        self.install(Mean(), more="voi: apply")
        return self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3), (self.folder / "out/results.csv").read_text()

    def test_an_image_without_a_voi_is_refused_by_name(self):
        self.assertIn("the image has neither WindowCenter nor VOILUTSequence", self.refusal()[1])

    def test_a_senseless_window_is_refused_by_name(self):
        self.assertIn("WindowWidth is too small", self.refusal(WindowCenter=40, WindowWidth=0)[1])

    def test_unless_the_manifest_asks_the_window_is_ignored(self):
        make_instance(self.folder / "in/1.dcm", STORED, **WINDOW)
        self.install(Mean())
        numpy.testing.assert_array_equal(self.given(self.folder / "in"), STORED * 2.0 - 100)


if __name__ == "__main__":
    unittest.main()
