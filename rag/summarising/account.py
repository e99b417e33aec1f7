"""The sentences of a summary while it is written: each checked, each with what it cites."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rag.answering.surroundings import denied_by
from rag.reading.protocol import Reader
from rag.summarising.fidelity import leans, objections
from rag.summarising.retelling import broken
from rag.summarising.speech import only_words_of
from rag.summarising.units import Unit, plain
from rag.types import Citation, Document, Removed, Sentence, Verdict
from rag.untrusted import neutralise
from rag.verification.citing import citation_of, context_of
from rag.verification.rules import content_words
from rag.verification.support import VERBATIM, Support, check

AGAIN = 0.8  # of its words in one earlier sentence: a wording says nothing new
NARROW = 3  # a worded sentence cites at most so many sentences
TOGETHER_WORDS = 60  # of a quoted sentence and what it leans on, shown together
LEANED_ON = 3  # a quoted sentence cites at most so many before it
SAYS_SOMETHING = 2  # words that carry meaning; an interjection between is passed over
JUDGED = 1.0  # the least logit difference at which the language model holds a wording to follow
_OBJECTED = "what it was worded from does not support it"


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of a summary after its check, with what it cites and the part it belongs to."""

    sentence: Sentence
    citations: tuple[Citation, ...]
    heading: str


