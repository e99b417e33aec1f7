"""Judges candidates and decides: which is the backbone, and whether the documents answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.candidates import Candidate, Judged, agreement
from rag.answering.disagreeing import worth_judging
from rag.answering.shape import answer_type, shape_of
from rag.calibration import Calibrated
from rag.generation.judging import judge
from rag.generation.protocol import Generator
from rag.types import Considered
from rag.verification.rules import content_words

SURE = 0.93  # a candidate this sure is not compared with others
JUDGED_CHARS = 480  # about 120 tokens: what of a long sentence a model judges
_REFUSED = "not shown"


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

    Candidates are judged in the reader's order; once one is sure, only those that could
    contradict it.
    """
    words = frozenset(content_words(question))
    kind = answer_type(question)
    stops = shape_of(question) not in ("list", "comparison")  # these want more than one sentence
    rows: list[Judged] = []
    sure: Candidate | None = None
    for candidate in candidates:
        signals = candidate.signals(words, kind)
        signals["agreement"] = agreement(candidates, candidate)
        needed = sure is None or worth_judging(words, sure, candidate)
        if generator is not None and needed:
            signals["judge"] = judge(generator, question, [candidate.excerpt(JUDGED_CHARS)])[0]
        judged = generator is None or needed
        probability = calibration.probability(signals) if judged else 0.0
        rows.append(Judged(candidate, signals, probability, judged))
        if (
            stops
            and sure is None
            and generator
            and probability >= calibration.threshold("sure", SURE)
        ):
            sure = candidate
    ranked = sorted(rows, key=lambda r: -r.probability)
    confidence = _confidence(ranked, calibration)
    threshold = calibration.threshold("answer", 0.5)
    return Decision(tuple(ranked), confidence, bool(ranked) and confidence >= threshold)


def _confidence(ranked: Sequence[Judged], calibration: Calibrated) -> float:
    if not ranked:
        return 0.0
    return ranked[0].probability
