# SPDX-License-Identifier: Apache-2.0
"""Places that do not serve: closed, through a file, full, read-only, damaged. Each is told by its path with a remedy, and nothing is left there."""
import atexit
import os
import stat
import subprocess
import unittest

from jobs_support import BIN, JobTest, Mean, make_cohort, make_package

FAR = "a" * 300  # longer than any file may be called


class Places(JobTest):
    def refused(self, *words, reason="path.missing", code=2, names=None):
        said = self.aidp(*words, code=code).stderr.splitlines()[-1]
        self.assertRegex(said, rf" \[{reason}\]$")
        self.assertIn("; ", said)  # a remedy
        if names:
            self.assertIn(str(names), said)
        return said

    def closed_to_user(self, *words, names):
        said = self.as_user(*words, code=2).stderr.splitlines()[-1]
        self.assertTrue(said.endswith(" [path.unreadable]"), said)
        self.assertIn(str(names), said)

    def job(self, **changes):
        """A model and a cohort of one study: the words of a run into `out`."""
        self.install(Mean(), **changes)
        make_cohort(self.folder / "in", 1)
        return ["run", "mean", self.folder / "in", "--out"]

    def tmpfs(self, name, size):
        """An empty file system of that size, or a skipped test."""
        place = self.folder / name
        place.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "aidp-test", str(place)], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest("no small file system can be mounted here: " + mounted.stderr.strip())
        def unmount():
            atexit.unregister(unmount)
            subprocess.run(["umount", str(place)], check=True)

        self.addCleanup(unmount)
        atexit.register(unmount)
        return place


class BadPaths(Places):
    def setUp(self):
        super().setUp()
        (self.folder / "file").write_text("no folder")
        os.symlink("loop", self.folder / "loop")

    def bad_paths(self):
        return [self.folder / "file/x", self.folder / "loop/x", self.folder / FAR]

    def test_no_path_that_cannot_be_is_taken_for_a_folder_or_file(self):
        run = self.job()
        for bad in self.bad_paths():
            for words in (["run", "mean", bad, "--out", self.folder / "out"], [*run, bad], ["model", "install", bad], ["validate", "manifest", bad],
                          ["validate", "input", bad, "--model", "mean"], ["report", "surveillance", "--out", bad], ["--generate", "man", "--to", bad]):
                self.refused(*words, reason="path.(missing|unreadable)", names=bad)
        self.assertFalse((self.folder / "out").exists())

    def test_a_home_that_cannot_be_is_none(self):
        package = make_package(self.folder / "package", Mean())
        for self.home in self.bad_paths():
            for words in (["model", "list"], ["model", "install", package], ["model", "remove", "mean"],
                          ["run", "mean", self.folder, "--out", self.folder / "out"]):
                self.refused(*words, names=self.home)

    def test_an_output_folder_that_cannot_be_is_refused_before_any_work(self):
        run = self.job()
        self.assertNotIn("scanning", self.aidp(*run, self.folder / "file/x", "--progress", "plain", code=2).stderr)
        self.refused(*run, self.folder / "file", reason="output.foreign", names=self.folder / "file")

    def test_a_report_goes_into_no_folder_that_is_not_there(self):
        self.install(Mean())
        self.refused("report", "surveillance", "--out", self.folder / "none/report.html", names="none/report.html")


