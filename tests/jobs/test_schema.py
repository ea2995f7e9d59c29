# SPDX-License-Identifier: Apache-2.0
"""manifests/model.schema.json and the parser know the same words."""
import json
import pathlib
import re
import subprocess
import unittest

from support import BIN

ROOT = pathlib.Path(__file__).resolve().parents[2]


def properties(node, place):
    """Each property below a part of the schema, with its place; what a condition repeats ("if", "then") has none of its own."""
    for key, value in node.get("properties", {}).items():
        yield f"{place}.{key}", value
        yield from properties(value, f"{place}.{key}")
    below = {"": node["items"]} if "items" in node else {}
    for name, child in {**below, **node.get("definitions", {})}.items():
        yield from properties(child, f"{place}.{name}")


class Schema(unittest.TestCase):
    def test_the_schema_names_the_keys_and_transforms_that_the_parser_allows(self):
        schema = json.loads((ROOT / "manifests/model.schema.json").read_text())
        self.assertEqual(self.allowed("zzzzzz: 1\n"), set(schema["properties"]))
        for stage in ("preprocess", "postprocess"):
            names = set(schema["properties"][stage]["items"]["oneOf"][0]["enum"])
            self.assertEqual(self.allowed(f"{stage}: [Zzzzzz]\n"), names)

    def test_every_property_says_what_it_is(self):
        schema = json.loads((ROOT / "manifests/model.schema.json").read_text())
        silent = [place for place, value in properties(schema, "") if not value.get("description", "").endswith(".")]
        self.assertEqual(silent, [])

    def allowed(self, line):
        manifest = pathlib.Path(self.id() + ".yaml")
        try:
            manifest.write_text(line)
            said = subprocess.run([BIN / "aidp", "validate", "manifest", manifest], capture_output=True, text=True).stderr
        finally:
            manifest.unlink()
        mistake = next(text for text in said.splitlines() if "zzzzzz" in text.lower())
        return set(re.sub(r"; did you mean.*", "", mistake.split("allowed: ")[1]).split(", "))

    def test_the_examples_are_valid(self):
        for manifest in sorted((ROOT / "manifests").glob("*/model.yaml")):
            self.assertEqual(subprocess.run([BIN / "aidp", "validate", "manifest", manifest], capture_output=True).returncode, 0, manifest)


if __name__ == "__main__":
    unittest.main()
