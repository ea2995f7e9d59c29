# SPDX-License-Identifier: Apache-2.0
"""Files without UIDs are refused, unless --group-by-folder makes those of a folder one series; every result says so, and no run mixes both."""
import json
import shutil
import unittest

import numpy
import pydicom
from support import JobTest, Mean, make_instance, rows

NO_UIDS = dict(StudyInstanceUID=None, SeriesInstanceUID=None, SOPInstanceUID=None)
NOTE = "grouped by folder: the files have no StudyInstanceUID, SeriesInstanceUID or SOPInstanceUID"


class GroupByFolder(JobTest):
    def image(self, name, value=10, number=1, **attributes):
        """An image whose attributes of None are absent, as an export leaves them."""
        path = self.folder / "in" / name
        make_instance(path, numpy.full((8, 8), value), number=number, **attributes)
        file = pydicom.dcmread(path)
        for keyword in attributes:
            if attributes[keyword] is None:
                delattr(file, keyword)
        file.save_as(path)

    def volume(self, folder, value=10, slices=3, **attributes):
        for number in range(1, slices + 1):
            self.image(f"{folder}/{number}.dcm", value, number, **{**NO_UIDS, **attributes})

    def run_on(self, *paths, grouped=True, out="out", code=0):
        self.summary = self.run_summary("mean", *(paths or [self.folder / "in"]), "--out", self.folder / out, *["--group-by-folder"] * grouped, code=code)
        self.results, self.ledger = rows(self.folder / out / "results.csv"), rows(self.folder / out / "ledger.csv")
        return sorted(float(row["mean"]) for row in self.results if row["mean"])

    def test_files_without_uids_are_refused_by_name_and_told_what_to_do(self):
        self.volume("a", slices=1)
        self.image("b.dcm", SOPInstanceUID="")
        self.install(Mean())
        self.assertEqual(self.run_on(grouped=False, code=3), [])
        self.assertEqual([(row["outcome"], row["reason"]) for row in self.ledger], [("quarantined", "dicom.attribute")] * 2)
        self.assertIn("the file has no StudyInstanceUID, SeriesInstanceUID or SOPInstanceUID; --group-by-folder takes", self.ledger[0]["message"])
        self.assertIn("the file has no SOPInstanceUID; --group-by-folder", self.ledger[1]["message"])

    def test_the_files_of_a_folder_are_one_volume_of_one_study_and_each_result_says_so(self):
        self.volume("a/ct", 10)
        self.volume("b/ct", 20, StudyInstanceUID="", SeriesInstanceUID="", SOPInstanceUID="")
        self.install(Mean(), unit="series")
        self.assertEqual(self.run_on(), [10, 20])
        self.assertEqual([row["message"] for row in self.results + self.ledger], [NOTE] * 4)
        for row in self.results:
            self.assertRegex(row["study_uid"] + " " + row["series_uid"], r"^2\.25\.\d+ 2\.25\.\d+$")
        self.assertEqual(len({row["study_uid"] for row in self.results} | {row["series_uid"] for row in self.results}), 4)
        self.aidp("audit", "verify")

    def test_images_are_told_apart_by_their_names(self):
        self.volume("a", 10)
        self.volume("b", 20, slices=1)
        self.install(Mean())
        self.assertEqual(self.run_on(), [10, 10, 10, 20])
        self.assertEqual(len({row["sop_uid"] for row in self.results}), 4)
        self.assertEqual(len(self.ledger), 2)

    def test_uids_are_of_the_place_below_the_inputs_and_not_of_where_it_is_mounted(self):
        self.volume("share/a/ct", 10)
        self.install(Mean())
        self.run_on(self.folder / "in/share")
        first = [(row["study_uid"], row["series_uid"], row["sop_uid"]) for row in self.results]
        shutil.copytree(self.folder / "in/share", self.folder / "other/share")
        self.run_on(self.folder / "other/share", out="again")
        self.assertEqual([(row["study_uid"], row["series_uid"], row["sop_uid"]) for row in self.results], first)

    def test_folders_of_one_name_in_two_inputs_are_two_series(self):
        for patient in ("a", "b"):
            self.volume(f"{patient}/ct", 10 if patient == "a" else 20)
        self.install(Mean(), unit="series")
        self.assertEqual(self.run_on(self.folder / "in/a/ct", self.folder / "in/b/ct"), [10, 20])
        self.assertEqual(self.run_on(*sorted((self.folder / "in").glob("*/ct/*.dcm")), out="files"), [10, 20])
        self.assertEqual(self.run_on(self.folder / "in/a", self.folder / "in/a/ct", out="nested"), [10])

    def test_a_file_keeps_the_uids_that_it_has(self):
        self.image("a/1.dcm", 10, SOPInstanceUID=None)
        self.image("b/1.dcm", 20, series=2, SeriesInstanceUID=None)
        for folder in ("c", "d"):
            self.image(f"{folder}/1.dcm", 30, number=1 + (folder == "d"), StudyInstanceUID=None, SeriesInstanceUID="2.25.7.7")
        self.image("e/1.dcm", 40, study=5)
        self.install(Mean())
        self.assertEqual(self.run_on(), [10, 20, 30, 30, 40])
        by_mean = {row["mean"]: row for row in self.results}
        self.assertEqual((by_mean["10"]["study_uid"], by_mean["10"]["series_uid"]), ("2.25.7.1", "2.25.7.1.1"))
        self.assertEqual(by_mean["10"]["message"], "grouped by folder: the files have no SOPInstanceUID")
        self.assertEqual((by_mean["20"]["study_uid"], by_mean["20"]["sop_uid"]), ("2.25.7.1", "2.25.7.1.2.1"))
        self.assertEqual(by_mean["30"]["series_uid"], "2.25.7.7")
        self.assertEqual(len({row["study_uid"] for row in self.results if row["mean"] == "30"}), 1, "a series is not torn apart")
        self.assertEqual(by_mean["40"]["message"], "")

    def test_a_malformed_uid_stays_refused(self):
        self.image("1.dcm", StudyInstanceUID=None, SeriesInstanceUID="1.2.ANON-4")
        self.install(Mean())
        self.assertEqual(self.run_on(code=3), [])
        self.assertIn("SeriesInstanceUID is malformed", self.ledger[0]["message"])

    def test_a_folder_with_reports_and_other_series_gives_the_images_without_uids_alone_a_series(self):
        self.volume("a", 10)
        for number in (1, 2, 3):
            self.image(f"a/other{number}.dcm", 20, number)
        report = pydicom.dcmread(self.folder / "in/a/1.dcm")
        for keyword in ("PixelData", "BitsAllocated", "PhotometricInterpretation", "Rows", "Columns"):
            delattr(report, keyword)
        report.save_as(self.folder / "in/a/report.dcm")
        (self.folder / "in/a/readme.txt").write_text("no image at all")
        self.install(Mean(), unit="series")
        self.assertEqual(self.run_on(), [10, 20])
        self.assertEqual(sorted(row["reason"] for row in self.ledger), ["", "", "dicom.not_dicom", "dicom.not_image"])

    def test_two_patients_in_a_folder_are_never_one_series(self):
        self.volume("a", slices=2)
        self.image("a/3.dcm", 90, 3, **NO_UIDS, PatientID="CANARY-2")
        self.install(Mean(), unit="series")
        self.assertEqual(self.run_on(code=3), [])
        self.assertEqual(self.ledger[0]["reason"], "dicom.patients")
        self.assertTrue(self.ledger[0]["message"].endswith("; " + NOTE), self.ledger[0]["message"])

    def test_two_studies_in_a_folder_are_never_one_series(self):
        for keyword, value in {"StudyDate": "20251101", "AccessionNumber": "CANARY-7", "PatientSex": "F"}.items():
            self.volume(keyword, slices=2, PatientID=None)
            self.image(f"{keyword}/3.dcm", 90, 3, **NO_UIDS, PatientID=None, **{keyword: value})
        self.install(Mean(), unit="series")
        self.assertEqual(self.run_on(code=3), [])
        for row in self.ledger:
            self.assertRegex(row["message"], "^the files of the folder are not of one study, as they differ in [A-Za-z]+: .*/1.dcm and .*/3.dcm; " + NOTE)
        self.assertEqual({row["reason"] for row in self.ledger}, {"dicom.attribute"})

    def test_a_quarantined_item_says_so_too(self):
        self.image("a/1.dcm", **NO_UIDS, PhotometricInterpretation="MONOCHROME3")
        self.install(Mean())
        self.run_on(code=3)
        for row in (self.results[0], self.ledger[0]):
            self.assertRegex(row["message"], "^PhotometricInterpretation is MONOCHROME3 .*; " + NOTE + "$")

    def test_a_job_is_resumed_with_the_option_that_it_began_with_and_reads_nothing_twice(self):
        self.volume("a")
        self.install(Mean(), unit="series")
        self.run_on()
        self.volume("b", 20)
        self.assertEqual(self.run_on(), [10, 20])
        self.assertEqual((self.summary["resumed"], self.summary["skipped_as_done"], self.summary["headers_read"]), (True, 1, 3))
        said = self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", code=2).stderr
        self.assertIn("belongs to a job with --group-by-folder; give --group-by-folder, or choose another folder", said)

    def test_a_job_without_the_option_is_not_resumed_with_it(self):
        self.image("a/1.dcm")
        self.install(Mean())
        self.run_on(grouped=False)
        said = self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", "--group-by-folder", code=2).stderr
        self.assertIn("belongs to a job without --group-by-folder; leave it out, or choose another folder", said)

    def test_the_index_of_headers_keeps_what_was_read_with_and_without_the_option_apart(self):
        self.volume("a")
        self.image("b/1.dcm", 20, study=2)
        self.install(Mean())
        for turn, grouped in enumerate((False, True, False, True, True)):
            means = self.run_on(grouped=grouped, out=f"out{turn}", code=0 if grouped else 3)
            with self.subTest(turn=turn, grouped=grouped):
                self.assertEqual(means, [10, 10, 10, 20] if grouped else [20])
                self.assertEqual(self.summary["headers_read"], (4, 3, 3, 3, 0)[turn])
        self.run_on(self.folder / "in/a", out="elsewhere")
        self.assertEqual(self.summary["headers_read"], 3, "the folder has another name from these inputs on")

    def test_a_worklist_names_them_by_path(self):
        self.volume("a", 10)
        self.volume("b", 20)
        (self.folder / "in/work.csv").write_text("path\nb\n")
        self.install(Mean(), unit="series")
        self.assertEqual(self.run_on("--worklist", self.folder / "in/work.csv"), [20])

    def test_validate_input_shows_what_a_run_would_take(self):
        self.volume("a")
        self.install(Mean(), unit="series")
        self.aidp("validate", "input", self.folder / "in", "--model", "mean", code=6)
        shown = json.loads(self.aidp("validate", "input", self.folder / "in", "--model", "mean", "--group-by-folder", "--format", "json").stdout)
        self.assertEqual((shown["eligible"], shown["items"], shown["message"]), (True, 1, NOTE))
        self.aidp("validate", "input", self.folder / "in", "--model", "mean", "--group-by-folder", "--dump-tensor", self.folder / "t.h5")


if __name__ == "__main__":
    unittest.main()
