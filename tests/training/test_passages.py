from __future__ import annotations

import random

import pytest

from rag.answering.sentences import readable
from rag.sentences import sentences_in
from rag.training.passages import Piece, pieces_of
from rag.types import Document, Hit, Passage, Span

TEXT = (
    "The mill stands at Thorn. It was sold twice. Ada Moss built it in 1790. Nobody lives there. "
    "Corn is still ground on Sundays."
)
OTHER = "The mill at Brae is a ruin. Its wheel lies in the river."
ANSWER = Span(TEXT.index("Ada Moss"), TEXT.index("Ada Moss") + 8)


@pytest.fixture
def hits() -> list[Hit]:
    """A passage that does not answer, then one that does."""
    return [
        Hit(
            Passage(
                name, name, Span(0, len(text)), text, tuple(sentences_in(text, Span(0, len(text))))
            ),
            rank,
            1.0,
        )
        for rank, (name, text) in enumerate((("brae.txt", OTHER), ("thorn.txt", TEXT)), 1)
    ]


def pieces(hits, seed: int, *, answered: bool = True) -> list[Piece]:
    documents = {
        "thorn.txt": Document("thorn.txt", TEXT, "0", "text/1"),
        "brae.txt": Document("brae.txt", OTHER, "1", "text/1"),
    }

    def meets(span: Span, document: str) -> bool:
        return answered and document == "thorn.txt" and span.overlaps(ANSWER)

    question = "Who built the mill?"
    rng = random.Random(seed)
    return pieces_of(question, hits, None, meets, documents.__getitem__, rng)


def test_the_first_hit_and_the_one_that_answers_are_shown_whole(hits) -> None:
    found = pieces(hits, 1)
    whole = [p for p in found if p.text == readable(p.place.hit.passage)]
    assert [(p.place.document, p.right) for p in whole] == [
        ("brae.txt", False),
        ("thorn.txt", True),
    ]


def test_a_part_is_right_as_long_as_the_answer_stands_in_it(hits) -> None:
    parts = {
        (p.text, p.right)
        for seed in range(40)
        for p in pieces(hits, seed)
        if p.place.document == "thorn.txt" and p.text != TEXT
    }
    assert all(("Ada Moss" in text) == right for text, right in parts)
    assert all(text in TEXT and text.endswith(".") for text, _ in parts)
    assert {text for text, right in parts if not right} == {
        "The mill stands at Thorn. It was sold twice."
    }
    assert {text for text, right in parts if right} == {
        "The mill stands at Thorn. It was sold twice. Ada Moss built it in 1790.",
        "It was sold twice. Ada Moss built it in 1790.",
    }


def test_where_nothing_answers_only_the_first_hit_is_shown(hits) -> None:
    assert [(p.text, p.right) for p in pieces(hits, 3, answered=False)] == [(OTHER, False)]
