# SPDX-License-Identifier: Apache-2.0
"""A MONAI bundle that cannot be imported is refused with all that stands in the way."""
import json
import shutil
import subprocess
import unittest

from monai_bundle import INFERENCE, METADATA, MISSING, OfBundles, changed


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
