# SPDX-License-Identifier: Apache-2.0
"""Completion as the shells ask for it."""
import os
import shutil
import subprocess
import unittest

from jobs_support import BIN, JobTest, Mean, aidp, commands


def scripted(shell):
    return aidp("--generate", shell).stdout


class Completion(JobTest):
    def bash(self, *words):
        """COMPREPLY for a line whose last word is being typed."""
        script = self.folder / "aidp.bash"
        script.write_text(scripted("bash"))
        code = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _aidp; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "--norc", "-c", code, "bash", str(script), str(BIN / "aidp"), *map(str, words)], capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completes_commands_step_by_step(self):
        self.assertEqual(set(self.bash("")), {name.split()[0] for name in commands()} | {"help"})
        self.assertEqual(self.bash("va"), ["validate"])
        self.assertEqual(self.bash("model", ""), ["install", "import", "list", "show", "verify", "remove"])
        self.assertEqual(self.bash("help", "report", ""), ["surveillance"])
        self.assertEqual(self.bash("--quiet", "audit", "v"), ["verify"])

    def test_bash_completes_options_of_the_command_and_of_all(self):
        self.assertEqual(self.bash("run", "m", "--d"), ["--device", "--dry-run"])
        self.assertIn("--home", self.bash("model", "list", "--"))
        self.assertNotIn("--generate", self.bash("--"))

    def test_bash_completes_values_of_options(self):
        self.assertEqual(self.bash("run", "m", "p", "--device", ""), ["auto", "cpu", "cuda:0"])
        self.assertEqual(self.bash("run", "--device", "=", "c"), ["cpu", "cuda:0"])
        self.assertEqual(self.bash("--progress", ""), ["auto", "bar", "plain", "none"])
        self.assertEqual(self.bash("report", "surveillance", "--format", ""), ["html", "json", "csv"])
        self.assertEqual(self.bash("model", "list", "--format", "j"), ["json"])

    def test_installed_models_are_completed_and_paths_are_left_to_the_shell(self):
        self.install(Mean(), name="lung")
        self.install(Mean(), name="liver")
        home = ("--home", self.home)
        for words in (("run",), ("model", "show"), ("validate", "model"), ("validate", "input", "p", "--model")):
            self.assertEqual(self.bash(*home, *words, "l"), ["liver", "liver@1.0.0", "lung", "lung@1.0.0"], words)
        self.assertEqual(self.bash(*home, "run", "lu"), ["lung", "lung@1.0.0"])
        for words in ((*home, "run", "lung", ""), ("model", "install", ""), ("run", "lung", "p", "--out", ""), ("--home", self.folder, "run", "")):
            self.assertEqual(self.bash(*words), [], words)

    def test_versions_are_completed_behind_the_at_sign_which_bash_takes_for_a_word(self):
        for version in ("1.0.0", "1.1.0"):
            self.install(Mean(), name="lung", version=version)
        home = ("--home", self.home)
        self.assertEqual(aidp("__complete", *home, "run", "lung@").stdout.split(), ["lung@1.0.0", "lung@1.1.0"])
        self.assertEqual(self.bash(*home, "run", "lung", "@"), ["1.0.0", "1.1.0"])
        self.assertEqual(self.bash(*home, "run", "lung", "@", "1.1"), ["1.1.0"])
        self.assertEqual(self.bash(*home, "run", "lung", "@", "1.1.0", "p", "--dev"), ["--device"])

    def test_a_value_behind_an_equals_sign_is_completed_as_one_word(self):
        self.assertEqual(aidp("__complete", "run", "--device=c").stdout.split(), ["--device=cpu", "--device=cuda:0"])
        self.assertEqual(aidp("__complete", "--progress=plain", "va").stdout.split(), ["validate"])

    def sound(self, shell):
        self.assertIn("__complete", scripted(shell))
        if not shutil.which(shell):
            self.skipTest(f"{shell} is not installed: its script was not parsed")
        done = subprocess.run([shell, "-n", "/dev/stdin"], input=scripted(shell), capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_script_of_bash_is_sound(self):
        self.sound("bash")

    def test_the_script_of_zsh_is_sound(self):
        self.sound("zsh")

    def test_the_script_of_fish_is_sound_and_completes(self):
        self.sound("fish")
        (self.folder / "aidp.fish").write_text(scripted("fish"))
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder)}
        for line, candidates in (("aidp va", ["validate"]), ("aidp run m --device=c", ["--device=cpu", "--device=cuda:0"]), ("aidp help report ", ["surveillance"])):
            done = subprocess.run(["fish", "--no-config", "-c", f"source {self.folder}/aidp.fish; complete -C '{line}'"], capture_output=True, text=True, env=environment)
            self.assertEqual((done.stdout.split(), done.stderr), (candidates, ""), line)


if __name__ == "__main__":
    unittest.main()
