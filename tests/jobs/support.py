# SPDX-License-Identifier: Apache-2.0
"""What the tests of whole jobs share: a store and an output folder of their own, small DICOM series and small TorchScript models."""
import atexit
import csv
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest

import numpy
import pydicom
import torch
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a test run under nohup ignores it, and so would what it starts

BIN = pathlib.Path(os.environ.get("AIDP_BIN", pathlib.Path(__file__).resolve().parents[2] / "build/release/bin"))
SHARED = pathlib.Path(os.environ.get("AIDP_SHARED", "/nonexistent"))
UID_ROOT = "2.25.7."
signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what runs is killed and cleared away


class Mean(torch.nn.Module):
    """One score: the mean of the image."""

    def forward(self, x):
        return x.mean(dim=list(range(1, x.dim()))).reshape(-1, 1)


class Whimsical(torch.nn.Module):
    """Misbehaves on images of certain means, as the images of a test are made."""

    def forward(self, x: torch.Tensor):
        y = x.mean(dim=[1, 2, 3]).reshape(-1, 1)
        if bool(((y > 100) & (y < 110)).any()):
            raise ValueError("this image is not to my taste")
        if bool(((y > 110) & (y < 120)).any()):  # a segmentation fault, on purpose
            one = x[:1, :1, :1, :1] * 0 + 1  # of the input, or TorchScript would fold the constants and crash for every image
            y = y + torch.ops.aten.max_pool2d_with_indices_backward(
                one, x[:1, :1, :2, :2], [2, 2], [2, 2], [0, 0], [1, 1], False, one.to(torch.int64) * (1 << 40)).sum()
        while bool(((y > 120) & (y < 130)).any()):  # a hang
            y = y + x.mean() * 0
        if bool(((y > 130) & (y < 140)).any()):  # more memory than there is
            y = y + torch.ones([x.shape[0] << 44], device=x.device)[0]
        if bool(((y > 140) & (y < 150)).any()):
            y = y * float("nan")
        return y


class WrongShape(torch.nn.Module):
    def forward(self, x):
        return torch.zeros(x.shape[0] + 1, 3)


MANIFEST = """\
schema: aidp.model/1
name: {name}
version: {version}
title: A model of the tests
vendor: aidp tests
contact: none
licence: Apache-2.0
intended_use: Tests only.
regulatory_status: research-use-only
artifact: {{kind: {kind}, file: {file}}}
input:
  unit: {unit}
  channels: {channels}
  select: {select}
  {more}
preprocess: {preprocess}
postprocess: {postprocess}
outputs: {outputs}
batch_max: {batch_max}
timeout_s: {timeout_s}
tolerance: 0.001
golden: {golden}
"""


def make_package(folder, module, **changes):
    """A package around a module; `changes` go into the manifest."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    fields = dict(name="mean", version="1.0.0", kind="torchscript", file="model.ts", unit="instance", channels=1,
                  select="[{attribute: Modality, equals: CT}]", preprocess="[]", postprocess="[]",
                  outputs="[{name: mean, kind: score, index: 0, flag_at: 50}]", batch_max=8, timeout_s=20, golden="[]", more="")
    fields.update(changes)
    (folder / "model.yaml").write_text(MANIFEST.format(**fields))
    if module is not None:
        torch.jit.script(module).save(str(folder / fields["file"]))
    return folder


def make_item(**attributes):
    """An item of a sequence."""
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def make_instance(path, values, study=1, series=1, number=1, **attributes):
    """One CT slice of the given stored values (int16, rows x columns), 1 mm apart along z."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = f"{UID_ROOT}{study}.{series}.{number}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID = CTImageStorage
    file.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    file.StudyInstanceUID = f"{UID_ROOT}{study}"
    file.SeriesInstanceUID = f"{UID_ROOT}{study}.{series}"
    file.FrameOfReferenceUID = f"{UID_ROOT}{study}.9"
    file.PatientName = "CANARY^SECRET"
    file.PatientID = "CANARY-ID"
    file.Modality = "CT"
    file.Manufacturer = "aidp tests"
    file.InstitutionName = "Site A"
    file.StudyDate = "20261101"
    file.InstanceNumber = number
    file.ImagePositionPatient = [0, 0, float(number)]
    file.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    file.PixelSpacing = [1, 1]
    values = numpy.asarray(values, dtype="<i2")
    file.Rows, file.Columns = values.shape
    file.SamplesPerPixel, file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 1, 16, 16, 15, 1
    file.PhotometricInterpretation = "MONOCHROME2"
    file.RescaleSlope, file.RescaleIntercept = 1, 0
    file.PixelData = values.tobytes()
    for keyword, value in attributes.items():
        setattr(file, keyword, value)
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    file.save_as(path, enforce_file_format=True)


def make_cohort(folder, studies, slices=1, value=lambda study, number: study % 90, size=16):
    """Studies 1..n of one series each; every pixel of a slice has the value given."""
    for study in range(1, studies + 1):
        for number in range(1, slices + 1):
            make_instance(pathlib.Path(folder) / f"{study:04d}" / f"{number:03d}.dcm", numpy.full((size, size), value(study, number)), study=study, number=number)
    return folder


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


class JobTest(unittest.TestCase):
    """Each test has a store and a folder of its own, and leaves nothing behind, stopped by a signal or not."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="aidp-test-"))
        self.addCleanup(self.clean)
        atexit.register(self.clean)  # unittest cleans nothing up when it is interrupted
        self.home = self.folder / "home"

    def clean(self):
        atexit.unregister(self.clean)
        subprocess.run(["chmod", "-R", "u+rwX", str(self.folder)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *arguments):
        return [str(BIN / "aidp"), "--home", str(self.home), *map(str, arguments)]

    def aidp(self, *arguments, code=0, **environment):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=300, env={**os.environ, **environment})
        self.assertEqual(done.returncode, code, f"aidp {' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}")
        self.assertNotIn("CANARY", done.stdout + done.stderr)
        return done

    def state_of(self, out):
        """The state of the job of that folder in the store, or None."""
        with sqlite3.connect(self.home / "aidp.db") as store:
            row = store.execute("SELECT state FROM job WHERE out = ? AND state <> 'discarded'", (str(out),)).fetchone()
        return row and row[0]

    def as_user(self, *arguments, code):
        """The command as an ordinary user, whom permissions stop; as root by way of nobody."""
        user = {}
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "65534:65534", str(self.folder)], check=True)
            user = dict(user=65534, group=65534, extra_groups=[])
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=300, **user)
        self.assertEqual(done.returncode, code, f"aidp {' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}")
        return done

    def install(self, module, **changes):
        package = make_package(self.folder / f"package-{len(list(self.folder.iterdir()))}", module, **changes)
        self.aidp("model", "install", package)
        return package

    def run_summary(self, *arguments, code=0):
        done = self.aidp("run", "--format", "json", *arguments, code=code)
        return json.loads(done.stdout.strip().splitlines()[-1])

    def outcomes(self, out):
        return {row["series_uid"].removeprefix(UID_ROOT).split(".")[0]: (row["outcome"], row["reason"]) for row in rows(out / "ledger.csv")}
