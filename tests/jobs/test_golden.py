# SPDX-License-Identifier: Apache-2.0
"""Reference tensors of golden cases: `validate model` compares stage by stage, so that a fault of preprocessing is told from one of the model."""
import json
import unittest

import numpy
import torch
from support import JobTest, make_instance, make_package


class Doubled(torch.nn.Module):
    def forward(self, x):
        return 2 * x.mean(dim=[1, 2, 3]).reshape(-1, 1)


PREPROCESS = "[{ScaleIntensityRange: {a_min: 0, a_max: 1000, b_min: 0, b_max: 1}}]"


class Golden(JobTest):
    def package(self, tensor=None, output=None, more="", preprocess=PREPROCESS):
        """A package whose golden case has a ramp; the references are right unless others are given."""
        values = numpy.arange(16 * 12).reshape(16, 12) * 5
        right = (values / 1000).astype(numpy.float32)[None]
        folder = make_package(self.folder / "package", Doubled(), preprocess=preprocess, outputs="[{name: mean, kind: score, index: 0}]",
                              golden=f"[{{name: ramp, input: golden/ramp, expect: {{mean: {2 * right.mean()}}}, tolerance: 0.001, tensor: tensor.npy, output: output.npy{more}}}]")
        make_instance(folder / "golden/ramp/1.dcm", values)
        numpy.save(folder / "tensor.npy", right if tensor is None else tensor(right))
        numpy.save(folder / "output.npy", numpy.array([2 * right.mean()], numpy.float32) if output is None else output)
        return folder

    def validate(self, *more, code=0, **changes):
        self.aidp("model", "install", self.package(*more, **changes), "--unchecked")
        done = self.aidp("validate", "model", "mean", "--format", "json", code=code)
        return {line["stage"]: line for line in map(json.loads, done.stdout.splitlines())}, done.stderr

    def test_every_stage_is_compared_and_its_largest_difference_printed(self):
        stages, _ = self.validate()
        self.assertEqual({stage: line["passed"] for stage, line in stages.items()}, {"preprocess": True, "model": True, "value": True})
        self.assertIn("largest difference, preprocess: ", self.aidp("validate", "model", "mean").stdout)

    def test_install_compares_too_and_leaves_out_what_differs(self):
        folder = self.package(None, numpy.array([0.9], numpy.float32))
        refused = self.aidp("model", "install", folder, code=4)
        self.assertIn("ramp model differs by", refused.stderr)
        self.assertIn("--unchecked", refused.stderr)
        self.assertEqual(self.aidp("model", "list", "--format", "json").stdout, "")
        self.aidp("model", "install", folder, "--unchecked")
        self.aidp("model", "remove", "mean")
        numpy.save(folder / "output.npy", numpy.array([2 * (numpy.arange(16 * 12) * 5 / 1000).mean()], numpy.float32))
        self.assertIn("largest difference, preprocess: ", self.aidp("model", "install", folder).stdout)
        self.assertNotIn("difference", self.aidp("model", "install", folder).stdout)

    def test_another_preprocessing_fails_there_and_not_at_the_model(self):
        stages, error = self.validate(code=4, preprocess="[{ScaleIntensityRange: {a_min: 0, a_max: 990, b_min: 0, b_max: 1}}]")
        self.assertEqual({stage: line["passed"] for stage, line in stages.items()}, {"preprocess": False, "model": True, "value": False})
        self.assertAlmostEqual(stages["preprocess"]["difference"], 0.955 * (1000 / 990 - 1), 5)
        self.assertIn("ramp preprocess differs by", error)

    def test_another_model_fails_at_the_model(self):
        stages, _ = self.validate(None, numpy.array([0.9], numpy.float32), code=4)
        self.assertEqual({stage: line["passed"] for stage, line in stages.items()}, {"preprocess": True, "model": False, "value": True})

    def test_the_tolerance_is_a_part_of_the_range(self):
        stages, _ = self.validate(lambda right: right + numpy.float32(0.009), code=0, more=", tensor_tolerance: 0.02")
        self.assertAlmostEqual(stages["preprocess"]["tolerance"], 0.02 * 0.955, 5)

    def test_references_of_another_shape_or_kind_are_named(self):
        stages, _ = self.validate(lambda right: right[0], numpy.array([[0.9]], numpy.float32), code=4)
        self.assertIn("[16, 12]", stages["preprocess"]["message"])
        self.assertIn("[1, 1]", stages["model"]["message"])

    def test_an_array_of_another_type_is_named(self):
        for number, other in enumerate((lambda right: right.astype(float), lambda right: numpy.asfortranarray(right[0]), lambda right: right.astype(">f4"))):
            with self.subTest(number):
                stages, _ = self.validate(other, code=4)
                self.assertIn("numpy.save", stages["preprocess"]["message"])
                self.aidp("model", "remove", "mean")
                self.clean()
                self.folder.mkdir()

    def test_a_cut_array_is_named_and_a_missing_one_refused(self):
        folder = self.package()
        whole = (folder / "tensor.npy").read_bytes()
        for number, part in enumerate((whole[:-4], whole[:50], b"", whole + b"more")):
            (folder / "tensor.npy").write_bytes(part)
            self.aidp("model", "install", folder, "--unchecked")
            self.assertIn("tensor.npy", self.aidp("validate", "model", "mean", code=4).stderr)
            self.aidp("model", "remove", "mean")
        (folder / "tensor.npy").unlink()
        self.assertIn("has no tensor.npy", self.aidp("model", "install", folder, code=2).stderr)


if __name__ == "__main__":
    unittest.main()
