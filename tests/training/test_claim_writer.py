from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.testing import FakeGenerator
from rag.training.claim_writer import load, rejection, save, sources_of, written
from rag.training.sets import AnswerText, Problems, Question, read_pairs

SENTENCE = "The mill at Thorn was built by Ada Moss in May 1790, but it did not burn in the war."
ASKED = "Who built the mill at Thorn?"


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("Ada Moss built the mill at Thorn.", ""),
        ("The mill at Thorn was built by Ada Moss in 1790.", ""),
        ("Ada Moss built the mill at Thorn in 1791.", "number"),
        ("Ada Moss built the mill at Thorn in June 1790.", "month"),
        ("Ada Moss built the mill at Thorn in Kent.", "name"),
        ("Ada Moss never built the mill at Thorn.", "negation"),
        ("Who built the mill, Ada Moss?", "asks"),
        ("Ada Moss built the mill. It stands at Thorn.", "not one sentence"),
        ("The mill at Thorn was built in 1790.", "answer missing"),
        ("Ada Moss.", "answer alone"),
        (" . ", "empty"),
    ],
)
def test_only_what_the_sources_say_is_accepted(claim: str, reason: str) -> None:
    assert rejection(claim, ASKED, "Ada Moss", SENTENCE) == reason


def test_the_model_sees_sentence_question_and_answer_and_the_rules_judge_its_reply() -> None:
    replies = ["Ada Moss built the mill at Thorn.\nNext", "Ada Moss built 3 mills.", "Ada " * 90]
    generator = FakeGenerator(replies)
    made = [written(ASKED, "Ada Moss", SENTENCE, generator) for _ in replies]
    assert [item.reason for item in made] == ["", "number", "not finished"]
    assert made[0].claim == "Ada Moss built the mill at Thorn."
    assert all(part in generator.prompts[0].rest for part in (ASKED, "Ada Moss", SENTENCE))


def test_accepted_statements_are_a_file_of_pairs(tmp_path: Path) -> None:
    generator = FakeGenerator(["Ada Moss built the mill at Thorn.", "No."])
    made = [written(ASKED, "Ada Moss", SENTENCE, generator) for _ in range(2)]
    save(made, tmp_path / "claims.jsonl")
    pairs = read_pairs(tmp_path / "claims.jsonl", Problems())
    assert [(p.claim, p.evidence, p.label) for p in pairs] == [(made[0].claim, SENTENCE, 0)]
    rejected = json.loads((tmp_path / "claims.rejected.jsonl").read_text(encoding="utf-8"))
    assert (rejected["claim"], rejected["reason"]) == ("No.", "answer missing")


def test_what_was_written_is_found_again(tmp_path: Path) -> None:
    generator = FakeGenerator(["Ada Moss built the mill at Thorn.", "No."])
    made = [written(ASKED, "Ada Moss", SENTENCE, generator) for _ in range(2)]
    assert load(tmp_path / "claims.jsonl") == []
    save(made, tmp_path / "claims.jsonl")
    assert load(tmp_path / "claims.jsonl") == made


def test_sources_are_the_sentences_that_hold_short_answers() -> None:
    context = f"It rained. {SENTENCE} It was sold."
    short = AnswerText("Ada Moss", context.index("Ada Moss"))
    long = AnswerText(context[11:], 11)
    questions = [
        Question(ASKED, context, (short,), "g", "s"),
        Question("What of it?", context, (long,), "g", "s"),
        Question("Who sold it?", context, (), "g", "s"),
    ]
    assert sources_of(questions, 9, 1) == [(ASKED, "Ada Moss", SENTENCE)]
