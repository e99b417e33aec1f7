from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import IndexDamaged
from rag.store import coding
from rag.types import Document, Heading, Place, Span

spans = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(1, 10**4)).map(lambda p: Span(p[0], p[0] + p[1]))
).map(lambda found: sorted(found, key=lambda s: s.start))


@given(st.lists(st.integers(0, 2**40)))
def test_numbers_come_back(numbers: list[int]) -> None:
    assert coding.decode_numbers(coding.encode_numbers(numbers)) == numbers


def test_a_number_cut_short_is_damage() -> None:
    with pytest.raises(IndexDamaged):
        coding.decode_numbers(coding.encode_numbers([1, 300])[:-1])


@given(spans, st.integers(0, 10**5))
def test_spans_come_back(found: list[Span], origin: int) -> None:
    moved = [span.shifted(origin) for span in found]
    assert coding.decode_spans(coding.encode_spans(moved, origin), origin) == tuple(moved)


def test_a_document_s_marks_come_back() -> None:
    document = Document(
        path="a.md",
        text="x" * 40,
        sha256="",
        parser="markdown/1",
        pages=(0, 20),
        headings=(Heading(0, 1, "Über > uns"),),
        places=(Place(3, "slide 2"),),
        blocks=(Span(0, 4), Span(5, 9)),
    )
    marks = coding.decode_marks(coding.encode_marks(document))
    assert marks == {
        "pages": document.pages,
        "headings": document.headings,
        "places": document.places,
        "blocks": document.blocks,
    }


@given(st.text(st.characters(), max_size=50))
def test_any_text_comes_back_even_lone_surrogates(text: str) -> None:
    assert coding.decode_text(coding.encode_text(text)) == text
