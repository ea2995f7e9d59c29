# SPDX-License-Identifier: Apache-2.0
"""The store of models: what install makes of what it finds there."""
import shutil
import sqlite3
import unittest

from support import JobTest, Mean


class Installing(JobTest):
    def setUp(self):
        super().setUp()
        self.package = self.install(Mean())
        self.artifact = next((self.home / "models").glob("*/model.ts"))

    def tamper(self):
        self.artifact.chmod(0o644)
        self.artifact.write_bytes(self.artifact.read_bytes()[:-10] + b"0123456789")

    def test_the_same_package_again_is_fine_only_while_the_installed_one_is_intact(self):
        self.assertIn("installed already", self.aidp("model", "install", self.package).stdout)
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


if __name__ == "__main__":
    unittest.main()
