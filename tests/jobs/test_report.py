# SPDX-License-Identifier: Apache-2.0
"""What people and machines read of a store: reports, the audit log, and that no patient is in any of it."""
import csv
import io
import json
import os
import sqlite3
import subprocess
import unittest
import unittest.mock

from support import JobTest, Mean, Whimsical, make_cohort, rows


class Reporting(JobTest):
    def setUp(self):
        super().setUp()
        self.install(Whimsical())
        make_cohort(self.folder / "in", 40, value=lambda study, _: 145 if study == 7 else 2 * study)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out", code=3)

    def test_json_csv_and_html_say_the_same_numbers(self):
        report = json.loads(self.aidp("report", "surveillance", "--format", "json").stdout)
        self.assertEqual(report["period"]["outcomes"], {"completed": 39, "quarantined": 1})
        self.assertEqual((report["period"]["coverage"]["count"], report["period"]["coverage"]["total"]), (39, 40))
        flagged = sum(float(row["mean"]) >= 50 for row in rows(self.folder / "out/results.csv") if row["mean"])
        self.assertEqual(report["period"]["flagged"]["count"], flagged)
        table = list(csv.DictReader(io.StringIO(self.aidp("report", "surveillance", "--format", "csv").stdout)))
        self.assertIn("39", [row["value"] for row in table if row["key"] == "completed" and row["period"] == "period"])
        page = self.aidp("report", "surveillance", "--format", "html").stdout
        self.assertIn("97.5 %", page)
        self.assertNotIn("<script", page)
        self.assertLess(len(page), 300_000)

    def test_the_ending_of_the_file_chooses_the_format_unless_one_is_given(self):
        def written(name, *words):
            self.aidp("report", "surveillance", "--out", self.folder / name, *words)
            return (self.folder / name).read_text()

        self.assertEqual(json.loads(written("x.json"))["schema"], "aidp.surveillance/1")
        self.assertTrue(written("x.CSV").startswith("section,key,"))
        for page in (written("x.html"), written("x"), written("y.json", "--format", "html")):
            self.assertTrue(page.startswith("<!doctype html>"))

    def test_a_period_without_anything_says_so(self):
        self.aidp("report", "surveillance", "--from", "2001-01-01", "--to", "2001-02-01", "--format", "json", code=6)

    def test_no_patient_is_named_anywhere(self):
        for path in [*self.home.rglob("*"), *(self.folder / "out").rglob("*")]:
            if path.is_file():
                self.assertNotIn(b"CANARY", path.read_bytes(), path)
        self.assertNotIn("CANARY", self.aidp("report", "surveillance", "--format", "html").stdout)

    def test_an_edited_row_breaks_the_audit_and_a_noted_head_proves_the_past(self):
        verdict = json.loads(self.aidp("audit", "verify", "--format", "json").stdout)
        self.aidp("audit", "verify", "--head", f"{verdict['leaves']}:{verdict['root']}")
        with sqlite3.connect(self.home / "aidp.db") as store:
            store.execute("UPDATE item SET outcome = 'ineligible' WHERE id = 30")
        self.assertIn("item", self.aidp("audit", "verify", code=4).stdout)
        quiet = self.aidp("audit", "verify", "--quiet", code=4)
        self.assertEqual("", quiet.stdout)
        self.assertRegex(quiet.stderr, r"a finding: leaf \d+: item \d+ was changed")
        self.aidp("audit", "list", "--limit", "3")
        self.aidp("audit", "show", "0")

    def test_a_damaged_leaf_is_shown_as_such_and_hides_no_other(self):
        with sqlite3.connect(self.home / "aidp.db") as store:
            store.execute("UPDATE audit_leaf SET data = 'garbage' WHERE seq = 4")
        listed = self.aidp("audit", "list", "--limit", "0", code=4)
        self.assertIn("(damaged)", listed.stdout)
        self.assertIn("job.started", listed.stdout)
        self.assertIn("garbage", self.aidp("audit", "show", "4").stdout)

    def test_a_report_that_could_not_be_written_is_no_success(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run(self.command("report", "surveillance"), stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 75)
        self.assertIn("disk.full", done.stderr)

    def test_a_period_or_a_model_that_is_not_one_is_refused(self):
        for span in ("7dd", "7x5d", "d", "-1w", "0d"):
            self.assertIn("not a period", self.aidp("report", "surveillance", "--last", span, code=2).stderr)
        self.assertIn("cannot be given together", self.aidp("report", "surveillance", "--last", "1w", "--from", "2026-01-01", code=2).stderr)
        self.assertIn("did you mean 'mean'", self.aidp("report", "surveillance", "--model", "maen", code=2).stderr)


class CommandLine(JobTest):
    def test_every_command_has_help_with_examples(self):
        text = self.aidp("help").stdout
        for command in ("model install", "validate manifest", "run", "audit verify", "report surveillance"):
            self.assertIn(command, text)
            self.assertIn("aidp " + command, self.aidp("help", *command.split()).stdout)

    def test_a_mistyped_command_option_or_model_suggests_the_near_one(self):
        from support import BIN
        run = lambda *words: subprocess.run([BIN / "aidp", *words], capture_output=True, text=True)
        self.assertIn("did you mean 'run'", run("runn").stderr)
        self.assertIn("did you mean 'model list'", run("model", "lst").stderr)
        self.assertEqual(run("runn").returncode, 2)
        self.install(Mean())
        self.assertIn("did you mean 'mean'", self.aidp("model", "show", "mena", code=2).stderr)
        self.assertIn("did you mean --device", self.aidp("run", "mean", self.folder, "--out", self.folder / "out", "--devic", "cpu", code=2).stderr)

    def test_installing_twice_changes_nothing_and_another_content_is_refused(self):
        package = self.install(Mean())
        self.assertIn("already", self.aidp("model", "install", package).stdout)
        (package / "note.txt").write_text("a change")
        self.assertIn("package.conflict", self.aidp("model", "install", package, code=4).stderr)
        self.assertIn("not a model package", self.aidp("model", "install", self.folder, code=2).stderr)
        self.aidp("model", "remove", "mean")
        self.aidp("model", "install", package)
        self.aidp("audit", "verify")

    def test_a_fifo_in_place_of_a_manifest_is_not_waited_for(self):
        os.mkfifo(self.folder / "model.yaml")
        self.assertNotEqual(subprocess.run(self.command("validate", "manifest", self.folder / "model.yaml"), capture_output=True, timeout=20).returncode, 0)

    def test_errors_are_json_where_asked(self):
        error = json.loads(self.aidp("model", "list", "--format", "json", code=2).stderr)
        self.assertEqual((error["type"], error["exit"], error["reason"]), ("error", 2, "path.missing"))

    def test_the_environment_is_checked(self):
        self.assertIn("LibTorch", self.aidp("validate", "environment").stdout)

    def test_the_environment_says_why_a_worker_cannot_start(self):
        workers = self.folder / "workers"
        workers.mkdir()
        for name in ("aidp-worker-dicom", "aidp-worker-model"):
            (workers / name).write_text("#!/bin/sh\necho libcudnn.so.9: cannot open shared object file >&2\nexit 127\n")
            (workers / name).chmod(0o755)
        with unittest.mock.patch.dict(os.environ, AIDP_WORKER_DIR=str(workers)):
            said = self.aidp("validate", "environment", code=2).stdout
        self.assertEqual(said.count("libcudnn.so.9"), 2)


if __name__ == "__main__":
    unittest.main()
