from __future__ import annotations

import pytest

from rag.training.statements import statement


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Who was the Norse leader?", "Rollo", "The Norse leader was Rollo."),
        ("In what country is Normandy located?", "France", "Normandy is located in France."),
        ("When was the abbey founded?", "1066", "The abbey was founded in 1066."),
        ("When was it built?", "in the 10th century", "It was built in the 10th century."),
        ("Who painted the icons?", "Sergei Fyodorov", "Sergei Fyodorov painted the icons."),
        ("What is the capital of France?", "Paris", "The capital of France is Paris."),
        ("How many books are included in it?", "12", "12 are included in it."),
        ("What has been the aim?", "peace", "Peace has been the aim."),
    ],
)
def test_a_question_and_its_answer_become_a_statement(
    question: str, answer: str, expected: str
) -> None:
    assert statement(question, answer) == expected


@pytest.mark.parametrize("question", ["", "Really?", "He came when? And why?", "Did he come?"])
def test_what_no_rule_fits_gives_nothing(question: str) -> None:
    assert statement(question, "Rome") is None


def test_an_empty_answer_gives_nothing() -> None:
    assert statement("Who was it?", " ") is None
