# SPDX-License-Identifier: Apache-2.0
"""The same DICOM through MONAI 1.6 and through aidp: the same tensor, the same affine, the same mask on the source grid.

Tensors may differ by 1e-4 of the range of MONAI's, affines by 1e-4 mm; labels not at all. scripts/setup installs MONAI, and what its transforms
stand on (nibabel, scipy, scikit-image), in the tests' virtual environment.
"""
import json
import unittest

import numpy
import torch

from comparison import GEOMETRIES, MISSING, SHAPE, SPACING, TOLERANCE, Oracle, largest, print_largest, voxels, write_series

if not MISSING:
    import monai
    import nibabel
    import scipy.ndimage
    from monai.data import MetaTensor, PydicomReader
    from monai.inferers import SliceInferer, sliding_window_inference
    from monai.transforms import Compose, Invertd, LoadImaged

CT = {"a_min": -800, "a_max": 900, "b_min": 0, "b_max": 1}


class EachTransform(Oracle):
    def each(self, name, *arguments, volume=True, geometry="axial", **image):
        for given in arguments:
            self.same_input(name, [(name, given)], self.image(geometry, **image), volume)

    def test_reading_gives_the_same_values_and_affine(self):
        for name in GEOMETRIES:
            self.same_input("EnsureChannelFirst", [], self.image(name))

    def test_orientation(self):
        for name in GEOMETRIES:
            for axcodes in ("RAS", "LPS", "SAR", "PIR"):
                self.same_input("Orientation", [("Orientation", {"axcodes": axcodes})], self.image(name))

    def test_spacing(self):
        for name in GEOMETRIES:
            for given in ({"pixdim": [1, 1, 1]}, {"pixdim": [1.3, 0.4, 3.1]}, {"pixdim": [0.7005, 0.9, 6]}, {"pixdim": 2.0}, {"pixdim": [1, -1, 0]}):
                self.same_input("Spacing", [("Spacing", given)], self.image(name))
        self.each("Spacing", {"pixdim": [1, 1, 1], "min_pixdim": [0.6, 0.6, 0.6], "max_pixdim": [1, 0.8, 3]}, {"pixdim": [0.7001, 0.9, 2.5006]})

    def test_spacing_of_the_nearest_voxel(self):
        # Half a voxel from two, rounding errors choose one: ties are left out here, and their sizes compared below.
        for name in GEOMETRIES:
            for pixdim in ([1, 1, 1], [1.3, 0.4, 3.1]):
                self.same_input("Spacing nearest", [("Spacing", {"pixdim": pixdim, "mode": "nearest"})], self.image(name))

    def test_spacing_to_a_size_that_ends_on_a_half(self):
        for name in ("axial", "flipped", "upside down", "sagittal", "coronal"):
            self.same_input("Spacing", [("Spacing", {"pixdim": [0.35, 1.8, 5]})], self.image(name, shape=(24, 18, 12)))

    def test_spacing_where_cosines_have_few_digits(self):
        """MONAI centres the new grid on the old one if axes are not quite at right angles."""
        for digits in (6, 7, 12):
            for name in ("oblique", "very oblique"):
                folder = write_series(self.folder / f"{name}-{digits}", voxels(SHAPE), GEOMETRIES[name], SPACING, digits)
                self.same_input(f"Spacing, cosines of {digits} digits", [("Orientation", {"axcodes": "RAS"}), ("Spacing", {"pixdim": [1.31, 0.41, 3.17]})], folder)

    def test_spacing_along_the_axes_of_the_world(self):
        for name in GEOMETRIES:
            for given in ({"pixdim": [1, 1, 1]}, {"pixdim": [1.3, 0.41, 3.1]}, {"pixdim": [2, -1, 0]}):
                for first in ([], [("Orientation", {"axcodes": "RAS"})]):
                    self.same_input("Spacing, diagonal", [*first, ("Spacing", {**given, "diagonal": True})], self.image(name))

    def test_a_cube_as_freesurfer_conforms_to(self):
        """Voxel size / 2 of the cube lies where voxel size / 2 of the image does (c_ras of mri_convert --conform); the resampling is compared with MONAI's and with scipy's."""
        for name in GEOMETRIES:
            image = self.load(self.image(name), True)
            for axcodes, size, pixdim in (("LIA", [32, 32, 32], [1.0, 1.0, 1.0]), ("RAS", [17, 24, 9], [0.83, 1.3, 2.7])):
                directions = numpy.zeros((3, 3))
                for axis, code in enumerate(axcodes):
                    directions["RAS".find(code) if code in "RAS" else "LPI".find(code), axis] = pixdim[axis] if code in "RAS" else -pixdim[axis]
                affine = numpy.eye(4)
                affine[:3, :3] = directions
                affine[:3, 3] = (image.affine.numpy() @ [*(n / 2 for n in image.shape[1:]), 1])[:3] - directions @ numpy.array(size) / 2
                tensor, ours = self.ask("input", self.manifest([("Conform", {"axcodes": axcodes, "spatial_size": size, "pixdim": pixdim})]), self.image(name))
                theirs = monai.transforms.SpatialResample(mode="bilinear", padding_mode="zeros", dtype=torch.float64)(image, dst_affine=affine, spatial_size=size)
                self.compare("Conform", theirs, tensor)
                self.assertLess(float((torch.tensor(affine) - ours).abs().max()), TOLERANCE)
                to_old = numpy.linalg.inv(image.affine.numpy()) @ affine
                scipys = scipy.ndimage.affine_transform(image.as_tensor()[0].double().numpy(), to_old[:3, :3], to_old[:3, 3], size, order=1, mode="grid-constant")
                self.compare("Conform, scipy", torch.tensor(scipys[None], dtype=torch.float32), tensor)

    def test_resize_to_the_longest_axis(self):
        for shape in (SHAPE, SHAPE[1:] + SHAPE[:1], SHAPE[2:] + SHAPE[:2]):
            folder = write_series(self.folder / f"longest-{shape[0]}", voxels(shape), GEOMETRIES["axial"], SPACING)
            for size in (9, 23, 37):
                self.same_input("Resize, longest", [("Resize", {"spatial_size": size, "size_mode": "longest"})], folder)
        for shape in ((40, 50, 1), (50, 40, 1)):
            folder = write_series(self.folder / f"frame-{shape[0]}", voxels(shape), GEOMETRIES["axial"], SPACING)
            self.same_input("Resize, longest", [("Resize", {"spatial_size": 51, "size_mode": "longest", "mode": "bilinear"})], folder, volume=False)

    def test_resize(self):
        for mode in ("area", "trilinear", "bilinear", "nearest", "nearest-exact"):
            self.each("Resize", {"spatial_size": [17, 30, 8], "mode": mode}, {"spatial_size": [-1, 18, 22], "mode": mode})
            self.each("Resize", {"spatial_size": [31, 12], "mode": mode}, volume=False, geometry="flipped", shape=(23, 18, 1))
        self.each("Resize", {"spatial_size": [17, 30, 8], "mode": "trilinear", "align_corners": True}, {"spatial_size": 32, "size_mode": "longest"})

    def test_pads_and_crops(self):
        sizes = [30, 12, 20], [31, 13, -1], [23, 40, 9]
        for size in sizes:
            for more in ({}, {"method": "end"}, {"value": -1000}, {"mode": "replicate"}, {"mode": "reflect"}, {"mode": "circular"}):
                if more.get("mode") in ("reflect", "circular") and size[1] == 40:
                    continue  # aidp refuses: MONAI falls back on numpy there, which reflects again and again
                self.each("ResizeWithPadOrCrop", {"spatial_size": size, **more})
                self.each("SpatialPad", {"spatial_size": size, **more})
            self.each("CenterSpatialCrop", {"roi_size": size})
        self.each("SpatialPad", {"spatial_size": 25}, volume=False, geometry="flipped", shape=(23, 18, 1))

    def test_crop_of_the_foreground(self):
        data = numpy.full(SHAPE, -500)
        data[5:14, 3:9, 2:7] = voxels(SHAPE)[5:14, 3:9, 2:7] + 2000
        for name in ("sagittal", "oblique"):
            folder = self.image(name, data=data)
            for given in ({}, {"margin": 2}, {"margin": [1, 0, 5]}, {"margin": 4, "allow_smaller": True}, {"k_divisible": [4, 5, 1]}, {"margin": 3, "k_divisible": 8, "value": -7},
                          {"channel_indices": [0], "margin": 3, "mode": "replicate"}):
                self.same_input("CropForeground", [("CropForeground", given)], folder)

    def test_turns(self):
        self.each("Rotate90", {}, {"k": 2}, {"k": 3, "spatial_axes": [0, 2]}, {"k": -1, "spatial_axes": [2, 1]}, {"spatial_axes": [-1, 0]})
        self.each("Flip", {}, {"spatial_axis": 0}, {"spatial_axis": [1, -1]})
        self.each("Rotate90", {"k": 1}, {"k": 3, "spatial_axes": [1, 0]}, volume=False, geometry="flipped", shape=(23, 18, 1))

    def test_intensities(self):
        self.each("ScaleIntensity", {}, {"minv": -1, "maxv": 3}, {"channel_wise": True})
        self.each("ScaleIntensityRange", {**CT, "clip": True}, CT, {"a_min": -800, "a_max": 900, "b_max": 0.8, "clip": True}, {**CT, "a_max": -800, "b_min": 2, "clip": True})
        self.each("ScaleIntensityRangePercentiles", {"lower": 1, "upper": 99, "b_min": 0, "b_max": 1, "clip": True}, {"lower": 5, "upper": 95, "b_min": -1, "b_max": 1, "relative": True},
                  {"lower": 0, "upper": 99.5, "b_min": 0, "b_max": 1, "channel_wise": True}, {"lower": 2, "upper": 90, "b_min": None, "b_max": None})
        self.each("NormalizeIntensity", {}, {"nonzero": True}, {"subtrahend": 50, "divisor": 300}, {"channel_wise": True}, {"channel_wise": True, "subtrahend": [7.5], "divisor": [20]})
        self.each("ThresholdIntensity", {"threshold": 100}, {"threshold": 100, "above": False, "cval": 90})

    def test_intensities_where_all_are_alike(self):
        self.each("ScaleIntensity", {"minv": 0.5}, geometry="flipped", data=numpy.full(SHAPE, 12))
        self.each("NormalizeIntensity", {}, {"nonzero": True}, geometry="flipped")

    def test_channels_and_types(self):
        self.each("RepeatChannel", {"repeats": 3})
        self.each("CastToType", *({"dtype": dtype} for dtype in ("float32", "float16", "float64", "int16", "int32", "int64")))


