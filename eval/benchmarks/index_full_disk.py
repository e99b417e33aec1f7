#!/usr/bin/env python3
"""Fills a disk while an index is made and changed, and looks at what is left.

usage: index_full_disk.py FOLDER [--json FILE]        Linux, as a user who may mount

A file system in memory of each size from too small to large enough is mounted at FOLDER/disk. An
index of four documents is made on it and then brought up to date after a document was added, one
changed and one removed. Where the disk is full on the way, the message must say so, the index must
hold exactly the state before and pass the deep check, and after the disk has grown the next run
must complete. Once with flat segments, once with segments in cells.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter
from pathlib import Path

from rag.errors import RagError
from rag.indexing import build_index
from rag.settings import Settings
from rag.store import check_index, open_snapshot, vectors
from rag.testing import FakeEmbedder

SETTINGS = Settings(passage_tokens=32, overlap_tokens=8, threads=1)
KIBIBYTES = range(480, 2000, 20)


def write(docs: Path, name: str, sentences: int, first: int = 0) -> None:
    lines = (f"Ferry {name} {i + first} leaves pier {i % 13}, lamp {i}." for i in range(sentences))
    (docs / name).write_text(" ".join(lines))


def run(docs: Path, index: Path) -> str:
    """The index's digest, or what the run was ended by."""
    try:
        build_index([docs], index, SETTINGS, FakeEmbedder())
    except RagError as exc:
        if "the disk is full" not in str(exc):
            raise
        return "full"
    return digest(index)


def digest(index: Path) -> str:
    with open_snapshot(index) as snapshot:
        return snapshot.digest


def trial(docs: Path, disk: Path) -> str:
    """What happened on a disk of some size; raises where anything is wrong."""
    index = disk / "index"
    for path in docs.iterdir():
        path.unlink()
    for i in range(4):
        write(docs, f"{i}.txt", 40)
    before = run(docs, index)
    if before == "full":
        if (index / "catalogue.sqlite").exists() and check_index(index, deep=True):
            raise SystemExit("a first run left a damaged index")
        return "full on making it"
    write(docs, "large.txt", 1500)
    write(docs, "1.txt", 60, 1000)
    (docs / "2.txt").unlink()
    after = run(docs, index)
    if check_index(index, deep=True):
        raise SystemExit("the index is damaged")
    if after != "full":
        return "large enough"
    if digest(index) != before:
        raise SystemExit("not the state before")
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    if run(docs, index) in (before, "full") or check_index(index, deep=True):
        raise SystemExit("the next run did not complete")
    return "full on changing it"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    docs, disk = options.folder / "docs", options.folder / "disk"
    for path in (docs, disk):
        path.mkdir(parents=True, exist_ok=True)
    found = {}
    for kind, limit in (("flat", vectors.FLAT_LIMIT), ("cells", 200)):
        vectors.FLAT_LIMIT, vectors.FLAT_BESIDE_IVF = limit, min(limit // 2, 20_000)
        seen: Counter[str] = Counter()
        for size in KIBIBYTES:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(disk)]
            subprocess.run(mount, check=True)
            try:
                seen[trial(docs, disk)] += 1
            finally:
                subprocess.run(["umount", str(disk)], check=True)
        found[kind] = dict(seen)
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
