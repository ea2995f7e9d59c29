# SPDX-License-Identifier: Apache-2.0
"""Synthetic Siemens mosaics: the slices of a volume as tiles of one image, and the private CSA header that says where they lie."""
import math
import struct

import numpy
import pydicom
from pydicom.uid import MRImageStorage
from support import make_instance


def csa_header(fields):
    """Format "SV10" (nibabel's doc/source/dicom/siemens_csa.rst) of field names to lists of values."""
    parts = [b"SV10\4\3\2\1", struct.pack("<II", len(fields), 77)]
    for name, values in fields.items():
        items = [f"{value}".encode() + b"\0" for value in values] + [b""] * (6 - len(values))
        parts.append(struct.pack("<64si4siii", name.encode(), len(values), b"FD", 4, len(items), 77))
        for item in items:
            parts.append(struct.pack("<4i", len(item), len(item), 77, len(item)) + item + bytes(-len(item) % 4))
    return b"".join(parts)


def make_mosaic(path, volume, position, orientation, spacing, ascending=True, number=1, csa=None, **attributes):
    """One MR instance of a volume [slice, row, column] whose first voxel lies at `position`; spacing: (between rows, columns, slices), mm.

    Slices ascend along row x column, or descend. `csa`: fields to be changed, None to be left out; False: no private header.
    """
    volume = numpy.asarray(volume)
    slices, rows, columns = volume.shape
    across = math.ceil(math.sqrt(slices))
    image = numpy.zeros((across * rows, across * columns))
    for k in range(slices):
        y, x = k // across * rows, k % across * columns
        image[y : y + rows, x : x + columns] = volume[k]
    row, column = numpy.reshape(orientation, (2, 3)).astype(float)
    corner = numpy.array(position, float) - (across - 1) / 2 * (row * columns * spacing[1] + column * rows * spacing[0])
    fields = {"EchoLinePosition": [64], "NumberOfImagesInMosaic": [slices], "SliceNormalVector": numpy.cross(row, column) * (1 if ascending else -1)}
    fields = {name: values for name, values in (fields | (csa or {})).items() if values is not None}
    attributes = dict(Modality="MR", SOPClassUID=MRImageStorage, Manufacturer="SIEMENS", ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"],
                      SpacingBetweenSlices=spacing[2], SliceThickness=spacing[2], AcquisitionNumber=number, AcquisitionTime=f"1200{number:02d}",
                      ProtocolName="epi", SeriesNumber=1, PixelSpacing=list(spacing[:2]), RepetitionTime=2000, EchoTime=30, ScanningSequence="EP", MRAcquisitionType="2D") | attributes
    make_instance(path, image, number=number, ImagePositionPatient=[f"{value:.10g}" for value in corner],
                  ImageOrientationPatient=[f"{value:.10f}" for value in orientation], **attributes)
    if csa is False:
        return
    file = pydicom.dcmread(path)
    file.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", csa_header(fields))
    file.save_as(path)
