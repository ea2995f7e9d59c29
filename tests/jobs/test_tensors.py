# SPDX-License-Identifier: Apache-2.0
"""`validate input --dump-tensor`: what a model would be given, with where it lies."""
import json
import pathlib
import unittest

import numpy
from support import JobTest, Mean, make_cohort, make_instance

try:
    import h5py
except ImportError:
    h5py = None


@unittest.skipIf(h5py is None, "no h5py here: scripts/setup installs it")
class Dumping(JobTest):
    def dump(self, *more, code=0):
        self.said = self.aidp("validate", "input", self.folder / "in", "--model", "mean", "--dump-tensor", self.folder / "tensors.h5", *more, code=code)
        return h5py.File(self.folder / "tensors.h5") if code in (0, 3) else None

    def test_a_volume_lies_where_its_affine_says(self):
        self.install(Mean(), unit="series", preprocess="[{Orientation: {axcodes: RAS}}, {ResizeWithPadOrCrop: {spatial_size: [12, 10, 6]}}]")
        values = numpy.arange(4 * 8 * 10).reshape(4, 8, 10)
        for k in range(4):
            make_instance(self.folder / f"in/{k}.dcm", values[k], number=k + 1, PixelSpacing=[2, 3], ImagePositionPatient=[-5, 7, 10 + 4 * k])
        with self.dump() as file:
            self.assertEqual((file.attrs["schema"], file.attrs["model"], list(file)), ("aidp.tensors/1", "mean@1.0.0", ["1"]))
            tensor, affine = file["1"][:], file["1"].attrs["affine_lps"]
            self.assertEqual((tensor.dtype, tensor.shape), (numpy.float32, (1, 12, 10, 6)))
            self.assertEqual(file["1"].attrs["series_uid"], "2.25.7.1.1")
            self.assertNotIn("sop_uid", file["1"].attrs)
        self.assertNotIn(b"CANARY", (self.folder / "tensors.h5").read_bytes())
        for k, j, i in numpy.ndindex(values.shape):
            place = numpy.linalg.inv(affine) @ [-5 + 3 * i, 7 + 2 * j, 10 + 4 * k, 1]
            self.assertEqual(tensor[(0, *numpy.rint(place[:3]).astype(int))], values[k, j, i])

    def test_a_dump_replaces_no_image(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        image = self.folder / "in/0001/001.dcm"
        whole = image.read_bytes()
        said = self.aidp("validate", "input", self.folder / "in", "--model", "mean", "--dump-tensor", image, code=2).stderr
        self.assertIn("[path.kind]", said)
        self.assertEqual(image.read_bytes(), whole)

    def test_each_image_is_a_dataset_and_what_cannot_be_read_is_named(self):
        self.install(Mean(), preprocess="[{ScaleIntensityRange: {a_min: 0, a_max: 10, b_min: 0, b_max: 1}}]")
        make_cohort(self.folder / "in", 3, slices=2, value=lambda study, number: 10 * study + number)
        broken = self.folder / "in/0002/001.dcm"
        broken.write_bytes(broken.read_bytes()[:-100])
        with self.dump("--format", "json", code=3) as file:
            self.assertEqual({data.attrs["sop_uid"].removeprefix("2.25.7."): float(data[0, 3, 4]) for data in file.values()},
                             {f"{s}.1.{n}": numpy.float32(s + n / 10) for s in (1, 2, 3) for n in (1, 2) if (s, n) != (2, 1)})
        self.assertIn('"failed":1', self.said.stdout)
        (failure,) = (line for line in map(json.loads, self.said.stdout.splitlines()) if line["type"] == "item")
        self.assertEqual((failure["series_uid"], failure["item"], failure["reason"]), ("2.25.7.2.1", 3, "dicom.truncated"))

    def test_what_no_item_gave_is_said_with_the_series_and_leaves_no_file(self):
        self.install(Mean())
        make_instance(self.folder / "in/1.dcm", numpy.zeros((8, 24)), Columns=8, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
        self.dump("--format", "json", code=6)
        self.assertEqual([json.loads(line).get("reason") for line in self.said.stdout.splitlines()], ["", "pixels.unsupported", None])
        self.assertEqual(json.loads(self.said.stderr)["reason"], "selection.nothing")
        self.assertFalse((self.folder / "tensors.h5").exists())

    def test_device_and_memory_are_those_asked_for(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        self.dump("--device", "cpu", "--memory", "256M").close()
        self.dump("--device", "cuda:99", code=2)
        self.assertIn("cuda:99", self.said.stderr)
        self.dump("--memory", "1M", code=2)
        self.assertIn("--memory takes", self.said.stderr)
        self.dump("--workers", "300", code=2)
        self.assertIn("--workers takes 0 to 256", self.said.stderr)

    def test_nothing_is_written_where_nothing_fits(self):
        self.install(Mean())
        make_instance(self.folder / "in/mr.dcm", numpy.zeros((16, 16)), Modality="MR")
        self.dump(code=6)
        make_cohort(self.folder / "in", 1)
        self.aidp("validate", "input", self.folder / "in", "--model", "mean", "--dump-tensor", self.folder, code=2)
        self.aidp("validate", "input", self.folder / "in", "--dump-tensor", self.folder / "tensors.h5", code=2)
        self.assertEqual([path for path in pathlib.Path(self.folder).iterdir() if "tensors" in path.name], [])


if __name__ == "__main__":
    unittest.main()
