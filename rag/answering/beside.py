"""What is quoted beside a sentence that would mislead, or answer but in part, without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rag.answering.candidate import Candidate
from rag.answering.leads import announces, with_items
from rag.answering.shape import answer_type, asks_several, tells_time
from rag.answering.surroundings import heading_above
from rag.answering.terms import terms
from rag.types import Document
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
