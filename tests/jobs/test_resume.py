# SPDX-License-Identifier: Apache-2.0
"""What a second run into the same folder keeps and does anew."""
import hashlib
import json
import os
import subprocess
import time
import unittest

import numpy
import torch
from support import JobTest, Mean, make_cohort, make_instance, rows

MASKS = dict(name="mask", unit="series", outputs="[{name: m, kind: mask, names: {1: x}}, {name: ml, kind: volume, labels: [1]}]",
             postprocess="[AsDiscrete: {threshold: 0.5}]")


class Above(torch.nn.Module):
    """A mask: what is over 10."""

    def forward(self, x):
        return (x > 10).float()


class Headers(JobTest):
    def test_headers_are_read_once_for_all_runs_of_a_store_until_a_file_changes(self):
        self.install(Mean(), name="mean")
        make_cohort(self.folder / "in", 2, slices=3)
        (self.folder / "in/notes.txt").write_text("no DICOM")
        read = lambda out: self.run_summary("mean", self.folder / "in", "--out", self.folder / out)["headers_read"]
        self.assertEqual(read("first"), 7)
        self.assertEqual(read("second"), 1)  # that a file is not DICOM is kept once two runs have seen it
        self.assertEqual(read("second"), 0)
        make_instance(self.folder / "in/0001/001.dcm", numpy.full((16, 16), 30), study=1, number=1)
        self.assertEqual(read("third"), 1)
        self.assertEqual(read("third"), 0)
        self.assertEqual([float(row["mean"]) for row in rows(self.folder / "third/results.csv")].count(30), 1)

    def test_the_summary_says_how_many_headers_were_read_and_how_long_it_took(self):
        self.install(Mean(), name="mean")
        make_cohort(self.folder / "in", 2, slices=3)
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", "--dry-run")
        self.assertEqual(summary["headers_read"], 6)
        self.assertGreater(summary["scan_seconds"], 0)
        self.assertRegex(self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out").stdout, r"headers +6 read in \d+\.\d s\n")


class Masks(JobTest):
    def setUp(self):
        super().setUp()
        self.install(Above(), **MASKS)
        make_cohort(self.folder / "in", 3, slices=4, value=lambda study, number: 20 * (number % 2))
        self.out = self.folder / "out"
        self.again()

    def again(self):
        return self.run_summary("mask", self.folder / "in", "--out", self.out)

    def masks(self):
        return sorted(path for path in (self.out / "masks").rglob("*") if path.is_file())

    def test_a_mask_that_became_a_link_is_made_again_and_what_it_led_to_is_left_alone(self):
        self.again()
        foreign, mask = self.folder / "foreign", self.masks()[0]
        foreign.write_text("not ours")
        mask.unlink()
        mask.symlink_to(foreign)
        self.again()
        self.assertEqual("not ours", foreign.read_text())
        self.assertFalse(mask.is_symlink())

    def check_masks(self, count):
        recorded = {row["m_path"]: row["m_sha256"] for row in rows(self.out / "results.csv")}
        self.assertEqual(len(recorded), count)
        found = {str(path.relative_to(self.out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in self.masks()}
        self.assertEqual(found, recorded)
        self.aidp("audit", "verify")

    def test_a_mask_that_is_gone_or_changed_is_made_anew(self):
        first, second, _ = self.masks()
        first.unlink()
        second.write_bytes(b"something else")
        self.assertEqual(self.again()["skipped_as_done"], 1)
        self.check_masks(3)
        self.assertEqual(self.again()["skipped_as_done"], 3)

    def test_masks_of_studies_that_changed_or_went_away_stay(self):
        make_instance(self.folder / "in/0001/001.dcm", numpy.full((16, 16), 30), study=1, number=1)
        self.again()
        self.check_masks(4)
        for path in (self.folder / "in/0003").iterdir():
            path.unlink()
        self.again()
        self.check_masks(4)

    def test_a_sweep_follows_no_link_into_a_foreign_folder(self):
        foreign = self.folder / "foreign"
        foreign.mkdir()
        (foreign / ".a.nii.gz.part.77").write_text("of another")
        (self.out / "masks/link").symlink_to(foreign)
        own = self.out / "masks/.b.nii.gz.part.77"
        own.write_text("of a killed run")
        self.again()
        self.assertFalse(own.exists())
        (self.out / "masks").rename(self.folder / "masks")
        (self.out / "masks").symlink_to(foreign)
        self.assertIn("symbolic link", self.aidp("run", "mask", self.folder / "in", "--out", self.out, code=2).stderr)
        self.assertEqual([path.name for path in foreign.iterdir()], [".a.nii.gz.part.77"])


class Changes(JobTest):
    def test_a_file_changed_in_place_with_its_size_and_mtime_kept_is_done_anew(self):
        self.install(Mean(), batch_max=1)
        make_cohort(self.folder / "in", 3)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        path = self.folder / "in/0002/001.dcm"
        before, content = path.stat(), path.read_bytes()
        with path.open("r+b") as file:
            file.seek(-512, os.SEEK_END)
            file.write(numpy.full(256, 77, "<i2").tobytes())
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual((path.stat().st_size, path.stat().st_mtime_ns, path.stat().st_ino), (len(content), before.st_mtime_ns, before.st_ino))
        self.assertEqual(self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")["skipped_as_done"], 2)
        self.assertEqual(sorted(float(row["mean"]) for row in rows(self.folder / "out/results.csv") if row["source"] == "present"), [1, 3, 77])

    def test_a_study_that_went_away_is_marked_though_another_has_its_series_uid(self):
        self.install(Mean())
        for study in (1, 2):
            make_instance(self.folder / f"in/{study}.dcm", numpy.full((16, 16), study), study=study, SeriesInstanceUID="2.25.7.55")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        (self.folder / "in/2.dcm").unlink()
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual({row["study_uid"]: row["source"] for row in rows(self.folder / "out/ledger.csv")}, {"2.25.7.1": "present", "2.25.7.2": "gone"})
        self.aidp("audit", "verify")

    def test_the_store_and_the_output_folder_below_the_input_are_no_input(self):
        self.install(Mean())
        make_cohort(self.folder, 2)
        (self.folder / "archive").mkdir()
        for study in ("0001", "0002"):
            (self.folder / study).rename(self.folder / "archive" / study)
        self.home.rename(self.folder / "archive/home")
        self.home = self.folder / "archive/home"
        for _ in range(2):
            self.assertEqual(self.run_summary("mean", self.folder / "archive", "--out", self.folder / "archive/out")["files"], 2)
        self.assertEqual(len(self.aidp("validate", "input", self.folder / "archive/0001", self.home.parent / "0002", "--model", "mean", "--format", "json").stdout.splitlines()), 2)


class Fresh(JobTest):
    def test_a_fresh_run_that_is_killed_leaves_no_results_of_the_former_job(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 40)
        out = self.folder / "out"
        for moment_ms in range(0, 1000, 100):
            self.run_summary("mean", self.folder / "in", "--out", out, "--fresh")
            former = json.loads((out / "job.json").read_text())["job"]
            job = subprocess.Popen(self.command("run", "mean", self.folder / "in", "--out", out, "--fresh"), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            time.sleep(moment_ms / 1000)
            job.kill()
            job.wait()
            if json.loads((out / "job.json").read_text())["job"] != former and (out / "results.jsonl").exists():
                self.assertNotEqual(json.loads((out / "results.jsonl").read_text().splitlines()[0])["job"], former)
        self.assertEqual(self.run_summary("mean", self.folder / "in", "--out", out)["items"], 40)
        self.aidp("audit", "verify")

    def test_a_kill_between_the_store_and_job_json_is_recovered_from(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 2)
        out = self.folder / "out"
        first = self.run_summary("mean", self.folder / "in", "--out", out)["job"]
        old = (out / "job.json").read_bytes()
        second = self.run_summary("mean", self.folder / "in", "--out", out, "--fresh")["job"]
        (out / "job.json").write_bytes(old)  # as if killed before it was written anew
        third = self.run_summary("mean", self.folder / "in", "--out", out)
        self.assertNotEqual(first, second)
        self.assertEqual((third["job"], third["resumed"]), (second, True))
        (out / "job.json").rename(out / ".job.json.part.77")
        for path in ("results.csv", "results.jsonl", "results.h5", "ledger.csv"):
            (out / path).unlink()
        self.run_summary("mean", self.folder / "in", "--out", out)
        self.assertFalse((out / ".job.json.part.77").exists())


if __name__ == "__main__":
    unittest.main()
