"""Two sentences that answer together: of two things compared, or one that leads to the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag.answering.candidate import Candidate, Judged
from rag.answering.deciding import JUDGED_CHARS, Decision, weighed
from rag.answering.naming import title_terms
from rag.answering.shape import Compared
from rag.answering.terms import terms
from rag.calibration import Calibrated, by_word
from rag.generation.judging import judge_together
from rag.generation.protocol import Generator

SIDE = 2  # candidates of each thing that are paired
MOST_PAIRS = 2  # judged: of two sentences, each costs about twice a single one
Find = Callable[[Compared], Sequence[Candidate]]


@dataclass(frozen=True, slots=True)
class Sides:
    """The candidates of either thing compared, best first, and the terms of both names."""

    first: tuple[Judged, ...]
    second: tuple[Judged, ...]
    names: frozenset[str] = frozenset()


def sides_of(pair: tuple[Compared, Compared], find: Find, alone: Calibrated) -> Sides | None:
    """The candidates of both things, weighed by the reader's word; None where one has none."""
    one, other = pair
    first = _side(one, other, find, alone)
    second = _side(other, one, find, alone)
    names = frozenset(terms(f"{one.name} {other.name}"))
    return Sides(first, second, names) if first and second else None


def _side(asked: Compared, against: Compared, find: Find, alone: Calibrated) -> tuple[Judged, ...]:
    """The candidates that name the thing and say more than its title."""
    own = frozenset(terms(asked.name)) - frozenset(terms(against.name))
    rows = weighed(asked.question, find(asked), alone)
    name = frozenset(terms(asked.name))
    naming = (r for r in rows if _names(r.candidate, own))
    return tuple(r for r in naming if not title_terms(r.candidate.text) <= name)


def _names(candidate: Candidate, own: frozenset[str]) -> bool:
    where = f"{candidate.setting} {candidate.text} {candidate.document.replace('_', ' ')}"
    held = own & frozenset(terms(where))
    return bool(own) and 2 * len(held) >= len(own)


def decide_pair(
    question: str,
    sides: Sides,
    generator: Generator | None,
    calibration: Calibrated,
) -> Decision:
    """The decision for the two best sentences together: the first two of `ranked` are the pair.

    A model judges both together; without one the confidence is that of the weaker sentence: one
    alone does not state what a comparison asks.
    """
    first, second = sides.first[:SIDE], sides.second[:SIDE]
    asked = frozenset(terms(question)) - sides.names
    options = [
        (a, b)
        for a in first
        for b in second
        if not a.candidate.overlaps(b.candidate) and alike(asked, a.candidate, b.candidate)
    ]
    if not options:
        return Decision((), 0.0, False)
    options.sort(key=_weakest, reverse=True)
    threshold = calibration.threshold("answer", 0.5)
    pair = options[0]
    if generator is not None:
        judged = []
        for option in options[:MOST_PAIRS]:
            judged.append(judged_together(question, option, generator, calibration))
            if _weakest(judged[-1]) >= threshold:
                break
        pair = max(judged, key=_weakest)
    return paired(pair, (*sides.first, *sides.second), threshold)


def paired(pair: tuple[Judged, Judged], others: Sequence[Judged], threshold: float) -> Decision:
    """The decision that the two answer together, before the others."""
    confidence = _weakest(pair)
    spans = {(j.candidate.document, j.candidate.span) for j in pair}
    rest = [
        replace(j, probability=min(j.probability, 0.99 * confidence))
        for j in others
        if (j.candidate.document, j.candidate.span) not in spans
    ]
    return Decision((*pair, *rest), confidence, confidence >= threshold, paired=True)


def _weakest(pair: tuple[Judged, Judged]) -> float:
    return min(pair[0].probability, pair[1].probability)


def alike(asked: frozenset[str], one: Candidate, other: Candidate) -> bool:
    """Whether both speak of what is compared, or neither by the question's words.

    The income of one year is not to be compared with what was spent on music in the other.
    """
    held = [asked & frozenset(terms(f"{c.setting} {c.text}")) for c in (one, other)]
    return bool(held[0]) == bool(held[1])


def holds_both(decision: Decision, pair: tuple[Compared, Compared]) -> bool:
    """Whether the best sentence alone names both things: then it compares them itself."""
    best = decision.best
    return (
        decision.found
        and best is not None
        and all(
            frozenset(terms(side.name)) <= frozenset(terms(best.candidate.text)) for side in pair
        )
    )


def judged_together(
    question: str, pair: tuple[Judged, Judged], generator: Generator, calibration: Calibrated
) -> tuple[Judged, Judged]:
    """The pair with the probability that it states the answer together.

    That is what the calibration makes of the model's word alone: the reader's signals are of an
    answer in one text, and told nothing of pairs.
    """
    texts = [(j.candidate.told, j.candidate.excerpt(JUDGED_CHARS)) for j in pair]
    logit = judge_together(generator, question, texts)
    weigh = by_word(calibration, "pair") or calibration
    chance = weigh.probability({"judge": logit, "type": 0.5})
    one, other = (Judged(j.candidate, {**j.signals, "judge": logit}, chance, True) for j in pair)
    return one, other
