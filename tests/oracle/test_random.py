# SPDX-License-Identifier: Apache-2.0
"""Chains of transforms drawn at random, over series of random shapes, orders of axes, cosines and stored types: MONAI's tensor, affine and Invert.

AIDP_ORACLE_CHAINS says how many (2000), AIDP_ORACLE_SEED from which seed (19); chain N of a seed is the same whatever the number of chains.
"""
import collections
import copy
import json
import os
import time

import numpy
import torch

from comparison import MISSING, TOLERANCE, Oracle, largest, make_instance, print_largest, rotation, server

if not MISSING:
    import monai
    from monai.data import MetaTensor
    from monai.transforms import Compose, InvertibleTransform
    from monai.transforms.utils import convert_applied_interp_mode

CHAINS = int(os.environ.get("AIDP_ORACLE_CHAINS", 2000))
SEED = int(os.environ.get("AIDP_ORACLE_SEED", 19))
CHAINS_OF_AN_IMAGE = 20
LONGEST = 40  # voxels along an axis
MOST = 30000  # voxels
PADDING = ("constant", "constant", "replicate", "reflect", "circular")
# Where a value decides for one of two: what differs by a rounding error before may differ by a whole step after.
JUMPS = {"ThresholdIntensity", "CastToType", "CropForeground"}


class Draw:
    """Random choices in the words of the transforms."""

    def __init__(self, *seed):
        self.rng = numpy.random.default_rng(seed)

    def one(self, choices):
        return choices[int(self.rng.integers(len(choices)))]

    def maybe(self, part, **arguments):
        return arguments if self.rng.random() < part else {}

    def real(self, low, high, digits=3):
        return round(float(self.rng.uniform(low, high)), digits)

    def whole(self, low, high):
        return int(self.rng.integers(low, high + 1))

    def flag(self):
        return bool(self.rng.random() < 0.5)

    def directions(self):
        kind = self.one(["axes", "tilted", "any"])
        if kind == "axes":
            axes = numpy.eye(3)[self.rng.permutation(3)] * self.rng.choice([-1, 1], 3)
            return axes * [1, 1, numpy.linalg.det(axes)]
        return rotation(*self.rng.uniform(*((-15, 15) if kind == "tilted" else (-180, 180)), 3))

    def spacing(self):
        return self.one([0.5, 0.7, 0.9, 1.0, 1.25, 2.0, 2.5, 3.0, 0.859375, 0.48828125, self.real(0.4, 3, 4)])


class Series:
    """What is written of a volume, or of a frame where it is one slice."""

    def __init__(self, draw, volume):
        self.shape = tuple(draw.whole(4, 26) for _ in range(3)) if volume else (draw.whole(4, 60), draw.whole(4, 60), 1)
        self.directions = draw.directions()
        self.spacing = [draw.spacing() for _ in range(3)]
        self.cosines = draw.one([6, 7, 12, "float32"])
        self.positions = draw.one(["10 decimals", "6 digits", "3 decimals"])
        self.type = draw.one(["<i2", "<u2", "u1"])
        self.slope, self.intercept = draw.one([(1, 0), (1, -1024), (0.37, -12.5)])
        grid = numpy.meshgrid(*(numpy.linspace(0, 1, n) for n in self.shape), indexing="ij")
        waves = sum(numpy.sin(draw.rng.uniform(2, 8) * axis + draw.rng.uniform(0, 6)) for axis in grid)
        values = 0.5 + waves / 8 + draw.rng.normal(0, 0.03, self.shape)
        if draw.flag():  # an object in an empty field
            values *= sum((axis - draw.rng.uniform(0.3, 0.7)) ** 2 for axis in grid) < draw.rng.uniform(0.05, 0.2)
        low, high = {"<i2": (-1000, 1500), "<u2": (0, 4000), "u1": (0, 255)}[self.type]
        self.values = numpy.clip(values * (high - low) + low, low, high).astype(self.type)

    @property
    def oblique(self):
        return not numpy.isin(self.directions, (-1, 0, 1)).all()

    def cosine(self, value):
        return float(f"{numpy.float32(value):.12f}" if self.cosines == "float32" else f"{value:.{self.cosines}f}")

    def position(self, value):
        return float({"10 decimals": "{:.10f}", "6 digits": "{:.6g}", "3 decimals": "{:.3f}"}[self.positions].format(value))

    def write(self, folder):
        bits = 8 * self.values.dtype.itemsize
        origin = self.directions @ [-31.7, 17.3, 45.1]
        for k in range(self.shape[2]):
            data = self.values[:, :, k].T
            place = origin + self.directions[:, 2] * self.spacing[2] * k
            make_instance(folder / f"{k:03d}.dcm", data, number=k + 1, RescaleSlope=self.slope, RescaleIntercept=self.intercept,
                          ImagePositionPatient=[self.position(p) for p in place], PixelSpacing=[self.spacing[1], self.spacing[0]],
                          ImageOrientationPatient=[self.cosine(c) for c in (*self.directions[:, 0], *self.directions[:, 1])], BitsAllocated=bits, BitsStored=bits,
                          HighBit=bits - 1, PixelRepresentation=int(self.values.dtype.kind == "i"), PixelData=data.tobytes() + b"\0" * (data.nbytes % 2))
        return folder


