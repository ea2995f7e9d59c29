# SPDX-License-Identifier: Apache-2.0
"""The command lines of jobs/templates, run as they stand but for their places."""
import pathlib
import re
import subprocess
import unittest

from support import BIN, JobTest, Mean, make_cohort

TEMPLATES = pathlib.Path(__file__).resolve().parents[2] / "jobs/templates"


class Templates(JobTest):
    def lines(self):
        for service in sorted(TEMPLATES.glob("*.service")):
            yield re.search(r"^ExecStart=(.*)$", service.read_text(), re.M)[1]
        for line in (TEMPLATES / "aidp.cron").read_text().splitlines():
            if match := re.match(r"^[0-9].* aidp (/usr/bin/aidp .*)$", line):
                yield match[1]

    def test_the_command_line_of_each_timer_and_cron_line_runs_in_silence(self):
        self.install(Mean(), name="lung-nodule-2d")
        make_cohort(self.folder / "dicom", 3)
        (self.folder / "results").mkdir()
        count = 0
        for line in self.lines():
            words = line.replace("/usr/bin/aidp", str(BIN / "aidp")).replace("/srv/dicom", str(self.folder / "dicom")).replace("/var/lib/aidp-results", str(self.folder / "results")).split()
            done = subprocess.run(words, env={"AIDP_HOME": str(self.home), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""), line)
            count += 1
        self.assertEqual(count, 4)
        self.assertTrue((self.folder / "results/report.html").read_text().endswith("</html>\n"))


if __name__ == "__main__":
    unittest.main()
