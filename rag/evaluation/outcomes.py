"""What became of an item, in one word: the classes that a report filters by."""

from __future__ import annotations

from rag.evaluation.answer_metrics import answer_part, is_answered, needs_met, retrieval_part
from rag.evaluation.metrics import DEFAULT_THRESHOLD
from rag.evaluation.product import Stage
from rag.evaluation.records import Record, places

# Outcome -> (what a reader is told, whether it is good, bad or neither).
OUTCOMES: dict[str, tuple[str, str]] = {
    "right": ("Right answer, right citation", "good"),
    "right_answer_wrong_citation": ("Right answer, wrong citation", "bad"),
    "wrong_answer_right_citation": ("Wrong answer, right citation", "bad"),
    "wrong": ("Wrong answer, wrong citation", "bad"),
    "right_citation": ("Right citation, no answer to compare with", "good"),
    "wrong_citation": ("Wrong citation, no answer to compare with", "bad"),
    "right_answer": ("Right answer, no gold to compare with", "good"),
    "wrong_answer": ("Wrong answer, no gold to compare with", "bad"),
    "missed": ("Missed: not answered, though answerable", "bad"),
    "false_answer": ("False answer to an unanswerable question", "bad"),
    "rightly_abstained": ("Rightly not answered", "good"),
    "unscored": ("Answered, nothing to compare with", "neutral"),
    "found_first": ("Found at rank 1", "good"),
    "found": ("Found at ranks 2 to 20", "neutral"),
    "found_partly": ("Found in part", "bad"),
    "not_found": ("Not found", "bad"),
    "no_gold": ("No gold to find", "neutral"),
    "supported": ("Supported, and said so", "good"),
    "unsupported": ("Unsupported, and said so", "good"),
    "false_support": ("Unsupported, called supported", "bad"),
    "missed_support": ("Supported, called unsupported", "bad"),
    "summary": ("Summarised", "neutral"),
    "no_summary": ("Not summarised", "bad"),
    "error": ("Refused with an error", "bad"),
}


def outcome(record: Record, stage: Stage, threshold: float | None = None) -> str:
    """The outcome of a record, a key of `OUTCOMES`."""
    if "error" in record:
        return "error"
    if stage == "support":
        return _claim(record, DEFAULT_THRESHOLD if threshold is None else threshold)
    if stage == "summaries":
        return "summary" if record["status"] != "not_found" else "no_summary"
    return _retrieval(record) if stage == "retrieval" else _answer(record)


def _retrieval(record: Record) -> str:
    scores = retrieval_part(record)
    if not scores:
        return "no_gold"
    if not scores["recall@20"]:
        return "not_found"
    if scores["recall@20"] < 1:
        return "found_partly"
    return "found_first" if scores["ndcg@10"] > 1 - 1e-9 else "found"


def _answer(record: Record) -> str:
    answered = is_answered(record)
    if not record["answerable"]:
        return "false_answer" if answered else "rightly_abstained"
    if not answered:
        return "missed"
    right = answer_part(record).get("contains")
    met = needs_met(record, places(record["citations"]))
    if right is None:
        if not met:
            return "unscored"
        return "right_citation" if all(met) else "wrong_citation"
    if not met:
        return "right_answer" if right else "wrong_answer"
    if right:
        return "right" if all(met) else "right_answer_wrong_citation"
    return "wrong_answer_right_citation" if all(met) else "wrong"


def _claim(record: Record, threshold: float) -> str:
    said = record["support"] >= threshold
    if record["supported"]:
        return "supported" if said else "missed_support"
    return "false_support" if said else "unsupported"
