# SPDX-License-Identifier: Apache-2.0
"""A TorchScript model that LibTorch rewrites for inference gives what PyTorch gives; one whose rewriting gives another result runs as it came. One of
several tensors is not chosen in silence. The time of an item is that of its forward pass."""
import unittest
from typing import Optional

import numpy
import torch

from support import JobTest, Mean, make_instance, rows


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


class Two(torch.nn.Module):
    """Two scores of which none is the answer."""
    def forward(self, x: torch.Tensor):
        mean = x.mean((1, 2, 3)).reshape(-1, 1)
        return mean, -mean


class AlsoNone(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Optional[torch.Tensor]]:
        return x.mean((1, 2, 3)).reshape(-1, 1), None


class Listed(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [x.mean((1, 2, 3)).reshape(-1, 1)]


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

    def test_several_tensors_are_refused_by_name_and_the_only_one_is_taken(self):
        image = numpy.full((8, 8), 70)
        make_instance(self.folder / "in/1.dcm", image)
        self.install(Two(), name="two")
        self.run_summary("two", self.folder / "in", "--out", self.folder / "out", code=3)
        (row,) = rows(self.folder / "out/results.csv")
        self.assertEqual((row["outcome"], row["reason"]), ("quarantined", "model.shape"))
        self.assertIn("one tensor is expected; the model gave a tuple of 2", row["message"])
        for name, module in (("none", AlsoNone()), ("listed", Listed())):
            self.install(module, name=name)
            self.run_summary(name, self.folder / "in", "--out", self.folder / name)
            self.assertEqual([float(row["mean"]) for row in rows(self.folder / name / "results.csv")], [70.0])

    def test_the_time_of_an_item_is_that_of_its_forward_pass(self):
        """Percentiles of 16 million values take a second or so; the mean of four takes none."""
        make_instance(self.folder / "in/1.dcm", numpy.random.default_rng(3).integers(0, 300, (64, 64)))
        self.install(Mean(), preprocess='[{Resize: {spatial_size: 4000, mode: bilinear}}, {ScaleIntensityRangePercentiles: {lower: 1, upper: 99, b_min: 0, b_max: 1}}, '
                                        '{CenterSpatialCrop: {roi_size: 2}}]')
        seconds = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")["seconds"]
        (row,) = rows(self.folder / "out/results.csv")
        self.assertGreater(float(row["infer_ms"]), 0)
        self.assertLess(float(row["infer_ms"]), 250 * seconds)


class Volumes(JobTest):
    class Network(torch.nn.Module):
        """Of any size, or of one alone."""
        def __init__(self, size=0):
            super().__init__()
            torch.manual_seed(4)
            self.size = size
            self.layers = torch.nn.Sequential(torch.nn.Conv3d(1, 4, 3, padding=1), torch.nn.BatchNorm3d(4), torch.nn.PReLU(), torch.nn.Conv3d(4, 1, 1))

        def forward(self, x):
            if self.size > 0 and x.shape[2] != self.size:
                raise ValueError("another size")
            return self.layers(x / 100).mean((2, 3, 4))

    def test_a_volume_larger_than_what_is_tried_gives_what_pytorch_gives(self):
        volume = numpy.random.default_rng(5).integers(0, 300, (4, 110, 100))  # tried on a corner, or on all of it if the network takes no other
        for number, image in enumerate(volume):
            make_instance(self.folder / f"in/{number}.dcm", image, number=number + 1)
        for name, network in (("any", self.Network()), ("one", self.Network(100))):
            with torch.inference_mode():
                expected = float(network.eval()(torch.tensor(volume, dtype=torch.float32).permute(2, 1, 0)[None, None]))
            self.install(network, name=name, unit="series")
            self.run_summary(name, self.folder / "in", "--out", self.folder / name)
            (row,) = rows(self.folder / name / "results.csv")
            self.assertAlmostEqual(float(row["mean"]), expected, delta=1e-4 * abs(expected))


if __name__ == "__main__":
    unittest.main()
