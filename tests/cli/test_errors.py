# SPDX-License-Identifier: Apache-2.0
"""What aidp says where it fails, and where it says nothing: exit codes, errors as text and as JSON, escape codes, --quiet, which home."""
import fcntl
import json
import os
import pty
import subprocess
import unicodedata
import unittest

from jobs_support import BIN, ROOT, JobTest, Mean, aidp, make_cohort, make_package, rows

PACKAGE = ROOT / "manifests/lung-nodule-2d"
KEYS = {"type", "schema", "reason", "exit", "message", "remedy"}


class Errors(JobTest):
    def told(self, *words, reason, code):
        """The error of a call, which must be the same one as text and as JSON; stderr holds it alone, or after progress."""
        text = aidp("--home", self.home, *words)
        self.assertEqual(text.returncode, code, f"{words} {text.stderr}")
        last = text.stderr.splitlines()[-1]
        self.assertTrue(last.startswith("aidp: ") and last.endswith(f" [{reason}]"), last)
        done = aidp("--home", self.home, *words, "--format", "json")
        self.assertEqual(done.returncode, code, f"{words} {done.stderr}")
        error = json.loads(done.stderr)
        self.assertEqual(set(error), KEYS)
        self.assertEqual((error["type"], error["schema"], error["reason"], error["exit"]), ("error", "aidp.error/1", reason, code))
        self.assertTrue(error["remedy"], words)
        self.assertIn(error["message"], last)
        return error

    def test_wrong_usage_is_2_however_early_it_is_found(self):
        for words in (["rnu"], ["help", "rnu"], ["run"], ["run", "m", "p"], ["model", "list", "--fromat", "x"], ["model", "list", "extra"],
                      ["audit", "show", "first"], ["run", "m", "p", "--out", "o", "--batch", "many"], ["--progress", "dots", "model", "list"],
                      ["--generate", "tcsh"]):
            self.told(*words, reason="usage", code=2)

    def test_nothing_invisible_is_printed(self):
        hidden = [c for c in map(chr, range(1, 0x110000)) if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") or ord(c) & 0xFFFE == 0xFFFE]
        for words in (["x" + "".join(hidden)], ["report", "surveillance", "--last", "x" + "".join(hidden)], ["--home", "/none/x" + "".join(hidden[:60]), "model", "list"]):
            for form in ([], ["--format", "json"]):
                said = aidp(*words, *form, env={"AIDP_HOME": str(self.home)}).stderr
                self.assertIn("x????", said)
                self.assertEqual([hex(ord(c)) for c in hidden if c in said.removesuffix("\n")], [])

    def test_a_near_command_is_suggested_behind_options_too(self):
        self.assertIn("'run'", self.told("rnu", reason="usage", code=2)["message"])

    def test_a_store_that_is_not_there_is_2_and_is_not_made(self):
        make_cohort(self.folder / "in", 1)
        for words in (["model", "list"], ["model", "remove", "mean"], ["model", "verify"], ["validate", "model", "mean"], ["audit", "verify"],
                      ["report", "surveillance"], ["run", "mean", self.folder / "in", "--out", self.folder / "out"]):
            self.assertIn(str(self.home), self.told(*words, reason="path.missing", code=2)["message"])
        self.assertFalse(self.home.exists())

    def test_a_model_that_is_not_installed_is_2(self):
        self.install(Mean())
        for words in (["model", "show", "maen"], ["model", "remove", "maen"], ["validate", "model", "maen"],
                      ["run", "maen", self.folder, "--out", self.folder / "out"]):
            self.assertIn("'mean'", self.told(*words, reason="model.unknown", code=2)["remedy"])

    def test_a_gate_is_4_and_a_store_in_use_is_75(self):
        self.install(Mean())
        changed = next((self.home / "models").glob("*/model.ts"))
        changed.chmod(0o644)
        changed.write_bytes(b"x")
        self.told("model", "verify", reason="package.changed", code=4)
        with (self.home / "writer.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.told("model", "remove", "mean", reason="store.locked", code=75)

    def test_golden_values_that_are_not_met_are_4_and_named(self):
        package = self.folder / "package"
        make_package(package, Mean(), golden="[{name: grey, input: grey, expect: {mean: 7}, tolerance: 0.001}]")
        make_cohort(package / "grey", 1)
        self.aidp("model", "install", package, "--unchecked")
        self.assertIn("grey mean differs by 6", self.told("validate", "model", "mean", reason="acceptance.failed", code=4)["message"])

    def test_nothing_matched_is_6_with_a_word_on_what_was_empty(self):
        self.install(Mean(), select="[{attribute: Modality, equals: MR}]")
        make_cohort(self.folder / "in", 2)
        run = ("run", "mean", self.folder / "in", "--out", self.folder / "out")
        self.assertIn("none of the 2 series", self.told(*run, reason="selection.nothing", code=6)["message"])
        self.told("validate", "input", self.folder / "in", "--model", "mean", reason="selection.nothing", code=6)
        report = ("report", "surveillance", "--from", "2001-01-01", "--to", "2001-02-01")
        self.assertIn("2001-01-01 to 2001-02-01", self.told(*report, reason="selection.nothing", code=6)["message"])
        for words in (run, report):
            self.assertEqual(self.aidp(*words, "--allow-empty", "--quiet").stderr, "")

    def test_a_report_that_is_empty_is_written_all_the_same(self):
        self.install(Mean())
        self.aidp("report", "surveillance", "--out", self.folder / "report.html", code=6)
        self.assertIn("<html", (self.folder / "report.html").read_text())

    def test_what_the_machine_lacks_is_2_and_named(self):
        self.home = self.folder / "file/home"
        (self.folder / "file").write_text("no folder")
        error = self.told("validate", "environment", reason="environment.lacking", code=2)
        self.assertIn(f"home: the home folder {self.home} cannot be", error["message"])


class Quiet(JobTest):
    def silent(self, *words, code=0):
        done = self.aidp("--quiet", *words, code=code)
        self.assertEqual(done.stdout, "", words)
        return done.stderr

    def test_quiet_is_silent_where_all_is_well(self):
        golden = "[{name: grey, input: grey, expect: {mean: 1}, tolerance: 0.001}]"
        package = make_package(self.folder / "package", Mean(), golden=golden)
        make_cohort(package / "grey", 1)
        self.home.mkdir()
        for words in (["validate", "manifest", package / "model.yaml"], ["model", "install", package], ["model", "verify"], ["validate", "model", "mean"],
                      ["validate", "environment"], ["validate", "input", package / "grey", "--model", "mean"],
                      ["run", "mean", package / "grey", "--out", self.folder / "out"], ["audit", "verify"],
                      ["report", "surveillance", "--out", self.folder / "report.html"], ["model", "remove", "mean"]):
            self.assertEqual(self.silent(*words), "", words)

    def test_quiet_says_an_error_in_one_line(self):
        self.install(Mean(), select="[{attribute: Modality, equals: MR}]")
        make_cohort(self.folder / "in", 1)
        for words, code in ((["model", "show", "lung"], 2), (["validate", "input", self.folder / "in", "--model", "mean"], 6),
                            (["run", "mean", self.folder / "in", "--out", self.folder / "out"], 6)):
            self.assertRegex(self.silent(*words, code=code), r"\Aaidp: [^\n]+\]\n\Z")


    def test_quiet_prints_the_json_that_is_asked_for(self):
        self.install(Mean())
        for words in (["model", "list"], ["audit", "verify"]):
            self.assertEqual(self.silent(*words), "")
            json.loads(self.aidp("--quiet", *words, "--format", "json").stdout)


class Partial(JobTest):
    def test_a_run_that_is_partial_names_the_ledger_and_partial_ok_never_covers_a_run_without_a_result(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 2)
        cut = sorted((self.folder / "in").rglob("*.dcm"))[0]
        cut.write_bytes(cut.read_bytes()[:-100])
        run = ["run", "mean", self.folder / "in", "--out", self.folder / "out"]
        self.assertIn(f"Next: see {self.folder}/out/ledger.csv", self.aidp(*run, code=3).stderr)
        quiet = self.aidp(*run, "--quiet", code=3)
        self.assertEqual(quiet.stdout, "")
        self.assertIn("failed or were quarantined", quiet.stderr)
        self.assertEqual(self.aidp(*run, "--quiet", "--partial-ok").stderr, "")
        alone = self.aidp("run", "mean", cut, "--out", self.folder / "alone", "--quiet", "--partial-ok", code=3)
        self.assertIn("nothing new completed", alone.stderr)


class Streams(JobTest):
    def test_what_cannot_be_seen_on_a_terminal_is_not_printed_and_json_keeps_it(self):
        self.install(Mean())
        (self.folder / "in").mkdir()
        hidden = self.folder / "in" / "a\u061cb\U000e0041.dcm"
        hidden.write_bytes(b"no DICOM")
        words = ["validate", "input", hidden, "--model", "mean"]
        done = self.aidp(*words, code=6)
        self.assertIn("a?b?.dcm", done.stdout)
        self.assertNotRegex(done.stdout + done.stderr, "[\u061c\U000e0041]")
        line = self.aidp(*words, "--format", "json", code=6).stdout
        self.assertTrue(line.isascii())
        self.assertEqual(json.loads(line)["path"], str(hidden))
        done = self.aidp("validate", "manifest", self.folder / "none\u202e.yaml", code=2)
        self.assertIn("none?.yaml", done.stderr)

    def test_a_reader_that_goes_away_is_no_failure(self):
        self.install(Mean())
        line = f'set -o pipefail; {BIN}/aidp --home "{self.home}" audit list --limit 0 | true; exit ${{PIPESTATUS[0]}}'
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_closed_streams_end_no_command_badly(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        command = f'{BIN}/aidp --home "{self.home}"'
        run = f'{command} run mean "{self.folder}/in" --out "{self.folder}/out" <&- >&- 2>&-'
        self.assertEqual(subprocess.run(["bash", "-c", run]).returncode, 0)
        self.aidp("audit", "verify")
        self.assertEqual(len(rows(self.folder / "out/results.csv")), 1)
        self.assertEqual(subprocess.run(["bash", "-c", f"{command} model list 2>&-"], capture_output=True).returncode, 0)


class EscapeCodes(JobTest):
    def on_terminal(self, **variables):
        """What `validate input` writes to stderr where that is a terminal."""
        ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", **variables}
        words = ["validate", "input", str(self.folder / "in"), "--model", "mean"]
        done = subprocess.run([*self.command(*words)], stdout=subprocess.PIPE, stderr=theirs, env=environment, check=True)
        os.close(theirs)
        said = b""
        try:
            while piece := os.read(ours, 65536):
                said += piece
        except OSError:  # all is read and the other end is closed
            pass
        os.close(ours)
        self.assertNotIn(b"\x1b", done.stdout)
        return said

    def test_only_a_terminal_that_may_be_drawn_on_gets_escape_codes(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 3)
        self.assertIn(b"\x1b", self.on_terminal(NO_COLOR=""))
        for plain in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            said = self.on_terminal(**plain)
            self.assertIn(b"scanning", said)
            self.assertNotIn(b"\x1b", said)

    def test_a_pipe_gets_none(self):
        self.install(Mean())
        make_cohort(self.folder / "in", 1)
        for words in (["model", "list"], ["model", "show", "mean"], ["run", "mean", self.folder / "in", "--out", self.folder / "out"], ["audit", "list"], ["help"]):
            done = self.aidp(*words)
            self.assertNotIn("\x1b", done.stdout + done.stderr, words)
        self.assertNotIn("\x1b", aidp("rnu").stderr)


class WhichHome(JobTest):
    def test_the_option_goes_before_aidp_home_before_xdg_before_home(self):
        def home_of(*words, **variables):
            environment = {**{name: str(self.folder / value) for name, value in variables.items()}, "HOME": str(self.folder / "user")}
            return aidp("model", "list", *words, env=environment).stderr.split("no store in ")[1].split(";")[0]

        everything = {"AIDP_HOME": "named", "XDG_DATA_HOME": "data"}
        self.assertEqual(home_of("--home", self.folder / "flag", **everything), str(self.folder / "flag"))
        self.assertEqual(home_of(**everything), str(self.folder / "named"))
        self.assertEqual(home_of(XDG_DATA_HOME="data"), str(self.folder / "data/aidp"))
        self.assertEqual(home_of(), str(self.folder / "user/.local/share/aidp"))

    def test_without_any_home_it_asks_for_one(self):
        clean = {"PATH": os.environ["PATH"]}
        done = subprocess.run([str(BIN / "aidp"), "model", "list"], capture_output=True, text=True, env=clean)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--home or AIDP_HOME", done.stderr)


if __name__ == "__main__":
    unittest.main()
