# SPDX-License-Identifier: Apache-2.0
"""What the rules of a manifest see of a series."""
import unittest

import numpy
from pydicom.sequence import Sequence
from support import JobTest, Mean, make_instance, make_item


def macro(name, **attributes):
    return {name: Sequence([make_item(**attributes)])}


class Selection(JobTest):
    def enhanced(self, echo_times):
        pixels = numpy.zeros((len(echo_times), 8, 8), "<i2")
        frames = [make_item(**macro("MREchoSequence", EffectiveEchoTime=time)) for time in echo_times]
        make_instance(self.folder / "in/1.dcm", pixels[0], NumberOfFrames=len(frames), PixelData=pixels.tobytes(), PerFrameFunctionalGroupsSequence=Sequence(frames),
                      SharedFunctionalGroupsSequence=Sequence([make_item(**macro("PixelMeasuresSequence", SliceThickness=2.5, PixelSpacing=[1, 1]))]))

    def fits(self, rule):
        package = f"p{len(list(self.folder.iterdir()))}"
        self.install(Mean(), name=package, select=f"[{rule}]")
        return self.run_summary(package, self.folder / "in", "--out", self.folder / f"out-{package}", "--dry-run", "--allow-empty")["items"] > 0

    def test_the_groups_of_an_enhanced_object_are_seen_and_different_frames_as_several_values(self):
        for echo_times, fits in (
            ([5.0, 5.0], {"{attribute: SliceThickness, equals: 2.5}", "{attribute: EffectiveEchoTime, equals: 5}"}),
            ([5.0, 9.0], {"{attribute: EffectiveEchoTime, contains: 9}", "{attribute: EffectiveEchoTime, range: [5, 9]}"}),
        ):
            self.enhanced(echo_times)
            rules = fits | {"{attribute: EffectiveEchoTime, equals: 9}", "{attribute: EffectiveEchoTime, range: [6, 9]}", "{attribute: FlipAngle, present: true}"}
            self.assertEqual({rule for rule in rules if self.fits(rule)}, fits)

    def test_what_a_later_frame_alone_has_is_seen_and_text_is_that_of_its_character_set(self):
        frames = [make_item(**macro("CTReconstructionSequence", ConvolutionKernel="weich-ä")), make_item(**macro("CTReconstructionSequence", ConvolutionKernel="weich-ä", FilterType="x"))]
        pixels = numpy.zeros((2, 8, 8), "<i2")
        make_instance(self.folder / "in/1.dcm", pixels[0], SpecificCharacterSet="ISO_IR 100", NumberOfFrames=2, PixelData=pixels.tobytes(), PerFrameFunctionalGroupsSequence=Sequence(frames))
        self.assertTrue(self.fits("{attribute: ConvolutionKernel, equals: weich-ä}"))
        self.assertFalse(self.fits("{attribute: FilterType, present: false}"))


if __name__ == "__main__":
    unittest.main()
