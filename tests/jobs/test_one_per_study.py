# SPDX-License-Identifier: Apache-2.0
"""Where a model takes one series of a study, and several fit."""
import unittest

import numpy
from support import JobTest, Mean, make_instance, rows


class OnePerStudy(JobTest):
    def setUp(self):
        super().setUp()
        for study, thicknesses in ((1, (5, 1, 2.5)), (2, (1, 1)), (3, (5,)), (4, (None, 3))):
            for series, thickness in enumerate(thicknesses, 1):
                extra = {} if thickness is None else {"SliceThickness": thickness}
                make_instance(self.folder / f"in/{study}/{series}.dcm", numpy.full((16, 16), 7), study=study, series=series,
                              ConvolutionKernel="BONE" if series == 1 else "SOFT", **extra)

    def outcomes_with(self, rest, code=3):
        self.install(Mean(), select="[{attribute: Modality, equals: CT}]\n  " + rest)
        self.aidp("run", "mean", self.folder / "in", "--out", self.folder / "out", code=code)
        return {row["series_uid"].removeprefix("2.25.7."): row["outcome"] if not row["reason"] else row["reason"] for row in rows(self.folder / "out/ledger.csv")}

    def test_all_is_the_default(self):
        self.assertEqual(set(self.outcomes_with("", code=0).values()), {"completed"})

    def test_several_are_quarantined_as_ambiguous(self):
        outcomes = self.outcomes_with("per_study: one")
        self.assertEqual({uid for uid, outcome in outcomes.items() if outcome == "completed"}, {"3.1"})
        self.assertEqual(outcomes["1.2"], "selection.ambiguous")

    def test_the_preferred_one_is_taken_and_a_tie_is_ambiguous(self):
        outcomes = self.outcomes_with("per_study: one\n  prefer: [{attribute: SliceThickness, order: smallest}]")
        self.assertEqual(outcomes, {"1.1": "selection.other", "1.2": "completed", "1.3": "selection.other", "2.1": "selection.ambiguous",
                                    "2.2": "selection.ambiguous", "3.1": "completed", "4.1": "selection.other", "4.2": "completed"})

    def test_largest_is_the_other_way_round(self):
        outcomes = self.outcomes_with("per_study: one\n  prefer: [{attribute: SliceThickness, order: largest}]")
        self.assertEqual((outcomes["1.1"], outcomes["1.2"], outcomes["4.2"]), ("completed", "selection.other", "completed"))


if __name__ == "__main__":
    unittest.main()
