from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.passages import SPECIAL_TOKENS, make_passages, passage_input, split_sentences
from rag.testing import FakeEmbedder
from rag.types import Document, Heading, Passage, Span

count = FakeEmbedder().count_tokens


def document(text: str, **more: object) -> Document:
    return Document("minutes.txt", text, "", "test/1", **more)  # type: ignore[arg-type]


def sections(*parts: tuple[str, str]) -> Document:
    text, headings, blocks = "", [], []
    for head, body in parts:
        headings.append(Heading(len(text), 1, head))
        blocks.append(Span(len(text), len(text) + len(head)))
        text += head + "\n\n"
        blocks.append(Span(len(text), len(text) + len(body)))
        text += body + "\n\n"
    return document(text, headings=tuple(headings), blocks=tuple(blocks))


def prose(name: str, sentences: int) -> str:
    return " ".join(f"{name} number {i} was seen by the board." for i in range(sentences))


def check(doc: Document, passages: Sequence[Passage], max_tokens: int, prefix: int = 0) -> None:
    """The invariants of every cut."""
    sentences = set(split_sentences(doc))
    inside: set[int] = set()
    for p in passages:
        assert p.text == p.span.of(doc.text)
        assert (p.sentences[0].start, p.sentences[-1].end) == (p.span.start, p.span.end)
        assert all(a.end <= b.start for a, b in pairwise(p.sentences))
        assert count([passage_input(p)])[0] + prefix + SPECIAL_TOKENS <= max_tokens
        assert p.line == doc.line_at(p.span.start)
        assert all(any(s.contains(q) for s in sentences) for q in p.sentences)
        inside.update(range(p.span.start, p.span.end))
    assert {i for i, c in enumerate(doc.text) if c.isalnum()} <= inside
    starts = [p.span.start for p in passages]
    assert starts == sorted(set(starts))
    assert len({p.id for p in passages}) == len(passages)


def test_passages_hold_whole_sentences_and_overlap_by_whole_sentences() -> None:
    doc = document(prose("Item", 60))
    passages = make_passages(doc, count, passage_tokens=50, overlap_tokens=20, max_tokens=256)
    check(doc, passages, 256)
    sentences = set(split_sentences(doc))
    for p, q in pairwise(passages):
        assert set(p.sentences) <= sentences
        shared = set(p.sentences) & set(q.sentences)
        assert len(shared) == 2  # 9 tokens each
        assert sum(count([s.of(doc.text) for s in p.sentences])) <= 50


def test_no_overlap_when_none_is_asked_for() -> None:
    doc = document(prose("Item", 40))
    passages = make_passages(doc, count, passage_tokens=50, overlap_tokens=0, max_tokens=256)
    assert all(p.span.end <= q.span.start for p, q in pairwise(passages))


def test_a_passage_ends_before_a_heading_and_names_it() -> None:
    doc = sections(("Budget", prose("Cost", 5)), ("Training", prose("Course", 5)))
    passages = make_passages(doc, count, max_tokens=256)
    assert [p.heading for p in passages] == ["Budget", "Training"]
    assert passages[1].text.startswith("Training")
    check(doc, passages, 256)


def test_tiny_sections_are_joined() -> None:
    doc = sections(("One", "Yes."), ("Two", "No."), ("Three", "Perhaps."))
    assert len(make_passages(doc, count, max_tokens=256)) == 1


def test_a_heading_is_embedded_with_what_stands_below_it_and_only_once() -> None:
    doc = sections(("Budget", prose("Cost", 40)))
    first, second, *_ = make_passages(doc, count, max_tokens=256)
    assert passage_input(first) == first.text  # it begins with the heading
    assert passage_input(second) == "Budget\n" + second.text
    assert second.text == second.span.of(doc.text)


def test_a_marked_up_heading_is_not_repeated() -> None:
    p = Passage("x", "a.md", Span(0, 16), "## Costs\n\nHigh.", (Span(0, 16),), "Report > Costs")
    assert passage_input(p) == "Report\n## Costs\n\nHigh."


