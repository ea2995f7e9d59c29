# SPDX-License-Identifier: Apache-2.0
"""What fits by its header and cannot be decoded is quarantined with the name of the attribute, and its value; nothing is guessed in its place."""
import io
import unittest

import numpy
import PIL.Image
import pydicom
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless
from support import JobTest, Mean, make_instance, rows

COLOUR = dict(SamplesPerPixel=3, PhotometricInterpretation="RGB", BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0, PixelData=b"\x0a\x14\x1e" * 64)
UNSIGNED = dict(PixelRepresentation=0, BitsStored=12, HighBit=11)


class Attributes(JobTest):
    def setUp(self):
        super().setUp()
        self.names = {}  # by StudyInstanceUID

    def image(self, name, values=None, transfer_syntax=None, **attributes):
        """An image whose attributes of None are absent."""
        path = self.folder / "in" / f"{name}.dcm"
        values = numpy.full((8, 8), 10) if values is None else values
        make_instance(path, values, study=len(self.names) + 1, **attributes)
        file = pydicom.dcmread(path)
        self.names[file.StudyInstanceUID] = name
        for keyword in attributes:
            if attributes[keyword] is None:
                delattr(file, keyword)
        if transfer_syntax:
            file.file_meta.TransferSyntaxUID = transfer_syntax
        file.save_as(path, implicit_vr=False, little_endian=True)

    def jpeg_2000(self, name, values, **attributes):
        """A codestream of 16 bits, whatever BitsStored says."""
        stream = io.BytesIO()
        PIL.Image.fromarray(values.astype("uint16")).save(stream, "JPEG2000", no_jp2=True, irreversible=False)
        self.image(name, values, **{**UNSIGNED, "PixelData": b"\0\0", **attributes})
        path = self.folder / "in" / f"{name}.dcm"
        file = pydicom.dcmread(path)
        file.PixelData = encapsulate([stream.getvalue()])
        file["PixelData"].VR = "OB"
        file["PixelData"].is_undefined_length = True
        file.file_meta.TransferSyntaxUID = JPEG2000Lossless
        file.save_as(path)

    def said(self, code=3, **package):
        """By the file's name: the mean, or the reason and the message, of its item or else of its series."""
        name = f"p{len(list(self.folder.iterdir()))}"
        self.install(Mean(), name=name, **{"select": "[]", **package})
        self.run_summary(name, self.folder / "in", "--out", self.folder / name, code=code)
        said = {}
        for row in rows(self.folder / name / "ledger.csv") + rows(self.folder / name / "results.csv"):
            said[self.names[row["study_uid"]]] = (row["reason"], row["message"]) if row["outcome"] != "completed" else row.get("mean") and float(row["mean"])
        return said

    def test_the_attribute_and_its_value_are_named(self):
        cases = {
            "bits24": (dict(BitsAllocated=24, PixelData=b"\0" * 192), "pixels.unsupported", "BitsAllocated 24"),
            "bits1of3": (dict(COLOUR, BitsAllocated=1, BitsStored=1, HighBit=0), "pixels.unsupported", "BitsAllocated 1"),
            "stored": (dict(BitsStored=20), "dicom.attribute", "BitsStored 20"),
            "unstored": (dict(BitsStored=None), "dicom.attribute", "BitsStored is missing"),
            "high": (dict(HighBit=3), "dicom.attribute", "HighBit 3"),
            "samples": (dict(SamplesPerPixel=2, PixelData=b"\0" * 256), "pixels.unsupported", "SamplesPerPixel is 2"),
            "grey3": (dict(SamplesPerPixel=3, PlanarConfiguration=0, PixelData=b"\0" * 384), "pixels.unsupported", "PhotometricInterpretation is MONOCHROME2 with SamplesPerPixel 3"),
            "kindless": (dict(PhotometricInterpretation=None), "pixels.unsupported", "PhotometricInterpretation is missing"),
            "misspelt": (dict(PhotometricInterpretation="MONOCROME2"), "pixels.unsupported", "PhotometricInterpretation is MONOCROME2"),
            "palette": (dict(PhotometricInterpretation="PALETTE COLOR", PixelRepresentation=0), "dicom.attribute", "RedPaletteColorLookupTableDescriptor"),
            "rows": (dict(Rows=0), "dicom.attribute", "Rows"),
            "huge": (dict(Rows=60000, Columns=60000), "pixels.limit", "a frame of 60000 x 60000 (Rows, Columns)"),
            "pixelless": (dict(PixelData=None), "pixels.size", "PixelData is missing"),
            "streamless": (dict(PixelData=None, transfer_syntax=JPEG2000Lossless), "pixels.size", "PixelData is missing"),
            "floating": (dict(PixelData=None, FloatPixelData=b"\0" * 256), "pixels.unsupported", "BitsAllocated 16 of floating-point values"),
            "video": (dict(PixelData=None, transfer_syntax="1.2.840.10008.1.2.4.102"), "pixels.transfer_syntax", "TransferSyntaxUID 1.2.840.10008.1.2.4.102"),
            "signless": (dict(PixelRepresentation=None), "dicom.attribute", "PixelRepresentation is missing; 0 and 1 are allowed"),
            "sign": (dict(PixelRepresentation=2), "dicom.attribute", "PixelRepresentation is 2; 0 and 1 are allowed"),
        }
        for name, (attributes, _, _) in cases.items():
            self.image(name, **attributes)
        said = self.said()
        for name, (_, reason, words) in cases.items():
            with self.subTest(name):
                self.assertEqual(said[name][0], reason, said[name])
                self.assertIn(words, said[name][1])

    def test_frames_that_are_none_are_one(self):
        self.image("frames", NumberOfFrames=0)
        self.assertEqual(self.said(code=0), {"frames": 10})

    def test_where_the_samples_of_colour_lie_must_be_said(self):
        self.image("absent", **COLOUR)
        self.image("third", **COLOUR, PlanarConfiguration=2)
        self.image("pixels", **COLOUR, PlanarConfiguration=0)
        self.image("planes", **{**COLOUR, "PixelData": b"\x0a" * 64 + b"\x14" * 64 + b"\x1e" * 64}, PlanarConfiguration=1)
        halved = {**COLOUR, "PhotometricInterpretation": "YBR_FULL_422", "PixelData": b"\x0a\x0a\x80\x80" * 32}
        self.image("halved", **halved, PlanarConfiguration=0)
        self.image("halved planes", **halved, PlanarConfiguration=1)
        said = self.said(channels=3)
        self.assertEqual({name: said[name] for name in ("pixels", "planes", "halved")}, {"pixels": 20, "planes": 20, "halved": 10})
        self.assertEqual(said["absent"], ("dicom.attribute", "PlanarConfiguration is missing; 0 and 1 are allowed"))
        self.assertEqual(said["third"], ("dicom.attribute", "PlanarConfiguration is 2; 0 and 1 are allowed"))
        self.assertEqual(said["halved planes"], ("dicom.attribute", "PlanarConfiguration is 1; 0 is allowed with YBR_FULL_422"))

    def test_monochrome1_beyond_its_white_is_refused_and_never_turned_into_negative_values(self):
        white = dict(PhotometricInterpretation="MONOCHROME1")
        self.jpeg_2000("within", numpy.full((8, 8), 4000), **white)
        self.jpeg_2000("beyond", numpy.full((8, 8), 5000), **white)
        self.jpeg_2000("upright", numpy.full((8, 8), 5000))
        self.jpeg_2000("padded", numpy.array([[4000] * 8] * 7 + [[5000] * 8]), **white, PixelPaddingValue=5000)
        self.jpeg_2000("windowed", numpy.full((8, 8), 5000), **white, WindowCenter=4000, WindowWidth=2000)
        self.image("native", numpy.full((8, 8), 4000), **UNSIGNED, **white)
        said = self.said()
        self.assertEqual({name: said[name] for name in ("within", "upright", "padded", "native")}, {"within": 95, "upright": 5000, "padded": 95, "native": 95})
        beyond = ("dicom.attribute", "PhotometricInterpretation is MONOCHROME1, but a value of 5000 lies beyond the 12 bits of BitsStored, so that nothing says which value is white")
        self.assertEqual((said["beyond"], said["windowed"]), (beyond, beyond))
        self.assertEqual(self.said(more="voi: apply")["windowed"], 0)


if __name__ == "__main__":
    unittest.main()
