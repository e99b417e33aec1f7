#!/usr/bin/env python3
"""Measures the peak of resident memory while folders of text of growing size are indexed.

usage: index_scale_memory.py TEXTS MEGABYTES... [--real] [--work FOLDER] [--json FILE]

A folder is made of the files under TEXTS, joined to files of about 200 KB and repeated, with each
sentence numbered so that no two passages are equal. Each size is indexed in a process of its own,
whose peak is read. By default with an embedder that takes no time: a unit vector of 384 numbers by
the text's hash, so that all of reading, cutting, storing, merging is what an index of that size
needs; with `--real` with the default embedder, which needs hours where the other needs minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np  # noqa: TID253
from index_scale import peak_kib

from rag.embedding import load_embedder
from rag.indexing import build_index
from rag.settings import load_settings
from rag.store import open_snapshot
from rag.testing import FakeEmbedder

FILE_BYTES = 200_000


class Quick(FakeEmbedder):
    """Vectors of no meaning, in no time."""

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._vector(t) for t in texts])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [round(len(t.split()) * 1.3) for t in texts]

    def _vector(self, text: str) -> np.ndarray:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
        vector = np.random.default_rng(seed).standard_normal(self.dimension, dtype=np.float32)
        return vector / np.linalg.norm(vector)


def sentences(texts: Path) -> Iterator[str]:
    files = sorted(p for p in texts.rglob("*") if p.suffix in (".txt", ".md"))
    for again in itertools.count():
        for path in files:
            for i, line in enumerate(path.read_text(encoding="utf-8").split(". ")):
                yield f"{line.strip()} {again * 100_000 + i}. "


def make(texts: Path, folder: Path, size: int) -> None:
    folder.mkdir(parents=True)
    lines = sentences(texts)
    for number in range(max(1, size // FILE_BYTES)):
        written = 0
        with (folder / f"{number:06d}.txt").open("w", encoding="utf-8") as file:
            while written < FILE_BYTES:
                written += file.write(next(lines))


def index(folder: Path, real: bool) -> dict[str, float]:
    settings = load_settings()
    embedder = load_embedder(settings) if real else Quick(dimension=384)
    began = time.perf_counter()
    build_index([folder / "docs"], folder / "ix", settings, embedder)
    seconds = time.perf_counter() - began
    peak = peak_kib()
    with open_snapshot(folder / "ix") as snapshot:
        return {
            "passages": snapshot.passage_count,
            "seconds": round(seconds, 1),
            "peak_mib": round(peak / 1024),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", type=Path)
    parser.add_argument("megabytes", nargs="+", type=float)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--work", type=Path, default=Path("memory"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--index", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.index:
        print(json.dumps(index(options.index, options.real)))
        return
    rows = json.loads(options.json.read_text()) if options.json and options.json.exists() else []
    for megabytes in options.megabytes:
        folder = options.work / f"{megabytes:g}"
        shutil.rmtree(folder, ignore_errors=True)
        make(options.texts, folder / "docs", int(megabytes * 1e6))
        command = [sys.executable, __file__, str(options.texts), "0", "--index", str(folder)]
        command += ["--real"] if options.real else []
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        row = {"megabytes": megabytes, "embedder": "real" if options.real else "quick"}
        rows.append(row | json.loads(done.stdout))
        print(json.dumps(rows[-1]), flush=True)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1) + "\n")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
