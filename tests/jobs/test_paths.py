# SPDX-License-Identifier: Apache-2.0
"""Paths that may not be read, are not there, are no text or lie in each other: told with a remedy, exit code 2, never as a defect."""
import json
import os
import subprocess
import unittest

from support import JobTest, Mean, make_cohort, make_package, rows


class Paths(JobTest):
    def refused(self, *arguments, reason="path.unreadable"):
        said = self.as_user(*arguments, code=2).stderr
        self.assertIn(f"[{reason}]", said)
        self.assertIn(";", said)  # a remedy
        return said

    def closed(self, name):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        folder.chmod(0)
        self.addCleanup(folder.chmod, 0o755)
        return folder

    def test_a_path_that_is_no_utf_8_is_run_like_any_other(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 2)
        odd = os.fsencode(self.folder) + b"/p\xff"
        os.rename(self.folder / "in", odd)
        for skipped in (0, 2):
            done = subprocess.run([*self.command("run", "mean", "--out", self.folder / "out", "--format", "json"), odd], capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["skipped_as_done"], skipped)
        self.assertEqual(len(rows(self.folder / "out/results.csv")), 2)
        self.assertIn("\ufffd", json.loads((self.folder / "out/job.json").read_text())["settings"]["inputs"][0])
        other = os.fsencode(self.folder) + b"/p\xfe"
        os.rename(odd, other)
        done = subprocess.run([*self.command("run", "mean", "--out", self.folder / "out"), other], capture_output=True)
        self.assertEqual(done.returncode, 2)  # other bytes are another input
        self.aidp("audit", "verify")

    def test_inputs_and_stores_that_may_not_be_read_are_told_as_such(self):
        self.install(Mean())
        closed = self.closed("closed")
        self.refused("run", "mean", closed / "x.dcm", "--out", self.folder / "out")
        self.refused("run", "mean", closed, "--out", self.folder / "out")
        self.refused("run", "mean", self.folder / "none", "--out", self.folder / "out", reason="path.missing")
        self.refused("run", "mean", self.folder, "--out", closed / "out")
        self.home = closed / "x"
        self.refused("model", "list")
        self.refused("run", "mean", self.folder, "--out", self.folder / "out")
        self.assertIn("cannot write to the home folder", self.as_user("validate", "environment", code=2).stdout)

    def test_packages_and_manifests_that_may_not_be_read_are_told_as_such(self):
        package = make_package(self.folder / "package", Mean())
        for part in ("model.ts", "model.yaml"):
            (package / part).chmod(0)
            self.refused("model", "install", package)
            (package / part).chmod(0o644)
        (package / "more").mkdir(mode=0)
        self.refused("model", "install", package)
        (package / "more").rmdir()
        self.refused("validate", "manifest", package, reason="usage")
        (package / "model.yaml").chmod(0)
        self.refused("validate", "manifest", package / "model.yaml")
        self.closed("package")
        self.refused("model", "install", package)
        self.refused("validate", "manifest", package / "model.yaml")

    def test_a_model_that_may_not_be_read_is_not_called_changed(self):
        self.install(Mean())
        next((self.home / "models").glob("*/model.ts")).chmod(0)
        self.refused("model", "verify")


class Links(JobTest):
    def test_links_out_of_the_paths_are_followed_where_asked_and_loops_end(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        make_cohort(self.folder / "elsewhere", 3)
        (self.folder / "in/more").symlink_to(self.folder / "elsewhere")
        (self.folder / "elsewhere/back").symlink_to(self.folder / "in")
        (self.folder / "in/one.dcm").symlink_to(self.folder / "elsewhere/0002/001.dcm")
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual((summary["items"], summary["files"]), (1, 3))
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "all", "--follow-links")
        self.assertEqual((summary["items"], summary["files"]), (3, 4))
        for more, images in (([], 1), (["--follow-links"], 4)):
            shown = self.aidp("validate", "input", self.folder / "in", "--model", "mean", "--format", "json", *more).stdout
            self.assertEqual(sum(json.loads(line)["instances"] for line in shown.splitlines()), images)


class Options(JobTest):
    def test_run_makes_no_store(self):
        make_cohort(self.folder / "in", 1)
        self.assertIn("no store", self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", code=2).stderr)
        self.assertFalse(self.home.exists())

    def test_values_that_cannot_be_are_usage_errors(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        for option, value in (("--out", ""), ("--memory", "9999999G"), ("--memory", "1M")):
            arguments = {"--out": self.folder / "out", option: value}
            words = [str(word) for pair in arguments.items() for word in pair]
            self.assertIn(option, self.aidp("run", "mean", self.folder / "in", *words, code=2).stderr)

    def test_runs_go_beside_an_install(self):
        import fcntl
        self.install(Mean())
        make_cohort(self.folder / "in", 2)
        with (self.home / "writer.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertEqual(self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", "--dry-run")["items"], 2)
            self.assertEqual(self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")["items"], 2)

    def test_another_batch_resumes_the_same_job(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual(self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", "--batch", 2, "--device", "cpu")["skipped_as_done"], 3)

    def test_files_outside_any_series_are_counted_apart(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 2)
        (self.folder / "in/notes.txt").write_text("not DICOM")
        for more in (["--dry-run"], []):
            said = self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", *more).stdout
            self.assertRegex(said, r"(?m)^series +2 (eligible|completed)$")
            self.assertRegex(said, r"(?m)^other files +1 ineligible$")

    def test_an_upgraded_model_in_the_same_folder_is_refused_with_a_way_out(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.install(Mean(), version="1.1.0")
        said = self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", code=2).stderr
        self.assertIn("pin the model as mean@1.0.0", said)
        self.run_summary("mean@1.0.0", self.folder / "in", "--out", self.folder / "out")


if __name__ == "__main__":
    unittest.main()
