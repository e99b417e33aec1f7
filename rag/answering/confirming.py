"""Asks the judge about the whole passage of the best sentence, unless that is clear by itself.

A sentence alone may speak of another year, place or person than the question means; its passage
tells. A judge that was trained on passages knows better from it whether there is an answer than
from the sentence, which then only has to say which one it is.
"""

from __future__ import annotations

from dataclasses import replace

from rag.answering.candidate import Judged
from rag.answering.deciding import Decision, capped
from rag.answering.verdicts import Verdicts
from rag.calibration import Calibrated, believed, by_word

# Of 376 recorded questions 168 had a sentence likelier than 0.7, and for none of these did the
# passage decide otherwise. It takes about as long to judge as two sentences.
CLEAR = 0.7
JUST_BELOW = 0.99


def confirmed(decision: Decision, verdicts: Verdicts, calibration: Calibrated) -> Decision:
    """The decision with the judge's word on the passage of the best sentence, signal `within`.

    Where its passage speaks against it, one in another passage that is likely enough by itself is
    asked about, too. Where the passage answers, but the judge sees too little in the sentence, it
    does not suffice: another one of the passage may be meant (see `in_place`). As it was where the
    best sentence was not judged, or is clear, and without coefficients for passages.
    """
    best = decision.best
    if best is None or "judge" not in best.signals or not calibration.threshold("within_judge", 0):
        return decision
    if best.candidate.rank or best.probability >= calibration.threshold("clear", CLEAR):
        return decision  # the rank of a row was reckoned over its table: no passage tells it
    least = calibration.threshold("answer", 0.5)
    ranked = list(decision.ranked)
    first = 0
    for at in (0, *_others(ranked, least)):
        ranked[at] = _in_passage(ranked[at], verdicts, calibration)
        if ranked[at].probability >= least:
            first = at
            break
    shown = ranked.pop(first)
    chance = shown.probability
    rest = [replace(j, probability=min(j.probability, chance)) for j in ranked]
    return replace(decision, ranked=(shown, *rest), confidence=chance, found=chance >= least)


def _others(ranked: list[Judged], least: float) -> list[int]:
    """Where the first judged sentence of another passage stands that is likely enough by itself."""
    asked = ranked[0].candidate.hit.passage.id
    return [
        at
        for at, j in enumerate(ranked)
        if "judge" in j.signals and j.probability >= least and j.candidate.hit.passage.id != asked
    ][:1]


def _in_passage(judged: Judged, verdicts: Verdicts, calibration: Calibrated) -> Judged:
    """A judged sentence with the judge's word on its passage in its probability."""
    signals = {**judged.signals, "within": verdicts.on_passage(judged.candidate.hit)}
    chance = capped(signals, believed(calibration, signals))
    least, weigh = calibration.threshold("answer", 0.5), by_word(calibration, "place")
    if weigh and weigh.probability(judged.signals) < least:
        chance = min(chance, JUST_BELOW * least)  # its passage may answer, but hardly by this one
    return replace(judged, signals=signals, probability=chance)
