"""Turns judged evidence into sentences with markers, each checked against what it cites."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from rag.answering.candidate import Candidate
from rag.answering.surroundings import denied_by, quoted_run
from rag.answering.workshop import Event, QuotationReady, SentenceReady
from rag.calibration import GENERIC
from rag.generation.judging import judge_claim
from rag.generation.protocol import Generator
from rag.reading.protocol import Reader
from rag.stamps import QUOTING
from rag.types import Citation, Document, Removed, Sentence, Span, Verdict
from rag.untrusted import printable
from rag.verification.citing import citation_of, context_of
from rag.verification.support import Support, check

Source = tuple[str, Span]  # a document and the characters of it that are cited


@dataclass(slots=True)
class Draft:
    """An answer while it is written: sentences that passed, with their citations.

    Markers count from 1 in the order of use; the same span always gets the same marker. The
    `generator`, if there is one, is asked about sentences that rules and reader leave unsure.
    """

    document: Callable[[str], Document]
    reader: Reader
    on_event: Callable[[Event], None] | None = None
    generator: Generator | None = None
    sentences: list[Sentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    removed: list[Removed] = field(default_factory=list)
    checked_ms: float = 0.0  # the time that checking took

    def quote(self, candidate: Candidate, lead: str = "", outcome: bool = False) -> Sentence:
        """Adds a candidate's own sentences as they stand, and tells of the quotation.

        With them come those that they lean on or that tell in which case they hold, with `outcome`
        what became of a proposal; before them the heading that denies what they say. `lead` is a
        word such as `Yes` that is set before the quotation.
        """
        document = self.document(candidate.document)
        whole = document.text
        if above := denied_by(document, candidate.span):
            self.quote(candidate.moved(above, above.of(whole)))
        sentences = candidate.hit.passage.sentences
        span = quoted_run(sentences, candidate.span, whole, outcome=outcome)
        citation = self._citation(candidate.document, span)
        text = shown_text(citation.quote)
        for known in self.sentences:
            if known.citations == (citation.marker,) and known.text.endswith(text):
                return known
        support = check(text, [shown_text(citation.quote)], None)
        self._tell(QuotationReady(citation, candidate.phrase, support.score))
        return self._add(f"{lead}: {text}" if lead else text, [citation], support)

    def say(
        self,
        text: str,
        cited: Sequence[Source],
        others: Sequence[Source] = (),
    ) -> bool:
        """Adds a sentence if what it cites supports it; else notes why it was removed.

        A sentence that its own sources do not support is tried once more with each of `others`.
        """
        text = shown_text(text)
        support = self._check(text, cited)
        if support.verdict != "supported":
            for other in others:
                again = self._check(text, [other])
                if again.score > support.score and again.verdict == "supported":
                    support, cited = again, [other]
        if support.verdict == "removed":
            reason = "; ".join(support.reasons) or "its source does not support it"
            self.removed.append(Removed(text, reason))
            return False
        self._add(text, [self._citation(name, span) for name, span in cited], support)
        return True

    def refuse(self, text: str, reason: str) -> None:
        """Notes a sentence that is not to be shown, and why."""
        self.removed.append(Removed(shown_text(text), reason))

    def _check(self, text: str, cited: Sequence[Source]) -> Support:
        quotes = [shown_text(span.of(self.document(name).text)) for name, span in cited]
        generator = self.generator
        judge = partial(judge_claim, generator, text, quotes) if generator else None
        name = generator.name if generator else GENERIC
        began = time.perf_counter()
        context = self._context(cited)
        support = check(text, quotes, self.reader, context=context, judge=judge, judge_name=name)
        self.checked_ms += (time.perf_counter() - began) * 1000
        return support

    def text(self) -> str:
        """The answer with its markers."""
        return " ".join(
            f"{s.text} {''.join(f'[{m}]' for m in s.citations)}" for s in self.sentences
        )

    def _add(self, text: str, cited: Sequence[Citation], support: Support) -> Sentence:
        verdict: Verdict = "supported" if support.verdict == "supported" else "weak"
        sentence = Sentence(
            text, tuple(dict.fromkeys(c.marker for c in cited)), round(support.score, 4), verdict
        )
        self.sentences.append(sentence)
        self._tell(SentenceReady(sentence, tuple(cited)))
        return sentence

    def _citation(self, name: str, span: Span) -> Citation:
        return citation_of(self.document(name), span, self.citations)

    def _context(self, cited: Sequence[Source]) -> list[str]:
        return [c for name, span in cited for c in context_of(self.document(name), span)]

    def _tell(self, event: Event) -> None:
        if self.on_event:
            self.on_event(event)


def shown_text(text: str) -> str:
    """A document's or a model's text as a sentence of an answer: one line, no marker of its own.

    Nor the marks of a mail or paragraph that is quoted ("> I can do dinner.").
    """
    return " ".join(_MARKER.sub(r"(\1)", printable(QUOTING.sub("", text))).split())


# A document's own `[1]`, also in full width or other brackets, would pass for a citation.
_MARKER = re.compile(r"[\[［【〔⟦]\s*(\d[\d\s,;–-]*)\s*[\]］】〕⟧]")
