"""The lexical index: which passages of a segment hold a term, and how often.

Postings lie in the catalogue, in the transaction of the passages they belong to. A term's
positions in a segment are ascending little-endian uint32, its counts one byte each (255 means
255 or more).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    import numpy as np
    from numpy.typing import NDArray

K1 = 1.2
B = 0.75
"""Of BM25; measured in eval/benchmarks/retrieval.md."""


@dataclass(frozen=True, slots=True)
class Term:
    """A query's word, the forms it has in the index, and how many passages hold one of them."""

    word: str
    passages: int


def write_postings(db: sqlite3.Connection, segment: int, passages: Sequence[Sequence[str]]) -> None:
    """Writes the postings of a segment whose passages have these terms, in order."""
    from array import array

    found: dict[str, tuple[array[int], bytearray]] = {}
    for position, terms in enumerate(passages):
        for term, count in Counter(terms).items():
            positions, counts = found.setdefault(term, (array("I"), bytearray()))
            positions.append(position)
            counts.append(min(count, 255))
    db.executemany(
        "INSERT INTO posting (segment, term, positions, counts) VALUES (?, ?, ?, ?)",
        (
            (segment, term, little(positions).tobytes(), bytes(counts))
            for term, (positions, counts) in sorted(found.items())
        ),
    )


def postings_sha256(db: sqlite3.Connection, segment: int) -> str:
    """The SHA-256 over a segment's postings: term, a zero byte, positions, counts; by term."""
    digest = hashlib.sha256()
    for term, positions, counts in db.execute(
        "SELECT term, positions, counts FROM posting WHERE segment = ? ORDER BY term", (segment,)
    ):
        digest.update(b"%s\0%s%s" % (term.encode(), positions, counts))
    return digest.hexdigest()


def little(numbers: NDArray[np.uint32] | Iterable[int]) -> NDArray[np.uint32]:
    """Numbers as little-endian uint32."""
    import numpy as np

    return np.asarray(numbers, dtype="<u4")


def merge_postings(
    db: sqlite3.Connection, sources: Sequence[int], target: int, moved: dict[int, NDArray[np.int64]]
) -> None:
    """Writes the postings of segment `target`, which takes over the passages of `sources`.

    `moved[source][position]` is the new position of a passage, or -1 for one that is gone. New
    positions ascend in the order of `sources`.
    """
    marks = ",".join("?" * len(sources))
    order = {number: i for i, number in enumerate(sources)}
    reader = db.execute(
        f"SELECT term, segment, positions, counts FROM posting WHERE segment IN ({marks}) "
        "ORDER BY term",
        list(sources),
    )
    db.executemany(
        "INSERT INTO posting (segment, term, positions, counts) VALUES (?, ?, ?, ?)",
        _merged(reader, target, order, moved),
    )


def _merged(
    rows: Iterable[tuple[str, int, bytes, bytes]],
    target: int,
    order: dict[int, int],
    moved: dict[int, NDArray[np.int64]],
) -> Iterable[tuple[int, str, bytes, bytes]]:
    import numpy as np

    for term, group in groupby(rows, key=lambda row: row[0]):
        positions, counts = [], []
        for _, segment, raw, raw_counts in sorted(group, key=lambda row: order[row[1]]):
            new = moved[segment][np.frombuffer(raw, dtype="<u4")]
            kept = new >= 0
            positions.append(new[kept])
            counts.append(np.frombuffer(raw_counts, dtype=np.uint8)[kept])
        merged = np.concatenate(positions)
        if len(merged):
            yield target, term, little(merged).tobytes(), np.concatenate(counts).tobytes()


def read_term(
    db: sqlite3.Connection, forms: Iterable[str], segments: Sequence[tuple[int, int]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions in the whole index, and counts, of a word in any of its forms.

    `segments` are (number, position of its first passage). Where a passage holds two forms, their
    counts are added.
    """
    import numpy as np

    positions, counts = [], []
    for number, base in segments:
        found = []
        for form in sorted(forms):
            row = db.execute(
                "SELECT positions, counts FROM posting WHERE segment = ? AND term = ?",
                (number, form),
            ).fetchone()
            if row:
                found.append(row)
        for at, count in found:
            positions.append(np.frombuffer(at, dtype="<u4").astype(np.int64) + base)
            counts.append(np.frombuffer(count, dtype=np.uint8).astype(np.int64))
    if not positions:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    where, how_often = np.concatenate(positions), np.concatenate(counts)
    unique, inverse = np.unique(where, return_inverse=True)
    if len(unique) == len(where):
        return where, how_often
    return unique, np.bincount(inverse, weights=how_often).astype(np.int64)


def bm25(
    counts: NDArray[np.int64], lengths: NDArray[np.float64], holding: int, passages: int
) -> NDArray[np.float64]:
    """The BM25 weight of one term in each passage that holds it.

    idf = ln(1 + (N - n + 0.5) / (n + 0.5)) with n = `holding` of N = `passages`;
    weight = idf * f * (k1 + 1) / (f + k1 * (1 - b + b * length)), `lengths` in mean lengths.
    Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), with the idf that
    Lucene uses, which never falls below 0.
    """
    import math

    idf = math.log(1 + (passages - holding + 0.5) / (holding + 0.5))
    weights: NDArray[np.float64] = idf * counts * (K1 + 1) / (counts + K1 * (1 - B + B * lengths))
    return weights