class Chains(Oracle):
    def test_a_segmentation_of_ct(self):
        chain = [("EnsureChannelFirst", {"channel_dim": 0}), ("Orientation", {"axcodes": "RAS"}), ("Spacing", {"pixdim": [1.5, 1.5, 2]}),
                 ("ScaleIntensityRange", {**CT, "clip": True}), ("CropForeground", {"margin": 1}), ("SpatialPad", {"spatial_size": [16, 16, 16]}),
                 ("ResizeWithPadOrCrop", {"spatial_size": [14, 20, 12]})]
        for name in GEOMETRIES:
            folder = self.image(name)
            theirs = self.monai(chain)(self.load(folder, True))
            tensor, affine = self.ask("input", self.manifest([("EnsureChannelFirst", {}), *chain[1:]]), folder)
            self.compare("chain: CT volume", theirs, tensor)
            self.assertLessEqual(float((theirs.affine - affine).abs().max()), TOLERANCE)

    def test_a_classifier_of_mr(self):
        chain = [("Orientation", {"axcodes": "LPI"}), ("Spacing", {"pixdim": 1.2}), ("NormalizeIntensity", {"nonzero": True, "channel_wise": True}), ("Flip", {"spatial_axis": 1}),
                 ("Rotate90", {"k": 3, "spatial_axes": [0, 2]}), ("Resize", {"spatial_size": [20, 21, 22], "mode": "trilinear"}), ("RepeatChannel", {"repeats": 2})]
        for name in GEOMETRIES:
            self.same_input("chain: MR volume", chain, self.image(name))

    def test_a_classifier_of_frames(self):
        for chain in ([("ScaleIntensityRange", {**CT, "clip": True}), ("Resize", {"spatial_size": [32, 40], "mode": "bilinear"})],  # aidp's fused path
                      [("ScaleIntensityRangePercentiles", {"lower": 1, "upper": 99, "b_min": 0, "b_max": 1, "clip": True}), ("ResizeWithPadOrCrop", {"spatial_size": [20, 20]}),
                       ("Resize", {"spatial_size": [15, 64], "mode": "area"}), ("RepeatChannel", {"repeats": 3}), ("NormalizeIntensity", {"channel_wise": True})]):
            self.same_input("chain: frames", chain, self.image("oblique", shape=(57, 43, 1)), volume=False)


