# SPDX-License-Identifier: Apache-2.0
"""A TorchScript model that LibTorch rewrites for inference gives what PyTorch gives; one whose rewriting gives another result runs as it came."""
import unittest

import numpy
import torch

from support import JobTest, make_instance, rows


class Network(torch.nn.Module):
    """What rewriting folds together: convolutions, normalisations, activations."""
    def __init__(self):
        super().__init__()
        torch.manual_seed(4)
        self.layers = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(),
                                          torch.nn.Conv2d(8, 8, 3, stride=2), torch.nn.BatchNorm2d(8), torch.nn.ReLU())
        for layer in self.layers:
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.running_mean.normal_()
                layer.running_var.uniform_(0.5, 2)

    def forward(self, x):
        return self.layers(x / 100).mean((2, 3)).sum(1, keepdim=True)


class Chaotic(Network):
    """Any change of a last bit changes it all."""
    def forward(self, x):
        return (self.layers(x / 100).mean((2, 3)).sum(1, keepdim=True) * 1e9) % 100.0


class Rewriting(JobTest):
    def values(self, module, images):
        self.install(module)
        for number, image in enumerate(images):
            make_instance(self.folder / f"in/{number:02}.dcm", image, number=number + 1)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        return [float(row["mean"]) for row in sorted(rows(self.folder / "out/results.csv"), key=lambda row: int(row["sop_uid"].split(".")[-1]))]

    def pytorch(self, module, images):
        module = torch.jit.script(module.eval())
        with torch.inference_mode():
            return [float(module(torch.tensor(image, dtype=torch.float32)[None, None])) for image in images]

    def test_a_network_gives_what_pytorch_gives_in_every_batch(self):
        images = numpy.random.default_rng(1).integers(0, 300, (19, 24, 20))
        expected = self.pytorch(Network(), images)
        self.assertGreater(numpy.ptp(expected), 0.01)
        numpy.testing.assert_allclose(self.values(Network(), images), expected, rtol=1e-5)

    def test_a_model_that_rewriting_changes_runs_as_it_came(self):
        images = numpy.random.default_rng(2).integers(0, 300, (3, 24, 20))[1:2]  # PyTorch 2.13 on AVX-512: 44 as it comes, 16 rewritten
        numpy.testing.assert_allclose(self.values(Chaotic(), images), self.pytorch(Chaotic(), images), rtol=1e-6)


if __name__ == "__main__":
    unittest.main()
