"""The lexical index: which passages of a segment hold a term, and how often.

Postings lie in the catalogue, in the transaction of the passages they belong to. A term's
positions in a segment are ascending little-endian uint32, its counts one byte each (255 means
255 or more).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    import numpy as np
    from numpy.typing import NDArray

K1 = 1.2
B = 0.75
"""Of BM25; measured in eval/benchmarks/retrieval.md."""
_TERMS_AT_ONCE = 1000
_PASSAGES_AT_ONCE = 16_384


def write_postings(db: sqlite3.Connection, segment: int, passages: Sequence[Sequence[str]]) -> None:
    """Writes the postings of a segment whose passages have these terms, in order."""
    found: dict[str, list[tuple[bytes, bytes]]] = {}
    for first in range(0, len(passages), _PASSAGES_AT_ONCE):
        for term, *lists in _inverted(passages[first : first + _PASSAGES_AT_ONCE], first):
            found.setdefault(term, []).append((lists[0], lists[1]))
    db.executemany(
        "INSERT INTO posting (segment, term, positions, counts) VALUES (?, ?, ?, ?)",
        (
            (segment, term, b"".join(p for p, _ in parts), b"".join(c for _, c in parts))
            for term, parts in sorted(found.items())
        ),
    )


class _Numbers(dict[str, int]):
    """Numbers terms in the order in which they are first asked for."""

    def __missing__(self, term: str) -> int:
        self[term] = number = len(self)
        return number


def _inverted(passages: Sequence[Sequence[str]], first: int) -> Iterator[tuple[str, bytes, bytes]]:
    """Each term of some passages with its positions, from `first` on, and its counts."""
    import numpy as np

    numbers = _Numbers()
    terms = map(numbers.__getitem__, chain.from_iterable(passages))
    lengths = [len(terms) for terms in passages]
    keys = np.fromiter(terms, dtype=np.int64, count=sum(lengths)) * len(passages)
    keys += np.repeat(np.arange(len(passages)), lengths)
    keys, counts = np.unique(keys, return_counts=True)
    ends = np.searchsorted(keys, (np.arange(len(numbers)) + 1) * len(passages))
    positions = little(keys % max(1, len(passages)) + first)
    few = np.minimum(counts, 255).astype(np.uint8)
    begin = 0
    for term, end in zip(numbers, ends.tolist(), strict=True):
        yield term, positions[begin:end].tobytes(), few[begin:end].tobytes()
        begin = end


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
    """Moves the postings of `sources` to segment `target`, which takes over their passages.

    `moved[source][position]` is the new position of a passage, or -1 for one that is gone. New
    positions ascend in the order of `sources`. A range of terms at a time, its old rows removed
    before the new ones are written: memory stays flat, and new rows take the place of old ones.
    """
    for first, last in pairwise(_cuts(db, sources)):
        found: dict[str, list[tuple[int, bytes, bytes]]] = {}
        for number in sources:
            limits = (number, first, last)
            for term, positions, counts in db.execute(
                "SELECT term, positions, counts FROM posting "
                "WHERE segment = ? AND term >= ? AND term < ?",
                limits,
            ):
                found.setdefault(term, []).append((number, positions, counts))
        for number in sources:
            db.execute(
                "DELETE FROM posting WHERE segment = ? AND term >= ? AND term < ?",
                (number, first, last),
            )
        db.executemany(
            "INSERT INTO posting (segment, term, positions, counts) VALUES (?, ?, ?, ?)",
            _merged(found, target, moved),
        )


def _cuts(db: sqlite3.Connection, sources: Sequence[int]) -> list[str | bytes]:
    """Terms that divide all terms into ranges; the last is above every term (blobs sort last)."""
    cuts: list[str | bytes] = [""]
    marks = ",".join("?" * len(sources))
    query = f"SELECT segment FROM posting WHERE segment IN ({marks}) GROUP BY 1 ORDER BY count(*)"
    numbers = [number for (number,) in db.execute(query, list(sources))]
    for i, (term,) in enumerate(
        db.execute("SELECT term FROM posting WHERE segment = ? ORDER BY term", numbers[-1:] or [0])
    ):
        if i and i % _TERMS_AT_ONCE == 0:
            cuts.append(term)
    return [*cuts, b""]


def _merged(
    found: dict[str, list[tuple[int, bytes, bytes]]],
    target: int,
    moved: dict[int, NDArray[np.int64]],
) -> Iterator[tuple[int, str, bytes, bytes]]:
    import numpy as np

    for term in sorted(found, key=str.encode):
        positions, counts = [], []
        for segment, raw, raw_counts in found[term]:
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
    """Positions in the whole index, ascending, and counts, of a word in any of its forms.

    `segments` are (number, position of its first passage), ascending. Where a passage holds two
    forms, their counts are added.
    """
    import numpy as np

    positions, counts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for number, base in segments:
        found = []
        for form in sorted(forms):
            row = db.execute(
                "SELECT positions, counts FROM posting WHERE segment = ? AND term = ?",
                (number, form),
            ).fetchone()
            if row:
                at, often = np.frombuffer(row[0], dtype="<u4"), np.frombuffer(row[1], np.uint8)
                found.append((at.astype(np.int64) + base, often.astype(np.int64)))
        if found:
            where, how_often = found[0] if len(found) == 1 else _together(found)
            positions.append(where)
            counts.append(how_often)
    return np.concatenate(positions), np.concatenate(counts)


def _together(
    found: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    import numpy as np

    where, how_often = (np.concatenate(part) for part in zip(*found, strict=True))
    unique, inverse = np.unique(where, return_inverse=True)
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
    idf = _idf(holding, passages)
    weights: NDArray[np.float64] = idf * counts * (K1 + 1) / (counts + K1 * (1 - B + B * lengths))
    return weights


def most(holding: int, passages: int) -> float:
    """What the weight of a term in a passage never exceeds."""
    return _idf(holding, passages) * (K1 + 1)


def _idf(holding: int, passages: int) -> float:
    return math.log(1 + (passages - holding + 0.5) / (holding + 0.5))