class AfterTheModel(Oracle):
    def setUp(self):
        super().setUp()
        generator = torch.Generator().manual_seed(5)
        smooth = lambda x: torch.nn.functional.avg_pool3d(x, 3, 1, 1)
        self.logits = smooth(torch.randn((3, *SHAPE), generator=generator)[None])[0] * 8
        self.labels = self.logits.argmax(0, keepdim=True).float()
        self.binary = (self.logits[:1] > 0.6).float()
        self.one_hot = torch.nn.functional.one_hot(self.labels[0].long(), 3).movedim(-1, 0).float()

    def each(self, name, tensor, *arguments):
        for given in arguments:
            theirs = self.monai([(name, given)])(MetaTensor(tensor.clone(), affine=numpy.diag([*SPACING, 1])))
            ours = self.ask("after", self.manifest(postprocess=[(name, given)]), self.image("axial"), tensor=tensor)[0]
            self.compare(name, theirs.float(), ours, exact=name != "Activations")

    def test_activations_and_labels(self):
        self.each("Activations", self.logits, {"sigmoid": True}, {"softmax": True})
        self.each("AsDiscrete", self.logits, {"argmax": True}, {"threshold": 0.3}, {"argmax": True, "to_onehot": 3}, {"rounding": "torchrounding"})

    def test_the_largest_component_stays(self):
        for tensor in (self.labels, self.one_hot, self.binary):
            self.each("KeepLargestConnectedComponent", tensor, {}, {"connectivity": 1}, {"connectivity": 2, "num_components": 3}, {"independent": False, "connectivity": 1},
                      {"applied_labels": [1], "connectivity": 1} if len(tensor) > 1 or tensor.max() > 1 else {"num_components": 2})

    def test_small_objects_go(self):
        for tensor in (self.labels, self.one_hot, self.binary):
            self.each("RemoveSmallObjects", tensor, {}, {"min_size": 5}, {"min_size": 20, "connectivity": 3}, {"min_size": 9, "independent_channels": False},
                      {"min_size": 12.5, "by_measure": True}, {"min_size": 1500})

    def test_holes_are_filled(self):
        shell = torch.zeros((1, *SHAPE))
        shell[0, 3:10, 3:10, 2:9], shell[0, 4:9, 4:9, 3:8], shell[0, 6, 6, 5] = 1, 0, 2
        shell[0, 12:20, 4:12, 0:6], shell[0, 13:19, 5:11, 0:5], shell[0, 3, 3, 5] = 2, 0, 0
        for tensor in (shell, self.binary, self.labels, self.one_hot):
            self.each("FillHoles", tensor, {}, {"connectivity": 1}, {"applied_labels": [1]} if tensor.max() > 1 or len(tensor) > 1 else {"connectivity": 2})


