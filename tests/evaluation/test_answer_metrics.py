from __future__ import annotations

from typing import Any

import pytest

from rag.evaluation.answer_metrics import (
    answer_part,
    citation_part,
    claim_part,
    decision_part,
    needs_met,
    retrieval_part,
    summary_part,
)
from rag.evaluation.metrics import collect, item_scores, measures, over_answered
from rag.evaluation.outcomes import outcome
from rag.evaluation.records import around, places
from rag.evaluation.trivial import Trivial, TrivialScores

GOLD = {"document": "a", "start": 10, "end": 20, "quote": "four hours", "grade": 1.0}
OTHER = {"document": "b", "start": 0, "end": 5, "quote": "Paris", "grade": 1.0}


def cite(document: str, start: int, end: int, quote: str = "q", **more: Any) -> dict[str, Any]:
    return {"document": document, "start": start, "end": end, "quote": quote, **more}


def record(**more: Any) -> dict[str, Any]:
    base = {
        "id": "q",
        "question": "How long?",
        "answerable": True,
        "answers": ["four hours"],
        "gold": [GOLD],
        "gold_mode": "any",
        "hits": [],
        "status": "answered",
        "answer": "It takes four hours [1].",
        "confidence": 0.8,
        "phrase": {"text": "four hours"},
        "citations": [cite("a", 0, 30, "It takes four hours", valid=True)],
        "prompt_tokens": 12,
        "seconds": 0.5,
    }
    return base | more


NOT_FOUND = {"status": "not_found", "answer": "", "phrase": None, "citations": []}


def test_a_right_answer_with_a_right_citation() -> None:
    assert answer_part(record()) == {
        "answered": 1.0,
        "contains": 1.0,
        "exact_match": 1.0,
        "token_f1": 1.0,
        "right_and_right": 1.0,
    }
    assert citation_part(record()) == {
        "citation_precision": 1.0,
        "citation_answer_precision": 1.0,
        "citation_recall": 1.0,
        "citation_width_chars": 30.0,
        "citation_validity": 1.0,
    }


def test_the_answer_stands_in_for_a_missing_phrase() -> None:
    scores = answer_part(record(phrase=None, answer="four hours [1]"))
    assert scores["exact_match"] == 1.0


def test_a_right_answer_that_cites_elsewhere_is_not_right_and_right() -> None:
    elsewhere = record(citations=[cite("a", 20, 30, valid=True)])
    assert answer_part(elsewhere)["contains"] == 1.0
    assert answer_part(elsewhere)["right_and_right"] == 0.0
    assert citation_part(elsewhere)["citation_precision"] == 0.0


def test_a_citation_that_holds_the_answer_elsewhere_counts_for_answer_precision_alone() -> None:
    scores = citation_part(
        record(citations=[cite("c", 0, 9, "or four hours"), cite("c", 50, 60, "nothing")])
    )
    assert scores["citation_precision"] == 0.0
    assert scores["citation_answer_precision"] == 0.5


def test_all_gold_is_needed_under_all() -> None:
    both = record(gold=[GOLD, OTHER], gold_mode="all")
    assert needs_met(both, places(both["citations"])) == [True, False]
    assert citation_part(both)["citation_recall"] == 0.5
    assert answer_part(both)["right_and_right"] == 0.0
    one = record(gold=[GOLD, OTHER], gold_mode="any")
    assert citation_part(one)["citation_recall"] == 1.0


def test_a_whole_document_as_gold_is_met_by_any_citation_of_it() -> None:
    whole = record(gold=[{"document": "a", "grade": 1.0}], gold_mode="all")
    assert citation_part(whole)["citation_recall"] == 1.0


def test_a_missed_question_scores_0_for_its_words_and_has_no_citation_figures() -> None:
    missed = record(**NOT_FOUND)
    assert set(answer_part(missed).values()) == {0.0}
    assert citation_part(missed) == {}


def test_undefined_is_absent() -> None:
    assert answer_part(record(answerable=False)) == {}
    assert citation_part(record(answerable=False)) == {}
    assert answer_part(record(answers=[])) == {"answered": 1.0}
    assert "right_and_right" not in answer_part(record(gold=[]))
    assert retrieval_part(record(gold=[])) == {}


def test_an_answer_that_cites_nothing_has_no_precision_for_free() -> None:
    scores = citation_part(record(citations=[]))
    assert scores == {
        "citation_precision": 0.0,
        "citation_answer_precision": 0.0,
        "citation_recall": 0.0,
    }


def test_what_confidence_predicts() -> None:
    assert decision_part(record())["_right"] == 1.0
    assert decision_part(record(answerable=False))["_right"] == 0.0
    assert "_right" not in decision_part(record(**NOT_FOUND))
    assert "_right" not in decision_part(record(answers=[]))
    assert decision_part(record(gold=[]))["_right"] == 1.0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "right"),
        ({"citations": [cite("z", 0, 5)]}, "right_answer_wrong_citation"),
        ({"answer": "Two days [1]."}, "wrong_answer_right_citation"),
        ({"answer": "Two days [1].", "citations": [cite("z", 0, 5)]}, "wrong"),
        (NOT_FOUND, "missed"),
        ({"answerable": False}, "false_answer"),
        (NOT_FOUND | {"answerable": False}, "rightly_abstained"),
        ({"answers": []}, "right_citation"),
        ({"answers": [], "citations": [cite("z", 0, 5)]}, "wrong_citation"),
        ({"gold": []}, "right_answer"),
        ({"gold": [], "answer": "Two days [1]."}, "wrong_answer"),
        ({"answers": [], "gold": []}, "unscored"),
        ({"error": "too long"}, "error"),
    ],
)
def test_outcomes(change: dict[str, Any], expected: str) -> None:
    assert outcome(record(**change), "answers") == expected


