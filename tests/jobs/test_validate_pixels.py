# SPDX-License-Identifier: Apache-2.0
"""`validate input --pixels`: what it prints, and files that lie about their pixels, are cut or are bombs: each ends in its reason and costs itself alone."""
import hashlib
import io
import json
import pathlib
import struct
import time
import unittest
import zlib

import numpy
import PIL.Image
import pydicom
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, RLELossless
from support import JobTest, make_instance

DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
BYTES = dict(BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0)


def encoded(values, kind, **options):
    file = io.BytesIO()
    PIL.Image.fromarray(values).save(file, kind, **options)
    return file.getvalue()


def rle_frame(segments):
    """Segments of PackBits as a frame (PS3.5 G)."""
    offsets, place = [], 64
    for segment in segments:
        offsets.append(place)
        place += len(segment)
    return struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(segments))) + b"".join(segments)


class Pixels(JobTest):
    def setUp(self):
        super().setUp()
        self.input = self.folder / "in"

    def make(self, name, values=((1, 2), (3, 4)), **attributes):
        make_instance(self.input / name, numpy.array(values), number=len(list(self.input.glob("*"))) + 1 if self.input.exists() else 1, **attributes)
        return self.input / name

    def compressed(self, name, syntax, frames, shape, **attributes):
        """A file of compressed frames, or of the bytes that stand for PixelData."""
        path = self.make(name)
        file = pydicom.dcmread(path)
        file.file_meta.TransferSyntaxUID = RLELossless  # pydicom would not write one that it does not know
        file.Rows, file.Columns = shape
        file.PixelData = frames if isinstance(frames, bytes) else encapsulate(frames)
        file["PixelData"].is_undefined_length = True
        file["PixelData"].VR = "OB"
        for keyword, value in {**BYTES, **attributes}.items():
            setattr(file, keyword, value)
        file.save_as(path)
        content = path.read_bytes()
        group_length = content.index(b"\2\0\0\0UL")
        known, wanted = (b"\2\0\x10\0UI" + struct.pack("<H", len(uid)) + uid for uid in (RLELossless.encode() + b"\0", syntax.encode() + b"\0" * (len(syntax) % 2)))
        assert known in content
        length = struct.unpack_from("<I", content, group_length + 8)[0] + len(wanted) - len(known)
        content = content[: group_length + 8] + struct.pack("<I", length) + content[group_length + 12 :].replace(known, wanted, 1)
        path.write_bytes(content)
        return path

    def lines(self, code=0):
        return [json.loads(line) for line in self.aidp("validate", "input", self.input, "--pixels", "--format", "json", code=code).stdout.splitlines()]

    def reasons(self, code=3):
        return {line["path"].rsplit("/", 1)[1]: line.get("reason") for line in self.lines(code) if line["type"] == "instance"}

    def test_each_instance_and_each_frame_has_its_line(self):
        values = numpy.array([[[1, -2], [3, 4]], [[5, 6], [7, 800]]], "<i2")
        path = self.make("two.dcm")
        file = pydicom.dcmread(path)
        file.NumberOfFrames, file.PixelData = 2, values.tobytes()
        file.save_as(path)
        whole, first, second = self.lines()
        self.assertEqual((whole["type"], whole["shape"], whole["dtype"], whole["min"], whole["max"]), ("instance", [2, 2, 2], "int16", -2, 800))
        self.assertEqual(whole["pixel_sha256"], hashlib.sha256(values.tobytes()).hexdigest())
        self.assertEqual((first["type"], first["frame"], second["frame"], second["shape"]), ("frame", 1, 2, [2, 2]))
        self.assertEqual(second["pixel_sha256"], hashlib.sha256(values[1].tobytes()).hexdigest())
        self.assertEqual(whole["transfer_syntax"], "Explicit VR Little Endian")
        table = self.aidp("validate", "input", self.input, "--pixels").stdout
        self.assertIn(second["pixel_sha256"], table)

    def test_overlay_bits_above_high_bit_are_no_pixels(self):
        self.make("a.dcm", [[0x7FFF, 0x1001 - 0x2000]], BitsStored=12, HighBit=11, PixelRepresentation=0)
        line = self.lines()[0]
        self.assertEqual((line["min"], line["max"], line["dtype"]), (1, 4095, "uint16"))

    def test_nothing_but_text_is_nothing_matched(self):
        self.input.mkdir()
        (self.input / "notes.txt").write_text("no image")
        self.assertEqual(self.reasons(code=6), {"notes.txt": "dicom.not_dicom"})

    def test_model_or_pixels_must_be_asked_for(self):
        self.make("a.dcm")
        self.assertIn("--pixels", self.aidp("validate", "input", self.input, code=2).stderr)

    def test_sizes_that_are_lies_are_refused_before_any_memory_is_taken(self):
        big = dict(Rows=46341, Columns=46341)
        self.make("native.dcm", numpy.zeros((64, 64)), **big)  # 9 kB
        self.compressed("rle.dcm", RLELossless, [rle_frame([b"\x81\0" * 100])], (46341, 46341))
        self.compressed("deflated.dcm", DEFLATED_FRAMES, [zlib.compress(bytes(1000))[2:-4]], (46341, 46341))
        self.make("less.dcm", numpy.zeros((64, 64)), Rows=8000, Columns=8000)
        self.make("frames.dcm", numpy.zeros((64, 64)), NumberOfFrames=2_000_000_000)
        began = time.monotonic()
        self.assertEqual(self.reasons(), {"native.dcm": "pixels.limit", "rle.dcm": "pixels.limit", "deflated.dcm": "pixels.limit", "less.dcm": "pixels.size",
                                          "frames.dcm": "pixels.limit"})
        self.assertLess(time.monotonic() - began, 10)

    def test_a_codestream_of_another_size_than_the_headers_is_refused(self):
        image = numpy.arange(64 * 64, dtype="u1").reshape(64, 64)
        self.compressed("jpeg.dcm", JPEGBaseline8Bit, [encoded(image, "JPEG")], (8, 8))
        self.compressed("j2k.dcm", JPEG2000Lossless, [encoded(image, "JPEG2000", no_jp2=True)], (8, 8))
        self.compressed("rle.dcm", RLELossless, [rle_frame([b"\x81\0"] * 2)], (8, 8))
        self.assertEqual(self.reasons(), {"jpeg.dcm": "pixels.size", "j2k.dcm": "pixels.size", "rle.dcm": "pixels.corrupt"})

    def test_a_frame_that_inflates_to_more_than_it_may_is_right_or_refused(self):
        bomb = zlib.compress(bytes(50_000_000))[2:-4]
        self.compressed("bomb.dcm", DEFLATED_FRAMES, [bomb], (8, 8))  # what is too much is left
        self.compressed("short.dcm", DEFLATED_FRAMES, [zlib.compress(bytes(63))[2:-4]], (8, 8))
        self.assertEqual(self.reasons(), {"bomb.dcm": "pixels.size", "short.dcm": "pixels.corrupt"})

    def test_cut_files_and_codestreams_are_named(self):
        image = numpy.random.default_rng(1).integers(0, 255, (64, 64), "u1")
        for name, syntax, kind, options in (("jpeg.dcm", JPEGBaseline8Bit, "JPEG", {}), ("j2k.dcm", JPEG2000Lossless, "JPEG2000", {"no_jp2": True})):
            frame = encoded(image, kind, **options)
            self.compressed(name, syntax, [frame[: len(frame) // 2]], image.shape)
            whole = self.compressed("cut-" + name, syntax, [frame], image.shape)
            whole.write_bytes(whole.read_bytes()[:-200])
        native = self.make("native.dcm", numpy.zeros((64, 64)))
        native.write_bytes(native.read_bytes()[:-100])
        self.compressed("items.dcm", RLELossless, b"\xfe\xff\0\xe0\0\0\0\0" + b"\xfe\xff\0\xe0\xff\xff\xff\x7f", (8, 8))
        self.compressed("garbage.dcm", RLELossless, b"\xfe\xff\0\xe0\0\0\0\0" + b"garbage!", (8, 8))
        self.assertEqual(self.reasons(), {"jpeg.dcm": "pixels.corrupt", "j2k.dcm": "pixels.corrupt", "cut-jpeg.dcm": "dicom.truncated", "cut-j2k.dcm": "dicom.truncated",
                                          "native.dcm": "dicom.truncated", "items.dcm": "dicom.truncated", "garbage.dcm": "pixels.corrupt"})

    def test_frames_in_several_fragments_without_an_offset_table_are_found(self):
        frames = [encoded(numpy.full((32, 32), value, "u1"), "JPEG") for value in (10, 200)]
        pieces = [piece for frame in frames for piece in (frame[:300], frame[300:])]
        self.compressed("a.dcm", JPEGBaseline8Bit, encapsulate(pieces, has_bot=False), (32, 32), NumberOfFrames=2)
        self.assertEqual([(line["min"], line["max"]) for line in self.lines() if line["type"] == "frame"], [(10, 10), (200, 200)])
        self.compressed("a.dcm", JPEGBaseline8Bit, encapsulate(pieces, has_bot=False), (32, 32), NumberOfFrames=3)
        self.assertEqual(self.reasons(), {"a.dcm": "pixels.corrupt"})

    def test_a_broken_frame_leaves_the_others_theirs(self):
        good = rle_frame([b"\xc1\x07" * 2])
        self.compressed("a.dcm", RLELossless, [good, b"x" * 80, good], (8, 16), NumberOfFrames=3)
        whole, *frames = self.lines(code=3)
        self.assertEqual((whole["outcome"], whole["reason"], whole["pixel_sha256"]), ("quarantined", "pixels.corrupt", None))
        self.assertEqual([frame.get("max") for frame in frames], [7, None, 7])

    def test_what_the_bits_cannot_be_is_named(self):
        for name, attributes in {"stored.dcm": dict(BitsStored=17), "high.dcm": dict(HighBit=3), "sign.dcm": dict(PixelRepresentation=2), "rows.dcm": dict(Rows=0)}.items():
            self.make(name, **attributes)
        self.make("samples.dcm", SamplesPerPixel=4)
        self.make("allocated.dcm", BitsAllocated=24, BitsStored=24, HighBit=23)
        self.assertEqual(self.reasons(), {**dict.fromkeys(("stored.dcm", "high.dcm", "sign.dcm", "rows.dcm"), "dicom.attribute"),
                                          "samples.dcm": "pixels.unsupported", "allocated.dcm": "pixels.unsupported"})

    def test_pydicoms_own_files_are_what_pydicom_makes_of_them(self):
        self.input = pathlib.Path(pydicom.__file__).parent / "data/test_files"
        compared = 0
        for line in self.lines(code=3):
            if line["type"] != "instance" or line["outcome"] != "completed":
                continue
            try:
                theirs = pixel_array(line["path"], raw=True)
            except Exception:  # it has no decoder here, or wants a cleaner file
                continue
            self.assertEqual(line["pixel_sha256"], hashlib.sha256(theirs.astype(theirs.dtype.newbyteorder("<")).tobytes()).hexdigest(), line["path"])
            compared += 1
        self.assertGreater(compared, 30)

    def test_a_file_that_kills_its_worker_costs_itself_alone(self):
        deep = self.make("deep.dcm")
        content = deep.read_bytes()
        at = content.index(b"\x28\x00\x02\x00US")  # sequences within sequences, more than any stack holds
        nest = (b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff") * 300_000
        deep.write_bytes(content[:at] + nest + content[at:])
        for number in range(4):
            self.make(f"good{number}.dcm")
        reasons = self.reasons()
        self.assertIn(reasons.pop("deep.dcm"), {"worker.crashed", "dicom.malformed", "dicom.truncated"})
        self.assertEqual(set(reasons.values()), {None})


if __name__ == "__main__":
    unittest.main()