@dataclass(slots=True)
class Account:
    """A summary in the making. Markers count from 1; the same span always has the same marker.

    `judge` gives a language model's logit difference that a statement follows from units.
    `standing` holds all units of the documents by document and position.
    """

    documents: dict[str, Document]
    reader: Reader | None = None
    judge: Callable[[str, Sequence[Unit]], float] | None = None
    on_event: Callable[[Told], None] | None = None
    heading: Callable[[int], str] = str
    standing: Mapping[tuple[str, int], Unit] = field(default_factory=dict)
    sentences: list[Sentence] = field(default_factory=list)
    sections: list[int] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    removed: list[Removed] = field(default_factory=list)

    def quote(self, unit: Unit, section: int) -> None:
        """Adds a unit as it stands. Its words are the document's, in their order.

        One that leans on what stands before it (`It was sold.`) cites that as well, and is shown
        behind it where that is short and was not just said. So is one behind a heading that denies
        what it says ("What is not covered").
        """
        quote = unit.span.of(self.documents[unit.document].text)
        support = Support(VERBATIM, "supported")
        if not only_words_of(unit.shown, quote):
            support = check(unit.shown, [quote], self.reader)
        leaned_on = self._leaned_on(unit)
        if above := self._denied_by(unit):
            self._add(f"{above.text}: {unit.shown}", [above, unit], section, support)
            return
        text = unit.shown
        if leaned_on and not unit.speaker and not self._just_said(leaned_on):
            together = [*leaned_on, unit]
            if sum(u.words for u in together) <= TOGETHER_WORDS:
                text = " ".join(u.shown for u in together)
        self._add(text, [*leaned_on, unit], section, support)

    def _denied_by(self, unit: Unit) -> Unit | None:
        """The heading that denies what a unit says; none for what somebody is heard to say."""
        document = self.documents[unit.document]
        span = None if unit.speaker else denied_by(document, unit.span)
        if span is None:
            return None
        return Unit(unit.document, span, plain(span.of(document.text)).rstrip(":"), -1, "nothing")

    def _just_said(self, units: Sequence[Unit]) -> bool:
        """Whether the last sentence holds nearly all that the units say."""
        words = {w for u in units for w in content_words(u.shown)}
        last = set(content_words(self.sentences[-1].text)) if self.sentences else set()
        return len(words & last) >= AGAIN * len(words)

    def _leaned_on(self, unit: Unit) -> list[Unit]:
        """What a unit leans on, in order: the unit before it, and what that one leans on.

        What the unit's own span holds (a turn from its speaker's name on) need not be cited apart.
        """
        found: list[Unit] = []
        first, position = unit, unit.position
        while leans(first.text) and len(found) < LEANED_ON:
            position -= 1
            before = self.standing.get((unit.document, position))
            if before is None:
                break
            if len(set(content_words(before.text))) >= SAYS_SOMETHING:
                first = before
                found.insert(0, before)
        own = unit.span
        return [u for u in found if not (own.start <= u.span.start and u.span.end <= own.end)]

    def say(self, text: str, units: Sequence[Unit], section: int) -> bool:
        """Adds a worded sentence if some of the units support it; else notes why it was removed.

        It cites as few of them as carry it, at most `NARROW` at first, else all.
        """
        text = " ".join(neutralise(text).split())
        if any(self._denied_by(unit) for unit in units):
            self.removed.append(Removed(text, "the heading above its source denies it"))
            return False
        if self.says_again(text):
            self.removed.append(Removed(text, "it says again what an earlier sentence says"))
            return False
        fewer = supporting(text, units)
        support, against = self._check(text, fewer)
        if against and len(fewer) < len(units):
            fewer = list(units)
            support, against = self._check(text, units)
        if against:
            self.removed.append(Removed(text, "; ".join(against)))
            return False
        self._add(text, fewer, section, support)
        return True

    def compose(self, text: str, units: Sequence[Unit], section: int) -> None:
        """Adds a sentence made of whole quotations of the units, or of what code counted in them.

        It is not checked: the caller says nothing in it that was not so made or counted.
        """
        self._add(text, units, section, Support(VERBATIM, "supported"))

    def _check(self, text: str, units: Sequence[Unit]) -> tuple[Support, list[str]]:
        """The support of a wording by units, and what speaks against it: the cheap checks first.

        A wording is held to more than an answer's sentence, since the sentence that it would
        replace is there to stand in its place.
        """
        quotes = [u.shown for u in units]
        support = check(text, quotes, self.reader, context=self._context(units))
        if support.verdict != "supported":
            return support, list(support.reasons) or [_OBJECTED]
        raw = [u.span.of(self.documents[u.document].text) for u in units]
        against = objections(text, units) + list(filter(None, [broken(text, raw)]))
        if not against and self.judge and self.judge(text, units) < JUDGED:
            against = ["the language model, asked again, does not find it in what it cites"]
        return support, against

    def says_again(self, text: str) -> bool:
        """Whether an earlier sentence holds nearly all words of the text."""
        words = set(content_words(text))
        said = (set(content_words(s.text)) for s in self.sentences)
        return any(len(words & there) >= AGAIN * len(words) for there in said)

    def _context(self, units: Sequence[Unit]) -> list[str]:
        return [c for u in units for c in context_of(self.documents[u.document], u.span)]

    def _add(self, text: str, units: Sequence[Unit], section: int, support: Support) -> None:
        cited = [self._citation(unit) for unit in units]
        markers = tuple(dict.fromkeys(c.marker for c in cited))
        verdict: Verdict = "supported" if support.verdict == "supported" else "weak"
        sentence = Sentence(text, markers, round(support.score, 4), verdict)
        self.sentences.append(sentence)
        self.sections.append(section)
        if self.on_event:
            told = Told(sentence, tuple(dict.fromkeys(cited)), self.heading(section))
            self.on_event(told)

    def _citation(self, unit: Unit) -> Citation:
        return citation_of(self.documents[unit.document], unit.span, self.citations)


def supporting(text: str, units: Sequence[Unit]) -> list[Unit]:
    """The fewest units that together hold as many of the text's words as all do, in order.

    Taken greedily, at most `NARROW`; at least one.
    """
    wanted = set(content_words(text))
    words = {u: set(content_words(u.shown)) & wanted for u in units}
    open_ = set(wanted)
    chosen: list[Unit] = []
    while len(chosen) < NARROW:
        best = max(units, key=lambda u: (len(words[u] & open_), -u.words))
        if chosen and len(words[best] & open_) < 2:
            break
        chosen.append(best)
        open_ -= words[best]
        if not open_:
            break
    return sorted(set(chosen), key=lambda u: (u.document, u.position))
