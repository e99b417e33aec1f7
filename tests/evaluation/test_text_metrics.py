from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.text_metrics import (
    contains,
    exact_match,
    normalise,
    rouge,
    token_f1,
    without_markers,
)


# Worked by hand from the published SQuAD evaluation script.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Eiffel Tower!", "eiffel tower"),
        ("an  apple\ta day", "apple day"),
        ("3.5 %", "35"),
        ("rock-and-roll", "rockandroll"),
        ("theatre", "theatre"),
        ("“quoted”", "“quoted”"),
        ("A", ""),
        ("", ""),
    ],
)
def test_normalisation_is_squads(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_exact_match_needs_one_accepted_answer() -> None:
    assert exact_match("the Normans", ["Vikings", "Normans."]) == 1.0
    assert exact_match("Normans and Vikings", ["Normans"]) == 0.0
    assert exact_match("", ["x"]) == 0.0
    assert exact_match("anything", []) == 0.0


@pytest.mark.parametrize(
    ("prediction", "answers", "expected"),
    [
        ("10th and 11th centuries", ["in the 10th and 11th centuries"], 2 * 4 / (4 + 5)),
        ("cat cat dog", ["cat dog dog"], 2 * 2 / 6),
        ("France", ["Germany", "in France"], 2 / 3),
        ("the", ["a"], 1.0),
        ("the", ["cat"], 0.0),
        ("cat", [], 0.0),
        ("right", ["right"], 1.0),
    ],
)
def test_token_f1_by_hand(prediction: str, answers: list[str], expected: float) -> None:
    assert token_f1(prediction, answers) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "answer", "expected"),
    [
        ("It was 15 metres.", "5", 0.0),
        ("It was 5.3 metres.", "5", 0.0),
        ("It was 1,5 metres.", "5", 0.0),
        ("It was 5.", "5", 1.0),
        ("It costs $5, not more", "$5", 1.0),
        ("He met Art Garfunkel", "art", 1.0),
        ("a smart move", "art", 0.0),
        ("in New [1] York", "New York", 1.0),
        ("New\n  York [12].", "new york", 1.0),
        ("C++ is used", "C++", 1.0),
        ("naïve cafe\u0301", "café", 1.0),
        ("anything", "", 0.0),
        ("anything", "   ", 0.0),
        ("What?! (no)", "(no)", 1.0),
    ],
)
def test_contains_whole_words(text: str, answer: str, expected: float) -> None:
    assert contains(text, [answer]) == expected


@given(
    st.lists(st.sampled_from(["one", "2", "(three)", "vier.", "ß", "%"]), min_size=1),
    st.data(),
)
def test_any_run_of_words_is_contained(words: list[str], data: st.DataObject) -> None:
    low = data.draw(st.integers(0, len(words) - 1))
    high = data.draw(st.integers(low + 1, len(words)))
    assert contains(" ".join(words), [" ".join(words[low:high])]) == 1.0


@given(st.text(), st.text())
def test_scores_lie_between_0_and_1_and_agree(prediction: str, answer: str) -> None:
    f1 = token_f1(prediction, [answer])
    assert 0.0 <= f1 <= 1.0
    if exact_match(prediction, [answer]):
        assert f1 == 1.0


def test_markers_are_taken_out_with_the_space_before() -> None:
    assert without_markers("It opens at six [1][2].") == "It opens at six."
    assert without_markers("[x] stays") == "[x] stays"


def test_rouge_takes_the_best_reference_and_no_markers() -> None:
    scores = rouge("the cat sat [1]", ["dogs bark", "the cat sat"])
    assert scores == {"rouge1": 1.0, "rouge2": 1.0, "rougeL": 1.0}
    partly = rouge("the cat ran away", ["the cat sat down"])
    assert partly["rouge1"] == pytest.approx(0.5)
    assert partly["rouge2"] == pytest.approx(1 / 3)
    assert rouge("anything", []) == {}
