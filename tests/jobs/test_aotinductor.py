# SPDX-License-Identifier: Apache-2.0
"""The second kind of artifact: a network compiled by AOTInductor, made here because it fits one processor and one LibTorch."""
import os
import struct
import unittest
import zipfile
from unittest import mock

import torch
from support import JobTest, Mean, make_cohort, make_package, rows


def last_hidden(whole):
    """Leaves the last entry to the directory of zip64 alone, which LibTorch's reader goes by."""
    end = whole.rindex(b"PK\5\6")
    entries, size, begin = struct.unpack("<HII", whole[end + 10 : end + 20])
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, size, begin)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    return whole[:end] + record + locator + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, entries - 1, entries - 1, size, begin, 0)


def locator_first(_):
    """A directory of zip64, in the comment, that LibTorch's reader passes over: it would lie before the other's record."""
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 0, 0, 0, 0)
    return struct.pack("<4sIQI4sHHHHIIH", b"PK\6\7", 0, 42, 1, b"PK\5\6", 0, 0, 0, 0, 0, 0, len(record)) + record


class AotInductor(JobTest):
    def setUp(self):
        super().setUp()
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        places = mock.patch.dict(os.environ, TMPDIR=str(self.temporary), TORCHINDUCTOR_CACHE_DIR=str(self.folder / "inductor"))
        places.start()
        self.addCleanup(places.stop)

    def package(self):
        folder = make_package(self.folder / "package", None, kind="aotinductor", file="model.pt2", batch_max=4)
        batch = torch.export.Dim("batch", min=1, max=64)
        program = torch.export.export(Mean(), (torch.rand(4, 1, 16, 16),), dynamic_shapes={"x": {0: batch}})
        with torch._inductor.config.patch("cpp_cache_precompile_headers", False):  # of use to the second compilation only
            torch._inductor.aoti_compile_and_package(program, package_path=str(folder / "model.pt2"))
        return folder

    def test_a_compiled_model_gives_what_its_module_gives(self):
        self.aidp("model", "install", self.package())
        make_cohort(self.folder / "in", 6, value=lambda study, _: 11 * study)
        self.run_summary("mean", self.folder / "in", "--out", self.folder / "out")
        self.assertEqual(sorted(float(row["mean"]) for row in rows(self.folder / "out/results.csv")), [11, 22, 33, 44, 55, 66])
        self.assertEqual(list(self.temporary.iterdir()), [])  # what the workers unpacked is gone with them

    def refused(self, entries, content=b"x", device="auto", change=None):
        number = len(list(self.folder.iterdir()))
        folder = make_package(self.folder / f"package{number}", None, kind="aotinductor", file="model.pt2")
        with zipfile.ZipFile(folder / "model.pt2", "w") as archive:
            for entry in entries:
                archive.writestr(entry, content)
        if change:
            (folder / "model.pt2").write_bytes(change((folder / "model.pt2").read_bytes()))
        self.aidp("model", "install", folder)
        make_cohort(self.folder / "in", 1)
        error = self.aidp("run", "mean", self.folder / "in", "--out", self.folder / f"out{number}", "--device", device, code=2).stderr
        self.aidp("model", "remove", "mean")
        return error

    def test_a_package_that_would_write_outside_or_be_compiled_here_is_refused(self):
        self.assertIn("leads out of it", self.refused(["data/aotinductor/model/../../../../x.so"]))
        self.assertIn("sources without a library", self.refused(["data/aotinductor/model/model.cpp"]))

    def test_the_directory_that_is_looked_through_is_the_one_that_libtorch_reads(self):
        self.assertIn("leads out of it", self.refused(["data/a.so", "data/../../x.so"], change=last_hidden))
        self.assertIn("data follows its directory", self.refused(["data/a.so"], change=lambda whole: last_hidden(whole) + bytes(10)))
        self.assertIn("zip64 directory is broken", self.refused([], change=locator_first))

    def test_a_package_compiled_for_another_device_is_refused_and_says_which(self):
        metadata = "data/aotinductor/model/model.wrapper_metadata.json"
        self.assertIn("compiled for cuda, not for cpu", self.refused([metadata], b'{"AOTI_DEVICE_KEY": "cuda"}', device="cpu"))
        self.assertIn("does not say which device", self.refused([metadata], b"{}"))


if __name__ == "__main__":
    unittest.main()
