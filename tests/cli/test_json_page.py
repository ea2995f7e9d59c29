# SPDX-License-Identifier: Apache-2.0
"""docs/json.md names every key that a command prints."""
import json
import re
import unittest

from jobs_support import ROOT, JobTest, Mean, make_cohort, make_package

PAGE = (ROOT / "docs/json.md").read_text()
KNOWN = set(re.findall(r"`([\w, ]+)`", PAGE))
FREE = {"data", "item_outcomes", "series_outcomes", "file_outcomes", "rows", "reasons", "outcomes", "devices", "scores_by_site", "scores_by_scanner"}


def keys(value):
    """Every key of an object and of what it holds, but for what lies under keys that are values themselves."""
    if isinstance(value, list):
        return set().union(*map(keys, value))
    if not isinstance(value, dict):
        return set()
    return set(value).union(*(keys(below) for key, below in value.items() if key not in FREE))


class JsonPage(JobTest):
    def test_the_page_names_the_keys_and_schemas_of_every_command(self):
        package = make_package(self.folder / "package", Mean(), golden="[{name: grey, input: grey, expect: {mean: 1}, tolerance: 0.001}]")
        make_cohort(package / "grey", 1)
        images = package / "grey"
        calls = (["validate", "manifest", package / "model.yaml"], ["model", "install", package], ["model", "list"], ["model", "show", "mean"], ["model", "verify"],
                 ["validate", "model", "mean"], ["validate", "input", images, "--model", "mean", "--dump-tensor", self.folder / "t.h5"],
                 ["validate", "input", images, "--pixels"], ["validate", "environment"], ["run", "mean", images, "--out", self.folder / "out"],
                 ["run", "mean", images, "--out", self.folder / "other", "--dry-run"], ["audit", "show", "0"], ["audit", "verify"], ["report", "surveillance"],
                 ["model", "remove", "mean"])
        for words in calls:
            said = self.aidp(*words, "--format", "json").stdout
            for line in [said] if words[0] == "report" else said.splitlines():
                printed = json.loads(line)
                self.assertIn(printed["schema"], PAGE, words)
                self.assertEqual(keys(printed) - {"type", "schema"} - KNOWN, set(), words)


if __name__ == "__main__":
    unittest.main()
