"""Finds candidates: sentences that a reader points at, and those that hold the question's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from rag.answering.candidate import Candidate
from rag.answering.cells import asked_cell, asked_person, asks_empty, leaves_open, of_another_row
from rag.answering.dating import dated
from rag.answering.extremes import with_extreme
from rag.answering.naming import Naming
from rag.answering.sentences import (
    candidate_at,
    is_heading,
    may_answer,
    read_alone,
    readable,
    sentences_holding,
    stating_run,
    within_one,
)
from rag.answering.shape import answer_type, shape_of
from rag.answering.surroundings import heads_table
from rag.answering.terms import Wanted, names_only, terms, wanted
from rag.answering.terms import named as named_in
from rag.reading.protocol import Reader, Reading
from rag.retrieval.subject import Subject
from rag.types import Document, Hit, Phrase, Span
from rag.verification.rules import normalised

NOTHING_NAMED = Subject()
SPANS = 5  # of each passage
RIVAL_SCORE_STEP = 4.0  # of the reader's score: that of a sentence in a document that is not meant
POINTED, MATCHING = 6, 3  # candidates by the reader's spans, and by the question's words
_MATCHING_AT_LEAST = 0.25  # of the question's weight
# "He asked whether dogs may be kept." does not say whether they may.
_ASKS = re.compile(
    r"\b(?:ask(?:s|ed|ing)?|wonder(?:s|ed|ing)?|[ie]nquir(?:e[sd]?|ing))\b[^.;:]*?"
    r"\b(?:whether|if)\b[^,;:]*$",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(  # beside what the type of the answer tells
    r"\b(?:whose|where|which|names?|called|dates?|days?|address|place|town|city)\b", re.IGNORECASE
)
_QUANTIFIERS = re.compile(r"\b(?:no|none|nobody|no one|never|not|all|every\w*|each|both|neither)\b")
_ABOVE = 0.6  # what a word in a heading counts, against one in the sentence


def find_candidates(
    question: str,
    hits: Sequence[Hit],
    reader: Reader,
    document: Callable[[str], Document],
    subject: Subject = NOTHING_NAMED,
) -> list[Candidate]:
    """At most 9 candidates, no two of them overlapping: the reader's best, then the best matches.

    Matches are sentences that hold most of the question's weight, in themselves or in what stands
    above them: in tables and notes a reader often points beside them. Sentences that speak to a
    machine are passed over, and blanked before the reader sees them, so that they do not draw it
    away from what stands beside them. So are sentences that hold nothing but the question's own
    words, unless yes or no is asked (a heading does not say that either); then those are that tell
    of the same question being asked.

    A passage is read behind what it stands under (title, headings, the head of a table), where it
    does not say that itself. `subject` says which documents the question names (see `Naming`).
    """
    if not hits:
        return []
    named = Naming(subject, hits, document)
    pairs = _read(question, hits, reader, named)
    pointed = [c for hit, reading in pairs for c in _of_hit(hit, reading, named)]
    pointed.sort(key=lambda c: (-c.score + _step(c), c.hit.rank, c.document, c.span))
    kept = _distinct(pointed, POINTED)
    sentences = _sentences(pairs, named)
    sought = wanted(question, [own | above for _, own, above in sentences])
    sentences.sort(
        key=lambda s: (
            -_weight(sought, s) / (2 if s[0].rival else 1),
            s[0].hit.rank,
            s[0].document,
            s[0].span,
        )
    )
    enough = [s[0] for s in sentences if _weight(sought, s) >= _MATCHING_AT_LEAST]
    found = _distinct([*kept, *enough], len(kept) + MATCHING)
    found = with_extreme(question, _telling(question, found, document), hits, named)
    read = read_alone(question, [_measured(c, sought) for c in found], reader)
    return [dated(question, _pointed(question, c, document(c.document)), document) for c in read]


def _telling(
    question: str, found: list[Candidate], document: Callable[[str], Document]
) -> list[Candidate]:
    """Those that can answer: without the question's own words, heads of tables, other rows."""
    asked = frozenset(terms(question))
    polar = shape_of(question) in ("yes_no", "comparison")
    found = [
        c
        for c in found
        if not asked.issuperset(terms(c.text))
        or (
            (polar or _says_how_many(question, c.text))
            and not is_heading(document(c.document), c.span)
        )
    ]
    if polar and not _ASKS.search(question):
        found = [c for c in found if not _ASKS.search(c.text)]
    found = [c for c in found if not _of_another_row(question, c, found, document(c.document))]
    if not polar:
        found = [c for c in found if not _turned_round(question, c, document(c.document))]
    if asked_for := _other_than_names(question):
        found = [c for c in found if not _names_alone(c, asked_for)]
    found = [
        c
        for c in found
        if not asks_empty(question, c.text)
        and not heads_table(document(c.document).text, c.span)
        and not leaves_open(question, document(c.document), c.span)
    ]
    return found


def _turned_round(question: str, candidate: Candidate, document: Document) -> bool:
    """Whether the cell that is asked for holds but what the question says itself.

    The row whose manager is Max Roth does not tell who the manager of Max Roth is.
    """
    cell = asked_cell(question, document, candidate.span)
    return cell is not None and frozenset(terms(cell.of(document.text))) <= frozenset(
        terms(question)
    )


def _other_than_names(question: str) -> frozenset[str]:
    """The question's words beside its names; empty where a name, a place or a day is asked for."""
    if answer_type(question) in ("person", "time") or _ASKS_NAME.search(question):
        return frozenset()
    return frozenset(terms(question)) - named_in(question)


