"""A sentence that may answer, and all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.answering.shape import AnswerType, fits_type
from rag.types import Hit, Phrase, Span
from rag.verification.rules import content_words, normalised


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run of whole sentences that may answer, and the reader's phrase in it.

    `score` and `margin` (over the text without an answer) are the reader's in the passage,
    `answerable` its logit for the passage, `hit` the passage it was read in. The `near` ones are
    those of the sentence alone, read behind its `setting` (title, headings, head of a table).
    `before` is what a sentence leans on, `named` the line at the head of its document that names
    what the question names, where the sentence does not, `dated` the date of the document where a
    question of a time may mean it; a `rival` stands in a document alike that does not hold those
    names, a `stranger` in one that holds none of the names that others do. `own`, `inset` and
    `around` are the shares of the question's weight that stand in the sentence, in it and its
    setting, and in the passage, too.
    `rank` says of a row of a table what it holds the most or least of, where that is asked, and
    `ranked_of` of how many; its phrase is that value.
    """

    document: str
    span: Span
    text: str
    phrase: Phrase
    score: float
    margin: float
    answerable: float
    hit: Hit
    setting: str = ""
    before: str = ""
    near: float = 0.0
    near_margin: float = 0.0
    near_answerable: float = 0.0
    own: float = 0.0
    inset: float = 0.0
    around: float = 0.0
    named: str = ""
    dated: str = ""
    rank: str = ""
    ranked_of: int = 0
    rival: bool = False
    stranger: bool = False

    @property
    def told(self) -> str:
        """What a judge is told of where the sentence stands: its setting, of when, and whose."""
        setting = f"{self.setting}, {self.dated}" if self.dated else self.setting
        if not self.named or self.named in self.setting:
            return setting
        return f"{setting}. {self.named}"

    def moved(self, span: Span, text: str) -> Candidate:
        """The candidate as other characters of its document, all of them its phrase."""
        return replace(self, span=span, text=text, phrase=Phrase(text, self.document, span))

    def overlaps(self, other: Candidate) -> bool:
        """Whether both share characters of one document."""
        return self.document == other.document and self.span.overlaps(other.span)

    def excerpt(self, chars: int) -> str:
        """The text, of a longer one what stands around the phrase, cut at spaces."""
        if len(self.text) <= chars:
            return self.text
        begin = self.phrase.span.start - self.span.start
        middle = begin + min(len(self.phrase.text), chars) // 2
        start = max(0, min(middle - chars // 2, len(self.text) - chars))
        if start:
            start = self.text.find(" ", start, begin) + 1 or start
        end = start + chars
        if end < len(self.text):
            end = max(self.text.rfind(" ", start, end), start + chars // 2)
        before, after = "… " if start else "", " …" if end < len(self.text) else ""
        return before + self.text[start:end].strip() + after

    def signals(self, question_words: frozenset[str], kind: AnswerType) -> dict[str, float]:
        """What is known of the candidate without a language model."""
        words = set(content_words(self.text)) | set(content_words(self.hit.passage.heading or ""))
        shared = len(question_words & words) / len(question_words) if question_words else 0.0
        return {
            "overlap": shared,
            "reader": self.score,
            "margin": self.margin,
            "answerable": self.answerable,
            "near": self.near,
            "near_margin": self.near_margin,
            "near_answerable": self.near_answerable,
            "own": self.own,
            "inset": self.inset,
            "around": self.around,
            "type": fits_type(kind, self.phrase.text),
            "rank": 1.0 / self.hit.rank,
            "rival": float(self.rival),
            "stranger": float(self.stranger),
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with all its signals and the probability that it states the answer."""

    candidate: Candidate
    signals: dict[str, float]
    probability: float
    judged: bool


def agreement(candidates: Sequence[Candidate], chosen: Candidate) -> float:
    """How many other candidates point at the same phrase, from 0 to 1."""
    phrase = normalised(chosen.phrase.text)
    same = sum(normalised(c.phrase.text) == phrase for c in candidates if c is not chosen)
    return min(1.0, same / 2)
