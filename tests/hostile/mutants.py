# SPDX-License-Identifier: Apache-2.0
"""Mutants of DICOM files: the same seed makes the same ones. Each changes what a parser believes: lengths, tags, counts, the end of the file."""
import random

INTERESTING = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]


def flip_bits(data, chance):
    for _ in range(chance.choice([1, 4, 32])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def put_number(data, chance):
    """A 16 or 32 bit number at an even place, where lengths and tags are."""
    size = chance.choice([2, 4])
    at = chance.randrange(0, len(data) - size) & ~1
    data[at:at + size] = (chance.choice(INTERESTING) & (256**size - 1)).to_bytes(size, "little")


def cut(data, chance):
    del data[chance.randrange(len(data)):]


def cut_out(data, chance):
    at = chance.randrange(len(data))
    del data[at:at + chance.choice([1, 2, 8, 100, 5000])]


def repeat(data, chance):
    at = chance.randrange(len(data))
    data[at:at] = data[at:at + chance.choice([2, 8, 64, 1000])] * chance.choice([1, 3])


def nest(data, chance):
    """Sequences of undefined length, opened and not closed."""
    at = chance.randrange(len(data)) & ~1
    data[at:at] = (b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff") * chance.choice([1, 30, 2000])


def mutant(original, seed):
    """Bytes of a file; mostly of its head, where the attributes are."""
    chance = random.Random(seed)
    head = min(len(original), chance.choice([400, 2000, len(original)]))
    data, rest = bytearray(original[:head]), original[head:]
    for _ in range(chance.choice([1, 1, 2, 5])):
        if len(data) > 8:
            chance.choice([flip_bits, put_number, put_number, cut_out, repeat, nest])(data, chance)
    data += rest
    if chance.random() < 0.2 and len(data) > 8:
        cut(data, chance)
    return bytes(data)
