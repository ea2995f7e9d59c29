# SPDX-License-Identifier: Apache-2.0
"""Nothing wedges: whatever a worker does or a user sends, a job goes on or ends."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import numpy
import pydicom

from support import BIN, JobTest, Mean, Whimsical, make_cohort, make_instance, rows

LONG = "1.2.840.113619.2.55.3.604688119.971.1234567890."


def make_long_series(folder, series, slices):
    """Series of tiny slices whose paths are long: a request for one is larger than a socket's buffer (212,992 bytes)."""
    base = folder / "template.dcm"
    make_instance(base, numpy.full((8, 8), 5))
    file = pydicom.dcmread(base)
    base.unlink()
    for number in range(1, series + 1):
        place = folder / f"{LONG}{number}.1" / f"{LONG}{number}.2"
        place.mkdir(parents=True)
        file.StudyInstanceUID, file.SeriesInstanceUID, file.FrameOfReferenceUID = f"{LONG}{number}.1", f"{LONG}{number}.2", f"{LONG}{number}.3"
        for slice_ in range(1, slices + 1):
            file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = f"{LONG}{number}.{1000 + slice_}"
            file.InstanceNumber = slice_
            file.ImagePositionPatient = [0, 0, float(slice_)]
            file.save_as(place / f"{file.SOPInstanceUID}.dcm")
    return folder


