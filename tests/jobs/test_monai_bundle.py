# SPDX-License-Identifier: Apache-2.0
"""A MONAI bundle, with names and layout as those of the Model Zoo, becomes a package that gives the mask which MONAI gives of that bundle."""
import json
import shutil
import subprocess
import unittest
import warnings
import zipfile

import numpy
import torch
from support import JobTest, make_instance, rows

try:
    warnings.simplefilter("ignore")
    import monai
    import nibabel
    from monai.bundle import ConfigParser
    from monai.data import save_net_with_metadata
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


@unittest.skipIf(MISSING, MISSING)
class Importing(OfBundles):
    def test_a_bundle_gives_the_mask_that_monai_gives(self):
        self.convert(self.bundle())
        self.same_mask(INFERENCE)

    def test_a_bundle_that_inverts_labels_does_too(self):
        inference = without_invert(nearest=True)
        self.convert(self.bundle(inference=inference, yaml=True))
        self.same_mask(inference)

    def test_labels_that_a_bundle_would_interpolate_are_taken_from_the_nearest_voxel(self):
        told = self.convert(self.bundle(inference=without_invert(nearest=False))).stdout
        self.assertIn("Warning: configs/inference.json: postprocessing::transforms::2::nearest_interp", told)
        self.same_mask(without_invert(nearest=True))

    def test_a_volume_without_orientation_and_a_doubtful_truth_are_warned_of(self):
        inference = changed(INFERENCE)
        inference["preprocessing"]["transforms"][2] = {"_target_": "NormalizeIntensityd", "keys": "image", "nonzero": "True", "channel_wise": "False"}
        bundle = self.bundle(inference=inference)
        warnings = json.loads(self.aidp("--format", "json", "model", "import", "monai-bundle", bundle, "--to", self.folder / "package").stdout)["warnings"]
        self.assertEqual(len(warnings), 2)
        self.assertIn("transforms::2::channel_wise", warnings[0])
        self.assertIn("Orientationd", warnings[1])
        self.assertIn("NormalizeIntensity: {channel_wise: false, nonzero: true}", self.manifest())

    def test_the_ways_to_pad_have_numpys_names_too(self):
        steps = INFERENCE["preprocessing"]["transforms"]
        more = [{"_target_": "SpatialPadd", "keys": "image", "spatial_size": 40, "mode": mode} for mode in ("edge", "wrap", "reflect", "constant")]
        crop = {"_target_": "CropForegroundd", "keys": ["image"], "source_key": "image", "mode": ["minimum"]}
        self.convert(self.bundle(inference=changed(INFERENCE, preprocessing={"_target_": "Compose", "transforms": [*steps, *more, crop]})))
        for mode in ("replicate", "circular", "reflect", "constant"):
            self.assertIn(f'SpatialPad: {{mode: "{mode}"', self.manifest())
        self.assertIn("  - CropForeground\n", self.manifest())  # it adds nothing, so the mode has no meaning

    def test_labels_have_the_names_of_the_configuration_or_of_options(self):
        metadata = changed(METADATA)
        del metadata["network_data_format"]["outputs"]["pred"]["channel_def"]
        bundle = self.bundle(metadata)
        self.assertIn("--label 0=background", self.convert(bundle, code=2).stderr)
        self.assertIn("NUMBER=NAME", self.convert(bundle, "--label", "spleen", code=2).stderr)
        self.convert(bundle, "--label", "0=background", "--label", "1=spleen", "--label", "2=Left kidney")
        self.assertIn('names: {1: "spleen", 2: "Left kidney"}', self.manifest())
        shutil.rmtree(self.folder / "package")
        self.convert(self.bundle(metadata, changed(INFERENCE, labels={"background": 0, "spleen": 1, "liver": 2}), name="named"), "--label", "2=kidney")
        self.assertIn('names: {1: "spleen", 2: "kidney"}', self.manifest())

    def test_another_configuration_may_be_taken_or_laid_over(self):
        bundle = self.bundle()
        (bundle / "configs/inference_low.json").write_text(json.dumps(changed(INFERENCE, highres=False)))
        (bundle / "configs/inference_trt.yaml").write_text("inferer#overlap: 0.5\npostprocessing::transforms::2::argmax: true\nhighres: false\n")
        self.convert(bundle, "--config", "inference_low")
        self.assertIn("pixdim: [3.0, 3.0, 3.0]", self.manifest())
        shutil.rmtree(self.folder / "package")
        self.convert(bundle, "--config", "inference", "--config", "inference_trt")
        self.assertIn("pixdim: [3.0, 3.0, 3.0]", self.manifest())
        self.assertIn("overlap: 0.5", self.manifest())
        shutil.rmtree(self.folder / "package")
        self.assertIn("it has inference, inference_low, inference_trt", self.convert(bundle, "--config", "inference_fast", code=2).stderr)
        self.assertIn("preprocessing: it is missing", self.convert(bundle, "--config", "inference_trt", code=2).stderr)

    def test_options_say_what_metadata_do_not(self):
        metadata = {"network_data_format": {"outputs": METADATA["network_data_format"]["outputs"]}}
        said = {"--modality": "CT", "--unit": "series", "--channels": "1", "--model-version": "2.1.0", "--vendor": "Us", "--title": "Spleens", "--intended-use": "Tests", "--name": "spleens"}
        bundle = self.bundle(metadata)
        for option in list(said)[:-2]:
            if option != "--title":
                self.assertIn(option, self.convert(bundle, code=2).stderr)
        self.convert(bundle, *[part for pair in said.items() for part in pair])
        for line in ('version: "2.1.0"', 'vendor: "Us"', 'contact: "Us"', 'title: "Spleens"', "unit: series", "channels: 1"):
            self.assertIn(line, self.manifest())

    def test_a_gray_image_stands_for_three_equal_channels(self):
        metadata = changed(METADATA)
        metadata["network_data_format"]["inputs"]["image"].update(num_channels=3, spatial_shape=[20, 12])
        metadata["network_data_format"]["outputs"]["pred"].update(format="labels", spatial_shape=[1, 3], channel_def={"0": "A", "1": "B", "2": "C"})
        steps = [INFERENCE["preprocessing"]["transforms"][0], {"_target_": "ScaleIntensityd", "keys": "image"}]
        bundle = self.bundle(metadata, changed(INFERENCE, inferer={"_target_": "SimpleInferer"}, preprocessing={"_target_": "Compose", "transforms": steps},
                                               postprocessing={"_target_": "Compose", "transforms": [{"_target_": "Activationsd", "keys": "pred", "sigmoid": True}]}))
        self.assertIn("Warning: the model takes 3 channels", self.convert(bundle, "--modality", "MG").stdout)
        self.assertIn("channels: 1\n", self.manifest())
        self.assertIn("RepeatChannel: {repeats: 3}", self.manifest())
        self.assertIn('{index: 0, kind: "score", name: "a"}', self.manifest())
        shutil.rmtree(self.folder / "package")
        self.convert(bundle, "--modality", "ES")
        self.assertIn("channels: 3\n", self.manifest())

    def test_a_compiled_model_is_taken_and_an_exported_program_is_not(self):
        bundle = self.bundle()
        (bundle / "models/model.ts").unlink()
        for entry, code in (("model/data/aotinductor/model/code.so", 0), ("model/models/model.json", 2)):
            with zipfile.ZipFile(bundle / "models/model.pt2", "w") as archive:
                archive.writestr(entry, "x")
            error = self.convert(bundle, code=code).stderr
        self.assertIn("a program of torch.export", error)
        self.assertIn("aoti_compile_and_package", error)
        self.assertIn('{kind: aotinductor, file: model.pt2}', self.manifest())

    def test_the_package_says_what_the_bundle_says(self):
        self.convert(self.bundle())
        self.aidp("model", "install", self.folder / "package")
        shown = json.loads(self.aidp("model", "show", "spleen-ct-segmentation", "--format", "json").stdout)
        self.assertEqual((shown["version"], shown["vendor"], shown["title"]), ("0.5.9", "MONAI team", "Spleen CT segmentation"))
        self.assertEqual(shown["outputs"], ["segmentation", "spleen_volume_ml", "left_kidney_volume_ml"])
        self.assertEqual(shown["selection"], ["Modality must equal CT"])
        self.assertEqual(shown["files"], ["LICENSE", "model.ts", "model.yaml"])

    def test_one_torchscript_file_with_extra_files_is_a_bundle(self):
        self.bundle()
        file = self.folder / "model.ts"
        save_net_with_metadata(torch.jit.script(Network()), str(file), meta_values=METADATA, include_config_vals=False, append_timestamp=False,
                               more_extra_files={"inference.json": json.dumps(INFERENCE).encode()})
        self.assertIn("--licence", self.convert(file, code=2).stderr)
        self.convert(file, "--licence", "Apache-2.0")
        self.same_mask(INFERENCE)

    def test_a_classifier_of_images_gives_the_scores_that_monai_gives(self):
        metadata, data = changed(METADATA, name="2nd opinion"), INFERENCE["preprocessing"]["transforms"]
        shape = {"num_channels": 1, "spatial_shape": [20, 12]}
        metadata["network_data_format"]["inputs"]["image"].update(shape, modality="Mammogram")
        metadata["network_data_format"]["outputs"]["pred"].update(format="classes", type="probabilities", num_channels=3, channel_def={"0": "A", "1": "Dense B", "2": "3"})
        inference = changed(INFERENCE, inferer={"_target_": "SimpleInferer"}, preprocessing={"_target_": "Compose", "transforms": "$[@load] + @rest"}, load=data[0],
                            rest=[data[1], {"_target_": "ScaleIntensityd", "keys": "$monai.utils.CommonKeys.IMAGE"}, {"_target_": "Resized", "keys": "image", "spatial_size": [20, 12], "mode": "bilinear"},
                                  {"_target_": "HistogramNormalized", "keys": "image", "_disabled_": "$not not @highres"}],
                            postprocessing={"_target_": "Compose", "transforms": [{"_target_": "Activationsd", "keys": "pred", "softmax": True}]})
        bundle = self.bundle(metadata, inference)
        torch.jit.script(Places()).save(bundle / "models/model.ts")
        self.convert(bundle, "--modality", "CT")
        self.aidp("model", "install", self.folder / "package")
        make_instance(self.folder / "ct/1.dcm", numpy.arange(30 * 44).reshape(30, 44) % 997)
        self.run_summary("2nd-opinion", self.folder / "ct", "--out", self.folder / "out")
        parser = ConfigParser(inference)
        image = parser.get_parsed_content("preprocessing")({"image": self.folder / "ct/1.dcm"})["image"]
        theirs = Places()(image.as_tensor()[None])[0].softmax(0)
        row = rows(self.folder / "out/results.csv")[0]
        for name, value in zip(("a", "dense_b", "class_3"), theirs):
            self.assertAlmostEqual(float(row[name]), float(value), 5)
        self.assertEqual(int(row["class"]), int(theirs.argmax()))

    def test_a_file_without_extra_files_and_one_that_is_no_zip_are_refused(self):
        torch.jit.script(Network()).save(self.folder / "bare.ts")
        self.assertIn("metadata.json", self.convert(self.folder / "bare.ts", code=2).stderr)
        (self.folder / "text.ts").write_text("PK")
        self.assertIn("zip", self.convert(self.folder / "text.ts", code=2).stderr)
        whole = (self.folder / "bare.ts").read_bytes()
        (self.folder / "cut.ts").write_bytes(whole[:200] + whole[-22:])
        self.convert(self.folder / "cut.ts", code=2)


