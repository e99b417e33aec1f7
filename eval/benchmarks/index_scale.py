#!/usr/bin/env python3
"""Measures an index of many passages: opening, searching, adding, size, memory, recall.

usage: index_scale.py --real INDEX... SIZE [SIZE...] [--work FOLDER] [--json FILE] [--portion N]

Each passage is made from two of those that the real indexes hold (any indexes, built with the real
embedder): its words are the one's first 90 and a third of the other's, in another order, and a
number of its own; its vector is 0.75 of the one's, 0.25 of the other's and noise of length 0.35,
brought to length 1. So vectors keep the clusters of real ones, words their frequencies, and no two
passages are equal. Queries are made in the same way with other numbers: a vector each, and eight
words. Embedding takes no part. Hybrid is all of `rag.retrieval.search`, from the query to ten hits.

Every query is asked in a process of its own that opens the index, three times over: the figures are
of the process whose dense p50 is the middle one, `each` has some of all. The peak of resident
memory is of that process.
`raw` is FAISS alone with the same settings on the segments in cells, one after the other (on the
largest segment where none is), asked in turn with ours; of five turns of each query the fastest
counts. `raw_steady` is the same without the threads that FAISS begins at each search of a mapped
file to read ahead. The peak while building is of the process that writes, above what it held (this
script's own words and vectors) when the writer was opened.

Each stage is written to the JSON file as soon as it is done, and a stage that stands there is not
done again: a run that was interrupted goes on. `--portion` ends a run of the writer after so many
passages, `--minutes` ends the script, between two stages or portions.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np  # noqa: TID253

from rag.retrieval import search
from rag.settings import Settings
from rag.store import FileEntry, Meta, NewPassage, Snapshot, open_snapshot, open_writer
from rag.store.content import key_of
from rag.store.ivf import probes_for
from rag.store.vectors import open_vectors
from rag.testing import FakeEmbedder
from rag.types import Document, Passage, Span

A_DOCUMENT = 50
COMMIT = 20_000
QUERIES_FROM = 10**9
ADDED = 1000
TURNS = 5
LOOKS = 3


class Maker:
    """Makes passages and queries from real ones, fifty at a time, each fifty by its own chance."""

    def __init__(self, real: Sequence[Path]) -> None:
        loaded = [_load(index) for index in real]
        self.words = [words for texts, _ in loaded for words in texts]
        self.vectors = np.concatenate([vectors for _, vectors in loaded])

    def vectors_of(self, first: int, count: int) -> np.ndarray:
        return np.concatenate(
            [self._fifty(at)[2] for at in range(first, first + count, A_DOCUMENT)]
        )

    def texts_of(self, first: int, count: int) -> list[str]:
        texts = []
        for at in range(first, first + count, A_DOCUMENT):
            one, two, _ = self._fifty(at)
            chance = np.random.default_rng([at, 2])
            for i, (a, b) in enumerate(zip(one, two, strict=True)):
                other = self.words[b]
                words = [*self.words[a], *other[: len(other) // 3], str(at + i)]
                texts.append(" ".join([words[j] for j in chance.permutation(len(words))]) + ".")
        return texts

    def _fifty(self, at: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        chance = np.random.default_rng([at, 1])
        one, two = chance.integers(0, len(self.words), (2, A_DOCUMENT))
        noise = chance.standard_normal((A_DOCUMENT, self.vectors.shape[1]), dtype=np.float32)
        noise *= 0.35 / np.linalg.norm(noise, axis=1, keepdims=True)
        vectors = 0.75 * self.vectors[one] + 0.25 * self.vectors[two] + noise
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return one, two, vectors.astype(np.float32)


def _load(index: Path) -> tuple[list[list[str]], np.ndarray]:
    with open_snapshot(index) as snapshot:
        positions = np.flatnonzero(snapshot.mask(lambda _: True))
        parts = []
        for segment in snapshot.segments:
            found = open_vectors(snapshot.path / "segments" / segment.file, segment.kind)
            parts.append(found.take(np.arange(segment.passages)))
        texts = [p.text.split()[:90] for p in snapshot.passages_at(positions.tolist())]
        return texts, np.concatenate(parts)[positions]


def documents(maker: Maker, first: int, count: int) -> Iterator[tuple[Document, Any, np.ndarray]]:
    for at in range(first, first + count, A_DOCUMENT):
        name, start, passages = f"{at:09d}.txt", 0, []
        texts = maker.texts_of(at, A_DOCUMENT)
        for i, text in enumerate(texts):
            span = Span(start, start + len(text))
            passage = Passage(f"{at + i:032x}", name, span, text, (span,))
            passages.append(NewPassage(passage, text, key_of(text)))
            start += len(text) + 1
        vectors = maker.vectors_of(at, A_DOCUMENT)
        yield Document(name, "\n".join(texts), f"{at:064x}", "text/1"), passages, vectors


def add(
    index: Path,
    meta: Meta,
    made: Iterable[tuple[Document, Any, np.ndarray]],
    *,
    last: bool = True,
) -> float:
    """The seconds of adding documents; only the `last` run of several merges the segments."""
    began = time.perf_counter()
    with open_writer(index, meta) as writer:
        for document, passages, vectors in made:
            entry = FileEntry(0, document.path, f"/x/{document.path}", 1, 0.0, 1.0, "", None)
            writer.add_document(writer.put_file(entry), document, passages, vectors)
            if writer.pending_passages >= COMMIT:
                writer.commit()
        if last:
            writer.finish()
        else:
            writer.commit()
    return time.perf_counter() - began


def drop(index: Path, meta: Meta, first: int, count: int) -> float:
    began = time.perf_counter()
    with open_writer(index, meta) as writer:
        for at in range(first, first + count, A_DOCUMENT):
            writer.drop_file(f"/x/{at:09d}.txt")
        writer.finish()
    return time.perf_counter() - began


class Given(FakeEmbedder):
    """Gives the vector it was told to."""

    vector: np.ndarray

    def embed_query(self, text: str) -> np.ndarray:
        return self.vector


def ask(index: Path, queries: Path, raw: bool) -> dict[str, Any]:
    """Asks every query in this process, which does nothing else; `raw` FAISS alone, too."""
    asked = np.load(queries)
    texts, vectors = [str(t) for t in asked["texts"]], asked["vectors"]
    embedder = Given(dimension=vectors.shape[1])
    started = time.perf_counter()
    snapshot = open_snapshot(index)
    opened = time.perf_counter() - started
    embedder.vector = vectors[0]
    search(snapshot, embedder, texts[0])
    first = time.perf_counter() - started
    times: dict[str, list[float]] = {"dense": [], "lexical": [], "hybrid": []}
    found = []
    for text, vector in zip(texts, vectors, strict=True):
        embedder.vector = vector
        times["dense"].append(_seconds(lambda v: found.append(snapshot.dense(v, 10)), vector))
        times["lexical"].append(_seconds(snapshot.lexical, text, 100))
        times["hybrid"].append(_seconds(search, snapshot, embedder, text))
    peak = peak_kib()
    row = {"open_ms": opened * 1000, "open_and_first_search_ms": first * 1000}
    for name, seconds in times.items():
        row |= {f"{name}_p{p}_ms": np.percentile(seconds, p) * 1000 for p in (50, 99)}
    row["peak_mib"] = peak / 1024
    if raw:
        ours, faiss, steady = beside_raw(snapshot, vectors)
        row |= {"dense_beside_raw_p50_ms": ours, "raw_p50_ms": faiss, "raw_steady_p50_ms": steady}
        row |= {"times_raw": ours / faiss, "times_raw_steady": ours / steady}
    ids = [[int(i, 16) for i in snapshot.ids_at(f.positions)] for f in found]
    return {n: round(float(v), 2) for n, v in row.items()} | {
        "kind": snapshot.search_kind,
        "segments": [[s.kind, s.passages] for s in snapshot.segments],
        "found": ids,
    }


def _seconds(work: Callable[..., object], *args: object) -> float:
    began = time.perf_counter()
    work(*args)
    return time.perf_counter() - began


def peak_kib() -> int:
    """The most resident memory of this process so far, without what its parent had."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def beside_raw(snapshot: Snapshot, vectors: np.ndarray) -> list[float]:
    """The median milliseconds of our dense search, of FAISS alone, and of it without its threads.

    Of each query the fastest of several turns counts, so that what else the machine does, which
    slows down the one or the other by chance, is left out.
    """

    def ours(vector: np.ndarray) -> None:
        snapshot.dense(vector, 10)

    ways = (ours, faiss_alone(snapshot), faiss_alone(snapshot, read_ahead=False))
    took = np.zeros((len(ways), TURNS, len(vectors)))
    for turn in range(TURNS):
        for i, vector in enumerate(vectors):
            # Who asks second finds the codes in the processor's cache: each goes first in turn.
            for way in np.roll(range(len(ways)), i + turn):
                took[way, turn, i] = _seconds(ways[way], vector)
    best: list[float] = (np.median(np.min(took, axis=1), axis=1) * 1000).tolist()
    return best