class Steps:
    """A transform's arguments for an image as it is now; those that MONAI refuses are drawn again."""

    def __init__(self, draw, series, volume):
        self.draw, self.series, self.volume = draw, series, volume

    def sizes(self, shape):
        return [self.draw.one([-1, n, self.draw.whole(1, LONGEST), self.draw.whole(1, LONGEST)]) for n in shape]

    def padding(self):
        mode = self.draw.one(PADDING)
        return {"mode": mode, **(self.draw.maybe(0.5, value=self.draw.real(-50, 50)) if mode == "constant" else {})}

    def arguments(self, name, image):
        return getattr(self, name)(image, tuple(image.shape[1:]))

    def Orientation(self, image, shape):
        letters = [self.draw.one(pair) for pair in ("RL", "AP", "SI")]
        return {"axcodes": "".join(letters[i] for i in self.draw.rng.permutation(3))}

    def Spacing(self, image, shape):
        own = image.affine[:3, :3].norm(dim=0).tolist()
        mode = self.draw.one(["bilinear", "bilinear", "nearest"])
        choices = lambda spacing: [-1, 0, round(spacing * self.draw.one([0.5, 0.8, 1, 1.0001, 1.5, 2, 3]), 6), self.draw.real(0.4, 4, 2)]
        bounds = self.draw.maybe(0.15, min_pixdim=[self.draw.real(0.2, 1) for _ in shape], max_pixdim=[self.draw.real(1, 4) for _ in shape])
        return {"pixdim": [self.draw.one(choices(spacing)) for spacing in own], "mode": mode, **bounds, **self.draw.maybe(0.2, diagonal=True)}

    def Resize(self, image, shape):
        mode = self.draw.one(["area", "bilinear", "trilinear", "nearest", "nearest-exact"])
        corners = self.draw.maybe(0.4, align_corners=True) if mode.endswith("linear") else {}
        if self.draw.flag():
            return {"spatial_size": self.draw.whole(2, LONGEST), "size_mode": "longest", "mode": mode, **corners}
        return {"spatial_size": self.sizes(shape), "mode": mode, **corners}

    def ResizeWithPadOrCrop(self, image, shape):
        return {"spatial_size": self.draw.one([self.sizes(shape), self.draw.whole(4, LONGEST)]), "method": self.draw.one(["symmetric", "end"]), **self.padding()}

    SpatialPad = ResizeWithPadOrCrop

    def CenterSpatialCrop(self, image, shape):
        return {"roi_size": self.draw.one([self.sizes(shape), self.draw.whole(3, LONGEST)])}

    def CropForeground(self, image, shape):
        margin = self.draw.one([0, self.draw.whole(0, 4), [self.draw.whole(0, 4) for _ in shape]])
        divisible = self.draw.one([1, self.draw.whole(1, 8), [self.draw.whole(1, 8) for _ in shape]])
        return {"margin": margin, "k_divisible": divisible, **self.draw.maybe(0.5, allow_smaller=self.draw.flag()), **self.padding(),
                **self.draw.maybe(0.3, channel_indices=[self.draw.whole(0, len(image) - 1)])}

    def Rotate90(self, image, shape):
        axes = [int(a) for a in self.draw.rng.choice(len(shape), 2, replace=False)]
        return {"k": self.draw.whole(-5, 5), "spatial_axes": [a - len(shape) if self.draw.flag() else a for a in axes]}

    def Flip(self, image, shape):
        return self.draw.one([{}, {"spatial_axis": self.draw.whole(-len(shape), len(shape) - 1)}, {"spatial_axis": [0, -1]}])

    def ScaleIntensity(self, image, shape):
        return self.draw.one([{}, {"minv": self.draw.real(-2, 0), "maxv": self.draw.real(0.5, 3)}]) | self.draw.maybe(0.3, channel_wise=True)

    def ScaleIntensityRange(self, image, shape):
        low, high = float(image.min()), float(image.max())
        a = sorted(float(x) for x in self.draw.rng.uniform(low - (high - low) / 4, high + (high - low) / 4, 2))
        bounds = self.draw.one([{}, {"b_min": 0, "b_max": 1}, {"b_min": self.draw.real(-1, 0), "b_max": self.draw.real(0.5, 2)}, {"b_min": 0.1}, {"b_max": 0.9}])
        clip = self.draw.maybe(0.6, clip=True) if bounds and a[1] - a[0] > (high - low) / 8 else {}
        return {"a_min": a[0], "a_max": max(a[1], a[0] + (high - low) / 8), **bounds, **clip}

    def ScaleIntensityRangePercentiles(self, image, shape):
        bounds = self.draw.one([{"b_min": 0, "b_max": 1}, {"b_min": -1, "b_max": 2.5}])
        return {"lower": self.draw.real(0, 20), "upper": self.draw.real(80, 100), **bounds, **self.draw.maybe(0.5, clip=True), **self.draw.maybe(0.3, relative=True),
                **self.draw.maybe(0.3, channel_wise=True)}

    def NormalizeIntensity(self, image, shape):
        wise = self.draw.flag()
        given = lambda low, high: [self.draw.real(low, high) for _ in image] if wise else self.draw.real(low, high)
        fixed = self.draw.one([{}, {"subtrahend": given(-10, 300), "divisor": given(0.5, 400)}, {"subtrahend": given(-10, 300)}, {"divisor": given(0.5, 400)}])
        return {**fixed, "channel_wise": wise, **self.draw.maybe(0.4, nonzero=True)}

    def ThresholdIntensity(self, image, shape):
        low, high = float(image.min()), float(image.max())
        return {"threshold": low + (high - low) * self.draw.real(0.1, 0.9), "above": self.draw.flag(), "cval": self.draw.real(-1, 1)}

    def RepeatChannel(self, image, shape):
        return {"repeats": self.draw.whole(1, 3)}

    def CastToType(self, image, shape):
        return {"dtype": self.draw.one(["float32", "float16", "float64", "int16", "int32", "int64"])}


