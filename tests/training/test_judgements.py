from __future__ import annotations

from collections import Counter

import pytest

from rag.training.candidates import Shown
from rag.training.judgements import (
    drawn,
    of_candidates,
    of_pairs,
    of_questions,
    of_yes_no,
    yes_no_question,
)
from rag.training.sets import AnswerText, Pair, Question

SUPPORTED, CONTRADICTED, NEITHER = 0, 1, 2


@pytest.mark.parametrize(
    ("claim", "question"),
    [
        ("A man is asleep on a bench.", "Is a man asleep on a bench?"),
        ("The old mill at Thorn was built in 1790.", "Was the old mill at Thorn built in 1790?"),
        ("Ada Moss has never owned a mill.", "Has Ada Moss never owned a mill?"),
        ("Ada Moss built a mill.", None),
        ("The mill does not work on Sundays.", None),
        ("It was wet. The mill was shut all day.", None),
    ],
)
def test_a_claim_becomes_a_question_of_yes_or_no(claim, question) -> None:
    assert yes_no_question(claim) == question


def test_what_contradicts_answers_and_what_says_neither_does_not() -> None:
    pairs = [
        Pair("The mill was built in 1790.", "Moss built the mill in 1790.", SUPPORTED, "own"),
        Pair("The mill was built in 1791.", "Moss built the mill in 1790.", CONTRADICTED, "own"),
        Pair("The mill was built of stone.", "Moss built the mill in 1790.", NEITHER, "own"),
    ]
    assert [row.right for row in of_yes_no(pairs)] == [True, True, False]
    assert not any(row.claim for row in of_yes_no(pairs))


def test_a_set_without_such_texts_is_given_another_claims() -> None:
    pairs = [
        Pair("The mill was built in 1790.", "Moss built it in 1790 by the lock.", SUPPORTED, "own"),
        Pair("The mill was shut in 1801.", "Since 1801 nobody has ground corn.", SUPPORTED, "own"),
    ]
    rows = list(of_yes_no(pairs))
    wrong = [row for row in rows if not row.right]
    assert {row.text for row in rows if row.right} == {pair.evidence for pair in pairs}
    assert wrong
    assert all(row.text != pairs["1801" in row.asked].evidence for row in wrong)


def test_claims_follow_only_from_what_supports_them() -> None:
    pairs = [Pair("A is B.", "A is B, we know.", label, "own") for label in (0, 1, 2)]
    long = Pair("A is B.", "A is B. " * 200, SUPPORTED, "own")
    rows = list(of_pairs([*pairs, long]))
    assert [row.right for row in rows] == [True, False, False]
    assert all(row.claim for row in rows)


def test_a_changed_question_is_answered_by_no_candidate() -> None:
    shown = [
        Shown(f"Who built the mill in 179{n}?", "Mills", f"Moss built it in 179{n}.", "a/b", True)
        for n in range(8)
    ]
    rows = of_candidates(shown, 1.0, seed=3)
    changed = [row for row in rows if row.source == "a:swap"]
    assert len(rows) == len(shown) + len(changed)
    assert changed
    assert not any(row.right for row in changed)
    asked = {c.text: c.question for c in shown}
    assert all(row.asked != asked[row.text] for row in changed)
    assert len(of_candidates(shown, 0.0, seed=3)) == len(shown)


def test_a_passage_stays_one_under_a_changed_question() -> None:
    text = "It stands by the lock. Moss built it in 1790."
    shown = [Shown(f"Who built the mill in 179{n}?", "", text, "a/b", True, True) for n in range(8)]
    rows = of_candidates(shown, 1.0, seed=3)
    assert all(row.passage and row.text == text for row in rows)
    assert {row.source for row in rows} == {"a:passage", "a:passage:swap"}


def test_claims_are_made_of_questions_with_both_verdicts() -> None:
    context = "The mill at Thorn was built by Ada Moss in 1790. The lock was rebuilt in 1840."
    questions = [
        Question(
            "Who built the mill at Thorn?", context, (AnswerText("Ada Moss", 31),), "g", "own"
        ),
        Question("When was the lock rebuilt?", context, (AnswerText("1840", 73),), "g", "own"),
    ] * 6
    rows = of_questions(questions, 12, seed=1)
    assert all(row.claim for row in rows)
    assert {row.right for row in rows} == {True, False}
    assert rows == of_questions(questions, 12, seed=1)


def test_pairs_are_drawn_half_and_half() -> None:
    pairs = [Pair(f"c{n}", "e", n % 4 and 1, "own") for n in range(80)]
    pairs += [Pair("other", "e", 0, "other")]
    kept = drawn(pairs, {"own": 20}, seed=1)
    assert Counter(p.label == SUPPORTED for p in kept) == {True: 10, False: 10}
    assert {p.source for p in kept} == {"own"}
    assert len(drawn(pairs, {"own": 60}, seed=1)) == 20 + 40
