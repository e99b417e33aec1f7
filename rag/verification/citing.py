"""What a sentence cites: the citation of a span, and the names that stand around it."""

from __future__ import annotations

from rag.types import Citation, Document, Span


def citation_of(document: Document, span: Span, known: list[Citation]) -> Citation:
    """The citation of a span of a document: the one among `known`, else a new one added to them.

    Markers count from 1; the same span always has the same marker.
    """
    for citation in known:
        if citation.document == document.path and citation.span == span:
            return citation
    made = Citation(
        len(known) + 1,
        document.path,
        span,
        span.of(document.text),
        document.page_at(span.start),
        document.line_at(span.start),
        document.heading_at(span.start),
        document.place_at(span.start),
    )
    known.append(made)
    return made


def context_of(document: Document, span: Span) -> list[str]:
    """The title (of a document without one, its path) and the headings above a span.

    A sentence that cites the span may take names from them (see `rag.verification.support.check`).
    """
    return [document.title or document.path, document.heading_at(span.start) or ""]
