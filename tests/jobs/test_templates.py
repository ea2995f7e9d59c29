# SPDX-License-Identifier: Apache-2.0
"""The command lines of jobs/templates, run as they stand but for their places."""
import os
import pathlib
import re
import shlex
import subprocess
import unittest

from support import BIN, JobTest, Mean, make_cohort

TEMPLATES = pathlib.Path(__file__).resolve().parents[2] / "jobs/templates"


def settings(conf):
    """NAME=VALUE of a file that EnvironmentFile= reads."""
    return dict(re.findall(r"^(\w+)=(.*)$", (TEMPLATES / conf).read_text(), re.M))


def words_of(unit):
    """The words of ExecStart= of an instance "nightly": ${NAME} is part of a word, $NAME alone is split into words."""
    line = re.search(r"^ExecStart=(.*)$", unit.read_text(), re.M)[1].replace("%i", "nightly")
    values = settings("nightly.conf")
    for word in line.split():
        if word.startswith("$") and not word.startswith("${"):
            yield from values[word[1:]].split()
        else:
            yield re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], word)


class Templates(JobTest):
    def lines(self):
        for name in ("aidp-run@.service", "aidp-report.service", "aidp-audit.service"):
            yield list(words_of(TEMPLATES / name))
        for line in (TEMPLATES / "aidp.cron").read_text().splitlines():
            if match := re.match(r"^[0-9].* aidp (/usr/bin/aidp .*)$", line):
                yield match[1].split()

    def test_the_command_line_of_each_unit_and_cron_line_runs_in_silence(self):
        self.install(Mean(), name="lung-nodule-2d")
        make_cohort(self.folder / "dicom", 3)
        (self.folder / "results").mkdir()
        places = {"/usr/bin/aidp": BIN / "aidp", "/srv/dicom": self.folder / "dicom", "/var/lib/aidp-results": self.folder / "results"}
        lines = list(self.lines())
        self.assertEqual(len(lines), 6)
        for words in lines:
            for place, ours in places.items():
                words = [word.replace(place, str(ours)) for word in words]
            done = subprocess.run(words, env={"AIDP_HOME": str(self.home), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""), words)
        self.assertTrue((self.folder / "results/report.html").read_text().endswith("</html>\n"))
        self.assertTrue((self.folder / "results/nightly/lung-nodule-2d@1.0.0/results.csv").exists())

    def test_each_unit_tells_of_its_failure_and_tries_again_only_what_is_temporary(self):
        for unit in TEMPLATES.glob("*.service"):
            text = unit.read_text()
            if unit.name == "aidp-failed@.service":
                continue
            self.assertIn("OnFailure=aidp-failed@%n.service\n", text, unit.name)
            prevented = re.search(r"^RestartPreventExitStatus=(.*)$", text, re.M)[1].split()
            self.assertEqual(set(prevented), {"1", "2", "3", "4", "5", "6", "130", "143"}, unit.name)
            self.assertNotIn("SuccessExitStatus", text, unit.name)

    def test_a_failure_is_told_to_the_journal_and_by_mail(self):
        unit = "aidp-run@nightly.service"
        mail = self.folder / "mail"
        sendmail = self.folder / "sendmail"
        sendmail.write_text(f"#!/bin/sh\ncat >{shlex.quote(str(mail))}\n")
        sendmail.chmod(0o755)
        script = self.folder / "report-failure"
        script.write_text((TEMPLATES / "report-failure").read_text().replace("/usr/sbin/sendmail", str(sendmail)))
        for to in ("", "it@example.org"):
            done = subprocess.run(["sh", script, unit], env={**os.environ, "AIDP_MAILTO": to}, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (0, f"<3>{unit} failed; see: journalctl -u {unit}\n"))
            self.assertEqual(mail.exists(), bool(to))
        self.assertRegex(mail.read_text(), r"\ATo: it@example.org\nSubject: aidp on \S+: aidp-run@nightly.service failed\n\n")


if __name__ == "__main__":
    unittest.main()