def _names_alone(candidate: Candidate, asked: frozenset[str]) -> bool:
    """Whether a line says but a name or a day ("Dunmore, 15 September 2026"), under nothing asked.

    Such lines stand at the head of letters and contracts; judged, they would take others' place.
    """
    if "|" in candidate.text or ":" in candidate.text or not names_only(candidate.text):
        return False
    return asked.isdisjoint(terms(f"{candidate.setting} {candidate.text}"))


def _says_how_many(question: str, text: str) -> bool:
    """Whether a sentence holds a word for none or for all of it that the question does not.

    "No dogs are allowed." answers "How many dogs are allowed?" in no other word.
    """
    asked, held = ({*_QUANTIFIERS.findall(t.lower())} for t in (question, text))
    return bool(held - asked)


_Sentence = tuple[Candidate, frozenset[str], frozenset[str]]  # with its terms and those above it


def _read(
    question: str, hits: Sequence[Hit], reader: Reader, named: Naming
) -> list[tuple[Hit, Reading]]:
    """Each hit with what its passage says to the question, read behind what it stands under."""
    heads = [named.head(hit.passage) for hit in hits]
    texts = [head + readable(hit.passage) for head, hit in zip(heads, hits, strict=True)]
    readings = reader.read(question, texts, spans=SPANS)
    return [
        (hit, _behind(head, reading))
        for hit, head, reading in zip(hits, heads, readings, strict=True)
    ]


def _behind(head: str, reading: Reading) -> Reading:
    """A reading of a text behind a head, as one of the text."""
    spans = [
        replace(s, start=s.start - len(head), end=s.end - len(head))
        for s in reading.spans
        if s.start >= len(head)
    ]
    return replace(reading, spans=tuple(spans))


def _step(candidate: Candidate) -> float:
    return RIVAL_SCORE_STEP if candidate.rival else 0.0


def _sentences(pairs: Sequence[tuple[Hit, Reading]], named: Naming) -> list[_Sentence]:
    found: dict[tuple[str, Span], _Sentence] = {}
    for hit, reading in pairs:
        passage = hit.passage
        whole = named.document(passage.document)
        worst = min((s.score for s in reading.spans), default=reading.null_score)
        for span in passage.sentences:
            run = stating_run(whole.text, passage.sentences, span)
            if run is None or (passage.document, run) in found or is_heading(whole, span):
                continue
            candidate = candidate_at(
                hit, run, run, named, worst, worst - reading.null_score, reading.answerable
            )
            above = _above(candidate.setting, passage.document)
            found[passage.document, run] = (candidate, frozenset(terms(candidate.text)), above)
    return list(found.values())


def _above(setting: str, path: str) -> frozenset[str]:
    return frozenset(terms(setting)) | frozenset(terms(path))


def _weight(sought: Wanted, sentence: _Sentence) -> float:
    _, own, above = sentence
    held = sought.share(own)
    return held + _ABOVE * (sought.share(own | above) - held)


def _measured(candidate: Candidate, sought: Wanted) -> Candidate:
    own = frozenset(terms(candidate.text))
    inset = own | _above(candidate.setting, candidate.document) | frozenset(terms(candidate.before))
    around = inset | frozenset(terms(candidate.hit.passage.text))
    return replace(
        candidate,
        own=sought.share(own),
        inset=sought.share(inset),
        around=sought.share(around),
    )


def _of_another_row(
    question: str, candidate: Candidate, found: Sequence[Candidate], whole: Document
) -> bool:
    if "|" not in candidate.text:
        return False
    others = [c.span for c in found if c.document == candidate.document and "|" in c.text]
    return of_another_row(question, whole, candidate.span, others)


def _pointed(question: str, candidate: Candidate, whole: Document) -> Candidate:
    """The candidate with the labelled cell or person that the question asks for as its phrase."""
    if candidate.rank:
        return candidate
    cell = asked_cell(question, whole, candidate.span)
    if cell is None and answer_type(question) == "person":
        cell = asked_person(question, whole, candidate.span)
    if cell is None or cell == candidate.phrase.span:
        return candidate
    return replace(candidate, phrase=Phrase(cell.of(whole.text), candidate.document, cell))


def _of_hit(hit: Hit, reading: Reading, named: Naming) -> list[Candidate]:
    passage = hit.passage
    found = []
    for scored in reading.spans:
        start, end = passage.span.start + scored.start, passage.span.start + scored.end
        if not passage.span.start <= start < end <= passage.span.end:
            continue
        phrase = within_one(Span(start, end), passage.sentences)
        touched = sentences_holding(phrase, passage.sentences) or phrase
        whole = named.document(passage.document)
        run = stating_run(whole.text, passage.sentences, touched)
        if run is None:
            continue
        margin = scored.score - reading.null_score
        found.append(
            candidate_at(hit, run, phrase, named, scored.score, margin, reading.answerable)
        )
    return found


def _distinct(found: Sequence[Candidate], limit: int) -> list[Candidate]:
    kept: list[Candidate] = []
    seen: set[str] = set()
    for candidate in found:
        words = normalised(candidate.text)
        clash = any(candidate.overlaps(k) for k in kept)
        if clash or words in seen or not may_answer(candidate.text):
            continue
        kept.append(candidate)
        seen.add(words)
        if len(kept) == limit:
            break
    return kept
