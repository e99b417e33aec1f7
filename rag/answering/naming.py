"""Tells apart documents of one form by what the question names: reports, minutes, contracts, bills.

Each of them answers "What was the wind speed?"; which one is meant stands at its head, or in its
file's name, far from the sentence that answers. Where documents alike were found and only some hold
what the question names, the sentences of the others are rivals, and those of the named ones are
read behind the line that names them. Of any other document that holds what is named in a short line
at its head, the judge alone is told that line: whose salary a contract sets stands there, and not
beside the sum. (Read behind it, all of such a document's sentences looked likelier to the reader.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from rag.answering.orders import gives_orders
from rag.answering.surroundings import name_of, setting_of
from rag.answering.terms import terms
from rag.generation.judging import clip
from rag.retrieval.subject import Subject
from rag.types import Document, Hit, Passage, Span
from rag.verification.quantities import MONTHS

HEAD_CHARS = 500  # where a document says what it is of
LINE_CHARS = 110
NAMED_AT_LEAST = 0.5  # of the weight of the names that the best document holds
MOST_LOOKED_AT = 40
_LISTED = 3  # names in one line: who was there, not what it is of
_MONTHS = frozenset([*MONTHS, *(month[:3] for month in MONTHS), "sept"])
_WEEKDAYS = frozenset(
    f"{day}day{plural}"
    for day in ["mon", "tues", "wednes", "thurs", "fri", "satur", "sun"]
    for plural in ("", "s")
)
_SALUTATION = re.compile(r"^(?:Dear|To:?)\s+(?P<names>[^\n]{2,90})", re.MULTILINE)
_CAPITALISED = re.compile(r"\b[A-Z][\w'’-]*")
_TITLES = frozenset(("Mr", "Mrs", "Ms", "Miss", "Dr", "Prof", "Sir", "Madam", "All", "Dear"))
_BRACKETS = re.compile(r"\([^()]*\)")
_LETTERS = re.compile(r"[^\W\d_]{3,}")


class Naming:
    """What the question names, among the documents of the hits.

    `inside` are the documents that hold it, `rivals` those that do not and are like one that does;
    `named` those that do and are like a rival.
    """

    def __init__(
        self, subject: Subject, hits: Sequence[Hit], document: Callable[[str], Document]
    ) -> None:
        self.subject = subject
        self.document = document
        held = {name: subject.share(name) for name in {h.passage.document for h in hits}}
        faces = {name: _faces(document(name)) for name in held} if subject.words else {}
        inside = [n for n in faces if held[n] >= NAMED_AT_LEAST]
        outside = [n for n in faces if held[n] < NAMED_AT_LEAST]
        self.rivals = _alike(outside, inside, faces)
        self.named = _alike(inside, outside, faces)
        self.inside = frozenset(inside)

    def is_stranger(self, name: str) -> bool:
        """Whether a document holds none of the names, where another does; a day's is none."""
        telling = any(w not in _MONTHS and w not in _WEEKDAYS for w in self.subject.words)
        return telling and self.subject.share(name) == 0.0

    def head(self, passage: Passage) -> str:
        """What a reader is told before a passage: what it stands under and does not say itself."""
        setting, _ = self.around(self.document(passage.document), passage.span)
        told = frozenset(terms(setting)) <= frozenset(terms(passage.text))
        return "" if told else f"{setting}. "

    def around(self, whole: Document, span: Span) -> tuple[str, str]:
        """The setting of a sentence, and the line that names the document (or empty).

        The line is part of the setting where other documents are alike.
        """
        setting = setting_of(whole, span)
        line = self._line(whole.path, f"{setting} {span.of(whole.text)}")
        alike = line and whole.path in self.named
        return (f"{setting}. {line}" if alike else setting), line

    def _line(self, name: str, known: str) -> str:
        if name not in self.inside:
            return ""
        left = [word for word in self.subject.words if not stands_in(word, known)]
        return naming_line(self.document(name), left, short=name not in self.named)


def of_one_form(one: Document, other: Document) -> bool:
    """Whether two documents are alike: by title or first line, or by their files' names."""
    return bool(_faces(one) & _faces(other))


def addressed_to(letter: Document, other: Document) -> bool:
    """Whether a letter is addressed to those whom another document names at its head.

    "Dear Ms Brol, dear Mr Lund" is of their lease, though it names no flat. A salutation that names
    nobody ("Dear Sir or Madam") ties nothing.
    """
    found = _SALUTATION.search(letter.text, 0, HEAD_CHARS)
    named = (w for w in _CAPITALISED.findall(found["names"])) if found else ()
    names = frozenset(t for word in named if word not in _TITLES for t in terms(word))
    return bool(names) and names <= frozenset(terms(other.text[:HEAD_CHARS]))