SPATIAL = ["Orientation", "Spacing", "Spacing", "Resize", "Resize", "ResizeWithPadOrCrop", "SpatialPad", "CenterSpatialCrop", "CropForeground", "Rotate90", "Flip"]
VALUES = ["ScaleIntensity", "ScaleIntensityRange", "ScaleIntensityRangePercentiles", "NormalizeIntensity", "ThresholdIntensity", "RepeatChannel", "CastToType"]


def sound(image):
    """Whether what follows can be compared: an image, not too large, whose values differ by more than a little: else a step may enlarge errors a hundredfold."""
    if not image.numel() or image.numel() > MOST or max(image.shape[1:]) > 2 * LONGEST or not image.isfinite().all():
        return False
    low, high = float(image.min()), float(image.max())
    return high - low > 0.1 * max(abs(low), abs(high))


def delicate(name, given, image):
    """Whether a rounding error decides: what interpolation leaves of a background of 0 is 0 or 1e-17, and of 7 is 7 or 6.999; and a narrow window makes it larger."""
    near = lambda distance: bool((distance.abs() < 1e-4 * float(image.max() - image.min())).float().mean() > 1e-3)
    if name == "CastToType" and given["dtype"].startswith("int"):
        return near(image - image.round())
    return gain(name, given, image) > 10 or ((name == "CropForeground" or given.get("nonzero", False)) and near(image))


def gain(name, given, image):
    """By how much a window makes differences larger, which are told as a part of the range."""
    span = float(image.max() - image.min())
    if name == "ScaleIntensityRange" and given.get("clip"):
        return span / abs(given["a_max"] - given["a_min"])
    if name == "ScaleIntensityRangePercentiles":
        low, high = numpy.percentile(image.numpy().reshape(image.shape[0] if given.get("channel_wise") else 1, -1), [given["lower"], given["upper"]], axis=1)
        return span / max(float((high - low).min()), 1e-30)
    return 1


