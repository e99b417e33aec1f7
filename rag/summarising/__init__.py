"""Summaries whose every sentence is cited and checked.

Extract before abstracting: the whole text is read, sentences are chosen that are central, new and
spread over the sections, and only then small groups of them are worded by the language model. A
worded sentence that fails its check is replaced by the chosen sentences themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answering import Draft, Event
from rag.embedding.protocol import Embedder
from rag.errors import NoDocuments, QuestionInvalid
from rag.generation.protocol import Generator
from rag.reading.protocol import Reader
from rag.summarising.layout import coverage_of, laid_out
from rag.summarising.rewriting import grouped, reword
from rag.summarising.sections import Section, Unit, sections_of
from rag.summarising.selecting import select
from rag.types import Document, ModelInfo, Passage, Sentence, Status, Summary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDS = {"short": 60, "medium": 150, "long": 400}
SHRINKS = 1.5  # a worded summary says what so many times as many chosen words say
ABOUT_COSINE = 0.30  # a topic that no sentence is nearer to than this is nowhere in the text

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class SummaryTools:
    """The resources of a summary. Without a `generator` it is extractive."""

    embedder: Embedder
    reader: Reader
    generator: Generator | None = None


def summarise(
    texts: Sequence[tuple[Document, Sequence[Passage]]],
    tools: SummaryTools,
    *,
    about: str | None = None,
    length: str = "medium",
    form: str = "prose",
    progress: Progress | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> Summary:
    """The summary of documents, given with their passages, in the order to be told.

    `length` is short, medium or long (about 60, 150, 400 words); the long form has something from
    every section. Status `not_found` where nothing in the text concerns `about`. Raises
    `NoDocuments` where there is no text at all and `QuestionInvalid` for an empty topic.
    """
    began = time.perf_counter()
    if about is not None and not about.strip():
        raise QuestionInvalid("--about is empty: name the topic, or leave it out")
    sections = sections_of(texts)
    if not sections:
        raise NoDocuments("there is no text to summarise: name a document that has some")
    chosen = _chosen(sections, tools, about, length)
    selected = time.perf_counter()
    draft = Draft({d.path: d for d, _ in texts}.__getitem__, tools.reader, on_event)
    told = _tell(draft, chosen, tools.generator, progress)
    done = time.perf_counter()
    return _summary(
        draft,
        told,
        sections,
        [p for _, passages in texts for p in passages],
        tools,
        about=about,
        length=length,
        form=form,
        timings_ms={
            "select": (selected - began) * 1000,
            "generate": (done - selected) * 1000,
            "total": (done - began) * 1000,
        },
    )


def _chosen(
    sections: Sequence[Section], tools: SummaryTools, about: str | None, length: str
) -> list[Unit]:
    units = [u for s in sections for u in s.usable]
    if not units:  # a table, a list, one short line: better its own lines than nothing
        units = [u for s in sections for u in s.units if u.words]
    if not units:
        return []
    vectors = tools.embedder.embed_passages([u.text for u in units])
    topic = tools.embedder.embed_query(about) if about else None
    if topic is not None:
        units, vectors = _about(units, vectors, topic)
    return select(
        sections,
        units,
        vectors,
        budget_words=round(WORDS[length] * (SHRINKS if tools.generator else 1.0)),
        every_section=length == "long" and topic is None,
        topic=topic,
    )


def _about(
    units: list[Unit], vectors: NDArray[np.float32], topic: NDArray[np.float32]
) -> tuple[list[Unit], NDArray[np.float32]]:
    """The units that concern the topic, none where even the nearest does not."""
    import numpy as np

    if not units:
        return units, vectors
    nearness = vectors @ topic
    best = float(nearness.max())
    if best < ABOUT_COSINE:
        return [], vectors[:0]
    kept = np.flatnonzero(nearness >= max(ABOUT_COSINE * 0.8, 0.55 * best))
    return [units[i] for i in kept], vectors[kept]


def _tell(
    draft: Draft,
    chosen: Sequence[Unit],
    generator: Generator | None,
    progress: Progress | None,
) -> list[tuple[Sentence, int]]:
    """Adds the sentences to the draft; gives each with the number of its section."""
    told: list[tuple[Sentence, int]] = []
    groups = grouped(chosen) if generator else [(unit,) for unit in chosen]
    for number, group in enumerate(groups, 1):
        before = len(draft.sentences)
        worded = False
        if generator is not None:
            text = reword(generator, group).text.strip()
            worded = bool(text) and draft.say(text, [(u.document, u.span) for u in group])
        if not worded:
            for unit in group:
                draft.say(unit.text, [(unit.document, unit.span)])
        told += [(s, group[0].section) for s in draft.sentences[before:]]
        if progress:
            progress("summarising", number, len(groups))
    return told


def _summary(
    draft: Draft,
    told: Sequence[tuple[Sentence, int]],
    sections: Sequence[Section],
    passages: Sequence[Passage],
    tools: SummaryTools,
    *,
    about: str | None,
    length: str,
    form: str,
    timings_ms: dict[str, float],
) -> Summary:
    status: Status = "answered"
    if not told:
        status = "not_found"
    elif any(s.verdict == "weak" for s in draft.sentences):
        status = "partial"
    model = tools.generator or tools.reader
    return Summary(
        summary=laid_out(told, sections, form),
        status=status,
        sentences=tuple(draft.sentences),
        removed=tuple(draft.removed),
        citations=tuple(draft.citations),
        coverage=coverage_of(sections, passages, draft.citations),
        about=about,
        length=length,
        format=form,
        model=ModelInfo(model.name, model.sha256),
        timings_ms=timings_ms,
    )
