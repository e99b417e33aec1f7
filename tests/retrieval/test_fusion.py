from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.fusion import _face, convex, distinct_first, standardised
from rag.store import Matches
from rag.types import Passage, Span


def passage(number: int, text: str) -> Passage:
    return Passage(str(number), f"{number}.txt", Span(0, len(text)), text, ())


LONG = "the boiler in the canteen was fitted last winter by a firm from the next town over there"


def test_both_lists_count_by_their_scores() -> None:
    dense = Matches((1, 2, 3), (0.8, 0.6, 0.4))
    lexical = Matches((3, 4), (10.0, 5.0))
    assert convex(dense, lexical, 0.6) == pytest.approx({1: 0.6, 2: 0.3, 3: 0.4, 4: 0.2})


def test_an_empty_list_adds_nothing_and_one_passage_is_enough() -> None:
    assert convex(Matches((1,), (0.3,)), Matches((), ()), 0.5) == {1: 0.5}
    assert convex(Matches((), ()), Matches((), ()), 0.5) == {}


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 50)), max_size=30),
    st.randoms(use_true_random=False),
)
def test_fused_scores_follow_both_and_not_the_order(
    pairs: list[tuple[float, float]], chance
) -> None:
    dense, lexical = (np.array([p[i] for p in pairs]) for i in (0, 1))
    fused = standardised(dense, lexical)
    assert ((fused > 0) & (fused < 1)).all()
    for i in range(len(pairs)):
        for j in range(len(pairs)):
            if dense[i] > dense[j] and lexical[i] > lexical[j]:
                assert fused[i] >= fused[j]
    order = list(range(len(pairs)))
    chance.shuffle(order)
    assert np.array_equal(standardised(dense[order], lexical[order]), fused[order])


def test_where_all_are_equal_the_other_score_decides() -> None:
    fused = standardised(np.array([0.5, 0.5, 0.5]), np.array([1.0, 3.0, 2.0]))
    assert fused.argsort().tolist() == [0, 2, 1]
    assert standardised(np.array([0.3]), np.array([0.0])).tolist() == [0.5]


def test_repeats_give_way_to_others_but_fill_up() -> None:
    texts = [LONG, LONG, f"{LONG} again", "A ferry leaves at nine.", "A cat sleeps."]
    passages = [passage(i, text) for i, text in enumerate(texts)]
    assert [i for i, _ in distinct_first(passages, 3)] == [0, 3, 4]
    assert [i for i, _ in distinct_first(passages, 4)] == [0, 1, 3, 4]
    assert [i for i, _ in distinct_first(passages, 9)] == [0, 1, 2, 3, 4]


def test_another_number_makes_another_passage() -> None:
    passages = [passage(0, f"{LONG} for 940 euros"), passage(1, f"{LONG} for 870 euros")]
    assert [i for i, _ in distinct_first(passages, 1)] == [0]
    passages.append(passage(2, "A cat sleeps."))
    assert [i for i, _ in distinct_first(passages, 2)] == [0, 1]


def test_no_more_passages_are_drawn_than_needed() -> None:
    drawn = []

    def draw() -> object:
        for i in range(100):
            drawn.append(i)
            yield passage(i, f"A text with the number {i} in it.")

    assert len(distinct_first(draw(), 5)) == 5  # type: ignore[arg-type]
    assert drawn == [0, 1, 2, 3, 4]


@given(st.text(max_size=40))
def test_the_words_with_a_digit_are_found(text: str) -> None:
    words = text.casefold().split()
    assert _face(text)[1] == {word for word in words if any(c.isdigit() for c in word)}
