# SPDX-License-Identifier: Apache-2.0
"""A MONAI bundle becomes a package that gives the mask which MONAI gives of that bundle."""
import json
import shutil
import unittest
import zipfile

import numpy
import torch
from monai_bundle import INFERENCE, METADATA, MISSING, Network, OfBundles, Places, changed, without_invert
from support import make_instance, rows

if not MISSING:
    import monai
    from monai.bundle import ConfigParser
    from monai.data import save_net_with_metadata


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


if __name__ == "__main__":
    unittest.main()
