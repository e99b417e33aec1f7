"""What a metric would be without any skill, or by chance alone: to be read beside each figure."""

from __future__ import annotations

from statistics import median

from rag.evaluation.decision_metrics import ece_by_chance
from rag.evaluation.product import Stage
from rag.evaluation.records import Record, places
from rag.evaluation.retrieval_metrics import overlaps
from rag.evaluation.text_metrics import contains, exact_match, rouge, token_f1

Trivial = dict[str, dict[str, float]]

ALWAYS_ABSTAIN = "abstain always"
ALWAYS_ANSWER = "answer always"
FIRST_PASSAGE = "quote the first passage"
CITE_ALL = "cite every hit"
MAJORITY = "say the commoner class"
LEAD = "copy the beginning"
GUESS = "guess"
IF_CALIBRATED = "by chance, if calibrated"


class TrivialScores:
    """Collects, record by record, what trivial strategies would score."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._sums: dict[tuple[str, str], tuple[float, int]] = {}
        self._positive = self._total = 0
        self._widths: dict[str, dict[float, int]] = {}
        self._chances: list[float] = []

    def add(self, record: Record) -> None:
        """Takes one record into account."""
        if "error" in record:
            return
        if self.stage == "support":
            self._total += 1
            self._positive += bool(record["supported"])
            self._chances.append(float(record["support"]))
        elif self.stage == "summaries":
            self._summary(record)
        elif self.stage != "retrieval":
            self._total += 1
            self._positive += not record["answerable"]
            self._confidence(record)
            self._question(record)

    def _note(self, strategy: str, metric: str, value: float) -> None:
        total, n = self._sums.get((metric, strategy), (0.0, 0))
        self._sums[metric, strategy] = (total + value, n + 1)

    def _summary(self, record: Record) -> None:
        if record["lead"]:
            for name, value in rouge(record["lead"], record["references"]).items():
                self._note(LEAD, name, value)

    def _confidence(self, record: Record) -> None:
        from rag.evaluation.answer_metrics import decision_part

        decision = decision_part(record)
        if "_right" in decision:
            self._chances.append(decision["_confidence"])

    def _question(self, record: Record) -> None:
        hits = record["hits"]
        if not record["answerable"]:
            return
        self._note(ALWAYS_ANSWER, "answered", 1.0)
        if record["answers"]:
            text = hits[0]["text"] if hits else ""
            said = contains(text, record["answers"])
            self._note(FIRST_PASSAGE, "contains", said)
            self._note(FIRST_PASSAGE, "exact_match", exact_match(text, record["answers"]))
            self._note(FIRST_PASSAGE, "token_f1", token_f1(text, record["answers"]))
            if record["gold"]:
                met = all(self._met(record, hits[:1]))
                self._note(FIRST_PASSAGE, "right_and_right", float(bool(said) and met))
        if record["gold"] and hits:
            self._citations(record, FIRST_PASSAGE, hits[:1])
            self._citations(record, CITE_ALL, hits)

    @staticmethod
    def _met(record: Record, rows: list[Record]) -> list[bool]:
        from rag.evaluation.answer_metrics import needs_met

        return needs_met(record, places(rows)) or [False]

    def _citations(self, record: Record, strategy: str, rows: list[Record]) -> None:
        gold = places(g for g in record["gold"] if g["grade"] > 0)
        hit = [any(overlaps(c, g) for g in gold) for c in places(rows)]
        holding = record.get("holding", ())
        held = [h or i in holding for i, h in enumerate(hit)]
        met = self._met(record, rows)
        self._note(strategy, "citation_precision", sum(hit) / len(hit))
        self._note(strategy, "citation_answer_precision", sum(held) / len(held))
        self._note(strategy, "citation_recall", sum(met) / len(met))
        width = float(median(row["end"] - row["start"] for row in rows))
        counts = self._widths.setdefault(strategy, {})
        counts[width] = counts.get(width, 0) + 1

    def figures(self) -> Trivial:
        """What each strategy gets: metric -> strategy -> figure."""
        import numpy as np

        found: Trivial = {}
        for (metric, strategy), (total, n) in self._sums.items():
            found.setdefault(metric, {})[strategy] = total / n
        for strategy, counts in self._widths.items():
            found.setdefault("citation_width_chars", {})[strategy] = _weighted_median(counts)
        if self._chances:
            name = "support_ece" if self.stage == "support" else "confidence_ece"
            found[name] = {IF_CALIBRATED: ece_by_chance(np.array(self._chances))}
        if self._total and self.stage == "support":
            share = self._positive / self._total
            found["support_accuracy"] = {MAJORITY: max(share, 1 - share)}
            found["support_auroc"] = {GUESS: 0.5}
        elif self._positive and self.stage != "summaries":
            share = self._positive / self._total
            found["abstention_precision"] = {ALWAYS_ABSTAIN: share}
            found["abstention_recall"] = {ALWAYS_ABSTAIN: 1.0}
            found["abstention_f1"] = {ALWAYS_ABSTAIN: 2 * share / (1 + share)}
            if share < 1:
                found["answerable_auroc"] = {GUESS: 0.5}
        return found


def _weighted_median(counts: dict[float, int]) -> float:
    half, seen = sum(counts.values()) / 2, 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= half:
            return value
    return 0.0
