#!/usr/bin/env python3
"""Measures what ranges of the 8-bit codes cost in recall, without building an index.

usage: index_scale_codes.py SIZE --real INDEX... [--queries 600] [--json FILE]

Passages and queries are those of index_scale.py. Of each query the 60 nearest of all are found
exactly; only they are coded, for an error of a code is far smaller than what lies between the tenth
and the sixtieth. Then as in the product: the 18 with the highest scores by their codes are scored
again with the codes brought to length 1, and the best ten count. Cells play no part.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np  # noqa: TID253
from index_scale import A_DOCUMENT, QUERIES_FROM, Maker

NEAREST = 60
BLOCK = 10_000
SAMPLE = 130_000
WAYS = (("min to max", "RS_minmax", 0.0), ("a tenth of room on both sides", "RS_minmax", 0.1))
WAYS += tuple((f"mean and {n} deviations", "RS_meanstd", n) for n in (3.5, 4.0, 4.5))


def nearest(maker: Maker, size: int, queries: np.ndarray) -> np.ndarray:
    """The numbers of the 60 nearest passages, the nearest first."""
    best = np.full((len(queries), NEAREST), -2.0, dtype=np.float32)
    where = np.zeros((len(queries), NEAREST), dtype=np.int64)
    for at in range(0, size, BLOCK):
        scores = queries @ maker.vectors_of(at, min(BLOCK, size - at)).T
        top = np.argpartition(-scores, NEAREST, axis=1)[:, :NEAREST]
        best = np.concatenate([best, np.take_along_axis(scores, top, 1)], axis=1)
        where = np.concatenate([where, top + at], axis=1)
        order = np.argsort(-best, axis=1)[:, :NEAREST]
        best, where = np.take_along_axis(best, order, 1), np.take_along_axis(where, order, 1)
    return where


def vectors_at(maker: Maker, numbers: np.ndarray) -> np.ndarray:
    """The vectors of some passages, in order."""
    parts = []
    for block in np.unique(numbers // A_DOCUMENT) * A_DOCUMENT:
        here = numbers[(numbers >= block) & (numbers < block + A_DOCUMENT)]
        parts.append(maker.vectors_of(int(block), A_DOCUMENT)[here - block])
    return np.concatenate(parts)


def main() -> None:
    import faiss

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("size", type=int)
    parser.add_argument("--real", nargs="+", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=600)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    maker = Maker(options.real)
    queries = maker.vectors_of(QUERIES_FROM, options.queries)
    where = nearest(maker, options.size, queries)
    numbers = np.unique(where)
    vectors, place = vectors_at(maker, numbers), np.searchsorted(numbers, where)
    blocks = np.linspace(0, options.size // A_DOCUMENT - 1, min(SAMPLE, options.size) // A_DOCUMENT)
    starts = np.unique(blocks.astype(int)) * A_DOCUMENT
    sample = np.concatenate([maker.vectors_of(int(at), A_DOCUMENT) for at in starts])
    found = {"size": options.size, "queries": len(queries), "real": len(maker.words)}
    for name, kind, argument in WAYS:
        index = faiss.IndexScalarQuantizer(
            sample.shape[1], faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        index.sq.rangestat = getattr(faiss.ScalarQuantizer, kind)
        index.sq.rangestat_arg = argument
        index.train(sample)
        decoded = index.sa_decode(index.sa_encode(vectors))
        scores = np.einsum("qkd,qd->qk", decoded[place], queries)
        again = scores / np.linalg.norm(decoded, axis=1)[place]
        shares = []
        for one, other in zip(scores, again, strict=True):
            kept = np.argsort(-one)[:18]
            shares.append(float(np.mean(kept[np.argsort(-other[kept])[:10]] < 10)))
        spread = 1.96 * float(np.std(shares)) / len(shares) ** 0.5
        found[name] = {"recall@10": round(float(np.mean(shares)), 4), "+-": round(spread, 4)}
        print(name, found[name], flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
