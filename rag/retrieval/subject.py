"""Which documents a question is about: those that hold the names in it.

Of many documents of one form (reports, minutes, contracts) each answers a question about any of
them. What tells them apart is a name or a code that stands in a few of them, often only at the
head, far from the sentence that answers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log

from rag.retrieval.filters import Filters
from rag.store import Snapshot
from rag.types import Hit

MOST_HOLDERS = 2000  # a name that more documents hold is passed over
MOST_FILES = 20_000
# Of a file: words apart, or a number in it.
_TELLING = re.compile(r"\w[\W_]\w|\d\D|\D\d|\d{5}")
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


def subject_of(
    snapshot: Snapshot,
    question: str,
    days: Collection[str] = (),
    filters: Filters | None = None,
) -> Subject:
    """The subject of a question, among the documents that are searched.

    Names are words with a capital letter, codes, the names of files, and those of `days` (the
    question's, such as `2025-06-10`) that stand in one. A word weighs
    log((n + 1) / (held by + 0.5)) of n documents (Robertson and Sparck Jones); one that no document
    holds, each does or more than 2,000 do, tells nothing.
    """
    names = " ".join(match.group() for match in _NAME.finditer(question.strip()))
    holders = snapshot.holders(names) if names else {}
    for word, paths in _by_file(snapshot, question.lower(), holders, days).items():
        holders[word] = holders.get(word, frozenset()) | paths
    holders = {word: held for word, held in holders.items() if 0 < len(held) <= MOST_HOLDERS}
    if not holders:
        return Subject()
    count = snapshot.document_count
    if filters and filters != Filters():
        searched = {info.path for info in snapshot.documents() if filters.accepts(info)}
        holders = {word: found & searched for word, found in holders.items()}
        count = len(searched)
    weights = {
        word: log((count + 1) / (len(found) + 0.5))
        for word, found in holders.items()
        if 0 < len(found) < count
    }
    held: dict[str, float] = {}
    for word, weight in weights.items():
        for document in holders[word]:
            held[document] = held.get(document, 0.0) + weight
    most = max(held.values(), default=1.0)
    words = tuple(sorted(weights, key=lambda w: (-weights[w], w)))
    return Subject(words, {document: weight / most for document, weight in held.items()})


def _by_file(
    snapshot: Snapshot, question: str, names: Collection[str], days: Collection[str]
) -> dict[str, frozenset[str]]:
    """The documents that are named by their path: by a name in it, a day, or all of it.

    The question may spell out a file's name without its ending, if that has a number or several
    words: `minutes` is a word as any other. More than 20,000 documents are not looked through.
    """
    found: dict[str, set[str]] = {}
    if snapshot.document_count > MOST_FILES:
        return {}
    for info in snapshot.documents():
        path = info.path.lower()
        stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        held = [name for name in names if name in path and _apart(name, path)]
        held += [day for day in days if day in stem]
        if stem in question and _TELLING.search(stem) and _apart(stem, question):
            held.append(stem)
        for word in held:
            found.setdefault(word, set()).add(info.path)
    return {word: frozenset(paths) for word, paths in found.items()}


def _apart(word: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text) is not None


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