def test_of_a_long_heading_path_the_nearest_headings_are_kept() -> None:
    path = " > ".join(["A" * 90, "Money", "Costs"])
    p = Passage("x", "a.md", Span(0, 5), "High.", (Span(0, 5),), path)
    assert passage_input(p) == "Money > Costs\nHigh."


def test_a_sentence_longer_than_the_window_is_cut_and_nothing_is_lost() -> None:
    doc = document("word " * 700 + "end.")
    passages = make_passages(doc, count, passage_tokens=60, overlap_tokens=10, max_tokens=64)
    check(doc, passages, 64)
    assert len(passages) > 10


def test_the_prefix_counts() -> None:
    doc = document("word " * 200)
    passages = make_passages(
        doc, count, passage_tokens=32, overlap_tokens=0, max_tokens=32, prefix_tokens=10
    )
    check(doc, passages, 32, prefix=10)


def test_the_page_is_that_of_the_first_character() -> None:
    text = prose("Item", 40)
    middle = text.index("Item number 20")
    doc = document(text, pages=(0, middle))
    pages = [p.page for p in make_passages(doc, count, overlap_tokens=0, max_tokens=256)]
    assert pages[0] == 1
    assert pages[-1] == 2


def test_ids_depend_on_path_span_and_text_alone() -> None:
    text = prose("Item", 30)
    here = make_passages(document(text), count, max_tokens=256)
    later = make_passages(document(text, modified=5.0, title="T"), count, max_tokens=256)
    moved = make_passages(Document("b.txt", text, "", "t/1"), count, max_tokens=256)
    assert [p.id for p in here] == [p.id for p in later]
    assert not {p.id for p in here} & {p.id for p in moved}
    assert all(len(p.id) == 20 and int(p.id, 16) >= 0 for p in here)


def test_an_empty_document_has_no_passages() -> None:
    assert make_passages(document(" \n "), count, max_tokens=256) == []


@pytest.mark.parametrize(
    ("size", "overlap", "limit"), [(0, 0, 256), (10, 10, 256), (10, -1, 256), (10, 2, 9)]
)
def test_impossible_sizes_are_refused(size: int, overlap: int, limit: int) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        make_passages(
            document("a"), count, passage_tokens=size, overlap_tokens=overlap, max_tokens=limit
        )


PIECES = st.sampled_from(
    ["The board agreed. ", "What now? ", "\n\n", "HEADING", "\n", "x" * 30, "a, b; c: ", "é🙂 ",
     "1. first ", "- item ", "Dr. No ", "。", "word " * 40, "!" * 30, '"Yes. No." ', "\t"]
)  # fmt: skip


@given(
    st.lists(PIECES, max_size=40),
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 3)), max_size=6),
    st.integers(8, 60),
    st.integers(0, 20),
    st.integers(16, 80),
)
def test_any_document_any_sizes(
    pieces: list[str], heads: list[tuple[int, int]], size: int, overlap: int, limit: int
) -> None:
    text = "".join(pieces)
    headings = tuple(
        Heading(at, level, f"Head {at}") for at, level in sorted(heads) if at < len(text)
    )
    doc = document(text, headings=headings)
    cuts = {"passage_tokens": size, "overlap_tokens": min(overlap, size - 1), "max_tokens": limit}
    passages = make_passages(doc, count, **cuts)
    check(doc, passages, limit)
    assert make_passages(doc, count, **cuts) == passages


def test_a_tokenizer_that_makes_more_of_a_joined_text_never_exceeds_the_window() -> None:
    def more_when_joined(texts: Sequence[str]) -> list[int]:
        return [n + n // 6 for n in count(texts)]

    doc = sections(("Budget", prose("Cost", 60)), ("Rules", "word, " * 300))
    passages = make_passages(
        doc, more_when_joined, passage_tokens=62, overlap_tokens=9, max_tokens=64
    )
    assert max(more_when_joined([passage_input(p) for p in passages])) <= 62
    assert {i for i, c in enumerate(doc.text) if c.isalnum()} <= {
        i for p in passages for i in range(p.span.start, p.span.end)
    }
