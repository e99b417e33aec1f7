from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.training.neighbours import HybridNeighbours, Neighbours
from rag.training.sets import AnswerText, Question
from rag.training.vectors import embed, texts_of

TOPICS = (("king", "monarch"), ("river", "stream"), ("bread", "loaf"))


class TopicEmbedder:
    """Unit vectors by topic: words of one meaning point the same way."""

    name, sha256, dimension, max_tokens = "topics", "0" * 64, 3, 64
    query_prefix = passage_prefix = ""

    def __init__(self) -> None:
        self.asked = 0

    def embed_query(self, text: str) -> Any:
        return self.embed_passages([text])[0]

    def embed_passages(self, texts: Sequence[str]) -> Any:
        import numpy as np

        self.asked += len(texts)
        rows = [[0.01 + sum(w in t for w in topic) for topic in TOPICS] for t in texts]
        matrix = np.array(rows, np.float32)
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)

    def embed_queries(self, texts: Sequence[str]) -> Any:
        return self.embed_passages(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


CONTEXTS = ["a monarch slept", "the stream ran", "a loaf for the table", "where is the table"]


def test_hybrid_finds_what_shares_a_meaning_but_no_word(tmp_path: Path) -> None:
    asked = "where is the king"
    vectors = embed([*CONTEXTS, asked], TopicEmbedder(), tmp_path / "v.npz")
    assert 0 not in Neighbours(CONTEXTS).ranked(asked, 2)
    assert set(HybridNeighbours(CONTEXTS, vectors).ranked(asked, 2)) == {0, 3}


def test_without_a_vector_of_the_question_words_alone_rank(tmp_path: Path) -> None:
    vectors = embed(CONTEXTS, TopicEmbedder(), tmp_path / "v.npz")
    asked = "a loaf on the table"
    assert HybridNeighbours(CONTEXTS, vectors).ranked(asked, 4) == Neighbours(CONTEXTS).ranked(
        asked, 4
    )


def test_the_same_texts_are_embedded_once_and_others_again(tmp_path: Path) -> None:
    embedder, cache = TopicEmbedder(), tmp_path / "v.npz"
    one = embed(CONTEXTS, embedder, cache)
    two = embed(CONTEXTS, embedder, cache)
    assert embedder.asked == 4
    assert (one.matrix == two.matrix).all()
    assert one.rows == two.rows
    embed(CONTEXTS[:3], embedder, cache)
    assert embedder.asked == 7


def test_texts_are_the_contexts_and_answerable_questions_of_the_named_sets() -> None:
    answer = (AnswerText("Rome", 0),)
    questions = [
        Question("Which city?", "Rome is a city.", answer, "g", "a"),
        Question("Which king?", "Rome is a city.", (), "g", "a"),
        Question("Which river?", "Rome is near it.", answer, "g", "b"),
    ]
    assert texts_of(questions, frozenset({"a"})) == ["Rome is a city.", "Which city?"]
