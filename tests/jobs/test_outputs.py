# SPDX-License-Identifier: Apache-2.0
"""The files of an output folder: what they say of a job and of each result, whose they are, and who may read them."""
import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import numpy
import torch
from support import BIN, JobTest, Mean, make_cohort, make_instance, rows


class Slow(torch.nn.Module):
    """The mean, after some work."""

    def forward(self, x: torch.Tensor):
        y = torch.ones(300, 300) * (x.mean() * 0 + 1)
        for _ in range(60):
            y = (y @ y).clamp(0, 1)
        return x.mean(dim=[1, 2, 3]).reshape(-1, 1) * y[0, 0]


class Nearest(torch.nn.Module):
    """Scores of three classes, the largest for the one whose number is nearest to the mean; a mean above 9 gives the class itself, as argmax would."""

    def forward(self, x: torch.Tensor):
        mean = x.mean(dim=[1, 2, 3]).reshape(-1, 1)
        if bool((mean > 9).all()):
            return mean - 10
        return -(mean - torch.arange(3)).abs()


class Classes(JobTest):
    def test_a_class_is_its_number_and_its_name_and_those_that_matter_are_flagged(self):
        import h5py
        outputs = "[{name: finding, kind: class, names: {0: normal, 1: 'fracture, old', 2: fracture}, flag: [2]}]"
        self.install(Nearest(), outputs=outputs, batch_max=1)
        make_cohort(self.folder / "in", 4, value=lambda study, _: (0, 1, 2, 12)[study - 1])
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        said = [(row["finding"], row["finding_class"], row["finding_flag"]) for row in rows(self.folder / "out/results.csv")]
        self.assertEqual(said, [("0", "normal", "0"), ("1", "fracture, old", "0"), ("2", "fracture", "1"), ("2", "fracture", "1")])
        lines = [json.loads(line) for line in (self.folder / "out/results.jsonl").read_text().splitlines()]
        self.assertEqual([line["classes"]["finding"] for line in lines if line["type"] == "item"], [name for _, name, _ in said])
        with h5py.File(self.folder / "out/results.h5") as results:
            self.assertEqual([text.decode() for text in results["items/finding_class"][:]], [name for _, name, _ in said])
            self.assertEqual(list(results["items/finding_flag"][:]), [0, 0, 1, 1])
        self.aidp("audit", "verify")

    def test_a_class_that_does_not_exist_and_too_few_scores_are_failed_items(self):
        make_cohort(self.folder / "in", 3, value=lambda study, _: (1, 13, 14)[study - 1])
        for model, names, failing in (("three", "{0: a, 1: b, 2: c}", 2), ("two", "{0: a, 1: b}", 3)):
            with self.subTest(names=names):
                self.install(Nearest(), name=model, outputs="[{name: finding, kind: class, names: %s}]" % names, batch_max=1)
                self.run_summary(model, self.folder / "in", "--out", self.folder / model, code=3)
                bad = [row for row in rows(self.folder / model / "results.csv") if row["outcome"] == "quarantined"]
                self.assertEqual([(row["reason"], row["finding_class"]) for row in bad], [("model.shape", "")] * failing)
                self.assertTrue(all(f"one of {model.replace('three', '3').replace('two', '2')} classes" in row["message"] for row in bad))


