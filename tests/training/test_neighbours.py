from __future__ import annotations

from rag.training.neighbours import Neighbours


def test_rare_shared_words_rank_first_and_ties_go_by_number() -> None:
    index = Neighbours(
        ["the king of egypt", "the king of france", "the river", "the river", "a queen of egypt"]
    )
    assert index.ranked("a queen in egypt", 5)[:2] == [4, 0]
    assert index.ranked("river", 5) == [2, 3]
    assert index.ranked("river", 1) == [2]
    assert index.ranked("nothing", 5) == []


def test_no_contexts_rank_nothing() -> None:
    assert Neighbours([]).ranked("river", 3) == []