class StrangePlaces(Places):
    """What is not a regular file is written to or refused, never replaced; a link stays."""

    def setUp(self):
        super().setUp()
        self.install(Mean())
        self.report = ["report", "surveillance", "--allow-empty", "--out"]

    def test_a_device_is_written_to_and_stays_a_device(self):
        before = os.stat("/dev/null")
        self.aidp(*self.report, "/dev/null")
        self.assertEqual((os.stat("/dev/null").st_ino, os.stat("/dev/null").st_mode), (before.st_ino, before.st_mode))
        self.refused(*self.report, "/dev/full", reason="disk.full", code=75)

    def test_a_fifo_without_reader_is_refused_and_with_one_is_written_to(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        self.refused(*self.report, fifo, reason="path.kind", names=fifo)
        with subprocess.Popen(["cat", str(fifo)], stdout=subprocess.PIPE, text=True) as reader:
            writer = os.open(fifo, os.O_WRONLY)  # waits until the reader is there
            self.aidp(*self.report, fifo)
            os.close(writer)
            self.assertIn("</html>", reader.communicate()[0])
        self.assertTrue(stat.S_ISFIFO(os.lstat(fifo).st_mode))

    def test_standard_output_is_written_to_where_it_stands(self):
        self.assertIn("</html>", self.aidp(*self.report, "/dev/stdout").stdout)
        log = self.folder / "log"
        log.write_text("before\n")
        with open(log, "a") as out:
            subprocess.run(self.command(*self.report, "/dev/stdout"), stdout=out, stderr=subprocess.DEVNULL, check=True)
        self.assertTrue(log.read_text().startswith("before\n<!doctype html>"))

    def test_a_link_stays_and_its_target_is_written_a_broken_one_is_refused(self):
        target, link = self.folder / "2026.html", self.folder / "latest.html"
        target.write_text("old")
        link.symlink_to("2026.html")
        self.aidp(*self.report, link)
        self.assertEqual((os.readlink(link), "</html>" in target.read_text()), ("2026.html", True))
        broken = self.folder / "broken.html"
        broken.symlink_to("nowhere.html")
        self.refused(*self.report, broken, reason="path.kind", names=broken)
        self.assertFalse((self.folder / "nowhere.html").exists())
        self.refused(*self.report, self.folder, reason="path.kind", names=self.folder)

    def test_a_report_is_readable_by_the_group_alone_whatever_the_umask(self):
        for mask in (0, 0o077):
            before = os.umask(mask)
            self.addCleanup(os.umask, before)
            self.aidp(*self.report, self.folder / "report.html")
            self.assertEqual(stat.S_IMODE(os.stat(self.folder / "report.html").st_mode), 0o640)

    def test_a_report_replaces_no_file_of_the_store(self):
        whole = (self.home / "aidp.db").read_bytes()
        link = self.folder / "report.html"
        link.symlink_to(self.home / "aidp.db")
        for place in (self.home / "aidp.db", link, self.home / "writer.lock", self.home / "models/report.html"):
            self.refused(*self.report, place, reason="usage", names=place)
        self.assertEqual((self.home / "aidp.db").read_bytes(), whole)


class ClosedPlaces(Places):
    def test_a_home_that_may_not_be_read_is_told_as_such(self):
        self.install(Mean())
        (self.home / "aidp.db").chmod(0)
        self.closed_to_user("model", "list", names=self.home)
        self.home.chmod(0)
        self.addCleanup(self.home.chmod, 0o755)
        for words in (["model", "list"], ["model", "remove", "mean"], ["run", "mean", self.folder, "--out", self.folder / "out"]):
            self.closed_to_user(*words, names=self.home)

    def test_each_closed_file_of_a_package_is_told_as_such(self):
        package = make_package(self.folder / "package", Mean(), golden="[{name: grey, input: grey, expect: {mean: 1}, tolerance: 0.001}]")
        make_cohort(package / "grey", 1)
        for part in (package / "model.ts", package / "model.yaml", next((package / "grey").rglob("*.dcm")), package / "grey", package):
            mode = part.stat().st_mode
            part.chmod(0)
            self.closed_to_user("model", "install", package, names=part)
            part.chmod(mode)
        self.assertFalse(self.home.exists())

    def test_an_output_folder_that_may_not_be_written_is_refused_before_any_work(self):
        run = self.job()
        out = self.folder / "out"
        out.mkdir(mode=0o555)
        for place in (out, out / "deeper"):
            self.closed_to_user(*run, place, names=place)
        self.assertNotIn("scanning", self.as_user(*run, out, "--progress", "plain", code=2).stderr)
        self.assertEqual(list(out.iterdir()), [])


class FullPlaces(Places):
    def test_an_install_without_space_is_75_and_leaves_no_half_copy(self):
        self.home = self.tmpfs("home", "2m")
        package = make_package(self.folder / "package", Mean())
        (package / "weights.bin").write_bytes(os.urandom(4 << 20))
        self.refused("model", "install", package, reason="disk.full", code=75, names=self.home)
        self.assertEqual(list((self.home / "models").iterdir()), [])
        (package / "weights.bin").unlink()
        self.aidp("model", "install", package)
        self.aidp("model", "verify")

    def test_a_store_without_space_is_75(self):
        self.home = self.tmpfs("home", "64k")
        self.refused("model", "install", make_package(self.folder / "package", Mean()), reason="disk.full", code=75)

    def test_an_output_folder_without_space_is_75_and_stays_empty(self):
        out = self.tmpfs("out", "1m")
        run = [*self.job(), out / "job"]
        self.refused(*run, reason="disk.full", code=75, names=out)
        self.assertNotIn("scanning", self.aidp(*run, "--progress", "plain", code=75).stderr)
        self.assertEqual(list(out.iterdir()), [])

    def test_a_run_whose_store_has_no_space_is_75_and_makes_no_output_folder(self):
        self.home = self.tmpfs("home", "2m")
        self.refused(*self.job(), self.folder / "out", reason="disk.full", code=75, names=self.home)
        self.assertFalse((self.folder / "out").exists())


class DamagedPlaces(Places):
    def test_a_store_that_is_no_database_or_cut_is_told_by_its_path(self):
        self.install(Mean())
        store = self.home / "aidp.db"
        whole = store.read_bytes()
        for damage in (b"not a database, but long enough to be read as one" * 100, whole[:len(whole) // 2], whole[:5000]):
            store.write_bytes(damage)
            self.refused("model", "list", reason="store.damaged", code=1)
            self.refused("run", "mean", self.folder, "--out", self.folder / "out", reason="store.damaged", code=1)
        store.write_bytes(b"")
        self.refused("model", "list", names=store)
        self.assertFalse((self.folder / "out").exists())

    def test_an_artifact_that_is_cut_is_refused_and_leaves_no_output_folder(self):
        package = make_package(self.folder / "package", Mean())
        artifact = package / "model.ts"
        artifact.write_bytes(artifact.read_bytes()[:-100])
        self.aidp("model", "install", package)
        make_cohort(self.folder / "in", 1)
        self.refused("run", "mean", self.folder / "in", "--out", self.folder / "out", reason="model.load", names="model.ts")
        self.assertFalse((self.folder / "out").exists())


if __name__ == "__main__":
    unittest.main()