class Columns(JobTest):
    def test_a_result_remembers_what_it_was_made_of(self):
        self.install(Mean())
        make_instance(self.folder / "in/a.dcm", numpy.full((16, 16), 7), StudyTime="130557.25", SeriesDescription="Thorax", BodyPartExamined="CHEST",
                      ViewPosition="AP", PatientAge="018M", PatientSex="F", ManufacturerModelName="Scanner 7", StationName="CT1", SoftwareVersions=["1.0", "2"],
                      ProtocolName="Lung", ConvolutionKernel="B30f", KVP="120", SliceThickness="1.25")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", "--purpose", "test")
        row, = rows(self.folder / "out/results.csv")
        expected = {"purpose": "test", "source": "present", "source_path": str(self.folder / "in/a.dcm"), "image_position": "0\\0\\1", "study_date": "2026-11-01",
                    "modality": "CT", "body_part": "CHEST", "institution": "Site A", "manufacturer": "aidp tests", "scanner": "Scanner 7", "station": "CT1",
                    "slice_thickness_mm": "1.25"}
        self.assertEqual({name: row[name] for name in expected}, expected)
        line = json.loads((self.folder / "out/results.jsonl").read_text().splitlines()[1])
        self.assertEqual((line["slice_thickness_mm"], line["study_date"], line["values"]), (1.25, "2026-11-01", {"mean": 7}))

    def test_columns_do_not_depend_on_the_data_and_hdf5_says_what_they_are(self):
        import h5py
        self.install(Mean())
        make_cohort(self.folder / "full", 3)
        make_instance(self.folder / "empty/mr.dcm", numpy.zeros((16, 16)), Modality="MR")
        heads = []
        for name in ("full", "empty"):
            out = self.folder / f"out-{name}"
            self.run_summary("mean", self.folder / name, "--out", out, "--allow-empty")
            with open(out / "results.csv", newline="") as file:
                heads.append(next(csv.reader(file)))
            with h5py.File(out / "results.h5") as results:
                items = results["items"]
                self.assertEqual(set(items), set(heads[-1]))
                self.assertEqual({len(items[column]) for column in items}, {3 if name == "full" else 0})
                self.assertTrue(all(items[column].attrs["description"] for column in items))
                self.assertEqual((items["decode_ms"].attrs["units"], items["kvp"].attrs["units"]), ("ms", "kV"))
                if name == "full":
                    table = rows(out / "results.csv")
                    self.assertEqual(sorted(items["mean"][:]), [1, 2, 3])
                    self.assertEqual([text.decode() for text in items["study_uid"][:]], [row["study_uid"] for row in table])
                    self.assertTrue(numpy.isnan(items["kvp"][:]).all())
        self.assertEqual(heads[0], heads[1])
        self.assertIn("mean_flag", heads[0])


