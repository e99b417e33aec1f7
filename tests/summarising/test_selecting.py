"""Which sentences are chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.summarising.about import word_shares
from rag.summarising.selecting import PROSE, Pool, Weights, relevance, select
from rag.summarising.units import Unit
from rag.testing import FakeEmbedder
from rag.types import Span

WORDS = ["harbour", "rent", "water", "bees", "chair", "vote", "pipe", "lamp", "boat", "price"]


def _pool(texts: list[str], sections: list[int]) -> Pool:
    units = [
        Unit("d.txt", Span(i * 100, i * 100 + 99), t, i, "sentence") for i, t in enumerate(texts)
    ]
    sizes = [0] * (max(sections) + 1)
    for unit, number in zip(units, sections, strict=True):
        sizes[number] += unit.words
    return Pool(units, FakeEmbedder().embed_passages(texts), sections, sizes)


sentences = st.lists(st.sampled_from(WORDS), min_size=3, max_size=12).map(" ".join)


@settings(max_examples=40, deadline=None)
@given(st.lists(sentences, min_size=1, max_size=25), st.integers(5, 60))
def test_the_budget_holds_and_the_order_is_that_of_the_text(texts: list[str], budget: int) -> None:
    pool = _pool(texts, [i * 3 // len(texts) for i in range(len(texts))])
    chosen = select(pool, relevance(pool), budget_words=budget)
    assert chosen == sorted(set(chosen))
    assert chosen
    words = sum(pool.units[i].words for i in chosen)
    assert words <= budget * 1.2 or len(chosen) == 1


def test_a_repeated_sentence_is_chosen_once() -> None:
    texts = ["the board agreed on the price of the boat"] * 5 + ["bees live on plot nine of ten"]
    pool = _pool(texts, [0] * 6)
    assert len(select(pool, relevance(pool), budget_words=500)) == 2


def test_every_section_gives_a_sentence_even_beyond_the_budget() -> None:
    texts = [f"{w} {w} stands alone in section {i}" for i, w in enumerate(WORDS)]
    pool = _pool(texts, list(range(len(WORDS))))
    chosen = select(pool, relevance(pool), budget_words=10, every_section=True)
    assert [pool.sections[i] for i in chosen] == list(range(len(WORDS)))


def test_the_largest_sections_come_first_where_not_all_fit() -> None:
    texts = ["one short line here"] + [f"the long section has line {i}" for i in range(9)]
    pool = _pool(texts, [0] + [1] * 9)
    chosen = select(pool, relevance(pool), most=1, every_section=True)
    assert [pool.sections[i] for i in chosen] == [1]


def test_what_no_longer_fits_is_passed_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Found out unit by unit, it cost a pass over all units for each of them."""
    texts = [f"{' '.join(WORDS)} line {i}" for i in range(300)]
    pool = _pool([*texts, "bees fly"], [*range(300), 300])
    scores = relevance(pool)
    passes = []
    where = np.where
    monkeypatch.setattr(np, "where", lambda *given: passes.append(0) or where(*given))
    chosen = select(pool, scores, budget_words=20, every_section=True, most_words=30)
    assert 300 in chosen  # the one that still fits
    assert 0 < len(passes) <= len(chosen) + 2


def test_what_scores_below_zero_is_never_chosen() -> None:
    pool = _pool(["rent rises now", "bees fly now", "pipes leak now"], [0, 0, 0])
    scores = np.array([-1.0, 0.4, -1.0], dtype=np.float32)
    assert select(pool, scores, budget_words=100) == [1]


def test_a_unit_is_central_to_its_section_by_the_cosine_to_the_mean_of_that_section_alone() -> None:
    texts = [f"{one} {other} today" for one in WORDS[:4] for other in WORDS[4:]]
    pool = _pool(texts, [0, 1, 1, 3] * 6)  # the third section is empty
    none = Weights(whole=0, words=0, lead=0, cue=0, opening=0, dangling=0, routine=0)
    found = relevance(pool, replace(none, section=1.0))
    for unit, number in enumerate(pool.sections):
        mean = np.mean(
            [v for v, s in zip(pool.vectors, pool.sections, strict=True) if s == number], 0
        )
        cosine = pool.vectors[unit] @ mean / np.linalg.norm(mean)
        assert found[unit] == pytest.approx(cosine, abs=1e-5)


def test_a_sentence_that_leans_on_another_counts_less() -> None:
    pool = _pool(["it costs the harbour board 40", "now costs the harbour board 40"], [0, 0])
    scores = relevance(pool, Weights(lead=0.0))
    assert scores[0] < scores[1]


def test_a_sentence_with_the_words_of_its_title_counts_more() -> None:
    texts = ["the board bought a boat today", "the board bought a lamp today"]
    plain = _pool(texts, [0, 0])
    titled = replace(plain, titles=["Lamp"])
    gained = relevance(titled, PROSE) - relevance(plain, PROSE)
    assert gained[1] > 0
    assert gained[0] == 0


@pytest.mark.parametrize(
    "routine",
    [
        "Does the harbour crane lift boats?",
        "The minutes of 11 March were approved without correction.",
        "Thanks to the harbour crane.",
    ],
)
def test_a_question_and_what_every_meeting_says_count_less(routine: str) -> None:
    line = "The harbour crane lifts boats."
    units = [
        Unit("a", Span(9 * i, 9 * i + 8), text, i, "sentence")
        for i, text in enumerate((line, routine))
    ]
    same = np.ones((2, 4), dtype=np.float32) / 2
    plain, less = relevance(Pool(units, same, [0, 1], [5, 5]), Weights(words=0.0))
    assert less < plain


def test_a_word_of_the_topic_counts_half_in_a_heading_and_in_a_neighbour() -> None:
    texts = ["rent of boats", "boat at pier", "lamp and price"]
    pool = replace(_pool(texts, [0, 0, 1]), titles=["Harbour", "Rent"])
    assert word_shares(pool, "rent").tolist() == [1.0, 0.5, 0.5]
    assert word_shares(pool, "boats").tolist() == [1.0, 1.0, 0.0]  # not across sections