def tied(voxels_to, shape):
    """Whether some voxel lies half-way between two of the other grid. Where axes are turned, few do but by chance: there only what rounding errors can decide counts."""
    voxels_to, near = numpy.asarray(voxels_to), 1e-3
    if (numpy.abs(voxels_to[:3, :3]) > 1e-3).sum() > 3:
        near = 1e-6
    places = voxels_to[:3, :3] @ numpy.indices(shape).reshape(3, -1) + voxels_to[:3, 3:]
    return bool((numpy.abs(places % 1 - 0.5) < near).any())


class Chain:
    """Steps, and what MONAI makes of an image by them. Half-way between two voxels MONAI's rounding errors choose the nearest. They are aidp's too if a Spacing
    along the world's axes is the only step that moves voxels; where others decide, a step is not taken, and on the way back `back_is_tied`."""

    def __init__(self, draw, series, volume, image):
        self.steps, self.transforms, self.image = [], [], image
        self.tied_along_axes = self.back_is_tied = self.nearest = False
        self.tolerance = TOLERANCE
        arguments = Steps(draw, series, volume)
        names = [name for name in SPATIAL if volume or name not in ("Orientation", "Spacing")] + VALUES
        for _ in range(draw.whole(1, 7)):
            name = draw.one(names)
            given = arguments.arguments(name, self.image)
            if self.has({"Spacing", "Resize"}) and delicate(name, given, self.image.as_tensor()):
                continue
            transform = getattr(monai.transforms, name)(**{k: getattr(torch, v) if k == "dtype" else v for k, v in given.items()})
            try:
                image = transform(self.image.clone())
            except (ValueError, RuntimeError, NotImplementedError, TypeError):
                continue
            if given.get("align_corners") and 1 in image.shape[1:]:
                continue  # an axis from corner to corner of one voxel has an affine of zeros with MONAI
            tied_now = False
            if name == "Spacing":
                new_to_old = numpy.linalg.inv(self.image.affine) @ image.affine.numpy()
                exact = not series.oblique and not self.has(SPATIAL) and "diagonal" not in given
                if not exact and self.size_is_tied(image):
                    continue
                if given["mode"] == "nearest" and not exact and tied(new_to_old, image.shape[1:]):
                    continue
                tied_now = tied(numpy.linalg.inv(new_to_old), self.image.shape[1:])
            if sound(image):
                self.back_is_tied |= (self.tied_along_axes and name in SPATIAL) or (tied_now and not exact)
                self.tied_along_axes |= tied_now
                self.nearest |= name == "Spacing" and given["mode"] == "nearest"
                if self.has({"Spacing"}) and series.oblique:  # of axes that are not quite at right angles, a voxel is taken up to 1e-4 aside
                    self.tolerance *= max(1, gain(name, given, self.image.as_tensor()))
                self.steps.append((name, given))
                self.transforms.append(transform)
                self.image = image

    def size_is_tied(self, image):
        """Whether a new axis would end on half a voxel."""
        new_of_old = (numpy.linalg.inv(image.affine) @ self.image.affine.numpy())[:3, :3]
        extents = torch.tensor(numpy.abs(new_of_old) @ (numpy.array(self.image.shape[1:]) - 1))
        return bool((extents.frac() - 0.5).abs().min() < 1e-7)

    def back(self, tensor, nearest):
        """MONAI's Invert."""
        data = MetaTensor(tensor.clone(), meta=copy.deepcopy(self.image.meta))
        done = copy.deepcopy(self.image.applied_operations)
        data.applied_operations = convert_applied_interp_mode(done, mode="nearest") if nearest else done
        return Compose([t for t in self.transforms if isinstance(t, InvertibleTransform)]).inverse(data).as_tensor()

    def has(self, names):
        return any(name in names for name, _ in self.steps)


