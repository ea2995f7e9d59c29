# SPDX-License-Identifier: Apache-2.0
"""What cannot be read is never taken for absent, and the index of headers survives whatever happens to it."""
import hashlib
import shutil
import sqlite3
import subprocess
import unittest

import numpy
import torch
from support import JobTest, Mean, make_cohort, make_instance, rows


class Voxels(torch.nn.Module):
    """A mask of everything of 50 or more."""

    def forward(self, x: torch.Tensor):
        return torch.cat([(x < 50).float(), (x >= 50).float()], 1)


VOLUME = dict(unit="series", postprocess="[{AsDiscrete: {argmax: true}}]", outputs="[{name: ml, kind: volume, labels: [1]}]", batch_max=1)


class Incomplete(JobTest):
    def setUp(self):
        super().setUp()
        self.inputs, self.out = self.folder / "in", self.folder / "out"
        make_cohort(self.inputs, 2, slices=3, value=lambda *_: 60)  # 0.768 ml

    def study(self, number, out=None):
        found = [row for row in rows((out or self.out) / "results.csv") if row["study_uid"].endswith(f".{number}") and row["outcome"] == "completed"]
        return [row["ml"] for row in found], [row["message"] for row in found]

    def cut(self, size):
        path = self.inputs / "0001/003.dcm"
        path.write_bytes(path.read_bytes()[:size])

    def test_a_slice_that_breaks_off_in_its_header_leaves_no_volume_of_the_others(self):
        self.install(Voxels(), name="vol", **VOLUME)
        for size in (700, 600, 400):
            with self.subTest(size=size):
                self.cut(size)
                shutil.rmtree(self.out, ignore_errors=True)
                self.run_summary("vol", self.inputs, "--out", self.out, "--fresh", code=3)
                self.assertEqual(self.study(1), ([], []))
                self.assertEqual(self.study(2)[0], ["0.768"])
                ledger = {row["reason"]: row["message"] for row in rows(self.out / "ledger.csv")}
                self.assertIn("003.dcm", ledger["series.incomplete"])

    def test_a_manifest_may_allow_it_and_the_row_says_so(self):
        self.install(Voxels(), name="vol", more="incomplete: allow", **VOLUME)
        self.cut(600)
        self.run_summary("vol", self.inputs, "--out", self.out, code=3)
        values, messages = self.study(1)
        self.assertEqual(values, ["0.512"])
        self.assertIn("003.dcm", messages[0])

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_one_failing_call_changes_no_number_and_the_next_run_repairs(self):
        self.install(Voxels(), name="vol", **VOLUME)
        slice_file, folder = self.inputs / "0001/003.dcm", self.inputs / "0001"
        calls = [(slice_file, call, nth) for call in ("openat", "newfstatat", "pread64", "read") for nth in (1, 2)]
        calls += [(folder, "getdents64", nth) for nth in (1, 2)] + [(folder, "openat", 1)]
        for path, call, nth in calls:
            with self.subTest(call=call, nth=nth):
                out = self.folder / f"out-{call}-{nth}-{path.name}"
                shutil.rmtree(self.home / "headers.db", ignore_errors=True)
                (self.home / "headers.db").unlink(missing_ok=True)
                command = self.command("run", "vol", self.inputs, "--out", out, "--quiet")
                subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-P", path, "-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={nth}", *command],
                               capture_output=True, timeout=300)
                if (out / "results.csv").exists():
                    self.assertIn(self.study(1, out)[0], ([], ["0.768"]))
                    self.assertEqual(self.study(2, out)[0], ["0.768"])
                self.run_summary("vol", self.inputs, "--out", out)
                self.assertEqual((self.study(1, out)[0], self.study(2, out)[0]), (["0.768"], ["0.768"]))

    def test_two_files_of_one_instance_are_both_named(self):
        self.install(Mean())
        make_instance(self.inputs / "other.dcm", numpy.full((16, 16), 3), study=2)
        self.run_summary("mean", self.inputs, "--out", self.out, code=3)
        message = next(row["message"] for row in rows(self.out / "ledger.csv") if row["reason"] == "dicom.duplicate")
        self.assertIn(str(self.inputs / "other.dcm"), message)
        self.assertIn(str(self.inputs / "0002/001.dcm"), message)


class Index(JobTest):
    def setUp(self):
        super().setUp()
        self.install(Mean())
        self.index = self.home / "headers.db"
        make_cohort(self.folder / "in", 3)

    def run_again(self, out="out"):
        self.run_summary("mean", self.folder / "in", "--out", self.folder / out)
        self.assertEqual(len(rows(self.folder / out / "results.csv")), 3)

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_a_kill_at_any_write_while_it_is_made_breaks_nothing(self):
        for nth in range(1, 9):
            self.index.unlink(missing_ok=True)
            self.index.touch()  # for strace to know it
            command = self.command("run", "mean", self.folder / "in", "--out", self.folder / f"out{nth}", "--quiet")
            subprocess.run(["strace", "-qq", "-o", "/dev/null", "-P", self.index, "-P", f"{self.index}-journal", "-e", "trace=pwrite64", "-e", f"inject=pwrite64:signal=KILL:when={nth}", *command],
                           capture_output=True)
            self.run_again(f"out{nth}")

    def test_whatever_lies_in_its_place_is_replaced_and_named(self):
        self.run_again()
        whole = self.index.read_bytes()
        for name, damage in {"cut": whole[: len(whole) // 2], "garbage": whole[:8192] + bytes(len(whole) - 8192), "no database": b"x" * 20000}.items():
            with self.subTest(name):
                self.index.write_bytes(damage)
                said = self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out").stderr
                self.assertIn("headers.db", said)
        self.index.unlink()
        self.index.mkdir()
        (self.index / "in the way").touch()
        self.assertIn("headers.db", self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out").stderr)
        self.run_again()

    def test_no_identifier_and_no_plain_hash_of_one_is_kept(self):
        make_instance(self.folder / "in/4.dcm", numpy.full((16, 16), 4), study=4, PatientID="9434765919", AccessionNumber="A-77123", PatientBirthDate="19690512")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        for path in (self.index, self.home / "aidp.db", self.folder / "out/results.csv", self.folder / "out/results.jsonl"):
            content = path.read_bytes()
            for text in ("9434765919", "A-77123", "19690512"):
                self.assertNotIn(text.encode(), content)
                self.assertNotIn(hashlib.sha256(text.encode()).hexdigest().encode(), content)
                self.assertNotIn(hashlib.sha256(text.encode()).digest(), content)
        self.assertEqual((self.home / "store.key").stat().st_mode & 0o777, 0o600)

    def test_the_age_at_the_study_is_worked_out_and_identifiers_are_found_in_any_character_set(self):
        path = self.folder / "in/5.dcm"
        make_instance(path, numpy.full((16, 16), 5), study=5, PatientBirthDate="19690512", SpecificCharacterSet="ISO_IR 100", PatientID="MÜ-17")
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        with sqlite3.connect(self.home / "aidp.db") as store:
            attributes = [row[0] for row in store.execute("SELECT attributes FROM series WHERE study_uid LIKE '%.5'")]
        self.assertTrue(any('"PatientAge":"057Y"' in text for text in attributes), attributes)
        (self.folder / "list.csv").write_text("PatientID\nMÜ-17\n")
        summary = self.run_summary("mean", self.folder / "in", "--worklist", self.folder / "list.csv", "--out", self.folder / "listed")
        self.assertEqual(summary["items"], 1)


if __name__ == "__main__":
    unittest.main()
