#!/usr/bin/env python3
"""Measures dense, lexical and fused retrieval on evaluation sets, and prints one table.

usage: retrieval.py SET... [--cache FOLDER] [--limit N] [--split NAME] [--lexical] [--json FILE]

Each SET is an evaluation set; its documents are indexed once, in the cache (an interrupted run goes
on). With `--split` only the questions of that split are asked, over all documents. A question is
asked within its scope. The candidates of both lists are fetched once a question and fused in
different ways, so that all rows stand on the same lists. With `--lexical` nothing is embedded and
only the lexical rows are measured, with `--twice` only a search against two (the second with the
first evidence), 20 hits each, with the share of questions of which every need is met.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twice import search_twice

from rag.embedding.protocol import Embedder
from rag.evaluation.bootstrap import mean_interval
from rag.evaluation.items import Question
from rag.evaluation.retrieval_metrics import need_ranks, retrieval_scores
from rag.evaluation.sets import open_set
from rag.indexing import build_index
from rag.retrieval import Filters, fusion, search
from rag.settings import Settings, cache_dir, load_settings
from rag.store import Matches, Snapshot, open_snapshot, postings
from rag.testing import FakeEmbedder

DEPTH = 100
SHOWN = ("ndcg@10", "recall@5", "recall@20", "mrr@10")
BM25 = {
    "k1 1.2, b 0.75": (1.2, 0.75, 1.0),
    "k1 0.9, b 0.4": (0.9, 0.4, 1.0),
    "k1 1.5, b 0.75": (1.5, 0.75, 1.0),
    "without words in over 10 %": (1.2, 0.75, 0.1),
    "without words in over 1 %": (1.2, 0.75, 0.01),
}
Fuse = Callable[["Lists"], dict[int, float]]


@dataclass(frozen=True)
class Lists:
    """Both lists, and both scores of every passage that stands in one of them."""

    dense: Matches
    lexical: Matches
    positions: list[int]
    dense_scores: Any
    lexical_scores: Any


@dataclass(frozen=True)
class Place:
    document: str
    start: int | None
    end: int | None


def convex(share: float) -> Fuse:
    return lambda lists: fusion.convex(lists.dense, lists.lexical, share)


def standardised(share: float) -> Fuse:
    def fuse(lists: Lists) -> dict[int, float]:
        fused = fusion.standardised(lists.dense_scores, lists.lexical_scores, share)
        return dict(zip(lists.positions, fused.tolist(), strict=True))

    return fuse


def ranks(lists: Lists) -> dict[int, float]:
    """Cormack, Clarke and Buettcher, Reciprocal Rank Fusion (SIGIR 2009), scaled to at most 1."""
    fused: dict[int, float] = {}
    for found in (lists.dense, lists.lexical):
        for rank, position in enumerate(found.positions, start=1):
            fused[position] = fused.get(position, 0.0) + 61 / 2 / (60 + rank)
    return fused


FUSIONS: dict[str, Fuse] = {
    "dense": lambda lists: dict(zip(lists.dense.positions, lists.dense.scores, strict=True)),
    "reciprocal ranks": ranks,
    **{f"convex, dense {share}": convex(share) for share in (0.3, 0.4, 0.5, 0.6, 0.7)},
    **{f"standardised, dense {share}": standardised(share) for share in (0.3, 0.4, 0.5, 0.6, 0.7)},
}


def lexical(
    snapshot: Snapshot, query: str, allowed: Any, way: tuple[float, float, float]
) -> Matches:
    """The lexical list with other constants, or with frequent words left out."""
    k1, b, share = way
    kept = postings.K1, postings.B
    postings.K1, postings.B = k1, b
    words = snapshot._words
    if share < 1:
        limit = share * snapshot.passage_count

        def rare(text: str) -> list[Any]:
            found = words(text)
            few = [word for word in found if len(word.positions) <= limit]
            return few if len(few) >= 2 else sorted(found, key=lambda w: len(w.positions))[:2]

        snapshot._words = rare  # type: ignore[assignment,method-assign]
    try:
        return snapshot.lexical(query, DEPTH, allowed)
    finally:
        snapshot._words = words  # type: ignore[method-assign]
        postings.K1, postings.B = kept


def questions(
    folder: Path, snapshot: Snapshot, limit: int | None, split: str | None
) -> list[Question]:
    names = [document.path for document in snapshot.documents()]
    items = open_set(folder, "retrieval", names, split=split)
    found = [q for q in items if isinstance(q, Question) and q.gold]
    step = max(1, len(found) // limit) if limit else 1
    return found[::step][:limit]


def measure(
    folder: Path, index: Path, embedder: Embedder, options: argparse.Namespace
) -> dict[str, Any]:
    rows: dict[str, list[dict[str, float]]] = {}
    times: dict[str, list[float]] = {"embed": [], "dense": [], "lexical": []}
    times["both scores of each"] = []
    with open_snapshot(index) as snapshot:
        for question in questions(folder, snapshot, options.limit, options.split):
            filters = Filters(documents=question.scope or None)
            allowed = filters.mask(snapshot)
            dense = Matches((), ())
            if not options.lexical:
                began = time.perf_counter()
                vector = embedder.embed_query(question.question)
                times["embed"].append(time.perf_counter() - began)
                began = time.perf_counter()
                dense = snapshot.dense(vector, DEPTH, allowed)
                times["dense"].append(time.perf_counter() - began)
            began = time.perf_counter()
            words = snapshot.lexical(question.question, DEPTH, allowed)
            times["lexical"].append(time.perf_counter() - began)
            if not options.lexical:
                both = list(dict.fromkeys((*dense.positions, *words.positions)))
                began = time.perf_counter()
                own = snapshot.dense_scores(vector, both)
                lists = Lists(
                    dense, words, both, own, snapshot.lexical_scores(question.question, both)
                )
                times["both scores of each"].append(time.perf_counter() - began)
            for name, way in BM25.items():
                found = lexical(snapshot, question.question, allowed, way)
                rows.setdefault(f"lexical, {name}", []).append(
                    scores(
                        snapshot, question, dict(zip(found.positions, found.scores, strict=True))
                    )
                )
            for name, fuse in FUSIONS.items() if not options.lexical else ():
                rows.setdefault(name, []).append(scores(snapshot, question, fuse(lists)))
        facts = {"documents": snapshot.document_count, "passages": snapshot.passage_count}
    return {
        **facts,
        "questions": len(next(iter(rows.values()))),
        "median_ms": {n: round(statistics.median(t) * 1000, 2) for n, t in times.items() if t},
        "rows": {name: summary(found) for name, found in rows.items()},
    }


def measure_twice(
    folder: Path, index: Path, embedder: Embedder, options: argparse.Namespace
) -> dict[str, Any]:
    ways: dict[str, Callable[..., Any]] = {"one search": search, "two searches": search_twice}
    met: dict[str, list[list[bool]]] = {name: [] for name in ways}
    times: dict[str, list[float]] = {name: [] for name in ways}
    with open_snapshot(index) as snapshot:
        for question in questions(folder, snapshot, options.limit, options.split):
            filters = Filters(documents=question.scope or None)
            gold = [Place(g.document, g.start, g.end) for g in question.gold]
            for name, way in ways.items():
                began = time.perf_counter()
                hits = way(snapshot, embedder, question.question, 20, filters=filters)
                times[name].append(time.perf_counter() - began)
                spans = [(h.passage.document, h.passage.span) for h in hits]
                places = [Place(document, s.start, s.end) for document, s in spans]
                ranks = need_ranks(places, gold, question.gold_mode)
                met[name].append([all(0 < r <= k for r in ranks) for k in (5, 10, 20)])
    return {
        name: {
            "questions": len(rows),
            "median_ms": round(statistics.median(times[name]) * 1000, 1),
            "all_met@5_10_20": [_interval([row[i] for row in rows]) for i in range(3)],
            "gain@5_10_20": [
                _interval(
                    [row[i] - one[i] for row, one in zip(rows, met["one search"], strict=True)]
                )
                for i in range(3)
            ],
        }
        for name, rows in met.items()
    }


def _interval(values: Sequence[float]) -> list[float]:
    import numpy as np

    numbers = np.array(values, dtype=float)
    low, high = mean_interval(numbers)
    return [round(float(x), 4) for x in (numbers.mean(), low, high)]


def scores(snapshot: Snapshot, question: Question, fused: dict[int, float]) -> dict[str, float]:
    ids = dict(zip(fused, snapshot.ids_at(list(fused)), strict=True))
    order = sorted(fused, key=lambda p: (-round(fused[p], 4), ids[p]))
    hits = [Place(p.document, p.span.start, p.span.end) for p in snapshot.passages_at(order)]
    gold = [Place(g.document, g.start, g.end) for g in question.gold]
    met = need_ranks(hits, gold, question.gold_mode)
    grades = {g.document: g.grade for g in question.gold}
    return retrieval_scores(met, list(grades.values()) if question.gold_mode == "graded" else None)


def summary(found: list[dict[str, float]]) -> dict[str, list[float]]:
    return {metric: _interval([row[metric] for row in found]) for metric in SHOWN}


def lines(results: dict[str, Any]) -> Iterator[str]:
    for name, result in results.items():
        yield f"\n{name}: {result['questions']} questions, {result['documents']} documents,"
        yield f"{result['passages']} passages, median ms {result['median_ms']}\n"
        yield "| way | " + " | ".join(SHOWN) + " |"
        yield "|---|" + "---|" * len(SHOWN)
        for way, row in result["rows"].items():
            cells = (f"{row[m][0]:.3f} ({row[m][1]:.3f} to {row[m][2]:.3f})" for m in SHOWN)
            yield f"| {way} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--cache", type=Path, default=cache_dir() / "benchmarks" / "retrieval")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--split")
    parser.add_argument("--lexical", action="store_true")
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    settings = load_settings()
    results = {}
    for folder in options.sets:
        index = options.cache / (f"{folder.name}-lexical" if options.lexical else folder.name)
        embedder = _embedder(settings, options.lexical)
        build_index([folder / "docs"], index, settings, embedder)
        name = f"{folder.name}, {options.split}" if options.split else folder.name
        if options.twice:
            results[name] = measure_twice(folder, index, embedder, options)
            print(name, json.dumps(results[name], indent=1), flush=True)
            continue
        results[name] = measure(folder, index, embedder, options)
        print("\n".join(lines({name: results[name]})), flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


def _embedder(settings: Settings, only_lexical: bool) -> Embedder:
    if only_lexical:
        return FakeEmbedder(dimension=8)
    from rag.embedding import load_embedder

    return load_embedder(settings)


if __name__ == "__main__":
    main()
