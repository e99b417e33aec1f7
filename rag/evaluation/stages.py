"""Puts items to the product, one stage at a time, and yields their records in order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from itertools import islice
from typing import TypeVar

from rag.errors import QuestionInvalid
from rag.evaluation.items import Claim, Item, Question, SummaryTask
from rag.evaluation.product import Product, Stage
from rag.evaluation.records import (
    KEPT_HITS,
    Record,
    TextOf,
    answer_part,
    claim_record,
    contexts,
    holding,
    question_record,
    summary_record,
)
from rag.types import Hit

T = TypeVar("T")
R = TypeVar("R")

DEPTH = KEPT_HITS
# A document has several passages: enough of them bring up 20 documents to judge.
GRADED_DEPTH = 100
BATCH = 256  # questions searched together; an interruption loses at most twice as many
_CACHED_DOCUMENTS = 64


def check_product(product: Product, stage: Stage) -> None:
    """Raises `ValueError` where the product lacks the call that a stage makes."""
    needed = {
        "retrieval": product.search or product.search_many,
        "reading": product.ask,
        "answers": product.ask,
        "support": product.support,
        "summaries": product.summarise,
    }[stage]
    if needed is None:
        raise ValueError(f"stage '{stage}' needs a call that the product given does not have")


def records(
    items: Iterator[Item], product: Product, stage: Stage, workers: int = 1
) -> Iterator[Record]:
    """The record of each item, in the order of the items.

    `seconds` is the time of the item's own call (of a batch: the batch's divided by its size). With
    more than one worker the calls run in threads and wait for each other, so latencies rise. An
    item the product refuses (`QuestionInvalid`) has `error` instead of a result.
    """
    check_product(product, stage)
    text_of = product.document_text and lru_cache(_CACHED_DOCUMENTS)(product.document_text)
    if stage == "retrieval" and product.search_many is not None:
        yield from _batched(items, product, text_of, workers)
        return
    one = {
        "retrieval": _retrieve,
        "reading": _ask,
        "answers": _ask,
        "support": _judge,
        "summaries": _summarise,
    }[stage]

    def record(item: Item) -> Record:
        begun = time.perf_counter()
        try:
            finish = one(item, product, stage)
        except QuestionInvalid as exc:
            return {**_bare(item), "error": str(exc), "seconds": 0.0}
        seconds = time.perf_counter() - begun
        return {**finish(text_of), "seconds": round(seconds, 6)}

    yield from _ordered(record, items, workers)


Finish = Callable[[TextOf], Record]


def _bare(item: Item) -> Record:
    if isinstance(item, Question):
        return question_record(item, ())
    return {"id": item.id, "type": item.type}


def _depth(item: Question) -> int:
    return GRADED_DEPTH if item.gold_mode == "graded" else DEPTH


def _question(item: Item) -> Question:
    if not isinstance(item, Question):
        raise TypeError(f"expected a question, got {type(item).__name__}")
    return item


def _retrieve(item: Item, product: Product, stage: Stage) -> Finish:
    question = _question(item)
    if product.search is None:
        raise ValueError("the product has no search")
    hits = product.search(question.question, _depth(question), question.scope)
    return lambda text_of: _retrieved(question, hits, text_of)


def _retrieved(question: Question, hits: Sequence[Hit], text_of: TextOf) -> Record:
    gold = contexts(question, (), text_of)
    return {**question_record(question, hits), **({"contexts": gold} if gold else {})}


def _ask(item: Item, product: Product, stage: Stage) -> Finish:
    question = _question(item)
    if product.ask is None:
        raise ValueError("the product cannot be asked")
    answer = product.ask(question.question, question.scope, stage == "reading")
    return lambda text_of: {
        **question_record(question, answer.hits),
        **holding(answer.hits, question),
        **answer_part(answer, question, text_of),
    }


def _judge(item: Item, product: Product, stage: Stage) -> Finish:
    if product.support is None or not isinstance(item, Claim):
        raise ValueError("the support stage needs claims and a product that judges them")
    support = float(product.support(item.claim, item.evidence))
    return lambda text_of: claim_record(item, support)


def _summarise(item: Item, product: Product, stage: Stage) -> Finish:
    if product.summarise is None or not isinstance(item, SummaryTask):
        raise ValueError("the summaries stage needs tasks and a product that summarises")
    summary = product.summarise(item.doc, item.query)
    return lambda text_of: summary_record(item, summary, text_of)


def _batched(
    items: Iterator[Item], product: Product, text_of: TextOf, workers: int
) -> Iterator[Record]:
    """Retrieval in batches; questions of one depth are searched together.

    Of several workers each has a batch of its own: one searches while another embeds.
    """
    size = max(1, BATCH // workers)
    batches = iter(lambda: [_question(item) for item in islice(items, size)], [])
    for found in _ordered(lambda batch: _retrieve_batch(batch, product, text_of), batches, workers):
        yield from found


def _retrieve_batch(batch: list[Question], product: Product, text_of: TextOf) -> list[Record]:
    begun = time.perf_counter()
    found: dict[int, list[Hit] | str] = {}
    for depth in sorted({_depth(q) for q in batch}):
        at = [i for i, q in enumerate(batch) if _depth(q) == depth]
        results = _search([batch[i] for i in at], depth, product)
        found |= dict(zip(at, results, strict=True))
    seconds = round((time.perf_counter() - begun) / len(batch), 6)
    records = []
    for i, question in enumerate(batch):
        result = found[i]
        if isinstance(result, str):
            records.append({**question_record(question, ()), "error": result, "seconds": 0.0})
        else:
            records.append({**_retrieved(question, result, text_of), "seconds": seconds})
    return records


def _search(batch: list[Question], depth: int, product: Product) -> list[list[Hit] | str]:
    """The hits of each question, or why it was refused: one bad question spoils no batch."""
    if product.search_many is None:
        raise ValueError("the product has no batch search")
    try:
        texts = [q.question for q in batch]
        found = product.search_many(texts, depth, [q.scope for q in batch])
        return [list(hits) for hits in found]
    except QuestionInvalid as exc:
        if len(batch) == 1:
            return [str(exc)]
        return [result for q in batch for result in _search([q], depth, product)]


def _ordered(call: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """`map` over threads with a bounded window: results in order, memory flat."""
    if workers <= 1:
        yield from map(call, items)
        return
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(call, item))
            if len(waiting) >= 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