def bearing(name: str, holding: Sequence[str], document: Callable[[str], Document]) -> list[str]:
    """Of documents that hold a name those that bear it; 40 are looked at, by their files' names."""
    words = frozenset(terms(name))
    near = sorted(holding, key=lambda path: not words <= frozenset(terms(name_of(path))))
    return [path for path in near[:MOST_LOOKED_AT] if is_titled(document(path), name)]


def is_titled(document: Document, name: str) -> bool:
    """Whether a document bears a name as its title, first line or file's name, and nothing more.

    But for what stands in brackets ("The Lady (magazine)") and words without weight.
    """
    wanted = frozenset(terms(name))
    titles = (document.title or "", _first_line(document), name_of(document.path))
    return bool(wanted) and any(title_terms(title) == wanted for title in titles)


def title_terms(title: str) -> frozenset[str]:
    """The terms of a title, without those in brackets."""
    return frozenset(terms(_BRACKETS.sub(" ", title)))


def _alike(
    some: Sequence[str], others: Sequence[str], faces: dict[str, frozenset[str]]
) -> frozenset[str]:
    shown = frozenset[str]().union(*(faces[name] for name in others))
    return frozenset(name for name in some if faces[name] & shown)


def _faces(document: Document) -> frozenset[str]:
    """What documents of one form have in common: the title or first line, and the file's name.

    Without numbers and months, in which they differ.
    """
    path = PurePosixPath(document.path)
    faces = {
        "title": _letters(document.title or _first_line(document)),
        "path": _letters(path.stem),
    }
    faces["path"] = f"{path.parent}/{faces['path']}" if faces["path"] else ""
    return frozenset(f"{kind} {face}" for kind, face in faces.items() if face)


def _first_line(document: Document) -> str:
    return document.text[:HEAD_CHARS].lstrip("# \n").split("\n", 1)[0][:LINE_CHARS]


def _letters(text: str) -> str:
    found = (word.casefold() for word in _LETTERS.findall(text))
    return " ".join(word for word in found if word not in _MONTHS)


def naming_line(document: Document, words: Sequence[str], *, short: bool = False) -> str:
    """The line at the head of a document that holds the first of the words, else its file's name.

    The words are in lower case. Of a long line at most 110 characters around the word; none of it
    if `short`: prose names what it speaks of, not what its document is of. Empty where neither
    holds one of them; a line that lists people or gives orders to a machine names nothing.
    """
    head = document.text[:HEAD_CHARS]
    for word in words:
        for found in _standing(word).finditer(head):
            begin = head.rfind("\n", 0, found.start()) + 1
            line = document.text[begin : begin + HEAD_CHARS + LINE_CHARS].split("\n", 1)[0]
            if short and len(line) > LINE_CHARS:
                continue
            shown = _around(line, found.start() - begin)
            if line.count(",") < _LISTED and not gives_orders(shown):
                return shown
        if stands_in(word, document.path) or stands_in(word, name_of(document.path)):
            return name_of(document.path)
    return ""


def head_lines(document: Document) -> str:
    """The short lines that begin at a document's head: title, parties, date, but no prose."""
    end = document.text.find("\n", HEAD_CHARS)
    lines = document.text[: end if end >= 0 else len(document.text)].split("\n")
    return "\n".join(line for line in lines if len(line) <= LINE_CHARS)


def head_notes(sentences: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """A remark for each document, given with the line that names it, where that is in its text.

    A sentence cited for "the rent of Omar Faris" need not say whose rent it is: its document does.
    """
    return tuple(
        dict.fromkeys(
            f'{path} says at its head: "{line}"'
            for path, line in sentences
            if line and line != name_of(path)
        )
    )


def stands_in(word: str, text: str) -> bool:
    """Whether a word in lower case stands in a text as a whole word."""
    return _standing(word).search(text) is not None


@lru_cache(256)
def _standing(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)


def _around(line: str, at: int) -> str:
    """What stands around a place, on one line, cut at spaces where that is too long."""
    start = max(0, min(at - LINE_CHARS // 2, len(line) - LINE_CHARS))
    if start:
        start = line.find(" ", start, at) + 1 or start
    return clip(line[start:], LINE_CHARS).strip(" |#*")
