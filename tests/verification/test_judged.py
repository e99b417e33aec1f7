from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.testing import FakeGenerator, FakeReader
from rag.verification.judged import judged_support, nearest

LONG = [
    "The harbour was dredged in spring. The council met twice. The ferry leaves at nine. "
    "Nobody asked about the budget.",
    "The lighthouse is white. The ferry needs forty minutes.",
]


def test_the_sentences_that_hold_the_claim_are_shown_in_order() -> None:
    shown = nearest("The ferry leaves at nine and needs forty minutes.", LONG, chars=60)
    assert shown == "The ferry leaves at nine. The ferry needs forty minutes."


def test_one_long_sentence_is_shown_whole() -> None:
    text = "The ferry " + "slowly " * 40 + "leaves at nine."
    assert nearest("The ferry leaves.", [text], chars=50) == text


@given(st.text(max_size=80), st.lists(st.text(max_size=200), max_size=4), st.integers(10, 300))
def test_what_is_shown_stands_in_the_evidence(claim, evidence, chars) -> None:
    shown = nearest(claim, evidence, chars)
    assert set(shown.split()) <= {w for t in evidence for w in t.split()} or len(shown) == chars


def test_an_unsure_claim_is_asked_about_and_a_quotation_is_not() -> None:
    generator = FakeGenerator()
    judged_support("The ferry leaves at nine.", LONG, FakeReader(), generator)
    assert generator.prompts == []
    claim = "The ferry takes forty minutes and leaves before noon."
    judged_support(claim, LONG, FakeReader(), generator)
    assert len(generator.prompts) == 1
    assert "needs forty minutes" in generator.prompts[0].rest
