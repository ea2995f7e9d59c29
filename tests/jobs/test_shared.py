# SPDX-License-Identifier: Apache-2.0
"""Real files and a real network, where ../shared is at hand."""
import collections
import os
import shutil
import subprocess
import unittest

import numpy
from support import SHARED, JobTest, MANIFEST, Mean, rows

NO_SHARED = "../shared is not here"
MUTANTS = 10_000


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


    def test_mutants_and_oddities_among_the_files_cost_only_themselves(self):
        self.install(Mean(), name="any", select="[]", outputs="[{name: mean, kind: score, index: 0}]", batch_max=32)
        folder = self.unpacked()
        seeds = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and 500 < path.stat().st_size < 12_000]
        random = numpy.random.default_rng(20261125)
        for number in range(MUTANTS):
            mutant = bytearray(seeds[number % len(seeds)])
            for _ in range(int(random.integers(1, 9))):
                at = int(random.integers(len(mutant)))
                mutant[at : at + int(random.integers(0, 5))] = random.bytes(int(random.integers(0, 5)))
            if number % 5 == 0:
                del mutant[int(random.integers(len(mutant))) :]
            place = folder / f"mutants/{number % 100:02d}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{number}.dcm").write_bytes(mutant)
        (folder / "notes.txt").write_text("no image")
        (folder / "nothing.dcm").touch()
        os.mkfifo(folder / "fifo.dcm")
        (folder / "closed.dcm").write_bytes(seeds[0])
        (folder / "closed.dcm").chmod(0)
        for a, b in (("a", "b"), ("b", "a")):
            (folder / a).symlink_to(folder / b)
        (folder / "up").symlink_to(folder)
        summary = self.run_summary("any", folder, "--out", self.folder / "out", code=3)
        ledger = rows(self.folder / "out/ledger.csv")
        self.assertEqual(sum(int(row["instances"]) if row["series_uid"] else 1 for row in ledger), summary["files"])
        plain = sum(path.is_file() and not path.is_symlink() for path in folder.rglob("*"))
        self.assertEqual(summary["files"], plain + 3)  # the FIFO and the two links to each other
        self.assertEqual([row for row in ledger if row["outcome"] != "completed" and not row["reason"]], [])
        self.assertEqual({row["reason"] for row in ledger} & {"worker.timeout", "internal"}, set())
        reasons = collections.Counter(row["reason"] or "completed" for row in ledger)
        self.assertGreater(len(reasons), 8)
        print(f"  {MUTANTS} mutants: " + ", ".join(f"{count} {reason}" for reason, count in reasons.most_common()))
        self.aidp("audit", "verify")


@unittest.skipUnless((SHARED / "models").is_dir(), NO_SHARED)
class MeshNet(JobTest):
    def test_white_and_grey_matter_of_mr_sag_anon_are_within_5_percent_of_the_published(self):
        package = self.folder / "package"
        package.mkdir()
        shutil.copyfile(SHARED / "models/meshnet_model5_gw_ae.pt", package / "model.pt")
        (package / "model.yaml").write_text(MANIFEST.format(
            name="meshnet", version="1.0.0", kind="torchscript", file="model.pt", unit="series", channels=1, select="[{attribute: Modality, equals: MR}]",
            preprocess="[Conform, ScaleIntensityRangePercentiles: {lower: 2, upper: 98, b_min: 0, b_max: 1, clip: true}]",
            postprocess="[AsDiscrete: {argmax: true}]",
            outputs="[{name: tissue, kind: mask, names: {1: white, 2: grey}}, {name: white_ml, kind: volume, labels: [1]}, {name: grey_ml, kind: volume, labels: [2]}]",
            batch_max=1, timeout_s=600, golden="[]", more=""))
        subprocess.run(["tar", "-xJf", str(SHARED / "dicom/series/mr_sag_anon.tar.xz"), "-C", str(self.folder)], check=True)
        self.aidp("model", "install", package)
        self.aidp("run", "meshnet", self.folder / "mr_sag_anon", "--out", self.folder / "out")
        result = rows(self.folder / "out/results.csv")[0]
        white, grey = float(result["white_ml"]), float(result["grey_ml"])
        print(f"  white {white:.0f} ml (384), grey {grey:.0f} ml (841)")
        self.assertAlmostEqual(white, 384, delta=384 * 0.05)
        self.assertAlmostEqual(grey, 841, delta=841 * 0.05)
        self.assertTrue(list((self.folder / "out/masks").rglob("*.nii.gz")))


if __name__ == "__main__":
    unittest.main()
