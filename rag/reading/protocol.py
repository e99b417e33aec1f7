"""What a reader is: it points at the answer in a text and says what a text supports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

NO_TEXT = -20.0  # what `Reading.answerable` is of a text without words


@dataclass(frozen=True, slots=True)
class SpanScore:
    """A candidate answer: characters `start` to `end` of the text read; higher is better."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text says to a question.

    `spans` are distinct, best first, at most as many as asked for; empty only for a text without
    words. `null_score` is on the scale of the span scores and says how much the text looks as if
    it held no answer; `answerable` is a logit (above 0: more likely than not).
    """

    spans: tuple[SpanScore, ...]
    null_score: float
    answerable: float


@dataclass(frozen=True, slots=True)
class Entailment:
    """Probabilities, summing to 1, that a text supports, contradicts or does neither."""

    supported: float
    contradicted: float
    neither: float


class Reader(Protocol):
    """Question or claim + text -> answer spans, answerability, support.

    A result depends on its own question and text alone, never on what else is in the call.
    """

    @property
    def name(self) -> str:
        """The reader's name, as in models.txt."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the weights; empty for a reader without weights."""

    def read(self, question: str, texts: Sequence[str], spans: int = 5) -> list[Reading]:
        """One `Reading` for each text, in order."""

    def support(self, claim: str, evidence: Sequence[str]) -> list[Entailment]:
        """One `Entailment` for each piece of evidence, in order."""
