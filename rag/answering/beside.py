"""What is quoted beside a sentence that would mislead, or answer but in part, without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rag.answering.candidate import Candidate
from rag.answering.leads import announces, with_items
from rag.answering.shape import answer_type, asks_several, tells_time
from rag.answering.surroundings import excludes, heading_above
from rag.answering.terms import terms
from rag.types import Document, Span
from rag.verification.quantities import months, quantities


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
    text, sentences = whole.text, best.hit.passage.sentences
    heading = heading_above(whole, best.span)
    for label in sorted(s for s in sentences if s.end <= best.span.start)[::-1]:
        heads = heading is not None and label.overlaps(heading)
        if not heads and not announces(label.of(text)):
            continue
        run = with_items(text, sentences, label)
        meant = frozenset(terms(question)) & frozenset(terms(label.of(text))) or (
            heads and excludes(question) and excludes(label.of(text))
        )
        if not meant or not run.contains(best.span):
            break
        # A heading is told with what stands under it anyway, and quoted where it denies that.
        first = min(s.start for s in sentences if s.start >= label.end) if heads else run.start
        run = Span(first, run.end)
        return replace(best, span=run, text=run.of(text))
    return best
