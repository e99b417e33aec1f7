"""Recorded speech: who says a line, and what of it is noise.

Transcripts label each turn (`Chair: ...`) and hold words that say nothing (`um`, `{vocalsound}`,
repeated words). What `tidied` gives holds only words of the source, in its order.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

from rag.types import Document

LABELLED_SHARE = 0.4  # of a transcript's lines, or paragraphs, so many begin with a speaker
MIN_TURNS = 6
LABEL = re.compile(
    r"^[ \t>*_#-]*([^\W\d_][\w .,'’()&/-]{0,38}?)[*_]{0,2}:[*_]{0,2}[ \t]+(?=\S)", re.M
)
_NOISE = re.compile(
    r"\{[a-z_]{3,20}\}|<[a-z_]{3,20}>|[\[(](?:laugh(?:s|ter|ing)?|inaudible|unintelligible|"
    r"crosstalk|pause|applause|cough(?:s|ing)?|sighs?|noise|silence|music|overlapping)[\])]",
    re.I,
)
_FILLER = re.compile(
    r"(?<![\w'’-])(?:u+h+m*|u+m+|e+r+m*|h+m+|m+h*m+(?:\s?-\s?h?mm+)?|uh\s?-\s?huh|ah+|oh)(?![\w'’-])"
    r"\s?[,.]?|,\s?(?:you know|I mean|like)\s?(?=,)",
    re.I,
)
# Not a number: `nine nine nine` is no stammer.
_SAID = (
    r"((?!\d|(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|ten)\b)"
    r"\w[\w'’]*(?:\s\w[\w'’]*){0,2})"
)
_AGAIN = re.compile(rf"(?<![\w'’-]){_SAID}(?:\s\1)+(?![\w'’-])", re.I)
# Over a comma only what begins a clause: `we, we should`, not `wrong with it, it is just not mine`.
_AGAIN_OVER_COMMA = re.compile(rf"(^|[,.;:?!]\s){_SAID}(?:\s?,\s\2)+(?![\w'’-])", re.I)
_STUTTER = re.compile(
    r"(?<![\w'’-])(?!(?:a|i|am|an|as|at|be|by|do|go|he|if|in|is|it|me|my|no|of|on|or|so|to|up|us|we)\b)"
    r"([A-Za-z]{1,2})\s(?=\1[\w'’])",
    re.I,
)
_SPELT = re.compile(r"\b(?:[A-Z]_)+[A-Z]?(?![^\W_])")  # L_C_D_: spelt letter by letter
_BEFORE_MARK = re.compile(r"\s+(?=[,.;:?!])|(?<=\w)\s+(?=['’](?:s|m|d|re|ve|ll|t)\b)")
_COMMAS = re.compile(r"(?:\s?,)+(?=\s*[,.;:?!])|^[\s,.;:-]+")
_OPENERS = re.compile(
    r"^(?:(?:so|and|but|well|okay|ok|alright|right|now|yeah|yep|then)\b"
    r"\s?,?\s)+(?=\S+\s\S+\s\S+)",
    re.I,
)


_BLOCK = re.compile(r"(?:^[ \t]*\S.*\n?)+", re.M)
_HEADER_NAMES = "from to cc bcc date subject sent re note tel phone fax email"
_HEADERS = frozenset(_HEADER_NAMES.split())


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of a transcript: where each begins, where its words begin, and who speaks."""

    starts: tuple[int, ...]
    bodies: tuple[int, ...]
    speakers: tuple[str, ...]

    def at(self, offset: int) -> tuple[str, int, int] | None:
        """The speaker at an offset, with the start of the turn and of its words."""
        at = bisect_right(self.starts, offset) - 1
        return (self.speakers[at], self.starts[at], self.bodies[at]) if at >= 0 else None


def turns_of(document: Document) -> Turns | None:
    """The turns of a document that records speech; None for any other document."""
    found = [
        (m.start(1), m.end(), " ".join(m[1].split()))
        for m in LABEL.finditer(document.text)
        if len(m[1].split()) <= 5 and m[1].lower() not in _HEADERS
    ]
    count = Counter(speaker for _, _, speaker in found)
    kept = [turn for turn in found if count[turn[2]] > 1]
    blocks = len(_BLOCK.findall(document.text)) or 1
    lines = sum(1 for line in document.text.split("\n") if line.strip())
    if len(kept) < MIN_TURNS or len({s for _, _, s in kept}) < 2:
        return None
    if len(kept) < LABELLED_SHARE * min(lines, blocks):
        return None
    return Turns(*(tuple(column) for column in zip(*kept, strict=True)))


def tidied(text: str) -> str:
    """What was said without its noise: no fillers, no repeated words, no loose punctuation.

    Each word that is left stands in the source, in the same order.
    """
    text = _NOISE.sub(" ", " ".join(text.split()))
    text = _SPELT.sub(lambda m: m[0].replace("_", ""), text)
    text = _FILLER.sub(" ", text)
    text = " ".join(text.split())
    text = _BEFORE_MARK.sub("", text)
    text = _AGAIN_OVER_COMMA.sub(r"\1\2", _AGAIN.sub(r"\1", text))
    text = _STUTTER.sub("", text)
    text = " ".join(_COMMAS.sub("", text).split())
    text = _OPENERS.sub("", text)
    text = _COMMAS.sub("", text).strip()
    return text[:1].upper() + text[1:]


_WORDS = re.compile(r"\w+")


def only_words_of(text: str, source: str) -> bool:
    """Whether every word of `text` stands in `source`, in its order; `_` does not count."""
    words = iter(_WORDS.findall(source.lower().replace("_", "")))
    return all(w in words for w in _WORDS.findall(text.lower().replace("_", "")))
