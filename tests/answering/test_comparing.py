"""Which of two is the earlier or the larger is reckoned from their sources, not worded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering import ask
from rag.answering.comparing import asks_degree, in_order, names_first, of_its_own, winner
from rag.answering.shape import compared
from rag.testing import FakeGenerator

FIRST = "Which ferry was built first, Orla or Petrel?"


@pytest.mark.parametrize(
    ("question", "texts", "which"),
    [
        (FIRST, ("Orla was built in 1938.", "Petrel was built in 1911."), 1),
        (FIRST, ("Orla was built in 1911 and sold in 1950.", "Petrel was built in 1938."), 0),
        ("Who is younger, Ann or Bob?", ("Ann (born 1971)", "Bob, born 3 May 1980"), 1),
        (FIRST, ("Orla is a ferry.", "Petrel was built in 1911."), None),
        (FIRST, ("Orla was built in 1911.", "Petrel was built in 1911."), None),
        ("Which is longer, Orla or Petrel?", ("It is 88 m long.", "In 1911 it was 40 m long."), 0),
        ("Which is faster, Orla or Petrel?", ("It takes 25 minutes.", "It takes 40 minutes."), 0),
        ("Which is slower, Orla or Petrel?", ("It does 30 km/h.", "It does 45 km/h."), 0),
        ("Which is faster, Orla or Petrel?", ("It is 30 km long.", "It is 50 km long."), None),
        ("Which is faster, Orla or Petrel?", ("It does 30 km/h.", "It does 45 km an hour."), 1),
        ("Which is deeper, Orla or Petrel?", ("It lies at -30 m.", "It lies at -50 m."), None),
        ("Which is faster, Orla or Petrel?", ("It is rated 5.", "It is rated 9."), None),
        ("Which is the warmest, Orla or Petrel?", ("It is 5 °C there.", "It is 9 °C there."), 1),
        ("Which was lower, Orla or Petrel?", ("It was -5 degrees.", "It was -12 degrees."), 1),
        ("Which is cheaper, Orla or Petrel?", ("A seat is 12 euros.", "A seat is 9 euros."), 1),
        ("Which is longer, Orla or Petrel?", ("It is 88 m long.", "It is 40 feet long."), None),
        ("Which is longer, Orla or Petrel?", ("It is 88 m long, 9 m wide.", "It is 40 m."), None),
    ],
)
def test_the_values_tell_which_of_two_it_is(question, texts, which) -> None:
    assert asks_degree(question)
    assert winner(question, texts) == which


@given(st.integers(1000, 2099), st.integers(1000, 2099))
def test_the_earlier_year_comes_first(one, other) -> None:
    texts = (f"It was built in {one}.", f"It was built in {other}.")
    expected = None if one == other else int(other < one)
    assert winner(FIRST, texts) == expected


@pytest.mark.parametrize(
    ("sentence", "which", "so"),
    [
        ("Petrel was built first.", 1, True),
        ("Petrel was built before Orla.", 1, True),
        ("Orla was built first.", 1, False),
        ("Orla was built later than Petrel.", 1, False),  # true, but not told by its order
        ("The older one was built first.", 1, False),
    ],
)
def test_a_wording_names_the_one_that_it_is(sentence, which, so) -> None:
    pair = compared(FIRST)
    assert pair is not None
    assert names_first(sentence, pair, which) is so


@pytest.mark.parametrize(
    ("sentence", "so"),
    [
        ("Petrel was built first, in 1911.", True),
        ("Petrel was built first, in 1938.", False),
        ("Petrel was built in 1911, Orla in 1938.", True),
    ],
)
def test_a_number_is_told_of_the_one_whose_source_holds_it(sentence, so) -> None:
    pair = compared(FIRST)
    assert pair is not None
    texts = ("Orla was built in 1938.", "Petrel was built in 1911.")
    assert of_its_own(sentence, pair, texts) is so


@pytest.mark.parametrize(
    ("orla", "worded", "shown"),
    [
        ("in 1938", "Petrel was built first.", True),
        ("in 1938", "Orla was built first.", False),
        ("of oak", "Petrel was built first.", False),  # nothing tells
    ],
)
def test_a_wording_of_a_comparison_is_shown_where_the_values_say_so(
    make, orla, worded, shown
) -> None:
    texts = {
        "a.md": f"The ferry Orla was built first {orla}.",
        "b.md": "The ferry Petrel was built first in 1911.",
    }
    answer = ask(FIRST, make(texts, generator=FakeGenerator([worded])))
    assert {c.document for c in answer.citations} == {"a.md", "b.md"}
    assert (worded in answer.answer) is shown


def test_the_things_are_put_in_the_order_of_their_sources() -> None:
    pair = compared(FIRST)
    assert pair is not None
    assert in_order(pair, ("The Orla is old.", "The Petrel is new.")) == pair
    assert in_order(pair, ("The Petrel is new.", "The Orla is old.")) == (pair[1], pair[0])
    assert in_order(pair, ("It is old.", "It is new.")) is None
