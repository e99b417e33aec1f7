"""Retrieval metrics: plain functions of the ranks at which what is needed was met.

A *need* is a gold document or span that the ranking should bring up. Its rank counts from 1; 0 says
that it was not met. Under the gold mode `any` a question has one need, met by any of its gold. The
definitions are those of trec_eval, whose figures they reproduce on document rankings; a query that
is not in the run scores 0, one without relevant documents has no score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import log2
from typing import Protocol

Run = Mapping[str, Mapping[str, float]]
Qrels = Mapping[str, Mapping[str, float]]

RECALL_KS = (1, 5, 10, 20)
CUT = 10
METRICS = (*(f"recall@{k}" for k in RECALL_KS), f"mrr@{CUT}", f"ndcg@{CUT}")
_DISCOUNT = tuple(1 / log2(1 + rank) for rank in range(1, 1001))


class Located(Protocol):
    """A piece of a document: a hit, a citation, a gold span. No `start`: the whole document."""

    @property
    def document(self) -> str:
        """The document's name."""

    @property
    def start(self) -> int | None:
        """The first character."""

    @property
    def end(self) -> int | None:
        """One past the last character."""


def recall(ranks: Sequence[int], k: int) -> float:
    """The share of the needs met at rank `k` or better. `ranks` must not be empty."""
    return sum(0 < rank <= k for rank in ranks) / len(ranks)


def reciprocal_rank(ranks: Sequence[int], k: int) -> float:
    """One divided by the best rank at which a need was met; 0.0 if that is beyond `k`."""
    best = min((rank for rank in ranks if rank), default=0)
    return 1 / best if 0 < best <= k else 0.0


def ndcg(ranks: Sequence[int], k: int, gains: Sequence[float] | None = None) -> float:
    """Normalised discounted cumulative gain at `k`, from 0 to 1 (Järvelin and Kekäläinen 2002).

    DCG sums gain / log2(1 + rank), as trec_eval does (the gain is the grade itself), and is divided
    by that of the best order. Each need counts once, where it is first met. Needs first met by one
    and the same hit stand on successive ranks: a passage with both gold spans at rank 1 is perfect,
    and no order gets more than 1. `gains` (default 1 each) align with `ranks`; all zero gives 0.0.
    """
    worth = (1.0,) * len(ranks) if gains is None else gains
    total, position = 0.0, 0
    for rank, gain in sorted((r, -g) for r, g in zip(ranks, worth, strict=True) if r):
        position = max(rank, position + 1)
        if position > k:
            break
        total -= gain * _discount(position)
    ideal = sum(g * _discount(i) for i, g in enumerate(sorted(worth, reverse=True)[:k], 1) if g > 0)
    return total / ideal if ideal else 0.0


def _discount(rank: int) -> float:
    return _DISCOUNT[rank - 1] if rank <= len(_DISCOUNT) else 1 / log2(1 + rank)


def overlaps(one: Located, other: Located) -> bool:
    """Whether two pieces share a character of one document; a whole document meets all of it."""
    if one.document != other.document:
        return False
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return True
    return one.start < other.end and other.start < one.end


def need_ranks(hits: Sequence[Located], gold: Sequence[Located], mode: str) -> list[int]:
    """The rank of the first hit that meets each need of a question (0: none does).

    `any`: one need, met by a hit that overlaps any gold. `all`: each gold is a need. `graded`: each
    gold document is one, and the best passage stands for its document, so ranks count documents.
    """
    if mode == "graded":
        order = {doc: rank for rank, doc in enumerate(dict.fromkeys(h.document for h in hits), 1)}
        return [order.get(doc, 0) for doc in dict.fromkeys(g.document for g in gold)]
    ranks = [next((r for r, h in enumerate(hits, 1) if overlaps(h, g)), 0) for g in gold]
    if mode == "all":
        return ranks
    return [min((r for r in ranks if r), default=0)]


def retrieval_scores(
    ranks: Sequence[int], gains: Sequence[float] | None = None
) -> dict[str, float]:
    """Every retrieval metric of one question, by name; needs with no gain are left out first."""
    if gains is not None:
        relevant = [(r, g) for r, g in zip(ranks, gains, strict=True) if g > 0]
        ranks, gains = [r for r, _ in relevant], [g for _, g in relevant]
    if not ranks:
        return {}
    scores = {f"recall@{k}": recall(ranks, k) for k in RECALL_KS}
    scores[f"mrr@{CUT}"] = reciprocal_rank(ranks, CUT)
    scores[f"ndcg@{CUT}"] = ndcg(ranks, CUT, gains)
    return scores


def ranking(scores: Mapping[str, float]) -> list[str]:
    """The documents of one query by (-score, id): equal scores are ordered by id, ascending."""
    order = sorted(scores, key=scores.__getitem__, reverse=True)
    previous = None
    for document in order:
        score = scores[document]
        if score == previous:
            return sorted(scores, key=lambda d: (-scores[d], d))
        previous = score
    return order


def score_run(run: Run, qrels: Qrels) -> Iterator[tuple[str, dict[str, float]]]:
    """Each judged query's id and retrieval metrics, in the order of the qrels.

    `run` maps query -> document -> score, `qrels` query -> document -> grade (above 0: relevant).
    A query without a relevant document is left out; one that is not in the run scores 0.
    """
    nothing: Mapping[str, float] = {}
    for query, grades in qrels.items():
        relevant = {doc: grade for doc, grade in grades.items() if grade > 0}
        if not relevant:
            continue
        rank = dict.fromkeys(relevant, 0)
        for position, document in enumerate(ranking(run.get(query, nothing)), 1):
            if document in rank:
                rank[document] = position
        yield query, retrieval_scores(tuple(rank.values()), tuple(relevant.values()))