def children(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def worker(job, kind):
    """Waits for a worker of the job and gives its pid."""
    while job.poll() is None:
        for child in children(job.pid):
            try:
                if pathlib.Path(f"/proc/{child}/comm").read_text().startswith(f"aidp-worker-{kind}"[:15]):
                    return child
            except (FileNotFoundError, ProcessLookupError):
                pass
        time.sleep(0.005)
    raise AssertionError(f"the job ended with {job.returncode} before it had a worker")


def marked(mark):
    """Processes whose environment has the mark."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"AIDP_MARK={mark}".encode() in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:
            pass
    return found


class ProcessTest(JobTest):
    def begin(self, *arguments, **options):
        job = subprocess.Popen(self.command("run", *arguments, "--progress", "none"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        self.addCleanup(job.stdout.close)
        self.addCleanup(job.stderr.close)
        self.addCleanup(job.wait)
        self.addCleanup(job.kill)
        return job

    def begun(self, *arguments, **options):
        """A job that has claimed its output folder, out."""
        job = self.begin(*arguments, "--out", self.folder / "out", **options)
        while job.poll() is None and not (self.folder / "out/job.json").exists():
            time.sleep(0.005)
        return job

    def workers(self, kind, script):
        """A folder of workers, of which one kind is started by a shell script."""
        folder = self.folder / "workers"
        folder.mkdir()
        for name in ("dicom", "model"):
            (folder / f"aidp-worker-{name}").symlink_to(BIN / f"aidp-worker-{name}")
        program = folder / f"aidp-worker-{kind}"
        program.unlink()
        program.write_text(f"#!/bin/sh\n{script}\nexec {BIN}/aidp-worker-{kind}\n")
        program.chmod(0o755)
        return str(folder)

    def dying_at(self, starts):
        """Model workers that die while they start, at the starts named: a pattern of the shell."""
        count = self.folder / "count"
        return self.workers("model", f'echo x >>{count}\ncase $(wc -l <{count}) in {starts}) echo "no mood to start" >&2; exit 1;; esac')


class Waiting(ProcessTest):
    def test_long_series_and_one_worker_do_not_wait_for_each_other(self):
        self.install(Mean(), unit="series", batch_max=1)
        make_long_series(self.folder / "in", 4, 1000)
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", "--workers", "1")
        self.assertEqual(len(rows(self.folder / "out/results.csv")), 4)

    def test_nor_does_a_batch_of_a_thousand(self):
        self.install(Mean(), batch_max=1024)
        make_long_series(self.folder / "in", 3, 1024)
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", "--batch", "1024")
        self.assertEqual(len(rows(self.folder / "out/results.csv")), 3 * 1024)

    def test_a_worker_that_stopped_is_killed_at_its_deadline_and_the_job_completes(self):
        self.install(Mean(), batch_max=1, timeout_s=2)
        make_cohort(self.folder / "in", 300)
        job = self.begun("mean", self.folder / "in")
        os.kill(worker(job, "model"), signal.SIGSTOP)
        _, error = job.communicate(timeout=120)
        self.assertEqual(job.returncode, 0, error)
        self.assertEqual(len(rows(self.folder / "out/results.csv")), 300)

    def test_a_stopped_worker_holds_neither_signal(self):
        self.install(Mean(), unit="series", batch_max=1)
        make_long_series(self.folder / "in", 4, 1000)
        job = self.begun("mean", self.folder / "in", "--workers", "1")
        os.kill(worker(job, "dicom"), signal.SIGSTOP)
        job.send_signal(signal.SIGTERM)
        job.send_signal(signal.SIGINT)
        job.communicate(timeout=10)
        self.assertIn(-job.returncode, (signal.SIGTERM, signal.SIGINT))


class Priority(ProcessTest):
    @unittest.skipUnless(pathlib.Path("/proc/self/autogroup").exists(), "the kernel shares no processor time among sessions")
    def test_the_session_of_a_dicom_worker_is_as_nice_as_the_worker(self):
        self.install(Mean(), batch_max=1)
        make_cohort(self.folder / "in", 200)
        job = self.begin("mean", self.folder / "in", "--out", self.folder / "out", "--workers", "1")
        group, seen = pathlib.Path(f"/proc/{worker(job, 'dicom')}/autogroup"), set()
        while job.poll() is None:
            with contextlib.suppress(OSError):
                seen.add(group.read_text().split()[-1])
        self.assertEqual((job.returncode, "10" in seen), (0, True), seen)


class DeadMounts(ProcessTest):
    """A worker that answers nothing stands for one that hangs in the kernel."""

    def stalled(self, op, part):
        """A job whose DICOM worker hangs as it does `op` to what the part names."""
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        (self.folder / "in/link.dcm").symlink_to(self.folder / "in/0001/001.dcm")
        folder = self.folder / f"liars-{op}"
        folder.mkdir()
        (folder / "true").symlink_to(BIN)
        (folder / "aidp-worker-model").symlink_to(BIN / "aidp-worker-model")
        (folder / "aidp-worker-writer").symlink_to(BIN / "aidp-worker-writer")
        (folder / "aidp-worker-dicom").symlink_to(BIN / "aidp_liar")
        (folder / "lie").write_text(f"{op}\nstall\n{part}\n")
        job = self.begin("mean", self.folder / "in", "--out", self.folder / "out", env={**os.environ, "AIDP_WORKER_DIR": str(folder)})
        while job.poll() is None and not (folder / "stalled").exists():
            time.sleep(0.005)
        return job

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_the_supervisor_itself_touches_no_input(self):
        self.install(Mean())
        folder = self.folder / "in"
        make_cohort(folder, 3)
        shutil.copy(folder / "0001/001.dcm", folder / "copy.dcm")
        (folder / "notes.txt").write_text("no DICOM")
        (folder / "link.dcm").symlink_to(folder / "0001/001.dcm")
        (folder / "broken.dcm").symlink_to(folder / "nothing")
        (self.folder / "list.csv").write_text(f"path\n{folder}/0001\n{folder}/none\n")
        log = self.folder / "calls"
        for command, code in ((("run", "mean", folder, "--out", self.folder / "out"), 3), (("run", "mean", folder, "--out", self.folder / "out"), 3),
                              (("run", "mean", "--worklist", self.folder / "list.csv", "--out", self.folder / "listed"), 3),
                              (("run", "mean", folder, "--out", self.folder / "dry", "--dry-run"), 3), (("validate", "input", folder, "--pixels"), 3)):
            with self.subTest(command=command):
                done = subprocess.run(["strace", "-qq", "-o", log, "-e", "trace=%file", *self.command(*command)], capture_output=True, text=True)
                self.assertEqual(done.returncode, code, done.stderr)
                calls = [line for line in log.read_text().splitlines() if not line.startswith("execve(")]
                self.assertGreater(len(calls), 20)
                self.assertEqual([line for line in calls if f'"{folder}' in line], [])
            (folder / "notes.txt").unlink(missing_ok=True)  # one that was recorded is looked for

    def test_a_signal_ends_a_job_at_once_while_a_mount_is_dead(self):
        for op, part in (("look", "/in"), ("list", "/in"), ("list", "/0002"), ("look", "/link"), ("scan", "/0002/")):
            with self.subTest(op=op, part=part):
                shutil.rmtree(self.folder / f"liars-{op}", ignore_errors=True)
                shutil.rmtree(self.home, ignore_errors=True)
                shutil.rmtree(self.folder / "in", ignore_errors=True)
                job = self.stalled(op, part)
                job.send_signal(signal.SIGTERM)
                _, error = job.communicate(timeout=2)
                self.assertEqual(job.returncode, 143, error)
                self.assertFalse((self.folder / "out").exists())


class Dying(ProcessTest):
    def test_a_worker_that_dies_while_it_starts_is_started_again(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", AIDP_WORKER_DIR=self.dying_at("1|2"))
        self.assertEqual(len(rows(self.folder / "out/results.csv")), 3)

    def test_a_replacement_that_dies_while_it_starts_costs_no_more_than_the_item(self):
        self.install(Whimsical())
        make_cohort(self.folder / "in", 5, value=lambda study, _: 115 if study == 3 else study)  # the third crashes its worker
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", code=3, AIDP_WORKER_DIR=self.dying_at("2|3|5"))
        outcomes = [row["outcome"] for row in sorted(rows(self.folder / "out/results.csv"), key=lambda row: row["study_uid"])]
        self.assertEqual(outcomes, ["completed", "completed", "quarantined", "completed", "completed"])

    def test_a_worker_that_cannot_be_started_any_more_ends_the_job_with_its_last_words(self):
        self.install(Whimsical())
        make_cohort(self.folder / "in", 5, value=lambda study, _: 115 if study == 3 else study)
        done = self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", "--batch", "1", code=2, AIDP_WORKER_DIR=self.dying_at("1?|[2-9]"))
        self.assertIn("no mood to start", done.stderr)
        self.aidp("audit", "verify")

    def test_what_a_worker_started_ends_with_the_job(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        workers = self.workers("model", "sleep 600 &\nsetsid sleep 600 &\nsetsid setsid -f sleep 600 &")
        mark = f"{os.getpid()};"
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", AIDP_WORKER_DIR=workers, AIDP_MARK=mark)
        self.assertEqual(marked(mark), [])


class Stopping(ProcessTest):
    def slow(self):
        """A job that waits for a model that hangs, for 3 s."""
        self.install(Whimsical(), batch_max=1, timeout_s=3)
        make_cohort(self.folder / "in", 3, value=lambda study, _: 125)

    def test_sighup_stops_cleanly_and_nohup_goes_on(self):
        self.slow()
        job = self.begun("mean", self.folder / "in")
        job.send_signal(signal.SIGHUP)
        _, error = job.communicate(timeout=60)
        self.assertEqual(job.returncode, 143, error)
        self.assertEqual(self.state_of(self.folder / "out"), "interrupted")
        job = self.begin("mean", self.folder / "in", "--out", self.folder / "out", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        worker(job, "model")
        job.send_signal(signal.SIGHUP)
        _, error = job.communicate(timeout=60)
        self.assertEqual(job.returncode, 3, error)

    def test_a_second_signal_ends_it_at_once_with_its_workers(self):
        self.slow()
        mark = f"{os.getpid()};second"
        job = self.begun("mean", self.folder / "in", env={**os.environ, "AIDP_MARK": mark})
        job.send_signal(signal.SIGTERM)
        job.send_signal(signal.SIGHUP)
        job.communicate(timeout=2)
        self.assertIn(-job.returncode, (signal.SIGTERM, signal.SIGHUP))
        while marked(mark):  # their end is not waited for by the job
            time.sleep(0.01)

    def test_closed_streams_are_no_reason_to_die(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        command = " ".join(self.command("run", "mean", self.folder / "in", "--out", self.folder / "out", "--progress", "plain"))
        subprocess.run(["sh", "-c", f"{command} <&- 2>&- | :"], timeout=60, check=True)
        self.assertEqual(len(rows(self.folder / "out/results.csv")), 3)
        self.aidp("audit", "verify")


if __name__ == "__main__":
    unittest.main()
