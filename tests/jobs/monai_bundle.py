# SPDX-License-Identifier: Apache-2.0
"""A MONAI bundle with names and layout as those of the Model Zoo, for the tests of its import."""
import json
import warnings

import numpy
import torch
from support import JobTest, make_instance, rows

try:
    warnings.simplefilter("ignore")
    import monai
    import nibabel
    from monai.bundle import ConfigParser
    MISSING = "" if monai.__version__.startswith("1.6") else f"MONAI is {monai.__version__}, not 1.6"
except ImportError as error:
    MISSING = f"no MONAI here ({error}): scripts/setup installs it"

SHAPE, SPACING = (28, 24, 14), (0.9, 0.9, 2.5)  # columns, rows, slices
METADATA = {
    "schema": "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json",
    "version": "0.5.9",
    "changelog": {"0.5.9": "of the tests"},
    "monai_version": "1.4.0",
    "pytorch_version": "2.4.0",
    "name": "Spleen CT segmentation",
    "task": "Decathlon spleen segmentation",
    "description": "A model for volumetric (3D) segmentation of the spleen from CT image",
    "authors": "MONAI team",
    "copyright": "Copyright (c) MONAI Consortium",
    "intended_use": "This is an example, not to be used for diagnostic purposes",
    "network_data_format": {
        "inputs": {"image": {"type": "image", "format": "hounsfield", "modality": "CT", "num_channels": 1, "spatial_shape": [16, 16, 8], "dtype": "float32",
                             "value_range": [0, 1], "is_patch_data": True, "channel_def": {"0": "image"}}},
        "outputs": {"pred": {"type": "image", "format": "segmentation", "num_channels": 3, "spatial_shape": [16, 16, 8], "dtype": "float32",
                             "value_range": [0, 1], "is_patch_data": True, "channel_def": {"0": "background", "1": "spleen", "2": "Left kidney"}}}},
}
# With these sizes no voxel of one grid lies halfway between two of the other, where rounding alone would say which is nearer.
INFERENCE = {
    "imports": ["$import glob", "$import numpy", "$import os"],
    "bundle_root": ".",
    "image_key": "image",
    "highres": True,
    "output_dir": "$@bundle_root + '/eval'",
    "output_dtype": "$numpy.float32",
    "dataset_dir": "/workspace/data/Task09_Spleen",
    "datalist": "$list(sorted(glob.glob(@dataset_dir + '/imagesTs/*.nii.gz')))",
    "device": "$torch.device('cpu')",
    "network_def": {"_target_": "UNet", "spatial_dims": 3, "in_channels": 1, "out_channels": 3, "channels": [4, 8], "strides": [2]},
    "network": "$@network_def.to(@device)",
    "pixdim": "$[1.1, 1.1, 1.9] if @highres else [3.0, 3.0, 3.0]",
    "preprocessing": {"_target_": "Compose", "transforms": [
        {"_target_": "LoadImaged", "keys": "@image_key"},
        {"_target_": "EnsureChannelFirstd", "keys": "@image_key"},
        {"_target_": "Orientationd", "keys": "@image_key", "axcodes": "RAS"},
        {"_target_": "Spacingd", "keys": "@image_key", "pixdim": "@pixdim", "mode": "bilinear"},
        {"_target_": "ScaleIntensityRanged", "keys": "@image_key", "a_min": -57, "a_max": 164, "b_min": 0, "b_max": 1, "clip": True},
        {"_target_": "EnsureTyped", "keys": "@image_key"}]},
    "dataset": {"_target_": "Dataset", "data": "$[{'image': i} for i in @datalist]", "transform": "@preprocessing"},
    "dataloader": {"_target_": "DataLoader", "dataset": "@dataset", "batch_size": 1, "shuffle": False, "num_workers": 4},
    "inferer": {"_target_": "SlidingWindowInferer", "roi_size": [16, 16, 8], "sw_batch_size": 4, "overlap": 0.625, "mode": "gaussian", "device": "@device"},
    "postprocessing": {"_target_": "Compose", "transforms": [
        {"_target_": "Activationsd", "keys": "pred", "softmax": True},
        {"_target_": "Invertd", "keys": "pred", "transform": "@preprocessing", "orig_keys": "@image_key", "nearest_interp": False, "to_tensor": True},
        {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
        {"_target_": "SaveImaged", "keys": "pred", "output_dir": "@output_dir", "output_ext": ".nii.gz", "output_dtype": "@output_dtype", "output_postfix": "trans"}]},
    "handlers": [{"_target_": "StatsHandler", "iteration_log": False}],
    "evaluator": {"_target_": "SupervisedEvaluator", "device": "@device", "val_data_loader": "@dataloader", "network": "@network", "inferer": "@inferer"},
    "run": ["$@evaluator.run()"],
}


class Network(torch.nn.Module):
    """Three classes by brightness, blurred, so that windows and borders matter."""

    def forward(self, x: torch.Tensor):
        blurred = torch.nn.functional.avg_pool3d(x, 3, 1, 1)
        return 6 * torch.cat([0.9 - blurred, blurred - 0.1, x * 1.6 - 0.6], 1)


class Places(torch.nn.Module):
    """Three scores of an image that tell its axes and their directions apart."""

    def forward(self, x: torch.Tensor):
        return torch.cat([x[:, :, :10].mean(dim=[2, 3]), x[:, :, :, 3:5].mean(dim=[2, 3]), x[:, :, 15:, :4].mean(dim=[2, 3])], 1) * 5


def changed(base, **changes):
    return {**json.loads(json.dumps(base)), **changes}


def without_invert(nearest=None):
    """INFERENCE with argmax first, and then Invertd as told, or none."""
    post = [INFERENCE["postprocessing"]["transforms"][i] for i in (0, 2, 1, 3)]
    post[2] = {**post[2], "nearest_interp": nearest}
    return changed(INFERENCE, postprocessing={"_target_": "Compose", "transforms": [p for p in post if nearest is not None or p["_target_"] != "Invertd"]})


def block(value):
    """Lines of YAML in the style of the Model Zoo."""
    if isinstance(value, dict):
        return [line for key, part in value.items() for line in ([f"{key}:", *("  " + text for text in block(part))] if isinstance(part, (dict, list)) else [f"{key}: {block(part)[0]}"])]
    if isinstance(value, list):
        return [mark + text for part in value for mark, text in zip(["- "] + ["  "] * 1000, block(part))]
    return [value if isinstance(value, str) and value.isalnum() else json.dumps(value)]


class OfBundles(JobTest):
    def bundle(self, metadata=METADATA, inference=INFERENCE, name="spleen_ct_segmentation", yaml=False):
        folder = self.folder / name
        (folder / "configs").mkdir(parents=True)
        (folder / "models").mkdir()
        (folder / "LICENSE").write_text("Apache License")
        (folder / "configs/metadata.json").write_text(json.dumps(metadata, indent=4))
        if yaml:
            (folder / "configs/inference.yaml").write_text("---\n" + "\n".join(block(inference)) + "\n")
        else:
            (folder / "configs/inference.json").write_text(json.dumps(inference, indent=4))
        torch.jit.script(Network()).save(folder / "models/model.ts")
        return folder

    def convert(self, bundle, *more, code=0):
        return self.aidp("model", "import", "monai-bundle", bundle, "--to", self.folder / "package", *more, code=code)

    def manifest(self):
        return (self.folder / "package/model.yaml").read_text()

    def series(self):
        i, j, k = numpy.meshgrid(*(numpy.linspace(0, 1, n) for n in SHAPE), indexing="ij")
        data = numpy.clip(200 * numpy.sin(6 * i + 1) * numpy.cos(5 * j) + 90 * numpy.sin(7 * k + 2 * i), -1000, 1000).astype(int)
        for number in range(SHAPE[2]):
            make_instance(self.folder / f"ct/{number:03d}.dcm", data[:, :, number].T, number=number + 1, PixelSpacing=[SPACING[1], SPACING[0]],
                          ImagePositionPatient=[-12, 31, 5 + number * SPACING[2]])
        return self.folder / "ct"

    def mask_of_aidp(self):
        self.aidp("model", "install", self.folder / "package")
        self.run_summary("spleen-ct-segmentation", self.series(), "--out", self.folder / "out")
        return nibabel.load(next((self.folder / "out/masks").rglob("*.nii.gz")))

    def mask_of_monai(self, inference):
        """The bundle's own pipeline, as MONAI reads it."""
        parser = ConfigParser({**inference, "output_dir": str(self.folder / "eval")})
        done = parser.get_parsed_content("preprocessing")({"image": self.folder / "ct"})
        network = torch.jit.load(self.folder / "spleen_ct_segmentation/models/model.ts")
        with torch.inference_mode():
            pred = parser.get_parsed_content("inferer")(done["image"][None], network)[0]
        done["pred"] = monai.data.MetaTensor(pred.as_tensor(), meta=done["image"].meta)
        return parser.get_parsed_content("postprocessing")(done)["pred"]

    def same_mask(self, inference):
        ours = self.mask_of_aidp()
        theirs = self.mask_of_monai(inference)
        grid = numpy.linalg.inv(ours.affine) @ numpy.asarray(theirs.affine)  # from MONAI's voxels to those of the file
        places = numpy.rint(grid[:3, :3] @ numpy.indices(theirs.shape[1:]).reshape(3, -1) + grid[:3, 3:]).astype(int)
        self.assertLess(numpy.abs(grid - numpy.rint(grid)).max(), 1e-3)
        counts = torch.bincount(theirs.flatten().long())
        self.assertEqual(len(counts), 3)
        self.assertGreater(int(counts.min()), 200)
        wrong = int((numpy.asarray(ours.dataobj)[tuple(places)] != numpy.asarray(theirs[0]).ravel()).sum())
        self.assertEqual(wrong, 0, f"of {theirs.numel()} voxels")
