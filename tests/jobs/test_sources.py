# SPDX-License-Identifier: Apache-2.0
"""What a run does when sources that it has recorded are not there: nothing that was recorded is lost, and a share that is not mounted is asked for."""
import json
import shutil
import unittest

import numpy
import torch
from support import UID_ROOT, JobTest, Mean, make_cohort, make_instance, rows

MASKS = dict(name="mask", unit="series", outputs="[{name: m, kind: mask, names: {1: x}}, {name: ml, kind: volume, labels: [1]}]",
             postprocess="[AsDiscrete: {threshold: 0.5}]", batch_max=1)


class Above(torch.nn.Module):
    """A mask: what is over 10."""

    def forward(self, x):
        return (x > 10).float()


class SourcesTest(JobTest):
    def setUp(self):
        super().setUp()
        self.install(Above(), **MASKS)
        self.input, self.out = self.folder / "in", self.folder / "out"
        make_cohort(self.input, 6, slices=3, value=lambda *_: 60)

    def again(self, *options, code=0, source=None):
        return self.run_summary("mask", source or self.input, "--out", self.out, *options, code=code)

    def sources(self):
        return {row["study_uid"].removeprefix(UID_ROOT): row["source"] for row in rows(self.out / "results.csv")}

    def table(self):
        """All that is known of the results but what differs from run to run."""
        volatile = {"source_since", "device", "attempts", "queued_at", "finished_at", "decode_ms", "infer_ms"}
        return [{name: value for name, value in row.items() if name not in volatile} for row in rows(self.out / "results.csv")]

    def masks(self):
        return {path: path.read_bytes() for path in (self.out / "masks").rglob("*") if path.is_file()}

    def reported(self):
        return json.loads(self.aidp("report", "surveillance", "--format", "json").stdout)["period"]


class Doubt(SourcesTest):
    def check_kept(self, before, summary, *, question="is the share mounted?"):
        self.assertEqual((self.table(), self.masks()), before)
        self.assertTrue(summary["sources"]["doubt"])
        self.assertEqual(summary["sources"]["gone"], 0)
        self.aidp("audit", "verify")

    def test_an_empty_folder_loses_nothing_and_asks_for_the_share(self):
        self.again()
        before, report = (self.table(), self.masks()), self.reported()
        self.input.rename(self.folder / "away")
        self.input.mkdir()
        self.check_kept(before, self.again("--allow-empty", "--partial-ok", code=3))
        said = self.aidp("run", "mask", self.input, "--out", self.out, "--quiet", "--allow-empty", code=3).stderr
        self.assertIn("all 6 recorded series are gone from the inputs", said)
        self.assertIn("is the share mounted?", said)
        self.assertEqual((self.reported()["studies"], self.reported()["items"]), (report["studies"], report["items"]))
        self.input.rmdir()
        (self.folder / "away").rename(self.input)
        self.assertEqual(self.again()["skipped_as_done"], 6)

    def test_an_input_that_is_not_there_any_more_is_a_share_that_is_not_mounted(self):
        self.again()
        before = (self.table(), self.masks())
        self.input.rename(self.folder / "away")
        self.check_kept(before, self.again("--allow-empty", code=3))
        (self.folder / "away").rename(self.input)
        self.assertEqual(self.again()["skipped_as_done"], 6)
        self.assertEqual({row["source"] for row in rows(self.out / "ledger.csv") if row["path"]}, {"superseded"})

    def test_a_slash_behind_an_input_makes_no_other_job_of_it_when_the_share_is_not_mounted(self):
        self.again()
        before = (self.table(), self.masks())
        self.input.rename(self.folder / "away")
        self.check_kept(before, self.again("--allow-empty", code=3, source=f"{self.input}/"))

    def test_an_option_of_its_own_accepts_that_all_are_gone(self):
        self.again()
        masks = self.masks()
        shutil.rmtree(self.input)
        self.input.mkdir()
        summary = self.again("--allow-gone", "--allow-empty")
        self.assertEqual((summary["sources"]["gone"], summary["sources"]["gone_now"], summary["item_outcomes"]), (6, 6, {"completed": 6}))
        self.assertEqual(set(self.sources().values()), {"gone"})
        self.assertEqual(self.masks(), masks)
        self.assertEqual(self.again("--allow-empty")["sources"]["gone_now"], 0)
        make_cohort(self.input, 6, slices=3, value=lambda *_: 60)
        self.assertEqual(self.again()["sources"]["back_now"], 6)
        self.assertEqual(set(self.sources().values()), {"present"})
        self.aidp("audit", "verify")

    def test_a_folder_that_cannot_be_listed_holds_back_every_verdict(self):
        self.again()
        before = (self.table(), self.masks())
        (self.input / "0001").chmod(0)
        shutil.rmtree(self.input / "0002")
        done = self.as_user("run", "mask", self.input, "--out", self.out, "--format", "json", code=3)
        self.check_kept(before, json.loads(done.stdout.splitlines()[-1]))
        self.assertIn("is the share mounted?", done.stderr)
        self.assertIn(("quarantined", "dicom.unreadable"), {(row["outcome"], row["reason"]) for row in rows(self.out / "ledger.csv")})
        done = self.as_user("run", "mask", self.input, "--out", self.out, "--allow-gone", "--format", "json", code=3)
        self.assertEqual((self.sources()["1"], self.sources()["2"]), ("present", "gone"))

    def test_files_that_cannot_be_read_keep_their_results(self):
        self.again()
        before = (self.table(), self.masks())
        for path in (self.input / "0003").iterdir():
            path.chmod(0)
        done = self.as_user("run", "mask", self.input, "--out", self.out, "--format", "json", code=3)
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["sources"]["doubt"], "")
        self.assertEqual((self.table(), self.masks()), before)
        told = [row for row in rows(self.out / "ledger.csv") if row["path"]]
        self.assertEqual([(row["outcome"], row["reason"]) for row in told], [("quarantined", "dicom.unreadable")] * 3)


