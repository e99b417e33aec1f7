"""What is quoted beside a sentence that would mislead, or answer but in part, without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rag.answering.candidate import Candidate
from rag.answering.leads import announces, with_items
from rag.answering.shape import answer_type, asks_several, tells_time
from rag.answering.surroundings import denied_by
from rag.answering.terms import terms
from rag.types import Document, Phrase, Span
from rag.verification.quantities import months, quantities


def heading_above(
    question: str, best: Candidate, document: Callable[[str], Document]
) -> Candidate | None:
    """The heading without which a sentence would mislead, or not answer; None where it does not.

    One that denies what the sentence says ("What is not covered"), or that alone tells the time
    that is asked for: "Fixed: the crash." under "3.1.2, 2 July 2026" does not say when.
    """
    whole = document(best.document)
    span = denied_by(whole, best.span) or _dated_heading(question, best, whole)
    if span is None:
        return None
    phrase = Phrase(span.of(whole.text), best.document, span)
    return replace(best, span=span, text=phrase.text, phrase=phrase)


def _dated_heading(question: str, best: Candidate, whole: Document) -> Span | None:
    if answer_type(question) != "time" or tells_time(best.text):
        return None
    above = [h for h in whole.headings if h.start < best.span.start]
    if not above or not (months(above[-1].text) and quantities(above[-1].text)):
        return None
    start = whole.text.find(above[-1].text, above[-1].start, best.span.start)
    return Span(start, start + len(above[-1].text)) if start >= 0 else None


def whole_list(question: str, best: Candidate, document: Callable[[str], Document]) -> Candidate:
    """An item of a list with the whole of it, where several things are asked that head the list.

    "Which medicines does she take?" is answered by all that stands below "Medicines:".
    """
    if not asks_several(question):
        return best
    text, sentences = document(best.document).text, best.hit.passage.sentences
    asked = frozenset(terms(question))
    for label in sorted(s for s in sentences if s.end <= best.span.start)[::-1]:
        if announces(label.of(text)):
            run = with_items(text, sentences, label)
            if run.contains(best.span) and asked & frozenset(terms(label.of(text))):
                return replace(best, span=run, text=run.of(text))
            break
    return best
