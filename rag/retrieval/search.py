"""Queries against one snapshot."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rag.embedding.protocol import Embedder
from rag.errors import QuestionInvalid
from rag.retrieval.filters import Filters
from rag.retrieval.fusion import distinct_first, standardised
from rag.store import Matches, Snapshot
from rag.types import Hit, Mode, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_QUERY_CHARS = 20_000
_DEPTH = 100
_EMBED_QUERIES = 256  # at once: more is no faster, and memory stays flat
_MODES = ("hybrid", "dense", "lexical")
_NOTHING = Matches((), ())


def search(
    snapshot: Snapshot,
    embedder: Embedder | None,
    query: str,
    k: int = 10,
    *,
    mode: Mode = "hybrid",
    filters: Filters | None = None,
    vector: NDArray[np.float32] | None = None,
    timings_ms: dict[str, float] | None = None,
) -> list[Hit]:
    """The `k` best passages for a query (fewer only where fewer exist).

    The embedder may be None for `lexical`. Filters apply before the best are taken; repeats of a
    passage crowd out nothing else. Hits are ordered by (-score, passage id), scores rounded to 4
    decimals: a cosine for `dense`, BM25 for `lexical`, between 0 and 1 for `hybrid`. `vector` is
    the query's own, where it is known already. `timings_ms` gets the milliseconds of the stages
    embed, dense, lexical, fuse. Raises `QuestionInvalid` for a query without a character to search
    for or with more than 20,000, `IndexMismatch` for another embedder than the index's, and
    `ValueError` for a `k` below 1 or an unknown mode.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if mode not in _MODES:
        raise ValueError(f"mode must be one of {', '.join(_MODES)}, got {mode!r}")
    query = check_query(query)
    clock = _Clock({} if timings_ms is None else timings_ms)
    allowed = (filters or Filters()).mask(snapshot)
    depth = max(_DEPTH, 3 * k)
    dense: Matches | None = None
    lexical: Matches | None = None
    if mode != "lexical":
        if embedder is None:
            raise ValueError(f"a search of mode {mode} needs an embedder")
        snapshot.meta.require_embedder(embedder)
        with clock.stage("embed"):
            vector = embedder.embed_query(query) if vector is None else vector
        with clock.stage("dense"):
            dense = snapshot.dense(vector, depth, allowed)
    if mode != "dense":
        with clock.stage("lexical"):
            lexical = snapshot.lexical(query, depth, allowed)
    with clock.stage("fuse"):
        return _hits(snapshot, query, vector, dense, lexical, k)


def search_many(
    snapshot: Snapshot,
    embedder: Embedder | None,
    queries: Sequence[str],
    k: int = 10,
    *,
    mode: Mode = "hybrid",
    filters: Sequence[Filters | None] | None = None,
) -> Iterator[list[Hit]]:
    """The hits of each query in order, each exactly as `search` alone gives them.

    Queries are embedded many at a time, which is what makes this faster; `filters` has one entry a
    query. Raises as `search`, for a query that cannot be searched for before anything is.
    """
    checked = [check_query(query) for query in queries]
    wanted = [None] * len(checked) if filters is None else filters
    for at in range(0, len(checked), _EMBED_QUERIES):
        batch = checked[at : at + _EMBED_QUERIES]
        vectors = None
        if embedder is not None and mode != "lexical":
            vectors = embedder.embed_queries(batch)
        for i, query in enumerate(batch):
            yield search(
                snapshot,
                embedder,
                query,
                k,
                mode=mode,
                filters=wanted[at + i],
                vector=None if vectors is None else vectors[i],
            )


def check_query(query: str) -> str:
    """The query without the space around it. Raises `QuestionInvalid`."""
    stripped = query.strip().strip("\0")
    if not any(c.isprintable() and not c.isspace() for c in stripped):
        raise QuestionInvalid("the query is empty: write what you are looking for")
    if len(stripped) > MAX_QUERY_CHARS:
        raise QuestionInvalid(
            f"the query has {len(stripped):,} characters, at most {MAX_QUERY_CHARS:,} can be "
            "searched for: shorten it to what you want to know"
        )
    return stripped


def _hits(
    snapshot: Snapshot,
    query: str,
    vector: NDArray[np.float32] | None,
    dense: Matches | None,
    lexical: Matches | None,
    k: int,
) -> list[Hit]:
    if vector is not None and dense is not None and lexical is not None:
        both = list(dict.fromkeys((*dense.positions, *lexical.positions)))
        fused = standardised(
            snapshot.dense_scores(vector, both), snapshot.lexical_scores(query, both)
        )
        scores = dict(zip(both, fused.tolist(), strict=True))
    else:
        one = dense or lexical or _NOTHING
        scores = dict(zip(one.positions, one.scores, strict=True))
    rounded = {position: round(score, 4) for position, score in scores.items()}
    ids = dict(zip(rounded, snapshot.ids_at(list(rounded)), strict=True))
    order = sorted(rounded, key=lambda p: (-rounded[p], ids[p]))
    chosen = distinct_first(_lazily(snapshot, order, k), k)
    dense_ranks, lexical_ranks = (
        {p: rank for rank, p in enumerate(found.positions, start=1)} if found else {}
        for found in (dense, lexical)
    )
    terms = snapshot.matched_terms(query, [order[i] for i, _ in chosen]) if lexical else []
    return [
        Hit(
            passage=passage,
            rank=rank,
            score=rounded[order[i]],
            dense_rank=dense_ranks.get(order[i]),
            lexical_rank=lexical_ranks.get(order[i]),
            terms=terms[rank - 1] if terms else (),
        )
        for rank, (i, passage) in enumerate(chosen, start=1)
    ]


def _lazily(snapshot: Snapshot, positions: Sequence[int], step: int) -> Iterator[Passage]:
    for at in range(0, len(positions), step):
        yield from snapshot.passages_at(positions[at : at + step])


class _Clock:
    """Writes down how long each stage took, in milliseconds."""

    def __init__(self, timings_ms: dict[str, float]) -> None:
        self._timings_ms = timings_ms

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._timings_ms[name] = (time.perf_counter() - started) * 1000
