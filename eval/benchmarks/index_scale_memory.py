#!/usr/bin/env python3
"""Measures the peak of resident memory while folders of growing size are indexed.

usage: index_scale_memory.py TEXTS MEGABYTES... [--folder] [--real] [--work FOLDER] [--json FILE]

A folder is made of the files under TEXTS, joined to files of about 200 KB and repeated, with each
sentence numbered so that no two passages are equal; with `--folder` it is one as people have them
(see index_scale_folder.py), where the megabytes are of files, most of them pictures. Each is
indexed in a process of its own. `peak_mib` is the most that this process and those that parse for
it held at a time, together, looked at every 100 ms; `indexer_peak_mib` is of the process alone. By
default with an embedder that takes no time: a unit vector of 384 numbers by the text's hash, so
that all of reading, cutting, storing, merging is what an index of that size needs; with `--real`
with the default embedder, which needs hours where the other needs minutes.
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
from index_scale_folder import make_folder

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
    report = build_index([folder / "docs"], folder / "ix", settings, embedder)
    seconds = time.perf_counter() - began
    peak = peak_kib()
    with open_snapshot(folder / "ix") as snapshot:
        text = sum(len(snapshot.document(d.path).text.encode()) for d in snapshot.documents())
        return {
            "documents": snapshot.document_count,
            "skipped": len(report.skipped),
            "passages": snapshot.passage_count,
            "seconds": round(seconds, 1),
            "text_megabytes": round(text / 1e6, 1),
            "indexer_peak_mib": round(peak / 1024),
        }


def resident_kib(pid: int) -> int:
    """What a process and its children hold, 0 of one that has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        tasks = list(Path(f"/proc/{pid}/task").glob("*/children"))
        children = [child for task in tasks for child in task.read_text().split()]
    except OSError:
        return 0
    own = int(status.split("VmRSS:")[1].split()[0]) if "VmRSS:" in status else 0
    return own + sum(resident_kib(int(child)) for child in children)


def measured(command: list[str], out: Path) -> dict[str, float]:
    """What the command says as JSON, with the peak of it and its children together."""
    with out.open("w") as file:
        process = subprocess.Popen(command, stdout=file)
        peak = 0
        while process.poll() is None:
            peak = max(peak, resident_kib(process.pid))
            time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"the index was not made: {process.returncode}")
    found: dict[str, float] = json.loads(out.read_text())
    return found | {"peak_mib": round(peak / 1024)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", type=Path)
    parser.add_argument("megabytes", nargs="+", type=float)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--folder", action="store_true")
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
        if options.folder:
            make_folder(folder / "docs", sentences(options.texts), megabytes / 1000)
        else:
            make(options.texts, folder / "docs", int(megabytes * 1e6))
        command = [sys.executable, __file__, str(options.texts), "0", "--index", str(folder)]
        command += ["--real"] if options.real else []
        row = {"megabytes": megabytes, "embedder": "real" if options.real else "quick"}
        row |= {"folder": "files with pictures"} if options.folder else {}
        rows.append(row | measured(command, folder / "measured.json"))
        print(json.dumps(rows[-1]), flush=True)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1) + "\n")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
