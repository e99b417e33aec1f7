import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Document, Heading, Place, Span


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50), st.integers(1, 50))
def test_spans_overlap_when_they_share_a_character(a, size_a, b, size_b):
    one, two = Span(a, a + size_a), Span(b, b + size_b)
    shared = set(range(one.start, one.end)) & set(range(two.start, two.end))
    assert one.overlaps(two) == two.overlaps(one) == bool(shared)
    assert one.contains(two) == (set(range(two.start, two.end)) <= set(range(one.start, one.end)))


@pytest.mark.parametrize(("start", "end"), [(3, 3), (4, 3), (-1, 2)])
def test_a_span_is_never_empty_nor_negative(start, end):
    with pytest.raises(ValueError, match="start < end"):
        Span(start, end)


@given(st.text(alphabet="ab\n", min_size=1), st.data())
def test_the_line_is_one_more_than_the_newlines_before(text, data):
    document = Document("a.txt", text, "", "text/1")
    offset = data.draw(st.integers(0, len(text) - 1))
    assert document.line_at(offset) == text.count("\n", 0, offset) + 1


def test_pages_headings_and_places_hold_until_the_next_begins():
    document = Document(
        "a.pdf",
        "x" * 100,
        "",
        "pdf/1",
        pages=(0, 40),
        headings=(Heading(5, 1, "Budget"), Heading(20, 2, "Training"), Heading(60, 1, "Canteen")),
        places=(Place(10, "slide 1"), Place(30, "slide 2")),
    )
    assert [document.page_at(o) for o in (0, 39, 40, 99)] == [1, 1, 2, 2]
    assert document.heading_at(4) is None
    assert document.heading_at(20) == "Budget > Training"
    assert document.heading_at(99) == "Canteen"
    assert [document.place_at(o) for o in (9, 10, 35)] == [None, "slide 1", "slide 2"]
