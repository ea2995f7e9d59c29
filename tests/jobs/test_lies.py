# SPDX-License-Identifier: Apache-2.0
"""Workers that were taken over (fake/liar.cpp): a lie costs at most the item that it is told of, never the job, never a false result, and a
later run with true workers gives what an undisturbed one does."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import torch
from support import BIN, JobTest, Mean, make_cohort, rows

SCIENCE = ("key", "study_uid", "series_uid", "sop_uid", "frame", "outcome", "reason", "message")
SOURCE = (pathlib.Path(__file__).parent / "fake/liar.cpp").read_text()
ROLES = {"list": "dicom", "look": "dicom", "scan": "dicom", "decode": "dicom", "load": "model", "infer": "model", "write_output": "writer", "write_hdf5": "writer"}
OPERATIONS = {"f": "list", "k": "look", "s": "scan", "d": "decode", "l": "load", "i": "infer", "m": "write_output", "h": "write_hdf5"}


class Halves(torch.nn.Module):
    def forward(self, x: torch.Tensor):
        return torch.cat([(x < 50).float(), (x >= 50).float()], 1)


def lies_of(letter):
    return re.findall(rf'\{{"({letter}_\w+)"', SOURCE)


class Lies(JobTest):
    def setUp(self):
        super().setUp()
        self.install(Mean(), batch_max=4)
        self.install(Halves(), name="mask", unit="series", batch_max=1, postprocess="[{AsDiscrete: {argmax: true}}]",
                     outputs="[{name: m, kind: mask, names: {1: one}}, {name: v, kind: volume, labels: [1]}]")
        make_cohort(self.folder / "in", 6)
        make_cohort(self.folder / "vol", 4, slices=2, size=16, value=lambda study, number: study * 20)
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "calm")
        self.aidp("run", "mask", self.folder / "vol", "--out", self.folder / "calm-masks")

    def science(self, out, value):
        columns = (*SCIENCE, "mean") if value == "mean" else (*SCIENCE, "m_path", "m_sha256", value)
        return [tuple(row[name] for name in columns) for row in rows(out / "results.csv") if row["source"] == "present"]

    def liars(self, op, lie, part):
        folder = self.folder / "liars"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "true").symlink_to(BIN)
        (folder / f"aidp-worker-{ROLES[op]}").symlink_to(BIN / "aidp_liar")
        (folder / "lie").write_text(f"{op}\n{lie}\n{part}\n")
        return {**os.environ, "AIDP_WORKER_DIR": str(folder)}

    def tell(self, lie, op, part, model="mean", codes=(0, 3)):
        """One run with the lie and one without: nothing but study 3 may differ in the first, nothing in the second."""
        name, value, calm = ("in", "mean", "calm") if model == "mean" else ("vol", "v", "calm-masks")
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        for index in self.home.glob("headers.db*"):
            index.unlink()
        run = ("run", model, self.folder / name, "--out", self.folder / "out", "--workers", "1")
        said = subprocess.run(self.command(*run), capture_output=True, text=True, timeout=120, env=self.liars(op, lie, part))
        self.assertIn(said.returncode, codes, (lie, said.stderr))
        expected = self.science(self.folder / calm, value)
        if (self.folder / "out/results.csv").exists():
            told = self.science(self.folder / "out", value)
            if part:
                told = [row for row in told if ".7.3" not in row[1]]
                self.assertEqual(told, [row for row in expected if ".7.3" not in row[1]], lie)
            wrong = [row for row in self.science(self.folder / "out", value) if row[5] == "completed" and row not in expected]
            self.assertEqual(wrong, [], lie)
        self.aidp(*run)
        self.assertEqual(self.science(self.folder / "out", value), expected, lie)
        return said

    def test_lies_about_folders(self):
        for lie in lies_of("f"):
            with self.subTest(lie):
                self.tell(lie, "list", "/0003")

    def test_lies_about_where_a_link_leads(self):
        (self.folder / "in/0003/link.dcm").symlink_to("001.dcm")
        for lie in lies_of("k"):
            with self.subTest(lie):
                self.tell(lie, "look", "/0003/link")

    def test_lies_about_headers(self):
        for lie in lies_of("s"):
            with self.subTest(lie):
                self.tell(lie, "scan", "/0003/")

    def test_lies_about_decoded_images(self):
        for lie in lies_of("d"):
            with self.subTest(lie):
                self.tell(lie, "decode", "/0003/")

    def test_lies_about_values(self):
        for lie in lies_of("i"):
            with self.subTest(lie):
                self.tell(lie, "infer", "3")

    def test_lies_about_masks(self):
        for lie in lies_of("m"):
            with self.subTest(lie):
                self.tell(lie, "write_output", "", "mask")

    def test_lies_about_the_model(self):
        for lie in lies_of("l"):
            with self.subTest(lie):
                self.tell(lie, "load", "", codes=(2, 3))

    def test_lies_about_results_h5(self):
        for lie in lies_of("h"):
            with self.subTest(lie):
                self.tell(lie, "write_hdf5", "", codes=(3,))

    def test_answers_that_are_none(self):
        for lie in ("garbage", "nobody", "nest", "notmessage"):
            for op, part in (("list", "/0003"), ("scan", "/0003/"), ("decode", "/0003/"), ("infer", "3")):
                with self.subTest(lie=lie, op=op):
                    self.tell(lie, op, part)

    def test_a_model_worker_cannot_write_into_images(self):
        self.tell("scribble_images", "infer", "", codes=(0,))


if __name__ == "__main__":
    unittest.main()
