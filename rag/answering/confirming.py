"""Asks the judge about the whole passage of the best sentence, unless that is clear by itself.

A sentence alone may speak of another year, place or person than the question means; its passage
tells. A judge that was trained on passages knows better from it whether there is an answer than
from the sentence, which then only has to say which one it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rag.answering.candidate import Candidate, Judged
from rag.answering.dating import dated
from rag.answering.deciding import Decision, capped, judged_text
from rag.answering.naming import Naming
from rag.answering.sentences import candidate_at, readable
from rag.calibration import Calibrated, believed, by_word
from rag.generation.judging import judge
from rag.generation.protocol import Generator
from rag.retrieval.subject import Subject
from rag.types import Document, Hit, Span

# Of 376 recorded questions 168 had a sentence likelier than 0.7, and for none of these did the
# passage decide otherwise. It takes about as long to judge as two sentences.
CLEAR = 0.7
JUST_BELOW = 0.99


def confirmed(
    question: str,
    decision: Decision,
    hits: Sequence[Hit],
    subject: Subject,
    generator: Generator,
    calibration: Calibrated,
    document: Callable[[str], Document],
) -> Decision:
    """The decision with the judge's word on the passage of the best sentence, signal `within`.

    Where its passage speaks against it, one in another passage that is likely enough by itself is
    asked about, too. Where the passage answers, but the judge sees too little in the sentence, it
    does not suffice: another one of the passage may be meant (see `in_place`). As it was where the
    best sentence was not judged, or is clear, and without coefficients for passages.
    """
    best = decision.best
    if best is None or "judge" not in best.signals or not calibration.threshold("within_judge", 0):
        return decision
    if best.probability >= calibration.threshold("clear", CLEAR):
        return decision
    least = calibration.threshold("answer", 0.5)
    named = Naming(subject, hits, document)
    told: list[Judged] = []
    for judged in (best, *_others(decision, least)):
        told.append(_in_passage(question, judged, named, generator, calibration))
        if told[-1].probability >= least:
            break
    found = told[-1].probability >= least
    first = told[-1] if found else told[0]
    chance = first.probability
    known = {id(j.candidate): j for j in told}
    others = [known.get(id(j.candidate), j) for j in decision.ranked]
    rest = [
        replace(j, probability=min(j.probability, chance))
        for j in others
        if j.candidate is not first.candidate
    ]
    return replace(decision, ranked=(first, *rest), confidence=chance, found=found)


def _others(decision: Decision, least: float) -> list[Judged]:
    """Of the other judged sentences that are likely enough the first in another passage."""
    asked = decision.ranked[0].candidate.hit.passage.id
    likely = (j for j in decision.ranked[1:] if "judge" in j.signals and j.probability >= least)
    return [j for j in likely if j.candidate.hit.passage.id != asked][:1]


def _in_passage(
    question: str, judged: Judged, named: Naming, generator: Generator, calibration: Calibrated
) -> Judged:
    """A judged sentence with the judge's word on its passage in its probability."""
    hit = judged.candidate.hit
    place = in_its_place(question, hit, hit.passage.span, named)
    text, told = readable(hit.passage), place.told
    if (text, told) == (judged_text(judged.candidate), judged.candidate.told):
        logit = judged.signals["judge"]  # a passage of one sentence
    else:
        logit = judge(generator, question, [text], told)[0]
    signals = {**judged.signals, "within": logit}
    chance = capped(signals, believed(calibration, signals))
    least, weigh = calibration.threshold("answer", 0.5), by_word(calibration, "place")
    if weigh and weigh.probability(judged.signals) < least:
        chance = min(chance, JUST_BELOW * least)  # its passage may answer, but hardly by this one
    return replace(judged, signals=signals, probability=chance)


def in_its_place(question: str, hit: Hit, span: Span, named: Naming) -> Candidate:
    """Some sentences of a hit, or all, as a candidate that no reader has read."""
    return dated(question, candidate_at(hit, span, span, named), named.document)
