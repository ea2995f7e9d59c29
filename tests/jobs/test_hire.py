# SPDX-License-Identifier: Apache-2.0
"""A second model worker, for a model that holds the job up."""
import os
import pathlib
import unittest
from unittest import mock

import torch
from support import BIN, JobTest, Mean, make_cohort, rows

WORKER = """#!/bin/sh
mkdir {folder}/first 2>/dev/null && exec {bin}/aidp-worker-model
touch {folder}/second
{then}
"""


class Slow(torch.nn.Module):
    """The mean of the image, by a long way."""

    def forward(self, x):
        y = torch.ones(400, 400, device=x.device)
        for _ in range(40):
            y = (y @ y) * 0.0025
        return x.mean(dim=[1, 2, 3]).reshape(-1, 1) + y[0, 0] * 0


@unittest.skipUnless(len(os.sched_getaffinity(0)) > 1, "one core alone: no second worker is ever hired")
class Hire(JobTest):
    def run_with(self, module, then, studies=150):
        self.install(module, batch_max=1)
        make_cohort(self.folder / "in", studies)
        bin, self.workers = pathlib.Path(BIN).resolve(), self.folder / "workers"
        self.workers.mkdir()
        (self.workers / "aidp-worker-dicom").symlink_to(bin / "aidp-worker-dicom")
        (self.workers / "aidp-worker-model").write_text(WORKER.format(folder=self.workers, bin=bin, then=then.format(bin=bin)))
        (self.workers / "aidp-worker-model").chmod(0o755)
        with mock.patch.dict(os.environ, AIDP_WORKER_DIR=str(self.workers)):
            self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual([round(float(row["mean"])) for row in rows(self.folder / "out/results.csv")],
                         [int(row["study_uid"].split(".")[-1]) % 90 for row in rows(self.folder / "out/results.csv")])
        self.assertEqual(len(rows(self.folder / "out/results.csv")), studies)
        return (self.workers / "second").exists()

    def test_it_is_hired_where_the_model_is_slow(self):
        self.assertTrue(self.run_with(Slow(), "exec {bin}/aidp-worker-model"))

    def test_one_that_cannot_start_costs_the_job_nothing(self):
        self.assertTrue(self.run_with(Slow(), "echo no memory is left >&2; exit 1"))

    def test_none_is_hired_for_a_model_that_keeps_up(self):
        self.assertFalse(self.run_with(Mean(), "exit 1", studies=20))


if __name__ == "__main__":
    unittest.main()
