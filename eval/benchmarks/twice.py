"""A second search with the first one's evidence, for questions over two documents.

Measured by retrieval.py `--twice`, written down in retrieval.md; no part of the product, since it
gains on one of three sets and costs a second embedding and a second search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from rag.embedding.protocol import Embedder
from rag.retrieval.filters import Filters
from rag.retrieval.search import MAX_QUERY_CHARS, check_query, search
from rag.store import Snapshot
from rag.types import Hit


def search_twice(
    snapshot: Snapshot,
    embedder: Embedder,
    question: str,
    k: int = 10,
    *,
    filters: Filters | None = None,
) -> list[Hit]:
    """The `k` best passages of two hybrid searches: for the question, and for it with evidence.

    The evidence is the sentence of the first hit that is nearest to the question. The first hit
    stays; then the hits of both searches take turns, the second search's first. A hit keeps the
    score of the search it is of, so that scores do not fall from rank to rank. What this gives
    is measured in eval/benchmarks/retrieval.md. Raises as `search`.
    """
    question = check_query(question)
    snapshot.meta.require_embedder(embedder)
    vector = embedder.embed_query(question)
    first = search(snapshot, embedder, question, k, filters=filters, vector=vector)
    if len(first) < 2:
        return first
    passage = first[0].passage
    start = passage.span.start
    sentences = [passage.text[s.start - start : s.end - start] for s in passage.sentences]
    nearness = embedder.embed_passages(sentences or [passage.text]) @ vector
    further = f"{question} {(sentences or [passage.text])[int(nearness.argmax())]}"
    if len(further) > MAX_QUERY_CHARS:
        return first
    second = search(snapshot, embedder, further, k, filters=filters)
    return list(_in_turns(first, second, k))


def _in_turns(first: Sequence[Hit], second: Sequence[Hit], k: int) -> Iterator[Hit]:
    seen: set[str] = set()
    both = chain.from_iterable(zip(second, first[1:], strict=False))
    for hit in chain(first[:1], both, first[1:], second):
        if hit.passage.id not in seen:
            seen.add(hit.passage.id)
            yield replace(hit, rank=len(seen))
            if len(seen) == k:
                return
