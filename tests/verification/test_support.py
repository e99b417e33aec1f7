from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.testing import FakeReader
from rag.verification import check


@pytest.mark.parametrize("reader", [None, FakeReader()])
def test_a_quotation_is_fully_supported(reader) -> None:
    result = check("The plan was agreed.", ["On Monday, the plan was agreed."], reader)
    assert result.verdict == "supported"
    assert result.score >= 0.98
    assert result.reasons == ()


@pytest.mark.parametrize("reader", [None, FakeReader()])
def test_another_number_is_removed_and_named(reader) -> None:
    result = check("The lease runs for five years.", ["The lease runs for ten years."], reader)
    assert result.verdict == "removed"
    assert "five" in result.reasons[0]


@pytest.mark.parametrize(
    ("sentence", "cited"),
    [
        ("The plan was agreed.", "The plan was not agreed."),
        ("Ms Smith abstained.", "Ms Adeyemi abstained."),
        ("The rate fell to 3.5 %.", "The rate rose to 3.5 %."),
        ("The trial was held in Oslo.", "The trial was held in Bergen."),
    ],
)
def test_what_the_rules_find_is_never_supported(sentence, cited) -> None:
    assert check(sentence, [cited], FakeReader()).verdict != "supported"


def test_two_sources_support_a_sentence_together() -> None:
    sources = ["Brahm was born in 1856.", "Falk was born in 1872."]
    both = "Brahm was born in 1856 and Falk was born in 1872."
    assert check(both, sources, FakeReader()).score > check(both, sources[:1], FakeReader()).score


def test_a_judge_counts_as_was_fitted_for_its_model_alone() -> None:
    from rag.calibration import load

    own = load("support-qwen2.5-coder-1.5b-instruct")
    generic = load("support-qwen2.5-coder-0.5b-instruct")
    assert own.weights == generic.weights
    assert not {n for n in generic.thresholds if n.startswith("judge_")}
    sentence, cited = "The vote went against it.", ["A vote was held on the plan."]

    def said(name: str) -> list[float]:
        logits = (-4.0, own.threshold("judge_centre", 0.0), 4.0)
        return [
            check(sentence, cited, None, judge=lambda j=j: j, judge_name=name).score for j in logits
        ]

    assert said("a-model-of-ones-own") == said("generic") != said(own.name[8:])


def test_the_judge_moves_an_unsure_score_only() -> None:
    sentence, cited = "The council wants more training.", ["The council agreed to train staff."]
    base = check(sentence, cited, None).score
    assert check(sentence, cited, None, judge=lambda: 4.0).score > base
    assert check(sentence, cited, None, judge=lambda: -4.0).score < base
    lie = ("It runs for five years.", ["It runs for ten years."])
    assert check(*lie, None, judge=lambda: 9.0).verdict == "removed"


def test_support_of_an_unrelated_text_is_lower() -> None:
    claim = "The ferry leaves at nine."
    told, unrelated, nothing = (
        check(claim, cited, None).score
        for cited in (
            ["Each morning the ferry leaves at nine."],
            ["A lighthouse stands on the cape."],
            [],
        )
    )
    assert told > unrelated
    assert nothing < 0.5


@given(st.text(max_size=100), st.lists(st.text(max_size=100), max_size=3))
def test_support_is_a_value_between_0_and_1_and_never_raises(sentence, cited) -> None:
    assert 0 <= check(sentence, cited, FakeReader()).score <= 1