class RandomChains(Oracle):
    longMessage = True

    def setUp(self):
        super().setUp()
        torch.set_num_threads(1)
        self.template = self.manifest().read_text()
        self.failures = []

    def differ(self, what, ours, theirs, chain, tolerance=TOLERANCE, allowed=0.0):
        """What is wrong with a tensor, in words; `allowed`: the part of voxels that may be."""
        theirs = theirs.as_tensor() if isinstance(theirs, MetaTensor) else theirs
        if ours.shape != theirs.shape:
            return f"{what}: the shape is {tuple(ours.shape)}, MONAI's {tuple(theirs.shape)}"
        span = float(theirs.max() - theirs.min()) or 1.0
        difference = (ours.double() - theirs.double()).abs() / span
        wrong = float((difference > tolerance).float().mean())
        if not chain.has(JUMPS):
            largest[f"random chains, {what}"] = max(float(difference.max()) if not allowed else wrong, largest.get(f"random chains, {what}", 0))
        return f"{what}: {wrong:.2%} of voxels differ, by {float(difference.max()):.2e} of the range at most" if wrong > allowed else ""

    def wrong_with(self, chain, series, volume, folder, draw):
        shape = tuple(chain.image.shape[1:])
        logits = torch.nn.functional.interpolate(torch.tensor(draw.rng.normal(0, 1, (1, 2, *((n + 3) // 3 for n in shape)))), shape, mode="trilinear" if volume else "bilinear")[0].float()
        labels = torch.tensor(draw.rng.integers(0, 4, shape), dtype=torch.uint8)
        paths = [self.folder / name for name in ("chain.yaml", "in.pt", "labels.pt", "out.pt")]
        paths[0].write_text(self.template.replace("preprocess: []", "preprocess: " + json.dumps([{name: given} for name, given in chain.steps]))
                            .replace("unit: series", "unit: " + ("series" if volume else "instance")))
        torch.save(logits, paths[1])
        torch.save(labels, paths[2])
        if refused := server()("\t".join(map(str, ("chain", paths[0], folder, *paths[1:])))):
            return [refused]
        tensor, affine, linear, nearest, mask = torch.load(paths[3])
        found = [] if tensor.dtype == chain.image.dtype else [f"the type is {tensor.dtype}, MONAI's {chain.image.dtype}"]
        half = ("CastToType", {"dtype": "float16"}) in chain.steps
        found.append(self.differ("input", tensor, chain.image, chain, 2e-3 if half else chain.tolerance, 0.003 if chain.has(JUMPS) else 0))
        if volume and float((chain.image.affine - affine).abs().max()) > 2 * TOLERANCE:
            found.append(f"the affine is\n{affine}\nMONAI's\n{chain.image.affine}")
        if any(given.get("align_corners") for _, given in chain.steps):
            return [text for text in found if text]  # Resize with align_corners is not undone by MONAI's Invert: it undoes the affine as if without
        if not (chain.back_is_tied and chain.nearest):
            found.append(self.differ("Invert, linear", linear, chain.back(logits, False), chain))
        if not chain.back_is_tied:
            found.append(self.differ("Invert, nearest", nearest, chain.back(logits, True), chain))
            if not chain.has({"Resize"}):
                theirs = chain.back(labels[None].float(), True)[0]
                found.append(self.differ("mask", mask, theirs.permute(2, 1, 0) if volume else theirs, chain))
        return [text for text in found if text]

    def test_chains_drawn_at_random_are_monais(self):
        began, failures, used, volumes = time.monotonic(), [], collections.Counter(), 0
        for number in range(CHAINS):
            if number % CHAINS_OF_AN_IMAGE == 0:
                draw = Draw(SEED, number)
                volume = draw.rng.random() < 0.8
                series = Series(draw, volume)
                folder = series.write(self.folder / f"series-{number}")
                image = self.load(folder, volume)
            draw = Draw(SEED, number, 1)
            chain = Chain(draw, series, volume, image)
            used.update(name for name, _ in chain.steps)
            volumes += volume
            if found := self.wrong_with(chain, series, volume, folder, draw):
                failures.append(f"chain {number}, {series.shape} of {series.type}, cosines {series.cosines}, positions of {series.positions}, {'oblique' if series.oblique else 'along axes'}: "
                                f"{json.dumps(chain.steps)}\n  " + "\n  ".join(found))
        print(f"  seed {SEED}: {CHAINS} chains in {time.monotonic() - began:.0f} s, {volumes} of volumes; {', '.join(f'{n} {c}' for n, c in used.most_common())}")
        self.assertFalse(failures, f"{len(failures)} of {CHAINS} chains differ:\n" + "\n".join(failures[:12]))


tearDownModule = print_largest