class State(JobTest):
    def job(self):
        return json.loads((self.folder / "out/job.json").read_text())

    def run_command(self, model="mean"):
        return self.command("run", model, self.folder / "in", "--out", self.folder / "out", "--progress", "none")

    def start(self):
        job = subprocess.Popen(self.run_command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(job.kill)
        self.addCleanup(job.stderr.close)
        return job

    def wait_for_items(self, job, count):
        import sqlite3
        while job.poll() is None:
            with sqlite3.connect(f"file:{self.home}/aidp.db?mode=ro", uri=True, timeout=30) as store:
                if store.execute("SELECT count(*) FROM item").fetchone()[0] >= count:
                    return
        self.fail("the job ended first")

    def test_a_finished_job_says_what_was_planned_and_who_ran_it(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", "--purpose", "clinical")
        job = self.job()
        self.assertEqual((job["state"], job["planned"], job["done"], job["purpose"]), ("finished", 3, 3, "clinical"))
        self.assertTrue(job["user"] and job["host"] and job["started_at"] <= job["ended_at"])
        self.assertEqual(summary["item_outcomes"], {"completed": len(rows(self.folder / "out/results.csv"))})
        said = self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", code=2).stderr
        self.assertIn("whose purpose is clinical, not research", said)

    def test_a_stopped_job_says_so_and_how_far_it_came(self):
        self.install(Slow(), batch_max=1)
        make_cohort(self.folder / "in", 200)
        job = self.start()
        self.wait_for_items(job, 3)
        self.assertEqual(self.job()["state"], "running")
        job.send_signal(signal.SIGTERM)
        job.wait(60)
        self.assertEqual((self.job()["state"], self.job()["planned"]), ("interrupted", 200))
        self.assertEqual(self.job()["done"], len(rows(self.folder / "out/results.csv")))

    def test_a_resumed_job_that_is_stopped_while_it_looks_at_its_inputs_says_so(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        self.aidp(*self.run_command()[3:])
        before = (self.folder / "out/results.csv").read_bytes()
        workers = self.folder / "workers"
        workers.mkdir()
        (workers / "true").symlink_to(BIN)
        for program in ("aidp-worker-model", "aidp-worker-writer"):
            (workers / program).symlink_to(BIN / program)
        (workers / "aidp-worker-dicom").symlink_to(BIN / "aidp_liar")
        (workers / "lie").write_text("list\nstall\n/in\n")
        job = subprocess.Popen(self.run_command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, "AIDP_WORKER_DIR": str(workers)})
        while job.poll() is None and not (workers / "stalled").exists():
            time.sleep(0.005)
        job.send_signal(signal.SIGINT)
        job.communicate(timeout=60)
        self.assertEqual((job.returncode, self.job()["state"], self.job()["planned"]), (130, "interrupted", None))
        self.assertEqual(self.state_of(self.folder / "out"), "interrupted")
        self.assertEqual((self.folder / "out/results.csv").read_bytes(), before)
        self.aidp(*self.run_command()[3:])
        self.assertEqual(self.job()["state"], "finished")

    def test_an_output_folder_that_is_removed_meanwhile_ends_the_run_and_the_next_resumes(self):
        self.install(Slow(), batch_max=1)
        make_cohort(self.folder / "in", 80)
        job = self.start()
        self.wait_for_items(job, 3)
        shutil.rmtree(self.folder / "out")
        self.assertNotIn(job.wait(120), (0, -signal.SIGSEGV, -signal.SIGABRT))
        summary = self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertTrue(summary["resumed"])
        self.assertGreaterEqual(summary["skipped_as_done"], 3)
        self.assertEqual(len(rows(self.folder / "out/results.csv")), 80)
        self.aidp("audit", "verify")

    def test_an_error_leaves_what_was_done_in_the_tables(self):
        self.install(Slow(), batch_max=1)
        make_cohort(self.folder / "in", 60)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", "--dry-run")
        (self.folder / "out").mkdir()
        (self.folder / "out/.aidp.lock").touch()
        job = self.start()
        self.wait_for_items(job, 3)
        (self.folder / "out/results.h5").mkdir()
        self.assertNotEqual(job.wait(120), 0)
        self.assertEqual((self.job()["state"], self.state_of(self.folder / "out")), ("failed", "failed"))
        self.assertEqual(len(rows(self.folder / "out/results.csv")), 60)


class Folder(JobTest):
    def test_outputs_are_for_the_group_whatever_the_umask(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 2)
        for umask, out in ((0o077, "a"), (0o000, "b")):
            subprocess.run(self.command("run", "mean", self.folder / "in", "--out", self.folder / out), preexec_fn=lambda: os.umask(umask), check=True, capture_output=True)
            modes = {path.name: path.stat().st_mode & 0o777 for path in (self.folder / out).iterdir()}
            self.assertEqual(set(modes.values()), {0o640}, modes)
            self.assertEqual((self.folder / out).stat().st_mode & 0o777, 0o750)

    def test_two_homes_into_one_folder_give_one_winner_and_one_refusal(self):
        self.install(Slow(), batch_max=4)
        shutil.copytree(self.home, self.folder / "home2", symlinks=True)
        make_cohort(self.folder / "in", 30)
        make_cohort(self.folder / "in2", 30, value=lambda study, _: study + 1000)
        for attempt in range(4):
            out = self.folder / f"out{attempt}"
            jobs = [subprocess.Popen([BIN / "aidp", "--home", home, "run", "mean", source, "--out", out, "--progress", "none"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                    for home, source in ((self.home, self.folder / "in"), (self.folder / "home2", self.folder / "in2"))]
            said = [job.communicate(timeout=120)[1] for job in jobs]
            codes = [job.returncode for job in jobs]
            self.assertEqual(sorted(codes), [0, 75], said)
            self.assertIn("in use by another aidp", said[codes.index(75)])
            values = {float(row["mean"]) >= 1000 for row in rows(out / "results.csv")}
            self.assertEqual(values, {codes.index(0) == 1})

    def test_a_folder_that_is_refused_holds_no_trace_of_the_lock(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "new/out", "--device", "cuda:7", code=2)
        self.assertFalse((self.folder / "new").exists())


if __name__ == "__main__":
    unittest.main()
