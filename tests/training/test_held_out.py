from __future__ import annotations

from rag.evaluation.items import Gold
from rag.testing import FakeReader
from rag.training.held_out import measured
from rag.training.own import Task
from rag.types import Hit, Passage, Span


def test_a_reader_is_measured_by_the_sentences_it_points_at() -> None:
    right, wrong = "The mill was built in 1790.", "Rain fell on 3 days."
    text = f"{right} {wrong}"
    span = Span(0, len(text))
    sentences = (Span(0, len(right)), Span(len(right) + 1, len(text)))
    hits = (Hit(Passage("p", "d", span, text, sentences), 1, 1.0),)
    asked = Task("1", "When was the mill built?", True, ("1790",), (_at(22, 26),), hits)
    missed = Task("2", "When was the mill built?", True, ("3",), (_at(40, 41),), hits)
    void = Task("3", "Which glacier melted?", False, (), (), hits)
    figures = measured(FakeReader(), [asked, missed, void])
    assert figures.firsts == (1.0, 0.0)
    assert (figures.first, figures.three) == (0.5, 1.0)
    assert figures.answerable == 1.0


def _at(start: int, end: int) -> Gold:
    return Gold("d", start, end, document="d")