class BackToTheSource(Oracle):
    """MONAI's Invertd with nearest_interp=True, on labels that the chain itself makes of an image."""

    def same_mask(self, title, chain, name, allowed=0.0):
        folder = self.image(name)
        data = LoadImaged("image", reader=PydicomReader(), ensure_channel_first=True)({"image": folder})
        source = lambda step: {"source_key": "image"} if step == "CropForeground" else {}
        forward = Compose([getattr(monai.transforms, step + "d")("image", **source(step), **arguments) for step, arguments in chain])
        done = forward(data)
        done["mask"] = (done["image"] > 100).float() + (done["image"] > 700).float()
        labels = done["mask"].as_tensor().clone()
        theirs = Invertd("mask", forward, orig_keys="image", nearest_interp=True, to_tensor=True)(done)["mask"]
        ours = self.ask("invert", self.manifest(chain), folder, tensor=labels[0].byte())[0]
        wrong = float((ours.permute(2, 1, 0) != theirs.as_tensor()[0].byte()).float().mean())
        largest[title] = max(wrong, largest.get(title, 0))
        self.assertLessEqual(wrong, allowed, f"{title}, {name}: part of the voxels that differ")

    def test_masks_go_back_as_with_invert(self):
        for name in GEOMETRIES:
            self.same_mask("Invert", [("Orientation", {"axcodes": "RAS"}), ("Spacing", {"pixdim": [1.1, 1.1, 1.9]}), ("CropForeground", {"margin": 1}),
                                      ("ResizeWithPadOrCrop", {"spatial_size": [12, 17, 15]})], name)
            self.same_mask("Invert", [("Spacing", {"pixdim": [1.07, 1.13, 1.9], "diagonal": True})], name, allowed=0.001)
            self.same_mask("Invert", [("Rotate90", {"k": 1}), ("Flip", {"spatial_axis": 2}), ("SpatialPad", {"spatial_size": [30, 30, 30]})], name)


    def test_probabilities_go_back_as_with_invert(self):
        """The transform Invert: linear as the Spacing was, or nearest; what was cropped is 0 and blends into what was not."""
        spaced = [("Orientation", {"axcodes": "RAS"}), ("Spacing", {"pixdim": [1.1, 1.1, 1.9]})]
        source = lambda step: {"source_key": "image"} if step == "CropForeground" else {}
        for chain in (spaced, [*spaced, ("CropForeground", {"margin": 1})], [*spaced, ("ResizeWithPadOrCrop", {"spatial_size": [12, 17, 15]})], [("CropForeground", {}), *spaced]):
            for name in GEOMETRIES:
                for nearest in (False, True):
                    forward = Compose([getattr(monai.transforms, step + "d")("image", **source(step), **arguments) for step, arguments in chain])
                    done = forward(LoadImaged("image", reader=PydicomReader(), ensure_channel_first=True)({"image": self.image(name)}))
                    done["pred"] = MetaTensor(torch.cat([done["image"].as_tensor(), -done["image"].as_tensor() ** 2 / 1000]), meta=done["image"].meta)
                    tensor = done["pred"].as_tensor().clone()
                    theirs = Invertd("pred", forward, orig_keys="image", nearest_interp=nearest, to_tensor=True)(done)["pred"]
                    ours = self.ask("after", self.manifest(chain, postprocess=[("Invert", {"nearest_interp": nearest})]), self.image(name), tensor=tensor)[0]
                    self.compare(f"Invert of {'nearest' if nearest else 'linear'} voxels", theirs, ours)

    def test_a_mask_of_a_resized_image_goes_back_to_the_voxels_that_hold_its_centres(self):
        """Not as MONAI: its Invertd takes torch's mode nearest, which shifts a mask by up to half a voxel; nearest-exact does not."""
        for size in ([17, 30, 7], [45, 35, 21], [23, 9, 33]):  # none with a tie
            labels = (torch.rand((1, 1, *size), generator=torch.Generator().manual_seed(2)) * 3).floor()
            theirs = torch.nn.functional.interpolate(labels, SHAPE, mode="nearest-exact")[0, 0]
            ours = self.ask("invert", self.manifest([("Resize", {"spatial_size": size})]), self.image("axial"), tensor=labels[0, 0].byte())[0]
            self.assertTrue(torch.equal(ours.permute(2, 1, 0), theirs.byte()))


