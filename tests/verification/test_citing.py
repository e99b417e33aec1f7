"""What a sentence cites."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.types import Citation, Document, Heading, Place, Span
from rag.verification.citing import citation_of, context_of

TEXT = "# Rent\n\nIt is 940.\n\n# Cats\n\nNone may live here.\n"
DOCUMENT = Document(
    "home/lease.md",
    TEXT,
    "0" * 64,
    "markdown/1",
    pages=(0, TEXT.index("# Cats")),
    headings=(Heading(0, 1, "Rent"), Heading(TEXT.index("# Cats"), 1, "Cats")),
    places=(Place(TEXT.index("None"), "clause 2"),),
    title="Lease",
)


def span_of(words: str) -> Span:
    return Span(TEXT.index(words), TEXT.index(words) + len(words))


def test_a_citation_says_where_its_span_stands() -> None:
    known: list[Citation] = []
    first = citation_of(DOCUMENT, span_of("It is 940."), known)
    assert first == Citation(1, "home/lease.md", span_of("It is 940."), "It is 940.", 1, 3, "Rent")
    second = citation_of(DOCUMENT, span_of("None may live here."), known)
    assert (second.marker, second.page, second.line, second.heading) == (2, 2, 7, "Cats")
    assert (first.label, second.label) == (None, "clause 2")


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), max_size=12))
def test_a_span_has_one_marker_and_a_marker_one_span(pairs: list[tuple[int, int]]) -> None:
    known: list[Citation] = []
    for start, size in pairs:
        citation = citation_of(DOCUMENT, Span(start, start + size), known)
        assert known[citation.marker - 1] is citation
    assert [c.marker for c in known] == list(range(1, len(known) + 1))
    assert len({c.span for c in known}) == len(known) == len(set(pairs))
    assert all(TEXT[c.span.start : c.span.end] == c.quote for c in known)


def test_the_same_span_of_another_document_is_another_citation() -> None:
    other = Document("other.md", TEXT, "1" * 64, "markdown/1")
    known = [citation_of(DOCUMENT, Span(0, 6), [])]
    assert citation_of(other, Span(0, 6), known).marker == 2


def test_the_names_around_a_span() -> None:
    assert context_of(DOCUMENT, span_of("None may")) == ["Lease", "Cats"]
    assert context_of(Document("a.txt", "x", "0" * 64, "text/1"), Span(0, 1)) == ["a.txt", ""]
