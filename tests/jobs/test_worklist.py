# SPDX-License-Identifier: Apache-2.0
"""Which images a worklist names, and how each of its rows ends."""
import json
import unittest

import numpy
from support import UID_ROOT, JobTest, Mean, make_cohort, make_instance, rows


class Worklists(JobTest):
    def setUp(self):
        super().setUp()
        self.install(Mean(), name="mean")
        self.archive, self.out = self.folder / "archive", self.folder / "out"
        for study in range(1, 6):
            for number in (1, 2):
                make_instance(self.archive / f"{study}/{number}.dcm", numpy.full((16, 16), study), study=study, number=number,
                              AccessionNumber=f"A{(study + 1) // 2}", PatientID=f"P{study}")

    def listed(self, text, *more, name="list.csv", code=0):
        (self.folder / name).write_text(text)
        return self.run_summary("mean", *more, "--worklist", self.folder / name, "--out", self.out, code=code)

    def outcomes_by_line(self):
        return {int(row["line"]): (row["outcome"], row["reason"], int(row["studies"])) for row in rows(self.out / "worklist.csv")}

    def test_every_study_of_an_accession_is_found_and_nothing_else_is_in_the_job(self):
        summary = self.listed("accession_number\nA1\n", self.archive)
        self.assertEqual((summary["files"], summary["items"], summary["rows"]), (4, 4, {"completed": 1}))
        self.assertEqual(self.outcomes_by_line(), {2: ("completed", "", 2)})
        self.assertEqual(len(rows(self.out / "ledger.csv")), 2)
        self.assertFalse((self.out / "worklist-failed.csv").exists())

    def test_validate_input_shows_what_the_rows_name_and_which_of_them_find_nothing(self):
        (self.folder / "list.csv").write_text("accession_number\nA1\nA9\n")
        done = self.aidp("validate", "input", self.archive, "--model", "mean", "--worklist", self.folder / "list.csv", "--format", "json")
        shown = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([line["eligible"] for line in shown], [True, True, False])
        self.assertEqual((shown[2]["path"], shown[2]["reason"]), ("line 3 of the worklist", "worklist.not_found"))
        (self.folder / "list.jsonl").write_text(json.dumps({"path": str(self.archive / "1")}) + "\n")
        done = self.aidp("validate", "input", "--model", "mean", "--worklist", self.folder / "list.jsonl", "--format", "json")
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertIn("no input is named", self.aidp("validate", "input", "--model", "mean", code=2).stderr)

    def test_rows_say_an_image_by_any_column_and_all_columns_of_a_row_must_hold(self):
        summary = self.listed("PatientID;StudyInstanceUID;SOPInstanceUID;note\n"
                              f"P1;;;\n;{UID_ROOT}2;;\n;;{UID_ROOT}3.1.2;one slice\nP4;{UID_ROOT}5;;not the same patient\n", self.archive, code=3)
        self.assertEqual(summary["items"], 5)
        self.assertEqual([self.outcomes_by_line()[line][0] for line in (2, 3, 4, 5)], ["completed"] * 3 + ["failed"])
        self.assertEqual([row["sop_uid"] for row in rows(self.out / "results.csv") if row["study_uid"] == f"{UID_ROOT}3"], [f"{UID_ROOT}3.1.2"])

    def test_the_failed_rows_are_the_next_worklist(self):
        text = 'accession,comment\nA1,"there, already"\nA9,"to ""come"""\n'
        self.listed(text, self.archive, code=3)
        self.assertEqual(self.outcomes_by_line()[3], ("failed", "worklist.not_found", 0))
        left = (self.out / "worklist-failed.csv").read_text()
        self.assertEqual(left, 'accession,comment\nA9,"to ""come"""\n')
        make_instance(self.archive / "9/1.dcm", numpy.full((16, 16), 9), study=9, AccessionNumber="A9")
        self.out = self.folder / "again"
        self.assertEqual(self.listed(left, self.archive, name="next.csv")["rows"], {"completed": 1})

    def test_paths_of_json_lines_need_no_other_path_and_are_of_the_worklists_folder(self):
        lines = [{"path": "archive/1"}, {"path": "archive/2/1.dcm"}, {"path": "archive/none"}, {"path": "archive/notes.txt"}]
        (self.archive / "notes.txt").write_text("no image")
        summary = self.listed("".join(json.dumps(line) + "\n" for line in lines), name="list.jsonl", code=3)
        self.assertEqual(summary["items"], 3)
        self.assertEqual([self.outcomes_by_line()[line][:2] for line in (1, 2, 3, 4)],
                         [("completed", ""), ("completed", ""), ("failed", "worklist.not_found"), ("failed", "worklist.no_image")])
        left = [json.loads(line)["path"] for line in (self.out / "worklist-failed.jsonl").read_text().splitlines()]
        self.assertEqual(left, [str(self.archive / "none"), str(self.archive / "notes.txt")])

    def test_identifiers_are_found_in_whichever_character_set_a_file_has_them(self):
        wanted = [("ISO_IR 100", "MÜ-17"), ("ISO_IR 144", "Ж-17"), (["", "ISO 2022 IR 87"], "患者17"), (["ISO 2022 IR 6", "ISO 2022 IR 100", "ISO 2022 IR 144"], "MÜЖ17"),
                  (["", "ISO 2022 IR 149"], "홍길동17"), ("ISO_IR 192", "É-17"), ("GB18030", "患-17"), ("GBK", "王-17")]
        for number, (charset, patient) in enumerate(wanted, 11):
            make_instance(self.archive / f"{number}/1.dcm", numpy.full((16, 16), 1), study=number, SpecificCharacterSet=charset, PatientID=patient)
        self.listed("PatientID\n" + "".join(f"{patient}\n" for _, patient in wanted), self.archive)
        self.assertEqual({(outcome, studies) for outcome, _, studies in self.outcomes_by_line().values()}, {("completed", 1)})
        self.assertEqual(len(rows(self.out / "ledger.csv")), len(wanted))

    def test_spreadsheets_write_other_encodings_a_separator_and_other_ends_of_lines(self):
        make_instance(self.archive / "9/1.dcm", numpy.full((16, 16), 9), study=9, AccessionNumber="A;1", SpecificCharacterSet="ISO_IR 192", PatientID="É-9")
        for number, content in enumerate(("accession_number;PatientID\r\n\"A;1\";É-9\r\n".encode("utf-16"), "\ufeffPatientID\r\nÉ-9\r\n".encode("utf-16-be"),
                                          'sep=;\naccession,number;PatientID\n1;É-9\n'.encode(), "accession_number,PatientID\r\"A;1\",É-9\r".encode(), "PatientID\nÉ-9\n".encode("cp1252"))):
            with self.subTest(content=content):
                (self.folder / "list.csv").write_bytes(content)
                self.out = self.folder / f"out{number}"
                self.assertEqual(self.run_summary("mean", self.archive, "--worklist", self.folder / "list.csv", "--out", self.out)["items"], 1)

    def test_a_row_ends_as_its_worst_image(self):
        make_instance(self.archive / "1/3.dcm", numpy.full((16, 16), 1), study=1, number=3, AccessionNumber="A1", PatientID="P1", BitsStored=17)
        self.listed(f"StudyInstanceUID\n{UID_ROOT}1\n{UID_ROOT}2\n", self.archive, code=3)
        self.assertEqual(self.outcomes_by_line(), {2: ("quarantined", "dicom.attribute", 1), 3: ("completed", "", 1)})
        self.assertEqual((self.out / "worklist-failed.csv").read_text(), f"StudyInstanceUID\n{UID_ROOT}1\n")

    def test_a_model_of_volumes_takes_the_whole_series_of_an_image(self):
        self.install(Mean(), name="volume", unit="series")
        make_cohort(self.folder / "ct", 2, slices=4)
        (self.folder / "list.csv").write_text(f"sop_instance_uid\n{UID_ROOT}1.1.2\n")
        summary = self.run_summary("volume", self.folder / "ct", "--worklist", self.folder / "list.csv", "--out", self.out)
        self.assertEqual((summary["files"], summary["items"], summary["rows"]), (4, 1, {"completed": 1}))

    def test_a_worklist_that_changes_resumes_its_job(self):
        self.assertEqual(self.listed("PatientID\nP1\n", self.archive, "--batch", 2)["items"], 2)
        summary = self.listed("PatientID\nP1\nP2\n", self.archive, "--batch", 2)
        self.assertEqual((summary["items"], summary["skipped_as_done"]), (4, 2))
        self.aidp("audit", "verify")

    def test_no_identity_goes_into_results_logs_or_the_store(self):
        done = self.aidp("run", "mean", self.archive, "--worklist", self.write("PatientID\nP1\nP77\n"), "--out", self.out, code=3)
        texts = [done.stdout, done.stderr] + [path.read_text(errors="replace") for path in self.out.rglob("*") if path.is_file() and "failed" not in path.name]
        texts += [path.read_bytes().decode(errors="replace") for path in (self.folder / "home").glob("*.db")]
        self.assertFalse([text for text in texts if "P77" in text or "CANARY" in text])

    def write(self, text):
        (self.folder / "list.csv").write_text(text)
        return self.folder / "list.csv"

    def test_what_is_no_worklist_is_refused_with_its_line(self):
        for text, line, word in (("name,age\nx,1\n", 1, "no known column"), ("path\n", 1, "no rows"), ("path,accession\na\n", 2, "1 fields"),
                                 ('path\n"a\n', 2, "quote"), ("{\"path\": [1]}\n", 1, "must be text"), ("accession,note\n,x\n", 2, "no value")):
            with self.subTest(text=text):
                done = self.aidp("run", "mean", self.archive, "--worklist", self.write(text), "--out", self.out, code=2)
                self.assertIn(f"list.csv:{line}: ", done.stderr)
                self.assertIn(word, done.stderr)
        self.assertFalse(self.out.exists())


if __name__ == "__main__":
    unittest.main()
