# SPDX-License-Identifier: Apache-2.0
"""The temporary folder of each worker: its own, gone with it however it ends, and never another's that is in use."""
import fcntl
import os
import signal
import subprocess
import time
import unittest
from unittest import mock

from support import JobTest, Mean, Whimsical, make_cohort, rows


class WorkerFolders(JobTest):
    def setUp(self):
        super().setUp()
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        place = mock.patch.dict(os.environ, TMPDIR=str(self.temporary))
        place.start()
        self.addCleanup(place.stop)

    def folders(self):
        return list(self.temporary.iterdir())

    def test_a_worker_that_crashed_or_was_killed_leaves_nothing(self):
        self.install(Whimsical(), timeout_s=3)
        make_cohort(self.folder / "in", 3, value=lambda study, _: [10, 115, 125][study - 1])  # 115 crashes, 125 hangs and is killed
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", code=3)
        self.assertEqual(sum(row["outcome"] == "completed" for row in rows(self.folder / "out/results.csv")), 1)
        self.assertEqual(self.folders(), [])

    def test_what_a_killed_supervisor_left_is_swept_by_the_next_run_and_nothing_else(self):
        self.install(Whimsical(), timeout_s=60)
        make_cohort(self.folder / "hang", 1, value=lambda *_: 125)
        words = ("run", "mean", self.folder / "hang", "--out", self.folder / "out")
        with subprocess.Popen(self.command(*words), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as first:
            while not (self.folder / "out/job.json").exists() and first.poll() is None:
                time.sleep(0.05)
            for folder in self.folders():
                self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
            first.send_signal(signal.SIGKILL)
        self.assertGreater(len(self.folders()), 0)
        used = self.temporary / "aidp-worker-used"
        other = self.temporary / "another-program"
        link = self.temporary / "aidp-worker-link"
        used.mkdir()
        other.mkdir()
        link.symlink_to(other)
        (other / "file").write_text("kept")
        lock = os.open(used, os.O_RDONLY)
        self.addCleanup(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_cohort(self.folder / "in", 1)
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out2")
        self.assertEqual(set(self.folders()), {used, other, link})
        self.assertTrue((other / "file").exists())

    def test_a_run_needs_no_temporary_folder_unless_the_model_does(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        with mock.patch.dict(os.environ, TMPDIR=str(self.folder / "none")):
            self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out")


if __name__ == "__main__":
    unittest.main()