@unittest.skipIf(MISSING, MISSING)
class Refusing(OfBundles):
    def refused(self, *words, metadata=METADATA, inference=INFERENCE):
        bundle = self.bundle(metadata, inference)
        error = self.convert(bundle, code=2).stderr
        for word in words:
            self.assertIn(word, error)
        self.assertFalse((self.folder / "package").exists())
        shutil.rmtree(bundle)

    def with_step(self, index, step, section="preprocessing"):
        inference = changed(INFERENCE)
        inference[section]["transforms"].insert(index, step)
        return inference

    def test_a_transform_that_aidp_has_not_is_named_with_its_place(self):
        self.refused("configs/inference.json", "preprocessing::transforms::3", "HistogramNormalized", inference=self.with_step(3, {"_target_": "HistogramNormalized", "keys": "image"}))
        self.refused("postprocessing::transforms::0", "monai.transforms.VoteEnsembled",
                     inference=self.with_step(0, {"_target_": "monai.transforms.VoteEnsembled", "keys": "pred"}, "postprocessing"))
        self.refused("Spacing", "padding_mode", "zeros", inference=self.with_step(4, {"_target_": "Spacingd", "keys": "image", "pixdim": 1, "padding_mode": "zeros"}))
        self.refused("Flip", "spatial_axes", inference=self.with_step(4, {"_target_": "Flipd", "keys": "image", "spatial_axes": 1}))
        self.refused("preprocessing::transforms::0::swap_ij", inference=self.with_step(0, {"_target_": "LoadImaged", "keys": "image", "swap_ij": False}))
        self.refused("'scripts.transforms.Flipd'", inference=self.with_step(4, {"_target_": "scripts.transforms.Flipd", "keys": "image"}))
        self.refused("'scripts.SimpleInferer'", inference=changed(INFERENCE, inferer={"_target_": "scripts.SimpleInferer"}))
        self.refused("label", inference=self.with_step(4, {"_target_": "Flipd", "keys": "label"}))

    def test_all_that_stands_in_the_way_is_told_at_once(self):
        metadata, inference = changed(METADATA, intended_use=""), changed(INFERENCE, inferer={"_target_": "PatchInferer"})
        inference["preprocessing"]["transforms"][2:4] = [{"_target_": "Orientationd", "keys": "image"}, {"_target_": "Spacingd", "keys": "image", "pixdim": "wide", "mode": 3},
                                                         {"_target_": "HistogramNormalized", "keys": "image"}, {"_target_": "SpatialPadd", "keys": "image", "spatial_size": 9, "mode": "symmetric"}]
        metadata["network_data_format"]["inputs"]["image"]["modality"] = "n/a"
        metadata["network_data_format"]["outputs"]["pred"]["format"] = "points"
        bundle = self.bundle(metadata, inference)
        (bundle / "models/model.ts").unlink()
        error = self.convert(bundle, code=2).stderr
        for words in ("no models/model.ts\n", "intended use\n", "transforms::2: Orientation needs the argument 'axcodes'\n", "transforms::3::pixdim: ", "transforms::3::mode: ",
                      "no transform 'HistogramNormalized' before the model\n", "transforms::5::mode: ", "PatchInferer", "is 'n/a')\n", "the format 'points'", "10 obstacles; ",
                      "--intended-use", "--modality", "python -m monai.bundle ckpt_export network_def "):
            self.assertIn(words, error)
        told = json.loads(self.aidp("--format", "json", "model", "import", "monai-bundle", bundle, "--to", self.folder / "package", code=2).stderr)
        self.assertEqual(len(told["message"].splitlines()), 11)

    def test_several_images_are_one_obstacle(self):
        inference = changed(INFERENCE)
        for transform in inference["preprocessing"]["transforms"]:
            transform["keys"] = ["t1", "t2"]
        error = self.convert(self.bundle(inference=inference), code=2).stderr
        self.assertIn('preprocessing::transforms::0: it loads "t1", "t2"', error)
        self.assertNotIn("obstacles", error)

    def test_what_reads_no_image_file_is_refused(self):
        inference = changed(INFERENCE)
        del inference["preprocessing"]["transforms"][0]
        self.refused("LoadImaged", inference=inference)

    def test_an_expression_that_needs_python_is_named(self):
        for pixdim in ("$[float(x) for x in '111']", "$__import__('os').getcwd()", "@nowhere", "%other.json::pixdim", "$@pixdim", "$1 +"):
            self.refused("preprocessing::transforms::3::pixdim", inference=changed(INFERENCE, pixdim=pixdim))

    def test_what_is_no_list_of_values_is_refused(self):
        self.refused("inferer", "PatchInferer", inference=changed(INFERENCE, inferer={"_target_": "monai.inferers.PatchInferer"}))
        self.refused("postprocessing", "AsDiscreted", inference=changed(INFERENCE, postprocessing={"_target_": "Compose", "transforms": []}))
        self.refused("preprocessing", inference={key: value for key, value in INFERENCE.items() if key != "preprocessing"})
        self.refused("configs/inference.json", inference=[1, 2])

    def test_no_value_anywhere_is_a_defect_of_aidp(self):
        def places(value, path=()):
            yield path
            for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
                yield from places(part, (*path, key))

        bundle = self.bundle()
        for base, file in ((METADATA, "metadata.json"), (INFERENCE, "inference.json")):
            for path in list(places(base))[1:]:
                for odd in (None, -1e300, "$((((", {"_target_": 7}, [[1, "a"]]):
                    document = changed(base)
                    holder = document
                    for key in path[:-1]:
                        holder = holder[key]
                    holder[path[-1]] = odd
                    (bundle / "configs" / file).write_text(json.dumps(document))
                    done = subprocess.run(self.command("model", "import", "monai-bundle", bundle, "--to", self.folder / "package"), capture_output=True, text=True)
                    self.assertIn(done.returncode, (0, 2), f"{path} {odd!r}\n{done.stderr}")
                    shutil.rmtree(self.folder / "package", ignore_errors=True)
            (bundle / "configs" / file).write_text("[" * 100000)
            self.convert(bundle, code=2)
            (bundle / "configs" / file).write_text(json.dumps(base))

    def test_a_label_that_would_be_lost_is_refused(self):
        metadata = changed(METADATA)
        metadata["network_data_format"]["outputs"]["pred"]["channel_def"]["0"] = "liver"
        self.refused("channel_def::0", "liver", metadata=metadata)

    def test_what_the_metadata_leave_open_is_asked_for(self):
        metadata = changed(METADATA)
        metadata["network_data_format"]["inputs"]["image"]["modality"] = "n/a"
        self.refused("--modality", metadata=metadata)
        self.convert(self.bundle(metadata), "--modality", "CT", "--modality", "PT", "--name", "other")
        self.assertIn('any_of: ["CT", "PT"]', (self.folder / "package/model.yaml").read_text())
        del metadata["intended_use"]
        shutil.rmtree(self.folder / "package")
        shutil.rmtree(self.folder / "spleen_ct_segmentation")
        self.refused("--intended-use", metadata=metadata)

    def test_a_folder_that_is_there_is_left_alone(self):
        (self.folder / "package").mkdir()
        self.assertIn("already exists", self.convert(self.bundle(), code=2).stderr)
        self.assertEqual(list((self.folder / "package").iterdir()), [])


if __name__ == "__main__":
    unittest.main()
