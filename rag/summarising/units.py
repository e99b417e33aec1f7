"""A document's sentences as what a summary chooses from: with their speaker, without noise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rag.summarising.speech import Turns, tidied, turns_of
from rag.types import Document, Passage, Span
from rag.untrusted import neutralise
from rag.verification.rules import content_words

MIN_WORDS, MAX_WORDS = 5, 60
TURN_CHARS = 300  # so far back a citation reaches for the name of its speaker
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"[A-Za-z0-9][\w'’.-]*")
_ENDS = re.compile(r"[.!?:;…。！？]['\"’”»)\]]*$")
_MARKUP = re.compile(
    r"^\s*(?:[#>*•+-]+|\d{1,3}[.)]|\d{1,2}(?:\.\d{1,2})+\.?(?=\s+[A-Z]))\s+|"
    r"(?<!\w)[*_]{1,3}(?=\w)|(?<=[\w.,!?:])[*_]{1,3}(?!\w)|`"
)
# What is told of a document, not in it: `Date: 13 May  Present: A. Vane (chair)`.
_LABEL = re.compile(
    r"^(?:date|place|present|apologies|author|by|from|to|cc|subject|speaker|interviewer|tel|phone|"
    r"e-?mail|address|version|status|reference|ref|recorded)s?\b[^.:]{0,20}(?::|\bon\b)",
    re.I,
)
_BYLINE = re.compile(
    r"^(?:(?:last )?(?:adopted|approved|corrected|published|printed|updated|issued|reviewed|"
    r"translated|written|prepared|signed)|from)\s(?:by|on|at|in|\S+['’]s)\b",
    re.I,
)
_NAMES_ONLY = 0.7  # a line of which so many words are names or numbers says nothing by itself
_LABELS = re.compile(r"(?:^|\s)[A-Z][a-z]+(?: [a-z]+)?:\s")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")

Kind = Literal["sentence", "line", "nothing"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence that may be chosen, and where it stands.

    `span` is what a citation of it covers: the sentence, and in a transcript the name of its
    speaker where that is near. `text` is what a person reads: the sentence on one line, without
    markup; `speaker` is empty where nobody is named in the span. `position` numbers the unit in
    its document. `kind` is `sentence` for a whole sentence, `line` for what a list or a table
    holds, `nothing` for what says nothing (headings, interjections).
    """

    document: str
    span: Span
    text: str
    position: int
    kind: Kind
    speaker: str = ""

    @property
    def words(self) -> int:
        """The number of words (of scripts without spaces, half the number of characters)."""
        return count_words(self.text)

    @property
    def shown(self) -> str:
        """The text with its speaker."""
        return f"{self.speaker}: {self.text}" if self.speaker else self.text


def count_words(text: str) -> int:
    """The number of words; two characters of a script without spaces count as one."""
    wide = len(_CJK.findall(text))
    return len(_WORD.findall(_CJK.sub(" ", text))) + (wide + 1) // 2


def units_of(document: Document, passages: Sequence[Passage]) -> list[Unit]:
    """The units of a document in order, from the sentences of its passages."""
    spans = sorted({span for passage in passages for span in passage.sentences})
    turns = turns_of(document)
    heads = {h.start for h in document.headings}
    units = []
    for position, span in enumerate(spans):
        if any(start in heads for start in range(span.start, min(span.end, span.start + 8))):
            text = plain(span.of(document.text))
            units.append(Unit(document.path, span, text, position, "nothing"))
        elif turns:
            units.append(_spoken(document, span, position, turns))
        else:
            text = plain(span.of(document.text))
            units.append(Unit(document.path, span, text, position, kind_of(text)))
    return units


def with_short_lines(document: Document, units: Sequence[Unit]) -> list[Unit]:
    """The units with short lines counted as lines: all that a small table or list has to say."""
    heads = {h.start for h in document.headings}
    return [
        replace(u, kind="line")
        if u.kind == "nothing" and u.span.start not in heads and any(map(str.isalnum, u.text))
        else u
        for u in units
    ]


def plain(text: str) -> str:
    """The text on one line without the marks of Markdown."""
    text = _LINK.sub(r"\1", text)
    return " ".join(neutralise(_MARKUP.sub("", " ".join(text.split()))).split())


def kind_of(text: str) -> Kind:
    """What a text can be in a summary."""
    words = count_words(text)
    letters = sum(c.isalpha() for c in text)
    if words < 3 or letters < 0.4 * len(text.replace(" ", "")):
        return "nothing"
    told_of = is_label(text) or _is_names(text)
    full = MIN_WORDS <= words <= MAX_WORDS and _ENDS.search(text) and text.count(" | ") < 2
    full = full and not told_of and not text.endswith(":")  # what it leads up to comes after it
    return "sentence" if full and letters >= 0.5 * len(text.replace(" ", "")) else "line"


def is_label(text: str) -> bool:
    """Whether a line tells of its document: `Date: 13 May  Present: A. Vane (chair)`."""
    labels = len(_LABELS.findall(text)) > 1
    return labels or bool(_LABEL.match(text) or _BYLINE.match(text))


def _is_names(text: str) -> bool:
    tokens = _TOKEN.findall(text)
    named = sum(t[0].isupper() or t[0].isdigit() for t in tokens)
    return len(tokens) > 1 and named >= _NAMES_ONLY * len(tokens) and text.isascii()


def _spoken(document: Document, span: Span, position: int, turns: Turns) -> Unit:
    turn = turns.at(span.start) or turns.at(span.end - 1)
    if turn is None:
        text = plain(span.of(document.text))
        return Unit(document.path, span, text, position, kind_of(text))
    speaker, start, body = turn
    text = plain(tidied(document.text[max(span.start, body) : span.end]))
    near = span.end > body and span.start - start <= TURN_CHARS
    cited = Span(min(start, span.start), span.end) if near else span
    whole = kind_of(text) == "sentence" and len(set(content_words(text))) >= 4
    kind: Kind = "sentence" if whole and not text.endswith("?") else "nothing"
    return Unit(document.path, cited, text, position, kind, speaker if near else "")
