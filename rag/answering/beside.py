"""What is quoted beside a sentence that would mislead, or answer but in part, without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rag.answering.candidate import Candidate
from rag.answering.leads import LIST_CHARS, announces, item_start, lead_of, with_items
from rag.answering.orders import gives_orders
from rag.answering.shape import answer_type, asks_several, tells_time
from rag.answering.surroundings import excludes, heading_above
from rag.answering.terms import terms
from rag.sentences import sentences_in
from rag.types import Document, Span
from rag.verification.quantities import months, quantities

_ITEM_CHARS = 300  # longer, an item is not quoted for the words that it begins with


def dated_heading(
    question: str, best: Candidate, document: Callable[[str], Document]
) -> Candidate | None:
    """The heading above a sentence, where a time is asked for and it alone tells one.

    "Fixed: the crash." under "3.1.2, 2 July 2026" does not say when.
    """
    if answer_type(question) != "time" or tells_time(best.text):
        return None
    whole = document(best.document)
    above = heading_above(whole, best.span)
    heading = above.of(whole.text) if above else ""
    if above is None or not (months(heading) and quantities(heading)):
        return None
    return best.moved(above, heading)


def whole_list(question: str, best: Candidate, document: Callable[[str], Document]) -> Candidate:
    """An item of a list with the whole of it, where several things are asked that head the list.

    "Which medicines does she take?" is answered by all that stands below "Medicines:", or below a
    heading of that word; "What is left out?" by all below a heading that excludes.
    """
    if not asks_several(question):
        return best
    whole = document(best.document)
    return _below_label(question, best, whole) or _below_heading(question, best, whole) or best


def in_its_item(question: str, best: Candidate, document: Callable[[str], Document]) -> Candidate:
    """A sentence with its item or paragraph from the beginning, where that alone says of what.

    "Agreed, 9 to 0." answers what became of the shelves behind "a) New shelves - ...". At most 300
    characters; the sentence itself where it holds a word of the question.
    """
    text, asked = document(best.document).text, frozenset(terms(question))
    lead = lead_of(text, best.span)
    if asked & frozenset(terms(best.text)) or not asked & frozenset(terms(lead)):
        return best
    begin = item_start(text, best.span.start)
    starts = [s.start for s in best.hit.passage.sentences if begin <= s.start < best.span.start]
    run = Span(min(starts, default=best.span.start), best.span.end)
    inside = lead in " ".join(run.of(text).split())
    return _as(best, run, text) if inside and len(run) <= _ITEM_CHARS else best


def _below_label(question: str, best: Candidate, whole: Document) -> Candidate | None:
    text, sentences = whole.text, best.hit.passage.sentences
    for label in sorted(s for s in sentences if s.end <= best.span.start)[::-1]:
        if announces(label.of(text)):
            next_heading = (h.start for h in whole.headings if h.start >= label.end)
            last = min(next_heading, default=len(text))
            run = with_items(text, [s for s in sentences if s.start < last], label)
            meant = frozenset(terms(question)) & frozenset(terms(label.of(text)))
            return _as(best, run, text) if meant and run.contains(best.span) else None
    return None


def _below_heading(question: str, best: Candidate, whole: Document) -> Candidate | None:
    """All items below the heading, with that itself where it excludes what they say."""
    heading = heading_above(whole, best.span)
    if heading is None:
        return None
    words = heading.of(whole.text)
    meant = frozenset(terms(question)) & frozenset(terms(words))
    if not meant and not (excludes(question) and excludes(words)):
        return None
    sentences = _sentences_after(whole, heading)
    run = with_items(whole.text, sentences, heading)
    if not run.contains(best.span):
        return None
    first = heading.start if excludes(words) else min(s.start for s in sentences)
    return _as(best, Span(first, run.end), whole.text)


def _sentences_after(document: Document, heading: Span) -> list[Span]:
    """The sentences of the blocks that begin in the 700 characters after a heading.

    Up to the next one: what stands under "Not covered" is not among what stands under "Covered".
    """
    last = min((h.start for h in document.headings if h.start >= heading.end), default=None)
    last = heading.end + LIST_CHARS if last is None else min(last, heading.end + LIST_CHARS)
    blocks = [b for b in document.blocks if heading.end <= b.start < last]
    return [s for block in blocks for s in sentences_in(document.text, block)]


def _as(best: Candidate, run: Span, text: str) -> Candidate:
    """The candidate as a longer run, but for one in which a machine is given orders."""
    told = run.of(text)
    return best if gives_orders(told) else replace(best, span=run, text=told)