def faiss_alone(snapshot: Snapshot, *, read_ahead: bool = True) -> Callable[[np.ndarray], None]:
    import faiss

    segments = [s for s in snapshot.segments if s.kind == "ivf"]
    segments = segments or [max(snapshot.segments, key=lambda s: s.passages)]
    indexes: list[Any] = []
    for segment in segments:
        flag = faiss.IO_FLAG_MMAP if segment.kind == "ivf" else faiss.IO_FLAG_MMAP_IFC
        index = faiss.read_index(str(snapshot.path / "segments" / segment.file), flag)
        if segment.kind == "ivf":
            index.nprobe = probes_for(index.nlist)
            if not read_ahead:
                faiss.downcast_InvertedLists(index.invlists).prefetch_nthread = 0
        indexes.append(index)

    def ask_all(vector: np.ndarray) -> None:
        for index in indexes:
            index.search(vector[None], 10)

    return ask_all


def truth(maker: Maker, ranges: Sequence[tuple[int, int]], queries: np.ndarray) -> np.ndarray:
    """The numbers of the ten nearest passages, over the vectors as they were made."""
    best = np.full((len(queries), 10), -2.0, dtype=np.float32)
    where = np.zeros((len(queries), 10), dtype=np.int64)
    for first, last in ranges:
        for at in range(first, last, 20_000):
            numbers = np.arange(at, min(last, at + 20_000))
            scores = queries @ maker.vectors_of(at, len(numbers)).T
            top = np.argpartition(-scores, 10, axis=1)[:, :10]
            scores = np.concatenate([best, np.take_along_axis(scores, top, 1)], axis=1)
            places = np.concatenate([where, numbers[top]], axis=1)
            order = np.argsort(-scores, axis=1)[:, :10]
            best, where = (np.take_along_axis(a, order, 1) for a in (scores, places))
    return where


