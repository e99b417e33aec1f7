"""What one question, claim or summary scores: metrics by name, from its record alone.

A metric that is undefined for an item is absent, never 0.
"""

from __future__ import annotations

from statistics import median

from rag.evaluation.records import Place, Record, places
from rag.evaluation.retrieval_metrics import need_ranks, overlaps, retrieval_scores
from rag.evaluation.text_metrics import (
    ROUGE_NAMES,
    contains,
    exact_match,
    rouge,
    token_f1,
    without_markers,
)
from rag.verification.rules import content_words

Scores = dict[str, float]


def retrieval_part(record: Record) -> Scores:
    """The retrieval metrics of a question; none without gold."""
    if not record["gold"]:
        return {}
    gains = _grades(record) if record["gold_mode"] == "graded" else None
    hits, gold = places(record["hits"]), places(record["gold"])
    return retrieval_scores(need_ranks(hits, gold, record["gold_mode"]), gains)


def _grades(record: Record) -> list[float]:
    """The grade of each gold document (its highest), in order of first mention."""
    grades: dict[str, float] = {}
    for row in record["gold"]:
        grades[row["document"]] = max(row["grade"], grades.get(row["document"], 0.0))
    return list(grades.values())


def is_answered(record: Record) -> bool:
    """Whether the record holds an answer: any status but `not_found`, and no error."""
    return str(record.get("status", "not_found")) != "not_found"


def needs_met(record: Record, cited: list[Place]) -> list[bool]:
    """For each gold need, whether one of the cited pieces meets it.

    `any` and `graded`: one need, met by overlap with any gold (of grade above 0). `all`: each gold
    is a need. The list is empty where the question has no gold.
    """
    gold = places(g for g in record["gold"] if g["grade"] > 0)
    met = [any(overlaps(c, g) for c in cited) for g in gold]
    return met if record["gold_mode"] == "all" or not met else [any(met)]


def answer_part(record: Record) -> Scores:
    """The metrics of a question's answer.

    - `answered`: 1 for an answerable question that got an answer.
    - `exact_match`, `token_f1`: of `phrase`, of `answer` (markers out) where there is none, against
      the accepted answers; an answerable question that was not answered scores 0.
    - `contains`: an accepted answer stands in `answer` as whole words.
    - `right_and_right`: contains, and every gold need is met by a citation.

    Undefined for unanswerable questions; the text metrics also without accepted answers, and
    right-and-right without gold.
    """
    if not record["answerable"]:
        return {}
    answered = is_answered(record)
    scores: Scores = {"answered": float(answered)}
    answers = record["answers"]
    if answers:
        text = record["answer"] if answered else ""
        short = (record.get("phrase") or {}).get("text") or without_markers(text)
        scores["contains"] = contains(text, answers)
        scores["exact_match"] = exact_match(short, answers) if answered else 0.0
        scores["token_f1"] = token_f1(short, answers) if answered else 0.0
        met = needs_met(record, places(record["citations"])) if answered else []
        if record["gold"]:
            scores["right_and_right"] = float(bool(scores["contains"]) and bool(met) and all(met))
    return scores


def citation_part(record: Record) -> Scores:
    """The citation metrics of an answered, answerable question with gold; else none.

    With C the cited spans: precision = |{c in C overlapping gold}| / |C|; answer precision counts
    also those that hold an accepted answer; recall = needs met / needs; validity = share whose
    quote equals the document there; width = median of their characters. An answer that cites
    nothing has precision, answer precision and recall 0, and no validity or width.
    """
    if not record["answerable"] or not record["gold"] or not is_answered(record):
        return {}
    rows = record["citations"]
    cited = places(rows)
    met = needs_met(record, cited)
    if not met:
        return {}
    gold = places(g for g in record["gold"] if g["grade"] > 0)
    hit = [any(overlaps(c, g) for g in gold) for c in cited]
    holds = [
        h or bool(contains(row["quote"], record["answers"]))
        for h, row in zip(hit, rows, strict=True)
    ]
    scores = {
        "citation_precision": _share(hit),
        "citation_answer_precision": _share(holds),
        "citation_recall": _share(met),
    }
    return scores | _widths(rows)


def _widths(rows: list[Record]) -> Scores:
    """The width and the validity of citations; nothing where there are none."""
    scores: Scores = {}
    if rows:
        scores["citation_width_chars"] = float(median(row["end"] - row["start"] for row in rows))
        if all("valid" in row for row in rows):
            scores["citation_validity"] = _share([row["valid"] for row in rows])
    return scores


def _share(flags: list[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


def decision_part(record: Record) -> Scores:
    """What abstention and calibration are computed from, under names that begin with `_`.

    `_right` is the outcome that `confidence` predicts, for answered questions: right-and-right
    where that is defined, else contains; 0 for an answer to an unanswerable question.
    """
    answered = is_answered(record)
    scores: Scores = {
        "_unanswerable": float(not record["answerable"]),
        "_abstained": float(not answered),
        "_confidence": float(record["confidence"]),
    }
    if answered:
        right = answer_part(record)
        outcome = right.get("right_and_right", right.get("contains"))
        if not record["answerable"]:
            outcome = 0.0
        if outcome is not None:
            scores["_right"] = outcome
    return scores


def claim_part(record: Record, threshold: float | None) -> Scores:
    """The metrics of a claim: `support_accuracy` at the threshold, and what curves need."""
    scores: Scores = {
        "_support": float(record["support"]),
        "_supported": float(record["supported"]),
    }
    if threshold is not None:
        said = record["support"] >= threshold
        scores["support_accuracy"] = float(said == record["supported"])
    return scores


def summary_part(record: Record) -> Scores:
    """The metrics of a summary.

    ROUGE against the references (best of them), `support_rate` = shown sentences whose verdict is
    `supported` / shown sentences, `coverage` = passages represented / passages, `sections` the same
    of sections, width and validity of citations as for answers, `length_kept` = words / words that
    its length stands for, `redundancy` = over the sentences but the first, the mean share of their
    content words that one earlier sentence holds. A summary that was not made scores 0 in ROUGE;
    it has no support rate, length or redundancy.
    """
    scores = dict.fromkeys(ROUGE_NAMES, 0.0)
    if record["status"] != "not_found":
        scores = rouge(record["summary"], record["references"])
    sentences, coverage = record["sentences"], record["coverage"]
    if sentences:
        scores["support_rate"] = _share([s["verdict"] == "supported" for s in sentences])
        scores["redundancy"] = _redundancy([s["text"] for s in sentences])
        if record.get("asked_words"):
            words = len(without_markers(record["summary"]).split())
            scores["length_kept"] = words / record["asked_words"]
    if coverage["passages"]:
        scores["coverage"] = coverage["represented"] / coverage["passages"]
    if coverage.get("sections"):
        scores["sections"] = coverage["sections_represented"] / coverage["sections"]
    return scores | _widths(record["citations"])


def _redundancy(texts: list[str]) -> float:
    words = [set(content_words(text)) for text in texts]
    shares = [
        max(len(own & earlier) for earlier in words[:i]) / len(own)
        for i, own in enumerate(words)
        if i and own
    ]
    return sum(shares) / len(shares) if shares else 0.0
