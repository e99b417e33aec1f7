"""Judges candidates and decides: which is the backbone, and whether the documents answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.answering.candidate import Candidate, Judged, agreement
from rag.answering.disagreeing import later_word, worth_judging
from rag.answering.shape import answer_type, shape_of
from rag.answering.surroundings import leans
from rag.calibration import Calibrated
from rag.generation.judging import judge
from rag.generation.protocol import Generator
from rag.types import JUDGED_WHOLE, Considered, Document
from rag.verification.rules import content_words

SURE = 0.93  # a candidate this sure is not compared with others
# Beyond these the reader's word is enough: of 1,185 recorded questions 38 lay above, all but one
# right. Below 0.05 the first one was never right, but for some questions of "why" and "how" another
# candidate was.
ALONE_ABOVE, ALONE_BELOW = 0.88, 0.01
CONTRADICTS = 0.6  # by the reader alone: so likely a sentence of another document is judged, too
LATER = 0.4  # the same of a document that bears a later date
# At most, where yes or no is asked and less of the question's weight stands in the sentence and its
# setting: of 16 recorded yes-or-no questions one was answered by such a sentence, and wrongly.
OFF_TOPIC, TOUCHED = 0.3, 0.2
# Of a sentence in a document like the one that the question names, which does not hold the name:
# what is left of its probability, and how much less it is preferred.
RIVAL_FACTOR, RIVAL_PREFERENCE_STEP = 0.4, 1.0
# The same of a document that holds none of the question's names, where another does: of 1,625
# questions of three sets that name something ten had their answer in such a one.
STRANGER_FACTOR = 0.4
UNTOUCHED = 0.1  # at most, by the reader alone, where no word of the question stands around
# With two, the halves of our own set had the right sentence first for 0.826 and 0.771, with three
# for 0.853 and 0.800, with four for 0.844 and 0.814 (each half by a fit on the other).
MOST_JUDGED = 3
JUDGED_CHARS = 480  # about 120 tokens: what of a long sentence a model judges
_REFUSED = "not shown"
Contradicts = Callable[[Candidate, Judged], bool]
"""Whether a candidate not judged yet may contradict the first one, or replace it since."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The judged candidates, best first, and the confidence that the first one is right.

    `found` says whether that is enough to answer. `paired`: the first two answer together.
    `whole` are passages that were judged as such.
    """

    ranked: tuple[Judged, ...]
    confidence: float
    found: bool
    paired: bool = False
    whole: tuple[Judged, ...] = ()

    @property
    def best(self) -> Judged | None:
        """The backbone, or None without candidates."""
        return self.ranked[0] if self.ranked else None

    def considered(self, shown: frozenset[int] = frozenset()) -> tuple[Considered, ...]:
        """The candidates, then the passages judged whole, for `--why`.

        `shown` are the positions of those that are cited.
        """
        found = [
            _considered(j, "cited" if i in shown else _REFUSED if j.judged else "not judged")
            for i, j in enumerate(self.ranked)
        ]
        return (*found, *(_considered(j, JUDGED_WHOLE) for j in self.whole))


def _considered(judged: Judged, outcome: str) -> Considered:
    signals = {**judged.signals, "p": judged.probability}
    return Considered(
        judged.candidate.document,
        judged.candidate.span,
        judged.candidate.text,
        tuple((name, round(value, 4)) for name, value in signals.items()),
        outcome,
    )


def decide(
    question: str,
    candidates: Sequence[Candidate],
    generator: Generator | None,
    calibration: Calibrated,
    alone: Calibrated,
    document: Callable[[str], Document],
) -> Decision:
    """The decision about a question, from the candidates and the dates of their documents.

    `alone` weighs what the reader says; where that leaves no doubt either way, no language model
    is asked. Else the candidates are judged, the preferred first, until one is sure, and after
    that only those that could contradict it. `calibration` weighs judged candidates.
    """
    words = frozenset(content_words(question))
    rows = weighed(question, candidates, alone)

    def may_contradict(first: Candidate, other: Judged) -> bool:
        return _may_contradict(words, first, other) or (
            other.probability >= LATER and later_word(question, first, other.candidate, document)
        )

    if generator is None:
        rows = [replace(r, judged=True) for r in rows]
    elif _in_doubt(question, rows, calibration, may_contradict):
        rows = _judged(question, rows, generator, calibration, may_contradict)
    confidence = rows[0].probability if rows else 0.0
    threshold = calibration.threshold("answer", 0.5)
    return Decision(tuple(rows), confidence, bool(rows) and confidence >= threshold)


def weighed(question: str, candidates: Sequence[Candidate], alone: Calibrated) -> list[Judged]:
    """The candidates with their signals, the one first that is to be preferred by them."""
    words, kind = frozenset(content_words(question)), answer_type(question)
    asked = shape_of(question)
    rows = []
    for candidate in candidates:
        signals = candidate.signals(words, kind)
        signals["agreement"] = agreement(candidates, candidate)
        signals["yes_no"] = float(asked == "yes_no")
        chance = alone.probability(signals)
        if candidate.around == 0:  # a reader points at something, even in another language
            chance = min(chance, UNTOUCHED)
        rows.append(Judged(candidate, signals, capped(signals, chance), False))
    return sorted(rows, key=lambda r: -_preference(alone, r.signals))


def capped(signals: Mapping[str, float], chance: float) -> float:
    """The probability; small where yes or no is asked of what the sentence does not speak of.

    Smaller, too, where the sentence stands in a document like the one that the question names, or
    in one that holds none of its names.
    """
    if signals.get("rival"):
        chance *= RIVAL_FACTOR
    elif signals.get("stranger"):
        chance *= STRANGER_FACTOR
    off = bool(signals.get("yes_no")) and signals.get("inset", 0.0) < TOUCHED
    return min(chance, OFF_TOPIC) if off else chance


def _preference(calibration: Calibrated, signals: Mapping[str, float]) -> float:
    step = RIVAL_PREFERENCE_STEP if signals.get("rival") else 0.0
    return calibration.preference(signals) - step


def _in_doubt(
    question: str, rows: Sequence[Judged], calibration: Calibrated, may_contradict: Contradicts
) -> bool:
    """Whether a model is to be asked: the reader is unsure, or more than one sentence may count."""
    if not rows or rows[0].probability <= calibration.threshold("alone_below", ALONE_BELOW):
        return False
    if rows[0].probability < calibration.threshold("alone_above", ALONE_ABOVE):
        return True
    first = rows[0].candidate
    return _wants_more(question) or any(may_contradict(first, r) for r in rows[1:])


def _may_contradict(words: frozenset[str], first: Candidate, other: Judged) -> bool:
    """Whether a candidate not judged yet says another value than the first one, or is likely."""
    elsewhere = other.candidate.document != first.document
    return elsewhere and (
        other.probability >= CONTRADICTS or worth_judging(words, first, other.candidate)
    )


def _wants_more(question: str) -> bool:
    return shape_of(question) in ("list", "comparison")


def _judged(
    question: str,
    rows: Sequence[Judged],
    generator: Generator,
    calibration: Calibrated,
    may_contradict: Contradicts,
) -> list[Judged]:
    """The rows with the model's judgement in their probability, best first."""
    enough = calibration.threshold("sure", SURE)
    stops = not _wants_more(question)
    sure: Judged | None = None
    done: list[Judged] = []
    for i, row in enumerate(rows):
        candidate = row.candidate
        if sure is None:
            needed = i < MOST_JUDGED
        else:
            needed = may_contradict(sure.candidate, row)
        if not needed:
            highest = max(d.probability for d in done)
            done.append(replace(row, probability=min(row.probability, highest * 0.99)))
            continue
        logit = judge(generator, question, [judged_text(candidate)], candidate.told)[0]
        signals = {**row.signals, "judge": logit}
        chance = capped(signals, calibration.probability(signals))
        row = Judged(candidate, signals, chance, True)
        done.append(row)
        if stops and sure is None and row.probability >= enough:
            sure = row
    return sorted(done, key=lambda r: (not r.judged, -_preference(calibration, r.signals)))


def _with_rank(candidate: Candidate) -> str:
    """The row with its rank beside the value and behind it.

    Both are needed: of five questions the judge believed five with both, four with either.
    """
    at = candidate.phrase.span.end - candidate.span.start
    row, rank = candidate.text, candidate.rank
    marked = f"{row[:at]} ({rank.split()[0]} of all){row[at:]}".strip()
    return f"{marked}. The {rank} of all."


def judged_text(candidate: Candidate) -> str:
    """The text that is judged; behind the sentence before it where a word of it points back.

    A short sentence alone does not earn that: beside the one that answers, it would pass for it.
    Of a row with the most or least of what is asked a judge is told so, which no row says itself.
    """
    if candidate.rank:
        return _with_rank(candidate)
    excerpt = candidate.excerpt(JUDGED_CHARS)
    return f"{candidate.before} {excerpt}".strip() if leans(candidate.text) else excerpt
