# SPDX-License-Identifier: Apache-2.0
"""A job from folder to results: what completes, what is refused and why, and what a second run does."""
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

import numpy
from support import BIN, JobTest, Mean, Whimsical, WrongShape, make_cohort, make_instance, make_package, rows


class Completing(JobTest):
    def test_every_slice_gets_its_value_and_every_series_a_ledger_row(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 5, slices=3, value=lambda study, number: 10 * study + number)
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual(summary["items"], 15)
        values = {row["sop_uid"].split(".", 3)[3]: float(row["mean"]) for row in rows(self.folder / "out/results.csv")}
        self.assertEqual(values, {f"{s}.1.{n}": 10 * s + n for s in range(1, 6) for n in range(1, 4)})
        self.assertEqual(len(rows(self.folder / "out/ledger.csv")), 5)
        self.assertTrue((self.folder / "out/results.h5").read_bytes().startswith(b"\x89HDF"))
        lines = [json.loads(line) for line in (self.folder / "out/results.jsonl").read_text().splitlines()]
        self.assertEqual([line["type"] for line in lines], ["job"] + ["item"] * 15 + ["summary"])
        self.aidp("audit", "verify")

    def test_a_second_run_finds_everything_done(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 4)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        before = (self.folder / "out/results.csv").read_bytes()
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertTrue(summary["resumed"])
        self.assertEqual(summary["skipped_as_done"], 4)
        self.assertEqual((self.folder / "out/results.csv").read_bytes(), before)

    def test_a_study_that_changed_is_done_anew(self):
        self.install(Mean(), batch_max=1)
        make_cohort(self.folder / "in", 3)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        make_instance(self.folder / "in/0002/001.dcm", numpy.full((16, 16), 77), study=2)
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual(summary["skipped_as_done"], 2)
        self.assertEqual(sorted((float(row["mean"]), row["source"]) for row in rows(self.folder / "out/results.csv")),
                         [(1, "present"), (2, "superseded"), (3, "present"), (77, "present")])
        self.aidp("audit", "verify")

    def test_fresh_starts_over_and_says_what_it_discards(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", "--fresh")
        self.assertFalse(summary["resumed"])
        self.assertEqual(summary["discarded"], 3)
        self.assertEqual((summary["skipped_as_done"], len(rows(self.folder / "out/results.csv"))), (0, 3))
        self.aidp("audit", "verify")

    def test_a_dry_run_writes_nothing(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", "--dry-run")
        self.assertFalse((self.folder / "out").exists())

    def test_identical_copies_of_a_file_count_once_and_different_ones_are_quarantined(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 2)
        (self.folder / "in/copy.dcm").write_bytes((self.folder / "in/0001/001.dcm").read_bytes())
        make_instance(self.folder / "in/other.dcm", numpy.full((16, 16), 3), study=2)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        self.assertEqual(self.outcomes(self.folder / "out"), {"1": ("completed", ""), "2": ("quarantined", "dicom.duplicate")})


class Refusing(JobTest):
    def test_series_that_the_rules_exclude_are_ineligible_and_other_files_are_named(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 2)
        make_instance(self.folder / "in/mr.dcm", numpy.zeros((16, 16)), study=7, Modality="MR")
        (self.folder / "in/notes.txt").write_text("not DICOM")
        (self.folder / "in/empty.dcm").write_bytes(b"")
        os.mkfifo(self.folder / "in/fifo")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        ledger = rows(self.folder / "out/ledger.csv")
        self.assertEqual(self.outcomes(self.folder / "out")["7"], ("ineligible", "selection.rule"))
        self.assertEqual({row["path"].rsplit("/")[-1]: row["reason"] for row in ledger if row["path"]},
                         {"notes.txt": "dicom.not_dicom", "empty.dcm": "dicom.not_dicom", "fifo": "dicom.not_dicom"})

    def test_a_truncated_file_is_quarantined_and_the_rest_goes_on(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        whole = (self.folder / "in/0002/001.dcm").read_bytes()
        (self.folder / "in/0002/001.dcm").write_bytes(whole[:-100])
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        outcomes = self.outcomes(self.folder / "out")
        self.assertEqual((outcomes["1"], outcomes["3"]), (("completed", ""), ("completed", "")))
        self.assertEqual(outcomes["2"][0], "quarantined")

    def test_nothing_that_fits_is_an_exit_code_of_its_own(self):
        self.install(Mean())
        make_instance(self.folder / "in/mr.dcm", numpy.zeros((16, 16)), Modality="MR")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=6)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out2", "--allow-empty")

    def test_a_missing_path_and_an_output_folder_of_others_are_refused(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        self.assertIn("no such file", self.aidp("run", "mean", self.folder / "none", "--out", self.folder / "out", code=2).stderr)
        (self.folder / "mine").mkdir()
        (self.folder / "mine/thesis.txt").write_text("years of work")
        self.assertIn("holds files", self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "mine", code=2).stderr)
        self.assertEqual([path.name for path in (self.folder / "mine").iterdir()], ["thesis.txt"])
        (self.folder / "mine/.video.part.3").write_text("half a download")
        (self.folder / "mine/.results.csv.part.3").write_text("of another tool")
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "mine", code=2)
        self.assertEqual(len(list((self.folder / "mine").iterdir())), 3)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        make_cohort(self.folder / "in2", 1)
        self.assertIn("another job, with other inputs", self.aidp("run", "mean", self.folder / "in2", "--out", self.folder / "out", code=2).stderr)

    def test_a_device_that_is_not_there_is_named_and_leaves_no_trace(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        make_instance(self.folder / "mr/mr.dcm", numpy.zeros((16, 16)), Modality="MR")
        for source in ("in", "mr"):
            said = self.aidp("run", "mean", self.folder / source, "--out", self.folder / "out", "--device", "cuda:7", code=2).stderr
            self.assertIn("cuda:7", said)
            self.assertFalse((self.folder / "out").exists())
            self.assertIsNone(self.state_of(self.folder / "out"))

    def test_a_job_that_an_error_ends_is_recorded_as_failed(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        (self.folder / "out/results.csv").unlink()
        (self.folder / "out/results.csv/in-the-way").mkdir(parents=True)
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", code=2)
        self.assertEqual(self.state_of(self.folder / "out"), "failed")
        self.aidp("audit", "verify")

    def test_what_may_not_be_entered_or_read_is_quarantined_by_its_path(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        (self.folder / "in/0001").chmod(0o444)
        (self.folder / "in/0002").chmod(0o000)
        self.as_user("run", "mean", self.folder / "in", "--out", self.folder / "out", code=3)
        (self.folder / "in/0001").chmod(0o755)
        refused = {row["path"].removeprefix(str(self.folder)): (row["outcome"], row["reason"]) for row in rows(self.folder / "out/ledger.csv") if row["path"]}
        self.assertEqual(refused, {"/in/0001/001.dcm": ("quarantined", "dicom.unreadable"), "/in/0002": ("quarantined", "dicom.unreadable")})

    def test_a_tampered_model_is_refused_by_file_name(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        artifact = next((self.home / "models").glob("*/model.ts"))
        artifact.chmod(0o644)
        artifact.write_bytes(artifact.read_bytes()[:-10] + b"0123456789")
        self.assertIn("model.ts", self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", code=4).stderr)
        self.assertIn("model.ts", self.aidp("model", "verify", code=4).stderr)

    def test_an_artifact_that_is_no_model_is_refused_at_load(self):
        package = self.folder / "package"
        make_package(package, None)
        (package / "model.ts").write_bytes(b"PK this is no TorchScript")
        self.aidp("model", "install", package)
        make_cohort(self.folder / "in", 1)
        self.assertIn("model.load", self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", code=2).stderr)

    def test_a_job_goes_beside_another_of_the_same_store_and_so_do_installs_and_verifications(self):
        self.install(Whimsical(), timeout_s=5)
        make_cohort(self.folder / "in", 1, value=lambda *_: 125)  # hangs for 2 x 5 s
        make_cohort(self.folder / "in2", 3)
        first = subprocess.Popen(self.command("run", "mean", self.folder / "in", "--out", self.folder / "out"), stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(first.communicate)
        self.addCleanup(first.kill)
        while first.poll() is None and not (self.folder / "out/job.json").exists():
            pass
        self.assertIn("in use", self.aidp("model", "remove", "mean", code=75).stderr)
        self.install(Mean(), name="other")
        self.aidp("audit", "verify")
        self.assertEqual(3, self.run_summary("mean", self.folder / "in2", "--out", self.folder / "out2")["item_outcomes"]["completed"])
        first.communicate()
        self.assertEqual(3, first.returncode)
        self.assertIn("intact", self.aidp("audit", "verify").stdout)

    def test_two_runs_into_one_folder_exclude_each_other(self):
        self.install(Whimsical(), timeout_s=5)
        make_cohort(self.folder / "in", 1, value=lambda *_: 125)  # hangs for 2 x 5 s
        first = subprocess.Popen(self.command("run", "mean", self.folder / "in", "--out", self.folder / "out"), stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(first.communicate)
        self.addCleanup(first.kill)
        while first.poll() is None and not (self.folder / "out/job.json").exists():
            pass
        self.assertIn("in use by another aidp", self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", code=75).stderr)
        late = self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", "--wait", "5m", "--format", "json", code=3)
        self.assertTrue(json.loads(late.stdout.splitlines()[-1])["resumed"])
        self.assertIn("2 h", self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", "--wait", "2 h", code=2).stderr)

    def test_a_store_of_a_newer_version_is_left_alone(self):
        import sqlite3
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        with sqlite3.connect(self.home / "aidp.db") as store:
            store.execute("PRAGMA user_version = 999")
        self.assertIn("newer", self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", code=2).stderr)


class BadModels(JobTest):
    def check(self, value, reason):
        self.install(Whimsical(), timeout_s=3)
        make_cohort(self.folder / "in", 12, value=lambda study, _: value if study == 5 else study)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        outcomes = self.outcomes(self.folder / "out")
        self.assertEqual(outcomes.pop("5"), ("quarantined", reason))
        self.assertEqual(set(outcomes.values()), {("completed", "")})
        self.aidp("audit", "verify")

    def test_a_model_that_throws_costs_one_item(self):
        self.check(105, "model.threw")

    def test_a_worker_that_crashes_costs_one_item(self):
        self.check(115, "worker.crashed")

    def test_a_worker_that_hangs_costs_one_item(self):
        self.check(125, "worker.timeout")

    def test_a_worker_out_of_memory_costs_one_item(self):
        self.check(135, "worker.out_of_memory")

    def test_a_model_that_gives_nan_costs_one_item(self):
        self.check(145, "model.not_finite")

    def test_a_model_of_the_wrong_shape_completes_nothing(self):
        self.install(WrongShape(), batch_max=4)
        make_cohort(self.folder / "in", 3)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)
        self.assertEqual(set(self.outcomes(self.folder / "out").values()), {("quarantined", "model.shape")})


class Stopping(JobTest):
    def test_control_c_drains_and_the_next_run_resumes(self):
        self.install(Mean(), batch_max=1)
        make_cohort(self.folder / "in", 300)
        first = subprocess.Popen(self.command("run", "mean", self.folder / "in", "--out", self.folder / "out"), stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        while first.poll() is None and not (self.folder / "out/job.json").exists():
            pass
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)
        self.assertEqual(first.returncode, 130)
        self.aidp("audit", "verify")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual(len(rows(self.folder / "out/results.csv")), 300)

    def slow_workers(self):
        """A folder of workers whose DICOM worker takes its time to start, so that a signal comes before the scan has ended."""
        folder = self.folder / "workers"
        folder.mkdir()
        (folder / "aidp-worker-model").symlink_to(BIN / "aidp-worker-model")
        (folder / "aidp-worker-dicom").write_text(f"#!/bin/sh\nsleep 3\nexec {BIN}/aidp-worker-dicom\n")
        (folder / "aidp-worker-dicom").chmod(0o755)
        return {**os.environ, "AIDP_WORKER_DIR": str(folder)}

    def stop(self, *arguments, env=None):
        job = subprocess.Popen(self.command(*arguments), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        children = pathlib.Path(f"/proc/{job.pid}/task/{job.pid}/children")
        while job.poll() is None and not children.read_text():
            time.sleep(0.01)  # its workers start after its signals are guarded
        job.send_signal(signal.SIGINT)
        out, error = job.communicate(timeout=60)
        self.assertEqual(job.returncode, 130, error)
        return out, error

    def test_control_c_while_checking_a_model_is_no_verdict_on_it(self):
        package = make_package(self.folder / "package", Whimsical(), name="whim", timeout_s=3, golden="[{name: g, input: golden, expect: {mean: 5}, tolerance: 1}]")
        make_instance(package / "golden/a.dcm", numpy.full((16, 16), 125))  # hangs
        self.assertIn("[interrupted]", self.stop("model", "install", package)[1])
        self.assertEqual(self.aidp("model", "list").stdout.count("whim"), 0)
        self.aidp("model", "install", package, "--unchecked")
        self.assertIn("[interrupted]", self.stop("validate", "model", "whim")[1])

    def test_control_c_while_listing_inputs_shows_no_part_of_them(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        self.assertEqual(self.stop("validate", "input", self.folder / "in", "--model", "mean", env=self.slow_workers())[0], "")

    def test_control_c_before_anything_is_begun_leaves_no_job(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        self.stop("run", "mean", self.folder / "in", "--out", self.folder / "out", env=self.slow_workers())
        self.assertFalse((self.folder / "out").exists())
        self.assertIsNone(self.state_of(self.folder / "out"))


if __name__ == "__main__":
    unittest.main()
