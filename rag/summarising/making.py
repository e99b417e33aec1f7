"""summarise(): gather, choose, word, check, lay out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from rag.embedding.protocol import Embedder
from rag.errors import QuestionInvalid
from rag.generation.protocol import Generator
from rag.reading.protocol import Reader
from rag.store.analysis import language_of
from rag.summarising.about import nearness, signs_for
from rag.summarising.account import Account, Told
from rag.summarising.caching import Wordings
from rag.summarising.collection import Collection, collection_of
from rag.summarising.gathering import Material, Progress, Text, gather
from rag.summarising.layout import coverage_of, heading_of, laid_out
from rag.summarising.rewriting import Group, grouped, judged, reword
from rag.summarising.selecting import Pool, relevance, select, weights_for
from rag.summarising.units import Unit
from rag.types import SUMMARY_FORMATS, SUMMARY_WORDS, ModelInfo, Status, Summary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SENTENCE_WORDS = 19  # a worded sentence has about so many
MOST_WORDS = 1.5  # the long form may grow to so many times its length to have every section
WORDED_IN = "en"  # instructions and checks of a wording are English; other texts are quoted


@dataclass(frozen=True, slots=True)
class SummaryTools:
    """The resources of a summary. Without a `generator` it is extractive.

    `reader` is needed where there is a generator (it checks what was worded) and helps with a
    topic. `wordings` keeps what was worded.
    """

    embedder: Embedder
    reader: Reader | None = None
    generator: Generator | None = None
    wordings: Wordings | None = None


def summarise(
    texts: Sequence[Text],
    tools: SummaryTools,
    *,
    about: str | None = None,
    length: str = "medium",
    form: str = "prose",
    progress: Progress | None = None,
    on_event: Callable[[Told], None] | None = None,
) -> Summary:
    """The summary of documents, given with their passages, in the order to be told.

    `length` is short, medium or long (about 60, 150, 400 words); the long form has something from
    every section. Status `not_found` where nothing in the text concerns `about`. `progress` is
    called with (what, done, total), `on_event` with each sentence after its check, in the order of
    the summary. Raises `NoDocuments` where there is no text at all, `QuestionInvalid` for an empty
    topic and `ValueError` for an unknown length or form.
    """
    _check_arguments(about, length, form)
    began = time.perf_counter()
    material = gather(texts, tools.embedder, tools.wordings, progress)
    pool = material.pool
    scores = _scores(pool, tools, about, material.everything)
    together = collection_of(material.documents, pool, scores, about=about, length=length)
    chosen = _chosen(together.weighed(pool), scores, tools, about, length)
    selected = time.perf_counter()
    account = _account(material, together, tools, on_event)
    _tell(account, pool, chosen, together, tools, about, progress)
    done = time.perf_counter()
    timings = {"select": selected - began, "generate": done - selected, "total": done - began}
    return _report(account, material, tools, timings, about=about, length=length, form=form)


def _check_arguments(about: str | None, length: str, form: str) -> None:
    if length not in SUMMARY_WORDS:
        raise ValueError(f"length is {length!r}, it must be one of {', '.join(SUMMARY_WORDS)}")
    if form not in SUMMARY_FORMATS:
        raise ValueError(f"format is {form!r}, it must be one of {', '.join(SUMMARY_FORMATS)}")
    if about is not None and not any(c.isalnum() for c in about):
        raise QuestionInvalid("the topic (--about) is empty: name it in words, or leave it out")


def _scores(
    pool: Pool, tools: SummaryTools, about: str | None, everything: Sequence[Unit]
) -> NDArray[np.float32]:
    """What each unit is worth, shape (n,); below 0 for what does not concern the topic."""
    if about is None:
        return relevance(pool, weights_for(pool))
    # Where a meeting opens and what it decides is central to the whole, not to the topic.
    scores = relevance(pool, replace(weights_for(pool), opening=0.0, lead=0.0, cue=0.0))
    near = nearness(pool, about, tools.embedder, tools.reader, everything)
    if near is None:
        return scores * 0 - 1
    return near + signs_for(pool).central * scores * (near >= 0)


def _chosen(
    pool: Pool, scores: NDArray[np.float32], tools: SummaryTools, about: str | None, length: str
) -> list[int]:
    budget, weights = SUMMARY_WORDS[length], weights_for(pool)
    if about is not None:
        weights = replace(weights, spread=0.0)  # a topic may be told of in one place alone
    every = length == "long" and about is None
    if tools.generator is None:
        return select(
            pool,
            scores,
            budget_words=budget,
            every_section=every,
            most_words=MOST_WORDS * budget,
            weights=weights,
        )
    count = max(1, round(budget / SENTENCE_WORDS))
    most = round(count * MOST_WORDS) if every else count
    wanted = min(most, max(count, len(set(pool.sections)))) if every else count
    return select(pool, scores, most=wanted, every_section=every, weights=weights)


def _account(
    material: Material,
    together: Collection,
    tools: SummaryTools,
    on_event: Callable[[Told], None] | None,
) -> Account:
    """An empty account of what was gathered, with what it is checked by."""
    return Account(
        {document.path: document for document in material.documents},
        tools.reader,
        partial(judged, tools.generator, tools.wordings) if tools.generator else None,
        on_event,
        lambda number: together.heading(number) or heading_of(number, material.sections),
        {(u.document, u.position): u for u in material.everything},
    )


def _tell(
    account: Account,
    pool: Pool,
    chosen: Sequence[int],
    together: Collection,
    tools: SummaryTools,
    about: str | None,
    progress: Progress | None,
) -> None:
    """Adds the sentences to the account, theme by theme, then how the documents relate."""
    chosen = together.order(pool, chosen)
    groups = _groups(pool, chosen) if tools.generator else [_alone(pool.units[i]) for i in chosen]
    named_in = {group.core.document for group in groups}
    quoted = {d for d in named_in if language_of(account.documents[d].text) != WORDED_IN}
    named: set[str] = set()
    if progress:
        progress("writing", 0, len(groups))
    for done, (group, i) in enumerate(zip(groups, chosen, strict=True), 1):
        named |= together.tell_theme(account, pool, group.core.document, named)
        if (
            tools.generator is None
            or group.core.kind == "line"  # a wording would have to make up what is said of it
            or group.core.document in quoted
        ):
            account.quote(group.core, pool.sections[i])
        else:
            _tell_worded(account, group, pool.sections[i], tools, tools.generator, about)
        if progress:
            progress("writing", done, len(groups))
    together.tell_relations(account)


def _groups(pool: Pool, chosen: Sequence[int]) -> list[Group]:
    inside: dict[int, list[Unit]] = {}
    for unit, number in zip(pool.units, pool.sections, strict=True):
        inside.setdefault(number, []).append(unit)
    return grouped([pool.units[i] for i in chosen], [inside[pool.sections[i]] for i in chosen])


def _alone(unit: Unit) -> Group:
    return Group(unit, (unit,))


def _tell_worded(
    account: Account,
    group: Group,
    section: int,
    tools: SummaryTools,
    generator: Generator,
    about: str | None,
) -> None:
    """The group in one worded sentence; else its core in one; else the core as it stands.

    A wording that says again what was said ends the group, if its section has a sentence already.
    """
    for units in dict.fromkeys((group.units, (group.core,))):
        text = reword(generator, units, about, tools.wordings)
        if text and account.say(text, units, section):
            return
        if text and account.says_again(text) and section in account.sections:
            return
    account.quote(group.core, section)


def _report(
    account: Account,
    material: Material,
    tools: SummaryTools,
    timings: Mapping[str, float],
    *,
    about: str | None,
    length: str,
    form: str,
) -> Summary:
    """The finished summary; `timings` are in seconds."""
    model = tools.generator or tools.reader or tools.embedder
    return Summary(
        summary=laid_out(account, form),
        status=_status(account),
        sentences=tuple(account.sentences),
        removed=tuple(account.removed),
        citations=tuple(account.citations),
        coverage=coverage_of(material.sections, material.passages, account.citations, about),
        about=about,
        length=length,
        format=form,
        model=ModelInfo(model.name, model.sha256),
        timings_ms={stage: seconds * 1000 for stage, seconds in timings.items()},
    )


def _status(account: Account) -> Status:
    if not account.sentences:
        return "not_found"
    return "partial" if any(s.verdict == "weak" for s in account.sentences) else "answered"
