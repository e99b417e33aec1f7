from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.terms import named, terms, wanted


def test_numbers_and_codes_are_terms() -> None:
    assert {"dx", "40", "e3", "error"} <= set(terms("What is error E3 on the DX-40?"))
    assert "the" not in terms("the rent")


def test_the_charge_of_a_month_is_the_monthly_one() -> None:
    assert set(terms("the monthly charge")) == set(terms("charge a month"))
    assert set(terms("an annual report")) == set(terms("report of the year"))


def test_names_and_numbers_but_not_the_first_word() -> None:
    assert named("Which rooms did Ms Orban rent in 2024?") == {"ms", "orban", "2024"}
    assert named("Where is it?") == frozenset()


def test_a_rare_term_weighs_more() -> None:
    texts = [{"rent", "flat"}, {"rent", "cellar"}, {"rent"}]
    sought = wanted("What rent has the cellar?", texts)
    assert sought.share({"cellar"}) > sought.share({"rent"})


@given(st.text(max_size=60), st.lists(st.text("abcde ", max_size=20), max_size=6))
def test_weights_sum_to_one_and_shares_grow(question, texts) -> None:
    held = [set(terms(t)) for t in texts]
    sought = wanted(question, held)
    everything = set(terms(question))
    if everything:
        assert sought.share(everything) == pytest.approx(1.0)
    for some in held:
        assert -1e-9 <= sought.share(some) <= sought.share(some | everything) + 1e-9
