from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rag.training.windows import around, best_overlap, draw_budget, sentences, tokens_about

TEXT = (
    "The city was built in 45. Its king was Henry. Many came from Egypt (and from Rome.) "
    "They stayed. A river ran near."
)
TEXTS = st.text(alphabet='aB c.!?\n"(', max_size=80)


def test_sentences_end_at_marks_before_a_capital() -> None:
    assert [TEXT[a:b] for a, b in sentences(TEXT)] == [
        "The city was built in 45.",
        "Its king was Henry.",
        "Many came from Egypt (and from Rome.)",
        "They stayed.",
        "A river ran near.",
    ]


@given(TEXTS)
def test_sentences_are_ordered_apart_and_cover_every_word(text: str) -> None:
    spans = sentences(text)
    assert all(a < b for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in pairwise(spans))
    covered = {i for a, b in spans for i in range(a, b)}
    assert all(i in covered for i, char in enumerate(text) if char.isalpha())


@given(TEXTS.filter(str.strip), st.data())
def test_a_window_holds_its_span(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    seed = data.draw(st.integers(0, 9))
    low, high = around(text, start, end, 12, random.Random(seed))
    assert 0 <= low <= start < end <= high <= len(text)


def test_a_window_stays_within_its_budget() -> None:
    start = TEXT.index("They")
    for seed in range(20):
        low, high = around(TEXT, start, start + 4, 14, random.Random(seed))
        assert tokens_about(TEXT[low:high]) <= 16
        assert low > 0


def test_the_window_of_an_unanswered_question_lies_where_its_words_are() -> None:
    for seed in range(5):
        window = best_overlap(TEXT, "Who came from Egypt?", 8, random.Random(seed))
        assert "Egypt" in window
        assert "river" not in window


def test_budgets_are_mostly_as_long_as_passages() -> None:
    rng = random.Random(0)
    drawn = [draw_budget(rng) for _ in range(500)]
    assert min(drawn) >= 20
    assert max(drawn) <= 220
    assert 0.6 < sum(50 <= value <= 140 for value in drawn) / 500 < 0.9
