# SPDX-License-Identifier: Apache-2.0
"""Seeded synthetic chests with known truth: axial CT volumes in HU, and radiographs as their projections."""
import numpy

SITES = ("Northfield", "Riverside", "St Anne")
SCANNERS = (("Phantom Systems", "PS-64", "soft"), ("Phantom Systems", "PS-128", "sharp"), ("Ellipse Imaging", "E1", "soft"), ("Ellipse Imaging", "E2 Ultra", "sharp"))


def ellipsoid(grid, centre, radii):
    return sum(((axis - c) / r) ** 2 for axis, c, r in zip(grid, centre, radii)) <= 1


def chest(rng, slices, size, spacing_mm, thickness_mm, nodule):
    """HU [slice, row, column], lung labels, nodule labels. The body is about 340 mm wide."""
    z, y, x = numpy.meshgrid((numpy.arange(slices) - (slices - 1) / 2) * thickness_mm, (numpy.arange(size) - (size - 1) / 2) * spacing_mm,
                             (numpy.arange(size) - (size - 1) / 2) * spacing_mm, indexing="ij", sparse=True)
    grid = (z, y, x)
    scale = rng.uniform(0.88, 1.08)
    hu = numpy.full((slices, size, size), -1000, dtype=numpy.float32)
    hu[ellipsoid(grid, (0, 0, 0), (1e6, 115 * scale, 165 * scale))] = 40
    hu[ellipsoid(grid, (0, 78 * scale, 0), (1e6, 18, 18))] = 420  # spine
    half = slices * thickness_mm * rng.uniform(0.62, 0.8)
    lungs = numpy.zeros(hu.shape, dtype=bool)
    for side in (-1, 1):
        centre = (rng.uniform(-5, 5), rng.uniform(-8, 8), side * 78 * scale)
        lungs |= ellipsoid(grid, centre, (half, 82 * scale * rng.uniform(0.9, 1.05), 58 * scale * rng.uniform(0.9, 1.05)))
    lungs &= ~ellipsoid(grid, (0, -20, -20), (half * 0.8, 52 * scale, 50 * scale))  # heart
    hu[lungs] = rng.uniform(-880, -800)
    for _ in range(int(rng.integers(14, 26))):  # vessels: thin cylinders along the slices' normal, somewhat tilted
        side, radius = rng.choice((-1, 1)), rng.uniform(1.5, 4)
        cy, cx, ty, tx = rng.uniform(-60, 60), side * rng.uniform(45, 105), rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6)
        hu[lungs & ((y - cy - ty * z) ** 2 + (x - cx - tx * z) ** 2 < radius**2)] = rng.uniform(-100, 40)
    nodules = numpy.zeros(hu.shape, dtype=bool)
    if nodule:
        inside = numpy.argwhere(lungs[slices // 4 : -(slices // 4) or None])
        k, j, i = inside[rng.integers(len(inside))] + (slices // 4, 0, 0)
        nodules = lungs & ellipsoid(grid, (float(z[k, 0, 0]), float(y[0, j, 0]), float(x[0, 0, i])), (rng.uniform(5, 12),) * 3)
        hu[nodules] = rng.uniform(-120, 60)
    return hu, lungs, nodules


def acquire(rng, hu, kernel):
    """What a scanner makes of it: blur, then noise."""
    if kernel == "soft":
        hu = (hu + numpy.roll(hu, 1, 1) + numpy.roll(hu, 1, 2) + numpy.roll(hu, (1, 1), (1, 2))) / 4
    noise = rng.normal(0, rng.uniform(12, 30) if kernel == "soft" else rng.uniform(25, 55), hu.shape)
    return hu + noise.astype(numpy.float32)