class Windows(Oracle):
    class Network(torch.nn.Module):
        """Looks a voxel around, and says of a voxel where in its window it lies, so that windows differ where they overlap."""

        def forward(self, x: torch.Tensor):
            ramp = torch.linspace(-1, 1, x.shape[-1], device=x.device)
            return torch.cat([torch.nn.functional.avg_pool2d(x.flatten(0, 1), 3, 1, 1).view(x.shape) + ramp, x * ramp], 1)

    def test_sliding_windows_are_blended_alike(self):
        network = self.Network()
        torch.jit.script(network).save(self.folder / "model.ts")
        generator = torch.Generator().manual_seed(3)
        cases = [((1, 1, 37, 29, 22), {"roi_size": [16, 12, 10]}), ((2, 1, 20, 21, 22), {"roi_size": [8, 8, 8], "overlap": 0.5, "mode": "gaussian", "sw_batch_size": 4}),
                 ((1, 2, 10, 40, 7), {"roi_size": [16, 16, 16], "overlap": 0.25, "mode": "gaussian", "sw_batch_size": 3, "cval": -1}),
                 ((1, 1, 13, 15, 11), {"roi_size": [16, 8, 16], "padding_mode": "reflect", "mode": "gaussian", "sigma_scale": 0.2}),
                 ((1, 1, 13, 15, 11), {"roi_size": [-1, 8, 12], "padding_mode": "replicate", "overlap": [0.5, 0.1, 0.9], "sigma_scale": [0.1, 0.2, 0.3], "mode": "gaussian"}),
                 ((1, 1, 9, 9, 9), {"roi_size": [3, 3, 3], "overlap": 0.99, "padding_mode": "circular", "sw_batch_size": 50}),
                 ((2, 1, 33, 48), {"roi_size": [16, 16], "overlap": 0.6, "mode": "gaussian", "sw_batch_size": 5}), ((1, 3, 33, 48), {"roi_size": 40, "overlap": 0})]
        for shape, given in cases:
            x = torch.randn(shape, generator=generator)
            theirs = sliding_window_inference(x, predictor=network, **{"sw_batch_size": 1, **given})
            manifest = self.manifest(volume=len(shape) == 5, inferer={"kind": "sliding_window", **given})
            self.compare("sliding_window", theirs, self.ask("windows", manifest, self.folder / "model.ts", tensor=x)[0])

    def test_a_model_of_images_gets_the_slices_of_a_volume(self):
        network = self.Network()
        torch.jit.script(network).save(self.folder / "model.ts")
        x = torch.randn((1, 2, 13, 17, 11), generator=torch.Generator().manual_seed(5))
        for given in ({"roi_size": [17, 11]}, {"roi_size": [-1, -1], "spatial_dim": 1, "sw_batch_size": 4}, {"roi_size": [16, 24], "spatial_dim": 2, "padding_mode": "replicate"},
                      {"roi_size": [8, 6], "overlap": [0.5, 0.3], "mode": "gaussian", "sigma_scale": [0.1, 0.3], "spatial_dim": 1, "sw_batch_size": 7}):
            theirs = SliceInferer(**{**given, **{key: given[key][:given.get("spatial_dim", 0)] + [rest] + given[key][given.get("spatial_dim", 0):]
                                                 for key, rest in (("overlap", 0.0), ("sigma_scale", 0.1)) if key in given}})(x, network)
            manifest = self.manifest(volume=True, inferer={"kind": "slices", **given})
            self.compare("slices", theirs, self.ask("windows", manifest, self.folder / "model.ts", tensor=x)[0])


