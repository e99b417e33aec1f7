"""How an answer looks to a person."""

import pytest

from rag.cli.answers import quotation
from rag.types import Citation, Phrase, Span

TEXT = "Boats. In 2025 the club had 5 boats. It sold 5 of them."
QUOTE = Span(7, 36)


def marked(span, document="club.txt"):
    """The words that are marked in the quotation, with what stands before them."""
    citation = Citation(1, "club.txt", QUOTE, QUOTE.of(TEXT), page=None, line=1, heading=None)
    pieces = quotation(citation, Phrase(span.of(TEXT), document, span))
    assert "".join(text for text, _ in pieces) == f"“{QUOTE.of(TEXT)}”"
    styles = [style for _, style in pieces]
    at = styles.index("mark") if "mark" in styles else None
    return at and (pieces[at - 1][0], pieces[at][0])


def test_the_answering_words_are_marked_where_they_stand():
    assert marked(Span(28, 29)) == ("In 2025 the club had ", "5")
    assert marked(QUOTE) == ("", QUOTE.of(TEXT))


@pytest.mark.parametrize(
    ("span", "document"),
    [(Span(45, 46), "club.txt"), (Span(30, 40), "club.txt"), (Span(28, 29), "other.txt")],
)
def test_words_of_another_place_mark_nothing(span, document):
    assert marked(span, document) is None
