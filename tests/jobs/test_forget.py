# SPDX-License-Identifier: Apache-2.0
"""Forgetting recorded results: what is named goes with its files, with a reason in the audit log, and nothing else does."""
import json
import shutil
import subprocess
import unittest

import torch
from support import UID_ROOT, JobTest, make_cohort, rows


class Above(torch.nn.Module):
    """A mask: what is over 10."""

    def forward(self, x):
        return (x > 10).float()


class Forgetting(JobTest):
    def setUp(self):
        super().setUp()
        self.install(Above(), name="mask", unit="series", outputs="[{name: m, kind: mask, names: {1: x}}]", postprocess="[AsDiscrete: {threshold: 0.5}]")
        make_cohort(self.folder / "in", 4, slices=3, value=lambda *_: 60)
        self.out = self.folder / "out"
        self.run_summary("mask", self.folder / "in", "--out", self.out)

    def forget(self, *options, job=None, code=0):
        done = self.aidp("forget", job or self.out, *options, "--format", "json", code=code)
        return json.loads(done.stdout) if code == 0 else done.stderr

    def studies(self, name="results.csv"):
        return [row["study_uid"].removeprefix(UID_ROOT) for row in rows(self.out / name)]

    def masks(self):
        return {str(path.relative_to(self.out)) for path in (self.out / "masks").rglob("*") if path.is_file()}

    def test_a_study_goes_with_its_mask_and_leaves_a_reason(self):
        kept = {row["m_path"] for row in rows(self.out / "results.csv") if row["study_uid"] != f"{UID_ROOT}2"}
        said = self.forget("--study", f"{UID_ROOT}2", "--reason", "opted out", "--dry-run")
        self.assertEqual((said["items"], said["series"], said["files"], said["present"]), (1, 1, 1, 1))
        self.assertEqual(len(self.masks()), 4)
        self.forget("--study", f"{UID_ROOT}2", "--reason", "opted out")
        self.assertEqual((self.studies(), self.studies("ledger.csv"), self.masks()), (["1", "3", "4"], ["1", "3", "4"], kept))
        self.assertNotIn(f'"study_uid":"{UID_ROOT}2"', (self.out / "results.jsonl").read_text())
        leaf = json.loads(self.aidp("audit", "list", "--event", "job.forgot", "--format", "json").stdout)
        self.assertEqual((leaf["reason"], leaf["items"], leaf["by"]), ("opted out", 1, "study"))
        self.assertTrue(leaf["user"] and leaf["host"])
        self.aidp("audit", "verify")

    def test_only_what_has_been_gone_for_long_goes_by_date(self):
        shutil.rmtree(self.folder / "in/0003")
        self.run_summary("mask", self.folder / "in", "--out", self.out)
        job = json.loads((self.out / "job.json").read_text())["job"]
        self.assertEqual(self.forget("--gone-before", "2001-01-01", "--reason", "old", job=job[:20])["items"], 0)
        self.assertEqual(self.forget("--gone-before", "2101-01-01", "--reason", "old", job=job)["items"], 1)
        self.assertEqual(self.studies(), ["1", "2", "4"])
        self.assertEqual(self.run_summary("mask", self.folder / "in", "--out", self.out)["skipped_as_done"], 3)
        self.aidp("audit", "verify")

    def test_what_is_still_there_is_recorded_again(self):
        self.assertEqual(self.forget("--all", "--reason", "a test")["present"], 4)
        self.assertEqual((self.studies(), self.masks()), ([], set()))
        self.assertEqual(self.run_summary("mask", self.folder / "in", "--out", self.out)["skipped_as_done"], 0)
        self.assertEqual(len(self.masks()), 4)
        self.aidp("audit", "verify")

    def test_a_reason_and_a_choice_are_asked_for_and_a_wrong_name_is_refused(self):
        self.assertIn("--reason", self.forget("--all", code=2))
        self.assertIn("--reason is empty", self.forget("--all", "--reason", " ", code=2))
        self.assertIn("no results are selected", self.forget("--reason", "x", code=2))
        self.assertIn("neither", self.forget("--all", "--reason", "x", job=self.folder / "none", code=2))
        self.assertEqual(len(self.studies()), 4)

    def test_a_folder_that_is_in_use_is_left_alone(self):
        holder = subprocess.Popen(["flock", str(self.out / ".aidp.lock"), "cat"], stdin=subprocess.PIPE)
        self.addCleanup(holder.communicate)
        while subprocess.run(["flock", "-n", str(self.out / ".aidp.lock"), "true"]).returncode == 0:
            pass
        self.assertIn("in use by another aidp", self.forget("--all", "--reason", "x", code=75))


if __name__ == "__main__":
    unittest.main()