def test_figures_are_means_over_those_that_define_them() -> None:
    records = [record(id="1"), record(id="2", **NOT_FOUND), record(id="3", answerable=False)]
    columns = collect(records, "answers")
    found = measures(columns)
    assert (found["contains"].mean, found["contains"].n) == (0.5, 2)
    assert (found["citation_precision"].mean, found["citation_precision"].n) == (1.0, 1)
    assert over_answered(columns)["contains"].mean == 1.0
    assert found["abstention_recall"].mean == 0.0
    assert found["abstention_precision"].mean == 0.0
    assert "rouge1" not in found
    assert all(m.low <= m.mean <= m.high for m in found.values())


def test_a_refused_question_counts_as_nothing_found_and_not_as_an_abstention() -> None:
    refused = record(error="too long", hits=[])
    del refused["status"], refused["confidence"]
    scores = item_scores(refused, "answers")
    assert scores["answered"] == scores["recall@20"] == scores["contains"] == 0.0
    assert "_abstained" not in scores


def test_claims() -> None:
    claim = {"id": "c", "support": 0.7, "supported": True, "seconds": 0.1}
    assert claim_part(claim, 0.5)["support_accuracy"] == 1.0
    assert claim_part(claim, 0.8)["support_accuracy"] == 0.0
    assert "support_accuracy" not in claim_part(claim, None)


def test_summaries() -> None:
    summary = {
        "status": "answered",
        "summary": "the cat sat [1]",
        "references": ["the cat sat"],
        "asked_words": 6,
        "sentences": [
            {"verdict": "supported", "text": "The cat sat on a mat."},
            {"verdict": "weak", "text": "A mat for a dog costs money."},
        ],
        "citations": [
            {"start": 0, "end": 10, "valid": True},
            {"start": 20, "end": 50, "valid": False},
        ],
        "coverage": {
            "passages": 4,
            "represented": 3,
            "sections": 2,
            "sections_represented": 1,
        },
    }
    scores = summary_part(summary)
    assert scores["length_kept"] == 0.5  # 3 words of 6
    assert scores["redundancy"] == 0.25  # mat of mat, dog, cost, money
    assert (scores["citation_width_chars"], scores["citation_validity"]) == (20.0, 0.5)
    assert scores["sections"] == 0.5
    assert scores["rouge1"] == 1.0
    assert scores["support_rate"] == 0.5
    assert scores["coverage"] == 0.75
    nothing = summary | {"status": "not_found", "summary": "", "sentences": [], "citations": []}
    assert summary_part(nothing)["rouge1"] == 0.0
    assert not {"support_rate", "length_kept", "redundancy"} & summary_part(nothing).keys()


def trivial_scores(records: list[Any], stage: Any) -> Trivial:
    scores = TrivialScores(stage)
    for each in records:
        scores.add(each)
    return scores.figures()


def test_trivial_strategies_by_hand() -> None:
    hits = [cite("a", 0, 100) | {"text": "It takes four hours."}, cite("z", 0, 50)]
    records = [
        record(id="1", hits=hits, holding=[0]),
        record(
            id="2", hits=hits[::-1] and [cite("z", 0, 50) | {"text": "No."}, hits[0]], holding=[1]
        ),
        record(id="3", answerable=False, answers=[], gold=[]),
    ]
    found = trivial_scores(records, "answers")
    assert found["abstention_f1"] == {"abstain always": pytest.approx(2 * (1 / 3) / (1 + 1 / 3))}
    assert found["contains"] == {"quote the first passage": 0.5}
    assert found["citation_recall"] == {"quote the first passage": 0.5, "cite every hit": 1.0}
    assert found["citation_precision"] == {"quote the first passage": 0.5, "cite every hit": 0.5}
    assert found["answered"] == {"answer always": 1.0}
    claims = [{"supported": s, "support": 0.5} for s in (True, True, False)]
    of_claims = trivial_scores(claims, "support")
    assert of_claims["support_accuracy"] == {"say the commoner class": pytest.approx(2 / 3)}
    assert of_claims["support_ece"]["by chance, if calibrated"] > 0.1


def test_the_calibration_error_by_chance_is_that_of_answered_questions() -> None:
    answered = [record(id=str(i), confidence=0.8) for i in range(4)]
    refused = record(id="5", status="not_found", citations=[], confidence=0.5)
    alone = trivial_scores(answered, "answers")["confidence_ece"]
    assert alone == trivial_scores([*answered, refused], "answers")["confidence_ece"]
    assert "confidence_ece" not in trivial_scores([refused], "answers")


def test_context_keeps_to_the_paragraph_and_to_whole_words() -> None:
    text = "First part.\n\nThe answer stands here, in the middle.\n\nLast part."
    start = text.index("stands")
    found = around(text, "d", start, start + 6)
    assert found["text"] == "The answer stands here, in the middle."
    assert text[found["start"] :].startswith("The answer")
    long = "word " * 400
    cut = around(long, "d", 1000, 1004)
    assert 500 < len(cut["text"]) < 620
    assert cut["text"].split() == ["word"] * len(cut["text"].split())
