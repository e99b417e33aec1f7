"""Judges passages whole where no sentence of theirs by itself is held to state the answer.

"We leave at 6:50." answers "When does our flight leave?" only behind "The airline has moved our
flight.", and a reader passes over a sentence whose words are all others than the question's. In the
whole passage the judge sees such an answer. What is quoted are the fewest sentences of which it
says so too: those up to the one that was likeliest by itself or else, asked of the passage up to
the end of each sentence, up to the first with which its word is as of the whole, or the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.answering.candidate import Candidate, Judged
from rag.answering.cells import asks_empty, leaves_open
from rag.answering.deciding import Decision, capped
from rag.answering.leads import items_in
from rag.answering.sentences import is_heading, may_answer, read_alone, readable
from rag.answering.surroundings import heads_table
from rag.answering.verdicts import Verdicts
from rag.calibration import Calibrated, by_word, in_passage
from rag.reading.protocol import Reader
from rag.types import Document, Hit, Span

# The judge's word on the likeliest sentence: below the first no passage is judged whole, for the
# time (48 recorded ones brought 3 right and 2 wrong answers); from the second on its own is, too.
FAINT, HOPEFUL = -3.0, -2.5
NEAR = 0.5  # logits: a sentence by which the judge's word moves less does not matter to it
MOST_SENTENCES = 3  # quoted


def decide_in_place(
    decision: Decision, verdicts: Verdicts, calibration: Calibrated, reader: Reader
) -> Decision:
    """The decision once passages were judged whole: found now, or as it was.

    The passages, the first hit and that of the likeliest sentence, stand in it as `whole`, up to
    the one that suffices. None is judged without coefficients for passages, or where the judge
    sees nothing in any sentence.
    """
    weigh = by_word(calibration, "place")
    if weigh is None:
        return decision
    judging = _Judging(verdicts, calibration, weigh)
    whole: list[Judged] = []
    for hit in _hopeful(verdicts.hits, decision, verdicts.named.rivals):
        whole.append(judging.passage(hit))
        if not judging.suffices(whole[-1]):
            continue
        stated = judging.stated(whole[-1], _likeliest(hit, decision))
        if stated is not None:
            [read] = read_alone(verdicts.question, [stated.candidate], reader)
            return _found(replace(stated, candidate=read), decision, tuple(whole))
    return replace(decision, whole=tuple(whole))


def _hopeful(hits: Sequence[Hit], decision: Decision, rivals: frozenset[str]) -> list[Hit]:
    """The passage that was judged already, the first hit that is meant, the likeliest sentence's.

    None where the judge sees next to nothing in any sentence nor in the passage that it was shown.
    """
    ours = [j for j in decision.ranked if not j.candidate.rival]
    best = max(ours, key=_hope, default=None)
    if best is None or max(_hope(best), *map(_within, ours)) < FAINT:
        return []
    found = [j.candidate.hit for j in ours if "within" in j.signals]
    found += [hit for hit in hits if hit.passage.document not in rivals][:1]
    if _hope(best) >= HOPEFUL:
        found.append(best.candidate.hit)
    return list({hit.passage.id: hit for hit in found}.values())


def _hope(judged: Judged) -> float:
    return judged.signals.get("judge", float("-inf"))


def _within(judged: Judged) -> float:
    return judged.signals.get("within", float("-inf"))


def _likeliest(hit: Hit, decision: Decision) -> Span | None:
    """Where the likeliest judged sentence of a passage ends it, if there is hope for one."""
    inside = [
        j
        for j in decision.ranked
        if _hope(j) >= HOPEFUL
        and j.candidate.document == hit.passage.document
        and hit.passage.span.contains(j.candidate.span)
    ]
    best = max(inside, key=_hope, default=None)
    return best.candidate.span if best else None


def _found(stated: Judged, decision: Decision, whole: tuple[Judged, ...]) -> Decision:
    chance = stated.probability
    rest = [
        replace(j, probability=min(j.probability, 0.99 * chance))
        for j in decision.ranked
        if not j.candidate.overlaps(stated.candidate)
    ]
    return Decision((stated, *rest), chance, True, whole=whole)


class _Judging:
    """The judging of one question's passages; `weigh` gives the probability of a verdict."""

    def __init__(self, verdicts: Verdicts, calibration: Calibrated, weigh: Calibrated) -> None:
        self.verdicts = verdicts
        self.document = verdicts.named.document
        self.calibration = calibration
        self.weigh = weigh
        self.least = calibration.threshold("answer", 0.5)

    def suffices(self, judged: Judged) -> bool:
        """Whether a passage, or a run of sentences, is likely enough to answer by its verdict."""
        return judged.probability >= self.least

    def passage(self, hit: Hit) -> Judged:
        """A passage as a whole, with the probability that it states the answer."""
        logit = self.verdicts.on_passage(hit)
        return self._judged(self.verdicts.at(hit, hit.passage.span), "place", logit)

    def stated(self, whole: Judged, likeliest: Span | None) -> Judged | None:
        """The sentences of a passage that state the answer, None where no few do by themselves.

        Up to the likeliest if the judge's word on that suffices, else up to one that matters, or at
        last up to the likeliest all the same.
        """
        spans = whole.candidate.hit.passage.sentences
        near = next((i for i, s in enumerate(spans) if likeliest and s.end == likeliest.end), -1)
        run = self._shortest(whole, near) if near >= 0 else None
        if run is not None and self.weigh.probability(run.signals) >= self.least:
            return run
        others = (
            run if at == near else self._shortest(whole, at) for at in self._that_matter(whole)
        )
        return next((other for other in others if other is not None), run)

    def _that_matter(self, whole: Judged) -> list[int]:
        """The positions of at most two sentences that may state it and move the judge's word.

        The first with whose end the passage says what it says as a whole, and the last without
        which it does not any more: where others follow the one that answers, its word may waver.
        """
        hit = whole.candidate.hit
        spans, text = hit.passage.sentences, readable(hit.passage)
        document = self.document(hit.passage.document)
        ends = [text[: span.end - hit.passage.span.start] for span in spans[::-1]]
        logits = self.verdicts.on_nested(ends, whole.candidate.told)[::-1]
        enough = [logit >= whole.signals["place"] - NEAR for logit in logits]
        if not any(enough):  # as without a head trained for the model
            return []
        steps = [i for i, here in enumerate(enough) if here and not (i and enough[i - 1])]
        meant = (
            next((i for i in range(at, len(spans)) if _may_state(spans[i], document)), None)
            for at in (steps[0], steps[-1])
        )
        return list(dict.fromkeys(at for at in meant if at is not None))

    def _shortest(self, whole: Judged, last: int) -> Judged | None:
        """The fewest sentences up to the one at `last` that suffice to the judge in their passage.

        At most three, of a table the row alone; None where they do not suffice.
        """
        hit = whole.candidate.hit
        document, spans = self.document(hit.passage.document), hit.passage.sentences
        for first in range(last, max(-1, last - MOST_SENTENCES), -1):
            run = Span(spans[first].start, spans[last].end)
            if first < last and not _runs_on(document, spans[first], run):
                return None
            candidate = self.verdicts.at(hit, run)
            asked = self.verdicts.question
            if asks_empty(asked, candidate.text) or leaves_open(asked, document, run):
                return None
            logit = self.verdicts.on(candidate.text, candidate.told)
            part = self._judged(candidate, "judge", logit)
            chance = in_passage(self.calibration, part.probability, whole.signals["place"])
            if chance >= self.least:
                return Judged(candidate, {**part.signals, **whole.signals}, chance, True)
        return None

    def _judged(self, candidate: Candidate, signal: str, logit: float) -> Judged:
        told = {"stranger": float(candidate.stranger)}
        chance = capped(told, self.weigh.probability({"judge": logit}))
        return Judged(candidate, {signal: logit}, chance, True)


def _may_state(span: Span, document: Document) -> bool:
    if is_heading(document, span) or heads_table(document.text, span):
        return False
    return may_answer(span.of(document.text))


def _runs_on(document: Document, first: Span, run: Span) -> bool:
    """Whether sentences read as one run: a paragraph, no rows of a table, no heading at first.

    Nor two items of a list.
    """
    text = run.of(document.text)
    if "|" in text or "\n\n" in text or not _may_state(first, document):
        return False
    return items_in(document.text, run) < 2
