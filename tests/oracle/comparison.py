# SPDX-License-Identifier: Apache-2.0
"""What comparisons with MONAI share: DICOM series of known geometry, MONAI's way and aidp's to a tensor, and the table of differences."""
import atexit
import functools
import json
import logging
import os
import pathlib
import subprocess
import sys
import unittest
import warnings

import numpy
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/jobs"))
from support import BIN, JobTest, make_instance, make_package  # noqa: E402

try:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)  # pydicom's decoders that are not there
    import monai
    import nibabel  # noqa: F401
    import scipy.ndimage  # noqa: F401
    import skimage.measure  # noqa: F401
    from monai.data import MetaTensor, PydicomReader
    from monai.transforms import Compose, LoadImage
    MISSING = "" if monai.__version__.startswith("1.6") else f"MONAI is {monai.__version__}, not 1.6"
except ImportError as error:
    MISSING = f"no MONAI here ({error}): scripts/setup installs it"

TOLERANCE = 1e-4  # of the range of MONAI's tensor; mm for affines
largest = {}  # what was compared to its largest difference, for the table at the end


def rotation(x, y, z):
    """Degrees about the three axes, one after the other."""
    result = numpy.eye(3)
    for axis, degrees in enumerate((x, y, z)):
        c, s = numpy.cos(numpy.radians(degrees)), numpy.sin(numpy.radians(degrees))
        a, b = [i for i in range(3) if i != axis]
        turn = numpy.eye(3)
        turn[a, a], turn[a, b], turn[b, a], turn[b, b] = c, -s, s, c
        result = turn @ result
    return result


# Columns: direction of a column step, of a row step, of a slice step (LPS), before the spacing.
GEOMETRIES = {
    "axial": numpy.eye(3),
    "flipped": numpy.diag([-1.0, -1.0, 1.0]),
    "upside down": numpy.diag([-1.0, 1.0, -1.0]),
    "sagittal": numpy.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]),
    "coronal": numpy.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "oblique": rotation(12, -7, 20),
    "very oblique": rotation(40, 35, 50),
}
SPACING = (0.7, 0.9, 2.5)  # between columns, rows, slices: anisotropic
SHAPE = (23, 18, 11)  # columns, rows, slices


def voxels(shape, seed=1):
    """Smooth hills from -1000 to 1500 with noise, [column, row, slice], no two axes alike."""
    rng = numpy.random.default_rng(seed)
    i, j, k = numpy.meshgrid(*(numpy.linspace(0, 1, n) for n in shape), indexing="ij")
    hills = 900 * numpy.sin(5 * i + 1) * numpy.cos(4 * j) + 600 * numpy.sin(7 * k + 2 * i) + rng.normal(0, 60, shape)
    return numpy.clip(hills, -1000, 1500).astype(numpy.int16)


def write_series(folder, data, directions, spacing, digits=12, **attributes):
    """Slices named and numbered in the order of their positions along the normal; stored values are those of `data` less the intercept."""
    for number in range(data.shape[2]):
        position = directions @ (numpy.array([-31.0, 17, 5]) + numpy.array([0, 0, number * spacing[2]]))
        make_instance(folder / f"{number:03d}.dcm", data[:, :, number].T.astype(int) + 24, number=number + 1, RescaleIntercept=-24,
                      ImagePositionPatient=[float(f"{p:.10f}") for p in position], PixelSpacing=[spacing[1], spacing[0]],
                      ImageOrientationPatient=[float(f"{c:.{digits}f}") for c in (*directions[:, 0], *directions[:, 1])], **attributes)
    return folder


class Server:
    """aidp_oracle, started once: LibTorch takes longer to load than most comparisons."""

    def __init__(self):
        self.process = subprocess.Popen([BIN / "aidp_oracle", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        atexit.register(self.process.kill)

    def __call__(self, request):
        """Nothing, or what went wrong."""
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        return answer.rstrip("\n") if answer else f"aidp_oracle ended with {self.process.wait()}"


@functools.cache
def server():
    return Server()


@unittest.skipIf(MISSING, MISSING)
class Oracle(JobTest):
    def manifest(self, preprocess=(), volume=True, postprocess=(), **more):
        steps = lambda chain: json.dumps([{name: arguments} for name, arguments in chain])
        folder = self.folder / f"manifest-{len(list(self.folder.iterdir()))}"
        package = make_package(folder, None, unit="series" if volume else "instance", preprocess=steps(preprocess), postprocess=steps(postprocess))
        with open(package / "model.yaml", "a") as file:
            file.writelines(f"{key}: {json.dumps(value)}\n" for key, value in more.items())
        return package / "model.yaml"

    def ask(self, what, *words, tensor=None):
        """What aidp_oracle gives."""
        if tensor is not None:
            torch.save(tensor.as_tensor() if isinstance(tensor, MetaTensor) else tensor, self.folder / "in.pt")
            words = (*words, self.folder / "in.pt")
        self.assertEqual(server()("\t".join(map(str, (what, *words, self.folder / "out.pt")))), "")
        return torch.load(self.folder / "out.pt")

    def image(self, name="axial", shape=SHAPE, spacing=SPACING, data=None):
        folder = self.folder / f"dicom-{name}"
        if not folder.exists():
            write_series(folder, voxels(shape) if data is None else data, GEOMETRIES[name], spacing)
        return folder

    def load(self, folder, volume):
        """MONAI's own reader. A frame is [row, column] with aidp, so MONAI must not swap its axes."""
        return LoadImage(reader=PydicomReader(swap_ij=volume), image_only=True, ensure_channel_first=True)(
            folder if volume else next(folder.iterdir()))

    def monai(self, chain):
        return Compose([getattr(monai.transforms, name)(**{k: getattr(torch, v) if k == "dtype" else v for k, v in arguments.items()}) for name, arguments in chain])

    def compare(self, title, theirs, ours, exact=False):
        theirs = theirs.as_tensor() if isinstance(theirs, MetaTensor) else torch.as_tensor(theirs)
        self.assertEqual(tuple(ours.shape), tuple(theirs.shape), title)
        span = float(theirs.max() - theirs.min()) or 1.0
        difference = float((ours.double() - theirs.double()).abs().max()) / span
        largest[title] = max(difference, largest.get(title, 0))
        self.assertLessEqual(difference, 0 if exact else TOLERANCE, title)

    def same_input(self, title, chain, folder, volume=True, affine=True):
        theirs = self.monai(chain)(self.load(folder, volume))
        tensor, ours = self.ask("input", self.manifest(chain, volume), folder)
        self.compare(title, theirs, tensor)
        self.assertEqual(tensor.dtype, theirs.dtype, title)
        if affine and volume:
            self.assertLessEqual(float((theirs.affine - ours).abs().max()), TOLERANCE, f"{title}\n{theirs.affine}\n{ours}")


def print_largest():
    for title, difference in largest.items():
        print(f"largest difference to MONAI, {title}: {difference:.1e}", file=sys.stderr)
    largest.clear()