class WholeJobs(Oracle):
    class Brightness(torch.nn.Module):
        """Two classes: below and above 0.6 of a blurred image."""

        def forward(self, x: torch.Tensor):
            blurred = torch.nn.functional.avg_pool3d(x, 3, 1, 1)
            return torch.cat([1.2 - blurred, blurred], 1)

    def test_a_run_with_windows_writes_the_mask_that_monai_gives(self):
        network = self.Brightness()
        chain = [("Orientation", {"axcodes": "RAS"}), ("Spacing", {"pixdim": [1.1, 1.1, 1.9]}), ("ScaleIntensityRange", {**CT, "clip": True})]
        after = [("AsDiscrete", {"argmax": True}), ("KeepLargestConnectedComponent", {"connectivity": 1}), ("FillHoles", {})]
        windows = {"roi_size": [12, 10, 9], "overlap": 0.5, "mode": "gaussian", "sw_batch_size": 4}
        steps = lambda steps: json.dumps([{name: arguments} for name, arguments in steps])
        self.install(network, unit="series", preprocess=steps(chain), postprocess=steps(after) + "\ninferer: " + json.dumps({"kind": "sliding_window", **windows}),
                     outputs="[{name: bright, kind: mask, names: {1: bright}}]")
        folder = self.image("very oblique")
        self.run_summary("mean", folder, "--out", self.folder / "out")
        ours = nibabel.load(next((self.folder / "out/masks").rglob("*.nii.gz")))

        forward = Compose([getattr(monai.transforms, name + "d")("image", **arguments) for name, arguments in chain])
        done = forward(LoadImaged("image", reader=PydicomReader(), ensure_channel_first=True)({"image": folder}))
        logits = sliding_window_inference(done["image"][None], predictor=network, **windows)[0]
        done["mask"] = self.monai(after)(MetaTensor(logits.as_tensor(), affine=done["image"].affine))
        theirs = Invertd("mask", forward, orig_keys="image", nearest_interp=True, to_tensor=True)(done)["mask"]
        grid = numpy.linalg.inv(ours.affine) @ numpy.asarray(theirs.affine)  # from MONAI's voxels to those of the file
        places = numpy.rint(grid[:3, :3] @ numpy.indices(theirs.shape[1:]).reshape(3, -1) + grid[:3, 3:]).astype(int)
        self.assertLess(numpy.abs(grid - numpy.rint(grid)).max(), 1e-3)
        self.assertGreater(float(theirs.mean()), 0.05)
        wrong = float((numpy.asarray(ours.dataobj)[tuple(places)] != numpy.asarray(theirs[0]).ravel()).mean())
        largest["a whole job's mask"] = wrong
        self.assertEqual(wrong, 0)


tearDownModule = print_largest


if __name__ == "__main__":
    unittest.main()
