"""Which documents a question is about: those that hold the names in it.

Of many documents of one form (reports, minutes, contracts) each answers a question about any of
them. What tells them apart is a name or a code that stands in a few of them, often only at the
head, far from the sentence that answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import log

from rag.retrieval.filters import Filters
from rag.store import Snapshot
from rag.types import Hit

MOST_HOLDERS = 2000  # a name that more documents hold is passed over
MOST_FILES = 20_000
# Of a file: words apart, or a number in it.
_TELLING = re.compile(r"\w[\W_]\w|\d\D|\D\d|\d{5}")
_DATE = re.compile(
    r"\b(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?(?: of)? (?P<month>[a-z]{3,9})"
    r"|(?P<month2>[a-z]{3,9}) (?P<day2>\d{1,2})(?:st|nd|rd|th)?),? (?P<year>\d{4})\b"
)
# A capital inside the question, or letters and digits together. A number alone names nothing: it
# is a year, an amount or a day more often than a document's own.
_NAME = re.compile(r"(?<!^)\b(?!I\b)(?:[A-Z][\w'’-]*|(?=\w*[A-Za-z])(?=\w*\d)\w+|\d{5,})")


@dataclass(frozen=True, slots=True)
class Subject:
    """The documents that hold a question's names, and how much of their weight each holds.

    `words` are those of the names that tell documents apart, the weightiest first. `shares` are
    above 0 and, of the documents that hold the most, 1; no document has a share where the question
    names nothing that tells documents apart.
    """

    words: tuple[str, ...] = ()
    shares: Mapping[str, float] = field(default_factory=dict)

    def share(self, document: str) -> float:
        """From 0 (a document that holds none of the names) to 1; 1 where nothing is named."""
        return self.shares.get(document, 0.0) if self.shares else 1.0

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents that hold the most, sorted."""
        return tuple(sorted(d for d, share in self.shares.items() if share > 1 - 1e-9))


def subject_of(snapshot: Snapshot, question: str, filters: Filters | None = None) -> Subject:
    """The subject of a question, among the documents that are searched.

    Names are words with a capital letter, codes, the names of files, and a day that stands in one.

    A word weighs log((n + 1) / (held by + 0.5)) of n documents (Robertson and Sparck Jones); one
    that no document holds, each does or more than 2,000 do, tells nothing.
    """
    names = " ".join(match.group() for match in _NAME.finditer(question.strip()))
    holders = snapshot.holders(names, MOST_HOLDERS) if names else {}
    holders |= _by_file(snapshot, question.lower())
    if not holders:
        return Subject()
    count = snapshot.document_count
    if filters and filters != Filters():
        searched = {info.path for info in snapshot.documents() if filters.accepts(info)}
        holders = {word: found & searched for word, found in holders.items()}
        count = len(searched)
    weights = {w: log((count + 1) / (len(d) + 0.5)) for w, d in holders.items() if d}
    weights = {w: weight for w, weight in weights.items() if len(holders[w]) < count}
    held: dict[str, float] = {}
    for word, weight in weights.items():
        for document in holders[word]:
            held[document] = held.get(document, 0.0) + weight
    most = max(held.values(), default=1.0)
    words = tuple(sorted(weights, key=lambda w: (-weights[w], w)))
    return Subject(words, {document: weight / most for document, weight in held.items()})


def _by_file(snapshot: Snapshot, question: str) -> dict[str, frozenset[str]]:
    """The documents whose file's name the question spells out, or whose name bears its date.

    Only names with a number or several words count: `minutes` is a word as any other; the ending is
    left out. Of more than 20,000 documents the names are not looked through.
    """
    found: dict[str, set[str]] = {}
    if snapshot.document_count > MOST_FILES:
        return {}
    dates = _dates(question)
    for info in snapshot.documents():
        stem = info.path.rsplit("/", 1)[-1].rsplit(".", 1)[0].lower()
        for date in dates:
            if date in stem:
                found.setdefault(date, set()).add(info.path)
        if stem in question and _TELLING.search(stem) and _apart(stem, question):
            found.setdefault(stem, set()).add(info.path)
    return {stem: frozenset(paths) for stem, paths in found.items()}


def _dates(question: str) -> list[str]:
    """The days that a question names with their year, as `2025-06-10`."""
    found = []
    for match in _DATE.finditer(question):
        day = match["day"] or match["day2"]
        month = match["month"] or match["month2"]
        with suppress(ValueError):  # no such month, or no such day in it
            read = datetime.strptime(f"{day} {month} {match['year']}", "%d %B %Y")
            found.append(read.date().isoformat())
    return found


def _apart(stem: str, question: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(stem)}(?!\w)", question) is not None


def with_subject(hits: Sequence[Hit], within: Sequence[Hit], count: int) -> list[Hit]:
    """`count` hits to be read, ranked anew: half are the best of all, then come those `within`.

    `within` are hits in the subject's documents. What room is left goes to the next best of all.
    """
    best = list(hits[: count - count // 2])
    known = {hit.passage.id for hit in best}
    for hit in (*within[: count // 2], *hits[len(best) :]):
        if hit.passage.id not in known and len(best) < count:
            known.add(hit.passage.id)
            best.append(hit)
    return [replace(hit, rank=rank) for rank, hit in enumerate(best, start=1)]