def recall(found: list[list[int]], nearest: np.ndarray) -> float:
    return float(np.mean([len(set(f) & set(n)) / 10 for f, n in zip(found, nearest, strict=True)]))


def clear_peak() -> None:
    """From now on the peak of this process's resident memory is counted anew."""
    Path("/proc/self/clear_refs").write_text("5")


def in_process(index: Path, queries: Path, *, raw: bool = True) -> dict[str, Any]:
    command = [sys.executable, __file__, "--real", ".", "--ask", str(index), str(queries)]
    command += ["--raw"] if raw else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


class Run:
    """The stages of one size; each adds its figures to the row once."""

    def __init__(self, options: argparse.Namespace, size: int, row: dict[str, Any]) -> None:
        self.maker = Maker(options.real)
        self.meta = Meta.of(Given(dimension=self.maker.vectors.shape[1]), Settings())
        self.size, self.row, self.portion = size, row, options.portion or size
        self.work = options.work
        self.index = options.work / f"scale-{size}"
        self.queries = options.work / f"queries-{options.queries}.npz"
        options.work.mkdir(parents=True, exist_ok=True)
        texts = self.maker.texts_of(QUERIES_FROM, options.queries)
        self.vectors = self.maker.vectors_of(QUERIES_FROM, options.queries)[: options.queries]
        words = [" ".join(t.split()[:8]) for t in texts[: options.queries]]
        np.savez(self.queries, texts=np.array(words), vectors=self.vectors)
        clear_peak()
        self.own_mib = peak_kib() / 1024

    def stages(self) -> Iterator[None]:
        row = self.row
        while "merged" not in row:
            self.build()
            yield
        stages = (
            ("add_1000_s", self.add_some),
            ("dense_p50_ms", self.ask),
            ("recall@10", self.recall),
            ("bytes_beyond_text_a_passage", self.measure_disk),
            ("drop_fifth_s", self.drop_fifth),
            ("add_fifth_s", self.replace_fifth),
            ("recall@10_after_fifth_replaced", self.ask_again),
        )
        for name, stage in stages:
            if name not in row:
                stage()
                yield

    def build(self) -> None:
        row, first = self.row, 0
        if self.index.exists():  # also what a run that was killed had committed
            with open_snapshot(self.index) as snapshot:
                first = snapshot.passage_count
        count = max(0, min(self.portion, self.size - first))
        made = documents(self.maker, first, count)
        if first != row.get("built", 0):
            row["killed_while_building"] = row.get("killed_while_building", 0) + 1
        clear_peak()
        seconds = add(self.index, self.meta, made, last=first + count == self.size)
        row["build_s"] = round(row.get("build_s", 0.0) + seconds, 1)
        self.note_peak("build_peak_mib")
        row["built"] = first + count
        if row["built"] == self.size:
            row["merged"] = True

    def note_peak(self, name: str) -> None:
        peak = round(peak_kib() / 1024)
        if peak > self.row.get(name, 0):
            self.row[name] = peak
            self.row[f"{name}_above_own"] = round(peak - self.own_mib)

    def add_some(self) -> None:
        made = list(documents(self.maker, self.size, ADDED))
        empty = self.work / f"empty-{self.size}-{os.getpid()}"
        self.row["add_1000_to_none_s"] = round(add(empty, self.meta, made), 2)
        self.row["add_1000_s"] = round(add(self.index, self.meta, made), 2)

    def ask(self) -> None:
        self.row |= self.looked()

    def looked(self) -> dict[str, Any]:
        looks = [in_process(self.index, self.queries) for _ in range(LOOKS)]
        names = ("dense_p50_ms", "dense_p99_ms", "hybrid_p50_ms", "times_raw", "times_raw_steady")
        each = {name: [look[name] for look in looks] for name in names}
        return sorted(looks, key=lambda look: float(look["dense_p50_ms"]))[1] | {"each": each}

    def recall(self) -> None:
        nearest = truth(self.maker, [(0, self.size + ADDED)], self.vectors)
        self.row["recall@10"] = round(recall(self.row["found"], nearest), 4)
        del self.row["found"]

    def measure_disk(self) -> None:
        with open_snapshot(self.index) as snapshot:
            text = sum(len(snapshot.document(d.path).text.encode()) for d in snapshot.documents())
            count, used = snapshot.passage_count, snapshot.size_bytes
        self.row["text_bytes_a_passage"] = round(text / count)
        self.row["bytes_beyond_text_a_passage"] = round((used - text) / count)

    def drop_fifth(self) -> None:
        clear_peak()
        self.row["drop_fifth_s"] = round(drop(self.index, self.meta, 0, self.size // 5), 1)
        self.note_peak("drop_fifth_peak_mib")
        asked = in_process(self.index, self.queries, raw=False)
        gone = sum(number < self.size // 5 for found in asked["found"] for number in found)
        self.row["removed_passages_found_afterwards"] = gone

    def replace_fifth(self) -> None:
        clear_peak()
        made = documents(self.maker, 2 * self.size, self.size // 5)
        self.row["add_fifth_s"] = round(add(self.index, self.meta, made), 1)
        self.note_peak("add_fifth_peak_mib")

    def ask_again(self) -> None:
        asked, fifth = self.looked(), self.size // 5
        ranges = [(fifth, self.size + ADDED), (2 * self.size, 2 * self.size + fifth)]
        nearest = truth(self.maker, ranges, self.vectors)
        self.row["segments_after_fifth_replaced"] = asked["segments"]
        names = ("dense_p50_ms", "dense_p99_ms", "hybrid_p50_ms", "peak_mib", "each")
        for name in (*names, "times_raw", "times_raw_steady"):
            self.row[f"{name}_after_fifth_replaced"] = asked[name]
        self.row["recall@10_after_fifth_replaced"] = round(recall(asked["found"], nearest), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int)
    parser.add_argument("--real", nargs="+", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("scale"))
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--json", type=Path, default=Path("index_scale.json"))
    parser.add_argument("--portion", type=int, help="passages a run of the writer")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--ask", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--raw", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        print(json.dumps(ask(*options.ask, options.raw)))
        return
    rows = json.loads(options.json.read_text()) if options.json.exists() else {}
    end = time.monotonic() + options.minutes * 60
    for size in options.sizes:
        row = rows.setdefault(str(size), {"passages": size})
        for _ in Run(options, size, row).stages():
            options.json.write_text(json.dumps(rows, indent=1) + "\n")
            if time.monotonic() > end:
                print("not done: run it again")
                return
        print(json.dumps(row, indent=1), flush=True)


if __name__ == "__main__":
    main()
