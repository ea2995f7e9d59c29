# SPDX-License-Identifier: Apache-2.0
"""Help, man pages and suggestions: all of one registry."""
import pathlib
import re
import stat
import subprocess
import tempfile
import unittest

from jobs_support import BIN, ROOT, aidp, commands


def options_of_help(command):
    text = aidp("help", *command.split()).stdout.split("\nOptions:")[1].split("\nExit codes:")[0]
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def man_page(command):
    return (ROOT / "man" / f"aidp-{command.replace(' ', '-')}.1").read_text()


class Help(unittest.TestCase):
    def test_help_is_asked_for_in_any_of_the_usual_ways(self):
        overview = aidp("help").stdout
        for words in ([], ["--help"], ["-h"], ["--quiet", "help"]):
            self.assertEqual((aidp(*words).returncode, aidp(*words).stdout), (0, overview), words)
        for command in commands():
            text = aidp("help", *command.split()).stdout
            for words in ([*command.split(), "--help"], [*command.split(), "-h"], ["-h", *command.split()]):
                self.assertEqual((aidp(*words).returncode, aidp(*words).stdout), (0, text), words)

    def test_the_help_of_a_command_has_examples_options_and_exit_codes(self):
        for command in commands():
            text = aidp("help", *command.split()).stdout
            self.assertIn(f"aidp {command}", text)
            self.assertIn("--home", text, command)
            self.assertIn("75", text, command)

    def test_a_group_without_its_command_lists_what_it_has_and_is_wrong_usage(self):
        for group in ("model", "validate", "audit", "report"):
            done = aidp(group)
            self.assertEqual(done.returncode, 2, group)
            self.assertIn(next(name.split()[1] for name in commands() if name.startswith(group)), done.stdout + done.stderr)
            self.assertEqual(aidp("help", group).returncode, 0)

    def test_help_of_an_unknown_command_suggests_the_near_one(self):
        done = aidp("help", "modl", "install")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean 'model install'", done.stderr)

    def test_unknown_commands_and_options_suggest_the_near_one_and_name_the_help(self):
        for words, hint in ((["rnu"], "'run'"), (["model", "instal", "x"], "'model install'"), (["audit", "verfy"], "'audit verify'"),
                            (["run", "m", "p", "--outt", "o"], "--out"), (["model", "list", "--fromat", "json"], "--format"),
                            (["--hmoe", "x", "model", "list"], "--home"), (["run", "m", "p", "--ot=o"], "--out")):
            done = aidp(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn("did you mean " + hint, done.stderr, words)
            self.assertIn("aidp help", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_what_is_missing_or_of_the_wrong_kind_is_named(self):
        for words, named in ((["run"], "MODEL"), (["run", "m", "p"], "--out"), (["run", "m", "p", "--out", "o", "--batch", "many"], "--batch"),
                             (["audit", "show", "first"], "LEAF"), (["model", "list", "--format", "xml"], "text, json"),
                             (["model", "list", "--progress", "dots"], "auto, bar, plain, none"), (["run", "m", "p", "--out", "o", "--memory", "lots"], "such as 2G"),
                             (["model", "list", "extra"], "extra"), (["--generate", "tcsh"], "bash, zsh or fish")):
            done = aidp(*words)
            self.assertEqual(done.returncode, 2, f"{words} {done.stderr}")
            self.assertIn(named, done.stderr, words)

    def test_the_version_is_one_line(self):
        self.assertRegex(aidp("--version").stdout, r"\Aaidp \d+\.\d+\.\d+\n\Z")

    def test_aidp_itself_links_neither_torch_nor_dcmtk_nor_hdf5(self):
        said = subprocess.run(["ldd", str(BIN / "aidp")], capture_output=True, text=True, check=True).stdout
        libraries = " ".join(line.split()[0] for line in said.splitlines())
        for library in ("torch", "libc10", "dcm", "ofstd", "hdf5", "openjp", "charls"):
            self.assertNotIn(library, libraries)


class ManPages(unittest.TestCase):
    def test_every_command_has_a_page_with_its_exit_codes_and_examples(self):
        for command in commands():
            page = man_page(command)
            for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"):
                self.assertIn(f".SH {section}\n", page, command)
        self.assertEqual(len(list((ROOT / "man").glob("*.1"))), len(commands()))
        for page in ("aidp.7", "aidp-manifest.5"):
            self.assertIn(".SH EXAMPLE", (ROOT / "man" / page).read_text(), page)
        self.assertIn(".SH EXIT STATUS", (ROOT / "man/aidp.7").read_text())

    def test_pages_may_be_read_by_everybody(self):
        with tempfile.TemporaryDirectory() as folder:
            aidp("--generate", "man", "--to", folder)
            self.assertEqual({0o644}, {stat.S_IMODE(page.stat().st_mode) for page in pathlib.Path(folder).iterdir()})

    def test_the_page_of_reasons_explains_each(self):
        page = (ROOT / "man/aidp-reasons.7").read_text().replace("\\-", "-")
        table = re.findall(r'^AIDP_REASON\(\w+, "([^"]+)"', (ROOT / "core/base/reasons.def").read_text(), re.M)
        entries = {entry.split('"')[0].strip(): entry.splitlines()[1:] for entry in page.split(".TP\n.BR ")[1:]}
        self.assertEqual(list(entries), table)
        self.assertEqual([name for name, lines in entries.items() if len(lines) < 2 or len(lines[1]) < 20], [], "no advice in cli/advice.def")

    def test_a_page_and_the_help_name_the_same_options(self):
        for command in commands():
            in_page = set(re.findall(r"--[a-z][a-z-]*", man_page(command).replace("\\-", "-").split(".SH OPTIONS")[1].split(".SH EXIT")[0]))
            self.assertEqual(in_page, options_of_help(command), command)

    def test_the_exit_codes_of_readme_pages_and_help_are_the_same(self):
        readme = {code for row in re.findall(r"^\| ([0-9, ]+) \|", (ROOT / "README.md").read_text(), re.M) for code in row.split(", ")}
        helped = set(re.findall(r"^  (\d+(?:, \d+)?)  ", aidp("help").stdout.split("Exit codes:")[1], re.M))
        helped = {code for row in helped for code in row.split(", ")}
        self.assertEqual(helped - readme, {"5"})  # an alarm: no command raises it yet
        self.assertEqual(readme - helped, set())


if __name__ == "__main__":
    unittest.main()
