"""Judges candidates and decides: which is the backbone, and whether the documents answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

from rag.answering.candidates import Candidate, agreement
from rag.answering.shape import answer_type
from rag.calibration import Calibrated
from rag.generation.judging import judge
from rag.generation.protocol import Generator
from rag.types import Considered
from rag.verification.rules import content_words

SURE = 0.93  # a candidate this sure is not compared with others
_REFUSED = "not shown"


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with all its signals and the probability that it states the answer."""

    candidate: Candidate
    signals: dict[str, float]
    probability: float
    judged: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """The judged candidates, best first, and the confidence that the first one is right.

    `found` says whether that is enough to answer.
    """

    ranked: tuple[Judged, ...]
    confidence: float
    found: bool

    @property
    def best(self) -> Judged | None:
        """The backbone, or None without candidates."""
        return self.ranked[0] if self.ranked else None

    def considered(self, shown: frozenset[int] = frozenset()) -> tuple[Considered, ...]:
        """The candidates for `--why`; `shown` are the positions of those that are cited."""
        return tuple(
            Considered(
                j.candidate.document,
                j.candidate.span,
                j.candidate.text,
                tuple((n, round(v, 4)) for n, v in {**j.signals, "p": j.probability}.items()),
                "cited" if i in shown else _REFUSED if j.judged else "not judged",
            )
            for i, j in enumerate(self.ranked)
        )


def decide(
    question: str,
    candidates: Sequence[Candidate],
    generator: Generator | None,
    calibration: Calibrated,
) -> Decision:
    """The decision about a question, from the candidates alone.

    Candidates are judged in the reader's order, and no further once one is sure.
    """
    words = frozenset(content_words(question))
    kind = answer_type(question)
    rows: list[Judged] = []
    sure = False
    for candidate in candidates:
        signals = candidate.signals(words, kind)
        signals["agreement"] = agreement(candidates, candidate)
        judged = generator is not None and not sure
        if generator is not None and judged:
            signals["judge"] = judge(generator, question, [candidate.text])[0]
        probability = calibration.probability(signals) if judged or generator is None else 0.0
        rows.append(Judged(candidate, signals, probability, judged or generator is None))
        sure = sure or (judged and probability >= calibration.threshold("sure", SURE))
    ranked = sorted(rows, key=lambda r: -r.probability)
    confidence = _confidence(ranked, calibration)
    threshold = calibration.threshold("answer", 0.5)
    return Decision(tuple(ranked), confidence, bool(ranked) and confidence >= threshold)


def _confidence(ranked: Sequence[Judged], calibration: Calibrated) -> float:
    if not ranked:
        return 0.0
    return ranked[0].probability


def with_phrase(judged: Judged, candidate: Candidate) -> Judged:
    """The same judgement for another phrase of the same sentence."""
    return replace(judged, candidate=candidate)


def logit(p: float) -> float:
    """The logit of a probability, bounded to about +-9."""
    clipped = min(max(p, 1e-4), 1 - 1e-4)
    return log(clipped / (1 - clipped))
