"""Exact: what is left out could not have been among the best."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.store import lexical
from rag.store.lexical import Word, best_scores
from rag.store.postings import bm25

PASSAGES = 400


def words_of(seed: int, shares: list[float]) -> list[Word]:
    chance = np.random.default_rng(seed)
    found = []
    for i, share in enumerate(shares):
        held = np.flatnonzero(chance.random(PASSAGES) < share)
        counts = chance.integers(1, 4, len(held))
        found.append(Word(str(i), held.astype(np.int64), counts.astype(np.int64)))
    return found


@given(
    seed=st.integers(0, 1000),
    shares=st.lists(st.sampled_from([0.0, 0.003, 0.02, 0.3, 0.9]), max_size=6),
    k=st.sampled_from([1, 5, 50]),
    limited=st.booleans(),
)
@pytest.mark.parametrize("long", [0, 5, PASSAGES])
def test_the_best_are_those_of_adding_up_every_list(
    long: int, seed: int, shares: list[float], k: int, limited: bool
) -> None:
    words = words_of(seed, shares)
    chance = np.random.default_rng(seed)
    lengths = chance.uniform(0.2, 3, PASSAGES)
    allowed = chance.random(PASSAGES) < 0.5 if limited else None
    expected = np.zeros(PASSAGES)
    for word in sorted(words, key=lambda w: len(w.positions)):
        at = word.positions
        expected[at] += bm25(word.counts, lengths[at], len(at), PASSAGES)
    if allowed is not None:
        expected[~allowed] = 0
    before, lexical._LONG = lexical._LONG, long
    try:
        found, scores = best_scores(words, lengths, PASSAGES, k, allowed)
    finally:
        lexical._LONG = before
    assert len(set(found.tolist())) == len(found)
    assert np.array_equal(scores, expected[found])
    least = np.sort(expected)[-k]
    assert set(np.flatnonzero((expected >= least) & (expected > 0))) <= set(found.tolist())


def test_a_word_knows_where_it_stands() -> None:
    word = Word("cat", np.array([2, 5, 9]), np.array([1, 2, 3]))
    assert word.at(np.array([9, 0, 2, 10, 5])).tolist() == [2, -1, 0, -1, 1]
    nowhere = Word("dog", np.array([], dtype=np.int64), np.array([], dtype=np.int64))
    assert nowhere.at(np.array([3])).tolist() == [-1]
