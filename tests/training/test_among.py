from __future__ import annotations

from collections.abc import Sequence

from rag.reading.protocol import Entailment, Reading, SpanScore
from rag.training.among import among_figures
from rag.training.sets import AnswerText, Question

ROME = "The bridge of Rome is old. It was built in 1800 by masons."
BATH = "The bridge of Bath is new. It was built in 1920 by machines."


class Digits:
    """A reader that points at the first digit, surest of texts that hold ``favourite``."""

    name, sha256 = "digits", ""

    def __init__(self, favourite: str) -> None:
        self._favourite = favourite

    def read(self, question: str, texts: Sequence[str], spans: int = 5) -> list[Reading]:
        out = []
        for text in texts:
            at = next(i for i, char in enumerate(text) if char.isdigit())
            score = 5.0 if self._favourite in text else 1.0
            out.append(Reading((SpanScore(at, at + 4, score),), 2.0, 0.0))
        return out

    def support(self, claim: str, evidence: Sequence[str]) -> list[Entailment]:
        return [Entailment(0.4, 0.3, 0.3) for _ in evidence]


def _questions() -> list[Question]:
    return [
        Question("When was the bridge of Rome built?", ROME, _at(ROME, "1800"), "g", "s"),
        Question("Which bridge is old?", ROME, _at(ROME, "bridge of Rome"), "g", "s"),
        Question("When was the bridge of Bath built?", BATH, _at(BATH, "1920"), "g", "s"),
        Question("When was the bridge of Bath burnt?", BATH, (), "g", "s"),
    ]


def _at(context: str, text: str) -> tuple[AnswerText, ...]:
    return (AnswerText(text, context.index(text)),)


def test_the_right_sentence_counts_only_in_the_questions_own_context() -> None:
    figures = among_figures(Digits("Rome"), _questions())
    assert (figures["n"], figures["answerable_n"]) == (4, 3)
    assert figures["own"] == round(2 / 3, 4)
    assert figures["first"] == round(1 / 3, 4)


def test_with_one_context_nothing_can_be_confused() -> None:
    figures = among_figures(Digits("Rome"), _questions(), k=1)
    assert figures["own"] == 1.0
    assert figures["first"] == round(2 / 3, 4)