class Nights(SourcesTest):
    def test_some_that_go_are_an_ordinary_night(self):
        self.again()
        before, masks = self.table(), self.masks()
        for night in range(1, 4):
            shutil.rmtree(self.input / f"{night:04d}")
            for number in range(1, 4):
                make_instance(self.input / f"{6 + night:04d}/{number}.dcm", numpy.full((16, 16), 60), study=6 + night, number=number)
            summary = self.again()
            self.assertEqual((summary["sources"]["gone"], summary["sources"]["gone_now"]), (night, 1))
        self.assertEqual([study for study, source in self.sources().items() if source == "gone"], ["1", "2", "3"])
        self.assertEqual(len(self.table()), 9)
        self.assertEqual([row["key"] for row in before], [row["key"] for row in self.table()][:6])
        self.assertLessEqual(set(masks), set(self.masks()))
        self.assertEqual(self.reported()["studies"], 9)
        ledger = rows(self.out / "ledger.csv")
        self.assertEqual(sum(int(row["instances"]) for row in ledger if row["source"] == "present"), summary["files"])
        self.aidp("audit", "verify")

    def test_half_of_the_folder_is_an_ordinary_night_and_it_may_come_back(self):
        self.again()
        (self.folder / "away").mkdir()
        for study in range(1, 4):
            (self.input / f"{study:04d}").rename(self.folder / f"away/{study:04d}")
        self.assertEqual(self.again()["sources"]["gone"], 3)
        for study in range(1, 4):
            (self.folder / f"away/{study:04d}").rename(self.input / f"{study:04d}")
        summary = self.again()
        self.assertEqual((summary["sources"]["back_now"], summary["sources"]["gone"]), (3, 0))
        events = [json.loads(line)["event"] for line in self.aidp("audit", "list", "--limit", "0", "--format", "json").stdout.splitlines()]
        self.assertEqual((events.count("item.source_gone"), events.count("item.source_back")), (3, 3))
        self.aidp("audit", "verify")

    def test_a_replaced_file_is_a_new_result_beside_the_old_one(self):
        self.again()
        former, masks = {row["study_uid"]: row["key"] for row in self.table()}, self.masks()
        make_instance(self.input / "0002/001.dcm", numpy.full((16, 16), 5), study=2, number=1)
        summary = self.again()
        self.assertEqual((summary["sources"]["superseded_now"], summary["item_outcomes"]), (1, {"completed": 6}))
        both = [row for row in self.table() if row["study_uid"] == f"{UID_ROOT}2"]
        self.assertEqual({row["source"]: row["key"] == former[row["study_uid"]] for row in both}, {"present": False, "superseded": True})
        self.assertEqual({path: content for path, content in self.masks().items() if path in masks}, masks)
        self.assertEqual((self.reported()["studies"], self.reported()["items"]), (6, 6))
        make_instance(self.input / "0002/001.dcm", numpy.full((16, 16), 60), study=2, number=1)
        self.again()
        both = [row for row in self.table() if row["study_uid"] == f"{UID_ROOT}2"]
        self.assertEqual({row["source"]: row["key"] == former[row["study_uid"]] for row in both}, {"present": True, "superseded": False})
        self.aidp("audit", "verify")


class Worklists(JobTest):
    def test_tomorrows_worklist_under_yesterdays_name_leaves_yesterdays_records(self):
        self.install(Mean(), batch_max=1)
        for study in range(1, 9):
            make_instance(self.folder / f"in/{study}.dcm", numpy.full((16, 16), study), study=study, AccessionNumber=f"A{study}")
        listed = self.folder / "today.csv"
        counts = []
        for studies, code in ((range(1, 5), 0), (range(5, 9), 0), ([3], 0), ([99], 3)):
            listed.write_text("AccessionNumber\n" + "".join(f"A{study}\n" for study in studies))
            self.aidp("run", "mean", self.folder / "in", "--worklist", listed, "--out", self.folder / "out", code=code)
            counts.append([row["source"] for row in rows(self.folder / "out/results.csv")])
        self.assertEqual(counts, [["present"] * 4, ["present"] * 8, ["present"] * 8, ["present"] * 8])
        self.aidp("audit", "verify")


if __name__ == "__main__":
    unittest.main()
