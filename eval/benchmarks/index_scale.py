#!/usr/bin/env python3
"""Measures an index of many passages: opening, searching, adding, size, memory, recall.

usage: index_scale.py REAL_INDEX SIZE [SIZE...] [--work FOLDER] [--queries N] [--json FILE]

Passages are made from those of REAL_INDEX (any index, built with the real embedder): each new one
takes two real passages, shuffles the words of both together with a number, and its vector is
0.75 of the one's, 0.25 of the other's and noise of length 0.35, brought to length 1. So vectors
keep the clusters of real ones, and no two are equal. Queries are made in the same way, with other
numbers. Embedding takes no part. A peak of resident memory is of a process of its own that opens
the index and asks every query. `raw` is FAISS alone on the largest segment with the same settings.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np  # noqa: TID253

from rag.settings import Settings
from rag.store import FileEntry, Meta, NewPassage, Snapshot, open_snapshot, open_writer
from rag.store.content import key_of
from rag.store.vectors import open_vectors
from rag.testing import FakeEmbedder
from rag.types import Document, Passage, Span

A_DOCUMENT = 50
COMMIT = 20_000


class Maker:
    """Makes passages and queries from real ones."""

    def __init__(self, real: Path) -> None:
        with open_snapshot(real) as snapshot:
            passages = [p for d in snapshot.documents() for p in snapshot.passages_of(d.path)]
            self.words = [p.text.split()[:90] for p in passages]
            ids = {p.id: i for i, p in enumerate(passages)}
            positions = np.flatnonzero(snapshot.mask(lambda _: True))
            order = [ids[i] for i in snapshot.ids_at(positions.tolist())]
            taken = _all_vectors(snapshot)[positions]
        self.vectors = np.empty_like(taken)
        self.vectors[order] = taken

    def passages(self, first: int, count: int) -> tuple[list[str], np.ndarray]:
        chance = np.random.default_rng(first + 1)
        one, two = chance.integers(0, len(self.words), (2, count))
        noise = chance.normal(size=(count, self.vectors.shape[1])).astype(np.float32)
        noise *= 0.35 / np.linalg.norm(noise, axis=1, keepdims=True)
        vectors = 0.75 * self.vectors[one] + 0.25 * self.vectors[two] + noise
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        texts = []
        for i, (a, b) in enumerate(zip(one, two, strict=True)):
            words = [*self.words[a], *self.words[b][: len(self.words[b]) // 3], str(first + i)]
            chance.shuffle(words)
            texts.append(" ".join(words) + ".")
        return texts, vectors.astype(np.float32)


def _all_vectors(snapshot: Snapshot) -> np.ndarray:
    parts = []
    for segment in snapshot.segments:
        vectors = open_vectors(snapshot.path / "segments" / segment.file, segment.kind)
        parts.append(vectors.take(np.arange(segment.passages)))
    return np.concatenate(parts)


def documents(maker: Maker, first: int, count: int) -> Iterator[tuple[Document, Any, np.ndarray]]:
    for at in range(first, first + count, A_DOCUMENT):
        texts, vectors = maker.passages(at, min(A_DOCUMENT, first + count - at))
        name, start, passages = f"{at:09d}.txt", 0, []
        for i, text in enumerate(texts):
            span = Span(start, start + len(text))
            passage = Passage(f"{at + i:032x}", name, span, text, (span,))
            passages.append(NewPassage(passage, text, key_of(text)))
            start += len(text) + 1
        yield Document(name, "\n".join(texts), f"{at:064x}", "text/1"), passages, vectors


def add(index: Path, meta: Meta, maker: Maker, first: int, count: int) -> float:
    began = time.perf_counter()
    with open_writer(index, meta) as writer:
        for document, passages, vectors in documents(maker, first, count):
            entry = FileEntry(0, document.path, f"/x/{document.path}", 1, 0.0, 1.0, "", None)
            writer.add_document(writer.put_file(entry), document, passages, vectors)
            if writer.pending_passages >= COMMIT:
                writer.commit()
        writer.finish()
    return time.perf_counter() - began


def drop(index: Path, meta: Meta, first: int, count: int) -> float:
    began = time.perf_counter()
    with open_writer(index, meta) as writer:
        for at in range(first, first + count, A_DOCUMENT):
            writer.drop_file(f"/x/{at:09d}.txt")
        writer.finish()
    return time.perf_counter() - began


def ask(index: Path, maker: Maker, queries: int) -> dict[str, Any]:
    texts, vectors = maker.passages(10**9, queries)
    began = time.perf_counter()
    snapshot = open_snapshot(index)
    opened = time.perf_counter() - began
    snapshot.dense(vectors[0], 10)
    snapshot.lexical(" ".join(texts[0].split()[:8]), 10)
    dense, hybrid, found = [], [], []
    processor = time.process_time()
    for text, vector in zip(texts, vectors, strict=True):
        began = time.perf_counter()
        found.append(snapshot.dense(vector, 10).positions)
        dense.append(time.perf_counter() - began)
        began = time.perf_counter()
        snapshot.dense(vector, 100)
        snapshot.passages_at(snapshot.lexical(" ".join(text.split()[:8]), 100).positions[:10])
        hybrid.append(time.perf_counter() - began)
    processor = (time.process_time() - processor) / queries
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = {
        "open_ms": opened * 1000,
        "dense_p50_ms": np.percentile(dense, 50) * 1000,
        "dense_p99_ms": np.percentile(dense, 99) * 1000,
        "hybrid_p50_ms": np.percentile(hybrid, 50) * 1000,
        "processor_ms_for_all_three": processor * 1000,
        "peak_mib": peak / 1024,
        "raw_p50_ms": raw(snapshot, vectors),
    }
    return {**{n: round(float(v), 2) for n, v in times.items()}, "kind": snapshot.search_kind} | {
        "found": [list(map(int, f)) for f in found]
    }


def raw(snapshot: Snapshot, vectors: np.ndarray) -> float:
    import faiss

    largest = max(snapshot.segments, key=lambda s: s.passages)
    flag = faiss.IO_FLAG_MMAP if largest.kind == "ivf" else faiss.IO_FLAG_MMAP_IFC
    index = faiss.read_index(str(snapshot.path / "segments" / largest.file), flag)
    if largest.kind == "ivf":
        index.nprobe = max(32, index.nlist // 64)
    times = []
    for vector in vectors:
        began = time.perf_counter()
        index.search(vector[None], 10)
        times.append(time.perf_counter() - began)
    return float(np.median(times)) * 1000


def recall(index: Path, maker: Maker, found: list[list[int]]) -> float:
    """Against exact search over the vectors as they were made."""
    _, queries = maker.passages(10**9, len(found))
    with open_snapshot(index) as snapshot:
        alive = np.flatnonzero(snapshot.mask(lambda _: True))
        best = np.full((len(found), 10), -2.0)
        where = np.zeros((len(found), 10), dtype=np.int64)
        for at in range(0, len(alive), 10_000):
            part = alive[at : at + 10_000]
            numbers = np.array([int(i, 16) for i in snapshot.ids_at(part.tolist())])
            made = {}
            for first in np.unique(numbers // A_DOCUMENT) * A_DOCUMENT:
                made[first] = maker.passages(int(first), A_DOCUMENT)[1]
            rows = np.stack([made[n // A_DOCUMENT * A_DOCUMENT][n % A_DOCUMENT] for n in numbers])
            scores = np.concatenate([best, queries @ rows.T], axis=1)
            places = np.concatenate([where, np.broadcast_to(part, (len(found), len(part)))], axis=1)
            order = np.argsort(-scores, axis=1)[:, :10]
            best, where = (np.take_along_axis(a, order, 1) for a in (scores, places))
    return float(np.mean([len(set(f) & set(w)) / 10 for f, w in zip(found, where, strict=True)]))


def in_process(index: Path, real: Path, queries: int) -> dict[str, Any]:
    command = [sys.executable, __file__, str(real), "0", "--ask", str(index)]
    done = subprocess.run(
        [*command, "--queries", str(queries)], capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def run(real: Path, work: Path, size: int, queries: int) -> dict[str, Any]:
    maker = Maker(real)
    embedder = FakeEmbedder(dimension=maker.vectors.shape[1])
    meta = Meta.of(embedder, Settings())
    index = work / f"scale-{size}"
    row: dict[str, Any] = {"passages": size}
    row["build_s"] = round(add(index, meta, maker, 0, size), 1)
    row["add_1000_s"] = round(add(index, meta, maker, size, 1000), 2)
    row["add_1000_to_none_s"] = round(add(work / f"empty-{size}", meta, maker, size, 1000), 2)
    asked = in_process(index, real, queries)
    row["recall@10"] = round(recall(index, maker, asked.pop("found")), 4)
    row |= asked
    with open_snapshot(index) as snapshot:
        text = sum(len(snapshot.document(d.path).text.encode()) for d in snapshot.documents())
        row["bytes_beyond_text_a_passage"] = round((snapshot.size_bytes - text) / (size + 1000))
        row["segments"] = [[s.kind, s.passages] for s in snapshot.segments]
    row["drop_fifth_s"] = round(drop(index, meta, 0, size // 5), 1)
    add(index, meta, maker, 2 * size, size // 5)
    again = in_process(index, real, queries)
    row["recall@10_after_fifth_replaced"] = round(recall(index, maker, again["found"]), 4)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("real", type=Path)
    parser.add_argument("sizes", nargs="+", type=int)
    parser.add_argument("--work", type=Path, default=Path("scale"))
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        print(json.dumps(ask(options.ask, Maker(options.real), options.queries)))
        return
    rows = []
    for size in options.sizes:
        rows.append(run(options.real, options.work, size, options.queries))
        print(json.dumps(rows[-1], indent=1), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
