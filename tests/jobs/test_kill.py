# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the supervisor or of a worker at random moments, then run again: the same results, nothing twice."""
import os
import pathlib
import random
import signal
import subprocess
import time
import unittest

import torch
from support import JobTest, Mean, make_cohort, rows

STUDIES = 200
SCIENCE = ("study_uid", "series_uid", "sop_uid", "frame", "outcome", "reason", "mean")


class Slow(torch.nn.Module):
    """The mean, after some work: so that a job of 200 items lasts long enough to be hit at ten moments."""

    def forward(self, x: torch.Tensor):
        y = torch.ones(400, 400)
        for _ in range(12):
            y = (y @ y).clamp(0, 1)
        return x.mean(dim=[1, 2, 3]).reshape(-1, 1) * y[0, 0]


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Killing(JobTest):
    def science(self, out):
        return [tuple(row[name] for name in SCIENCE) for row in rows(out / "results.csv")]

    def run_and_kill(self, out, moment_s, pick, *options):
        job = subprocess.Popen(self.command("run", "mean", self.folder / "in", "--out", out, *options), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            job.wait(moment_s)
            return False  # it was done before
        except subprocess.TimeoutExpired:
            pass
        hit = False
        try:
            victims = [job.pid] if pick == "supervisor" else children(job.pid)
            if victims:
                os.kill(random.choice(victims), signal.SIGKILL)
                hit = True
        except (ProcessLookupError, FileNotFoundError):
            pass
        job.wait(120)
        return hit

    def test_ten_kills_then_one_run_give_the_results_of_an_undisturbed_run(self):
        random.seed(20261124)
        self.install(Slow(), batch_max=4)
        make_cohort(self.folder / "in", STUDIES)
        began = time.monotonic()
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "calm")
        length_s = time.monotonic() - began
        kills, tries, options = 0, 0, []
        while kills < 10:  # a run that ended before its moment is started over
            hit = self.run_and_kill(self.folder / "out", random.uniform(0.05, 0.9) * length_s, ("supervisor", "worker")[kills % 2], *options)
            kills, tries, options = kills + hit, tries + 1, [] if hit else ["--fresh"]
        print(f"killed {kills} times in {tries} runs; undisturbed, one takes {length_s:.1f} s")
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual(self.science(self.folder / "out"), self.science(self.folder / "calm"))
        self.assertEqual(len(self.science(self.folder / "out")), STUDIES)
        self.aidp("audit", "verify")


if __name__ == "__main__":
    unittest.main()
