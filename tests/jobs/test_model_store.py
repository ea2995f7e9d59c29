# SPDX-License-Identifier: Apache-2.0
"""The store of models: what install makes of what it finds there, and what several at once make of it."""
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import time
import unittest

import numpy
import torch

from support import JobTest, Mean, make_instance, make_package

GOLDEN = "[{name: a, input: golden/a, expect: {mean: %d}, tolerance: 0.001}]"


class Seven(torch.nn.Module):
    def forward(self, x: torch.Tensor):
        return x.mean(dim=[1, 2, 3]).reshape(-1, 1) * 0 + 7


def make_golden(folder, module, expected=50, **changes):
    make_package(folder, module, golden=GOLDEN % expected, **changes)
    make_instance(folder / "golden/a/1.dcm", numpy.full((16, 16), 50))
    return folder


class Installing(JobTest):
    def setUp(self):
        super().setUp()
        self.package = self.install(Mean())
        self.artifact = next((self.home / "models").glob("*/model.ts"))

    def tamper(self):
        self.artifact.chmod(0o644)
        self.artifact.write_bytes(self.artifact.read_bytes()[:-10] + b"0123456789")

    def test_the_same_package_again_is_fine_only_while_the_installed_one_is_intact(self):
        self.assertIn("already installed", self.aidp("model", "install", self.package).stdout)
        self.tamper()
        said = self.aidp("model", "install", self.package, code=4).stderr
        self.assertIn("model.ts", said)
        self.assertIn("aidp model remove", said)
        self.aidp("model", "remove", "mean")
        self.aidp("model", "install", self.package)
        self.aidp("model", "verify")

    def test_what_an_interrupted_remove_left_is_replaced(self):
        self.artifact.parent.chmod(0o755)
        self.artifact.unlink()
        with sqlite3.connect(self.home / "aidp.db") as store:
            store.execute("UPDATE model SET state = 'removed'")
        self.aidp("model", "install", self.package)
        self.aidp("model", "verify")

    def test_what_a_killed_install_left_is_replaced(self):
        self.tamper()
        with sqlite3.connect(self.home / "aidp.db") as store:
            store.execute("DELETE FROM model")
        shutil.copytree(self.artifact.parent, self.home / "models/.half")
        self.aidp("model", "install", self.package)
        self.aidp("model", "verify")
        self.assertFalse((self.home / "models/.half").exists())

    def test_a_link_among_what_a_killed_install_left_is_removed_and_not_followed(self):
        closed = self.folder / "foreign/closed"
        closed.mkdir(parents=True)
        closed.chmod(0o500)
        link = self.home / "models/.half"
        link.symlink_to(closed.parent)
        self.install(Mean(), version="1.1.0")
        self.assertFalse(link.is_symlink())
        self.assertEqual(0o500, stat.S_IMODE(closed.stat().st_mode))

    def test_what_cannot_be_read_is_no_tampered_package(self):
        self.artifact.chmod(0)
        self.assertIn("path.unreadable", self.as_user("model", "verify", "--format", "json", code=2).stderr)

    def test_a_name_with_several_versions_is_not_removed_by_its_name(self):
        self.install(Mean(), version="1.1.0")
        said = self.aidp("model", "remove", "mean", code=2).stderr
        self.assertIn("mean@1.0.0, mean@1.1.0", said)
        self.aidp("model", "remove", "mean@1.0.0")
        self.aidp("model", "remove", "mean")
        self.assertEqual(0, len(self.json_lines("model", "list", "--format", "json")))

    def json_lines(self, *words):
        return [json.loads(line) for line in self.aidp(*words).stdout.splitlines()]

    def leaf(self, event):
        return self.json_lines("audit", "list", "--event", event, "--format", "json")[-1]

    def test_the_leaf_says_how_the_golden_cases_ended_and_who_installed(self):
        leaf = self.leaf("model.installed")
        self.assertEqual(("none", 0, os.geteuid(), socket.gethostname()), (leaf["golden"], leaf["golden_cases"], leaf["uid"], leaf["host"]))
        self.aidp("model", "install", make_golden(self.folder / "g", Mean(), name="golden"), "--device", "cpu")
        leaf = self.leaf("model.installed")
        self.assertEqual(("passed", 1, "cpu"), (leaf["golden"], leaf["golden_cases"], leaf["device"]))
        self.aidp("model", "install", make_golden(self.folder / "u", Mean(), 7, name="other"), "--unchecked")
        leaf = self.leaf("model.installed")
        self.assertEqual(("unchecked", 1, ""), (leaf["golden"], leaf["golden_cases"], leaf["device"]))
        self.aidp("model", "remove", "other")
        self.assertEqual(leaf["user"], self.leaf("model.removed")["user"])
        self.aidp("audit", "verify")

    def test_the_store_keeps_the_manifest_as_json(self):
        with sqlite3.connect(self.home / "aidp.db") as store:
            manifest = json.loads(store.execute("SELECT manifest_json FROM model").fetchone()[0])
        self.assertEqual(("1.0.0", "research-use-only", 50), (manifest["version"], manifest["regulatory_status"], manifest["outputs"][0]["flag_at"]))

    def test_a_model_without_the_json_of_its_manifest_gets_it(self):
        with sqlite3.connect(self.home / "aidp.db") as store:
            before = store.execute("SELECT manifest_json FROM model").fetchone()[0]
            store.execute("UPDATE model SET manifest_json = ''")
        self.aidp("model", "install", self.package)
        with sqlite3.connect(self.home / "aidp.db") as store:
            self.assertEqual(before, store.execute("SELECT manifest_json FROM model").fetchone()[0])
        self.assertEqual("mean@1.0.0", self.leaf("model.described")["model"])
        self.aidp("audit", "verify")

    def test_golden_cases_that_fail_leave_nothing(self):
        package = make_golden(self.folder / "bad", Mean(), 7, name="bad")
        self.aidp("model", "install", package, code=4)
        self.assertEqual([self.artifact.parent.name, self.artifact.parent.name + ".files"], sorted(os.listdir(self.home / "models")))


