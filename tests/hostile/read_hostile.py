# SPDX-License-Identifier: Apache-2.0
"""Has a build of aidp decode malformed files and mutants of real ones, every frame of each. Each file must be decoded or refused: a worker that dies on one,
as by a sanitizer's word, is a fault. Files that are at fault are kept, and named."""
import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import mutants

SHARED = pathlib.Path(os.environ.get("AIDP_SHARED", "/nonexistent"))
LARGEST = 600_000  # bytes of a file that mutants are made of: what a parser does with more of the same it does with less
FAULTS = ("worker.crashed", "worker.timeout", "worker.out_of_memory", "internal")


def originals():
    """One small file of each folder of real files and transfer syntax, so that each reader has its mutants."""
    files = [path for path in sorted((SHARED / "dicom").rglob("*")) if path.is_file() and path.suffix.lower() in (".dcm", "") and 200 < path.stat().st_size < LARGEST]
    chosen = {}
    for path in files:
        head = path.read_bytes()[:1000]
        if head[128:132] == b"DICM":
            at = head.find(b"\x02\x00\x10\x00UI")
            chosen.setdefault((path.parts[len(SHARED.parts) + 1], head[at + 8:at + 8 + int.from_bytes(head[at + 6:at + 8], "little")]), path)
    return list(chosen.values())


def make_files(folder, count, seed):
    if (SHARED / "dicom/malformed").is_dir():
        shutil.copytree(SHARED / "dicom/malformed", folder / "malformed")
    sources = originals()
    chance = random.Random(seed)
    for number in range(count if sources else 0):
        source = chance.choice(sources)
        (folder / f"{number:05d}_{source.stem}.dcm").write_bytes(mutants.mutant(source.read_bytes(), chance.getrandbits(64)))
    return len(sources)


parser = argparse.ArgumentParser()
parser.add_argument("--aidp", required=True)
parser.add_argument("--seed", type=int, default=random.randrange(10**6))
parser.add_argument("--files", type=int, default=2000)
arguments = parser.parse_args()
with tempfile.TemporaryDirectory(prefix="aidp-hostile-") as folder:
    folder = pathlib.Path(folder)
    kinds = make_files(folder, arguments.files, arguments.seed)
    print(f"seed {arguments.seed}: {arguments.files if kinds else 0} mutants of {kinds} files, and {len(list(folder.glob('malformed/*')))} malformed ones", flush=True)
    done = subprocess.run([arguments.aidp, "validate", "input", folder, "--pixels", "--format", "json", "--workers", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = [line for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "instance"]
    bad = [line for line in lines if line.get("reason") in FAULTS]
    decoded = sum(line["outcome"] == "completed" for line in lines)
    print(f"{len(lines)} told of: {decoded} decoded, {len(lines) - decoded} refused, {len(bad)} at fault; exit {done.returncode}")
    for line in bad:
        kept = pathlib.Path(tempfile.gettempdir()) / ("at-fault-" + pathlib.Path(line["path"]).name)
        shutil.copy(line["path"], kept)
        print(f"{line['reason']}: {kept}: {line['message']}")
    if bad or not lines or done.returncode not in (0, 3):
        print(done.stderr[-4000:])
        sys.exit(1)
