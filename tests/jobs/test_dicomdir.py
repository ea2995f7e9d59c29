# SPDX-License-Identifier: Apache-2.0
"""A DICOMDIR stands for the files that it names."""
import pathlib
import shutil
import unittest

import pydicom.data
from support import JobTest, Mean

MEDIA = pathlib.Path(pydicom.data.__file__).parent / "test_files/dicomdirtests"
FILES = 31  # that the DICOMDIR names: pydicom's README there


class Dicomdirs(JobTest):
    def files(self, path, code=0):
        return self.run_summary("any", path, "--out", self.folder / "out", "--dry-run", "--allow-empty", code=code)

    def setUp(self):
        super().setUp()
        self.install(Mean(), name="any", select="[]")

    def test_all_variants_name_the_files_that_the_folder_holds(self):
        for name in ("DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nooffset", "DICOMDIR-reordered"):
            with self.subTest(name=name):
                summary = self.files(MEDIA / name)
                self.assertEqual((summary["files"], summary.get("file_outcomes")), (FILES, {}) if "file_outcomes" in summary else (FILES, None))

    def test_one_without_a_patient_and_an_empty_one_name_what_they_name(self):
        self.assertEqual(self.files(MEDIA / "DICOMDIR-nopatient")["files"], FILES)
        self.assertEqual(self.files(MEDIA / "DICOMDIR-empty.dcm")["files"], 0)

    def test_a_file_that_is_not_there_is_named_and_small_letters_are_found(self):
        media = self.folder / "media"
        shutil.copytree(MEDIA, media)
        shutil.move(media / "98892003", media / "98892003.away")
        missing = sum(1 for path in (media / "98892003.away").rglob("*") if path.is_file())
        done = self.aidp("run", "any", media / "DICOMDIR", "--out", self.folder / "out", "--dry-run", "--format", "json", code=3)
        self.assertIn("the DICOMDIR names this file, but it does not exist", done.stdout)
        self.assertIn(f'"quarantined":{missing}', done.stdout.replace(" ", ""))

    def test_names_with_an_extension_or_in_another_case_are_found(self):
        media = self.folder / "media"
        shutil.copytree(MEDIA, media)
        files = sorted(path for path in (media / "98892003").rglob("*") if path.is_file())
        files[0].rename(files[0].with_name(files[0].name + ".dcm"))
        files[1].rename(files[1].with_name(files[1].name.lower() + ".ima"))
        done = self.aidp("run", "any", media / "DICOMDIR", "--out", self.folder / "out", "--dry-run", "--format", "json", "--allow-empty")
        self.assertNotIn("does not exist", done.stdout)
        self.assertEqual(self.files(media / "DICOMDIR")["files"], FILES)

    def test_a_name_that_two_files_may_be_is_not_guessed(self):
        media = self.folder / "media"
        shutil.copytree(MEDIA, media)
        path = next(path for path in sorted((media / "98892003").rglob("*")) if path.is_file())
        for ending in (".a", ".b"):
            shutil.copy(path, path.with_name(path.name + ending))
        path.unlink()
        self.assertIn("does not exist", self.aidp("run", "any", media / "DICOMDIR", "--out", self.folder / "out", "--dry-run", "--format", "json", code=3).stdout)

    def test_a_name_that_would_lead_out_of_the_folder_is_not_followed(self):
        data = pydicom.dcmread(MEDIA / "DICOMDIR")
        for record in data.DirectoryRecordSequence:
            if "ReferencedFileID" in record:
                record.ReferencedFileID = ["..", "secret"]
        (self.folder / "media").mkdir()
        (self.folder / "secret").write_text("x")
        data.save_as(self.folder / "media/DICOMDIR")
        done = self.aidp("run", "any", self.folder / "media/DICOMDIR", "--out", self.folder / "out", "--dry-run", code=3)
        self.assertNotIn(str(self.folder / "secret"), done.stdout)

    def test_what_is_only_named_so_is_refused(self):
        path = self.folder / "DICOMDIR"
        shutil.copy(next(path for path in (MEDIA / "77654033").rglob("*") if path.is_file()), path)
        done = self.aidp("run", "any", path, "--out", self.folder / "out", code=3)
        self.assertIn("not a DICOMDIR", done.stderr)


if __name__ == "__main__":
    unittest.main()