class AtOnce(JobTest):
    def start(self, *words):
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def wait_for_model_worker(self, job):
        """Until the golden cases of an install run. The worker's process."""
        children = pathlib.Path(f"/proc/{job.pid}/task/{job.pid}/children")
        while job.poll() is None:
            for child in children.read_text().split():
                name = pathlib.Path(f"/proc/{child}/comm")
                if name.exists() and name.read_text().startswith("aidp-worker-mod"):
                    return int(child)
            time.sleep(0.01)
        self.fail(f"no golden case ran: {job.communicate()}")

    def test_golden_cases_run_on_the_copy_that_is_installed(self):
        package = make_golden(self.folder / "p", Mean(), 7)
        job = self.start("model", "install", package)
        worker = self.wait_for_model_worker(job)
        os.kill(worker, signal.SIGSTOP)
        torch.jit.script(Seven()).save(str(package / "x"))
        os.replace(package / "x", package / "model.ts")
        os.kill(worker, signal.SIGCONT)
        said = job.communicate()[1]
        self.assertEqual(4, job.returncode, said)
        self.assertIn("golden values", said)

    def test_an_install_waits_for_no_golden_cases_of_another(self):
        self.install(Mean(), name="first")
        job = self.start("model", "install", make_golden(self.folder / "slow", Mean(), name="slow"))
        worker = self.wait_for_model_worker(job)
        os.kill(worker, signal.SIGSTOP)
        self.install(Mean(), name="quick")
        os.kill(worker, signal.SIGCONT)
        said = job.communicate()[1]
        self.assertEqual(0, job.returncode, said)
        self.aidp("model", "verify", "slow")
        self.aidp("audit", "verify")

    def test_of_several_installs_of_one_name_one_content_wins(self):
        packages = [make_package(self.folder / f"p{i}", Mean(), batch_max=8 + i % 2) for i in range(4)]
        jobs = [self.start("model", "install", package, "--wait", "2m") for package in packages]
        said = [job.communicate()[1] for job in jobs]
        self.assertEqual([0, 0, 4, 4], sorted(job.returncode for job in jobs), said)
        self.aidp("model", "verify")
        self.aidp("audit", "verify")
        self.assertEqual(2, len(os.listdir(self.home / "models")))

    def test_a_model_in_use_is_not_removed_until_it_is_free(self):
        self.install(Mean())
        use = os.open(next((self.home / "models").glob("*/model.ts")).parent, os.O_RDONLY)
        fcntl.flock(use, fcntl.LOCK_SH)
        self.assertIn("in use", self.aidp("model", "remove", "mean", code=75).stderr)
        remove = self.start("model", "remove", "mean", "--wait", "5m")
        os.close(use)
        said = remove.communicate()[1]
        self.assertEqual(0, remove.returncode, said)
        self.aidp("audit", "verify")

    def test_killed_installs_and_removes_leave_a_sound_store(self):
        self.install(Mean(), name="first")
        for i, part in enumerate((0.02, 0.05, 0.1, 0.15, 0.2)):
            package = make_package(self.folder / f"k{i}", Mean(), name=f"k{i}")
            (package / "big").write_bytes(os.urandom(20_000_000))
            self.kill_after(part, "model", "install", package)
            self.aidp("model", "install", package)
            self.kill_after(part / 3, "model", "remove", f"k{i}")
            self.aidp("model", "verify")
            self.aidp("audit", "verify")
        self.install(Mean(), name="last")
        self.assertEqual([], [name for name in os.listdir(self.home / "models") if name.startswith(".")])

    def kill_after(self, seconds, *words):
        job = self.start(*words)
        try:
            job.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            job.kill()
            job.communicate()


if __name__ == "__main__":
    unittest.main()
