# SPDX-License-Identifier: Apache-2.0
"""Real files and a real network, where ../shared is at hand."""
import collections
import shutil
import subprocess
import unittest

from support import SHARED, JobTest, MANIFEST, Mean, rows

NO_SHARED = "../shared is not here"


@unittest.skipUnless((SHARED / "dicom").is_dir(), NO_SHARED)
class RealFiles(JobTest):
    def unpacked(self):
        folder = self.folder / "dicom"
        shutil.copytree(SHARED / "dicom", folder)
        subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)
        subprocess.run(["sh", str(folder / "unpack.sh")], check=True)
        return folder

    def test_a_run_over_all_shared_files_accounts_for_every_series_and_names_every_refusal(self):
        self.install(Mean(), name="any", select="[]", outputs="[{name: mean, kind: score, index: 0}]", batch_max=32)
        folder = self.unpacked()
        summary = self.run_summary("any", folder, "--out", self.folder / "out", code=3)
        ledger = rows(self.folder / "out/ledger.csv")
        self.assertEqual(len([row for row in ledger if row["series_uid"]]), summary["series"])
        self.assertEqual(sum(int(row["instances"]) if row["series_uid"] else 1 for row in ledger), summary["files"])
        self.assertEqual(summary["files"], sum(path.is_file() for path in folder.rglob("*")))
        self.assertEqual([row for row in ledger if row["outcome"] != "completed" and not row["reason"]], [])
        self.assertEqual({row["reason"] for row in ledger} & {"worker.crashed", "worker.timeout", "internal"}, set())
        for (outcome, reason), count in sorted(collections.Counter((row["outcome"], row["reason"]) for row in ledger).items()):
            print(f"  {count:4} {outcome} {reason}")
        self.aidp("audit", "verify")


@unittest.skipUnless((SHARED / "models").is_dir(), NO_SHARED)
class MeshNet(JobTest):
    def test_white_and_grey_matter_of_mr_sag_anon_are_within_5_percent_of_the_published(self):
        package = self.folder / "package"
        package.mkdir()
        shutil.copyfile(SHARED / "models/meshnet_model5_gw_ae.pt", package / "model.pt")
        (package / "model.yaml").write_text(MANIFEST.format(
            name="meshnet", version="1.0.0", kind="torchscript", file="model.pt", unit="series", channels=1, select="[{attribute: Modality, equals: MR}]",
            preprocess="[Orientation: {axcodes: LIA}, Spacing: {pixdim: [1, 1, 1]}, ResizeWithPadOrCrop: {spatial_size: [256, 256, 256]}, "
                       "ScaleIntensityRangePercentiles: {lower: 2, upper: 98, b_min: 0, b_max: 1, clip: true}]",
            postprocess="[AsDiscrete: {argmax: true}]",
            outputs="[{name: tissue, kind: mask, names: {1: white, 2: grey}}, {name: white_ml, kind: volume, labels: [1]}, {name: grey_ml, kind: volume, labels: [2]}]",
            batch_max=1, timeout_s=600, golden="[]"))
        subprocess.run(["tar", "-xJf", str(SHARED / "dicom/series/mr_sag_anon.tar.xz"), "-C", str(self.folder)], check=True)
        self.aidp("model", "install", package)
        self.aidp("run", "meshnet", self.folder / "mr_sag_anon", "--out", self.folder / "out")
        result = rows(self.folder / "out/results.csv")[0]
        white, grey = float(result["white_ml"]), float(result["grey_ml"])
        print(f"  white {white:.0f} ml (384), grey {grey:.0f} ml (841)")
        self.assertAlmostEqual(white, 384, delta=384 * 0.05)
        self.assertAlmostEqual(grey, 841, delta=841 * 0.05)
        self.assertTrue(list((self.folder / "out/masks").glob("*.nii.gz")))


if __name__ == "__main__":
    unittest.main()
