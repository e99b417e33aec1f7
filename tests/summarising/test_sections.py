"""Major sections, and where the topic changes."""

from __future__ import annotations

import numpy as np
import pytest

from rag.summarising.sections import MOST_SECTIONS, sections_of
from rag.summarising.segmenting import boundaries
from rag.summarising.units import kind_of, units_of
from rag.testing import FakeEmbedder
from tests.summarising.conftest import parsed, with_passages

TOPICS = [
    "The ferry crosses the river in ten minutes and the ferryman rows the ferry alone.",
    "The baker bakes rye bread and wheat bread in the oven of the old bakery.",
    "The choir sings on Sundays and the choir master plays the organ for the choir.",
]


def _sections(*texts):  # type: ignore[no-untyped-def]
    read = [(d, units_of(d, p)) for d, p in texts]
    units = [u for _, members in read for u in members if u.kind != "nothing"]
    vectors = FakeEmbedder(dimension=256).embed_passages([u.text for u in units])
    rows = {(u.document, u.position): i for i, u in enumerate(units)}
    return sections_of(read, vectors, rows)


def test_headings_of_the_highest_repeated_level_are_the_sections(minutes) -> None:  # type: ignore[no-untyped-def]
    sections = _sections(minutes)
    assert [s.heading for s in sections] == ["Rent", "Water", "Bees", "Elections"]
    assert sections[1].sentences[0].text.startswith("Hosepipes are allowed")


def test_a_heading_with_nothing_under_it_is_no_section(text_of) -> None:  # type: ignore[no-untyped-def]
    text = "# A\n\n## One\n\n## Two\n\nThe two of them agreed on the price.\n"
    assert [s.heading for s in _sections(text_of("a.md", text))] == ["Two"]


def test_a_title_page_belongs_to_the_first_section(text_of) -> None:  # type: ignore[no-untyped-def]
    front = "# The mill\n\nDate: 4 May 2025 Present: A. Vane, B. Thorburn\n\n"
    told = "The mill was sold for two hundred thousand.\n\n"
    rest = f"## Sale\n\n{told}## Fees\n\nTwo guests per member\n\n## Roof\n\n{told}"
    sections = _sections(text_of("a.md", front + rest))
    assert [s.heading for s in sections] == ["Sale", "Fees", "Roof"]
    assert sections[0].units[1].text.startswith("Date: 4 May")
    sections = _sections(text_of("a.md", f"# The mill\n\nThe miller has left the village.\n{rest}"))
    assert [s.heading for s in sections] == ["The mill", "Sale", "Fees", "Roof"]


def test_a_text_without_headings_is_cut_where_its_topic_changes() -> None:
    lines = [f"{topic} That was number {i}." for topic in TOPICS for i in range(45)]
    sections = _sections(with_passages(parsed("long.txt", "\n".join(lines))))
    assert len(sections) >= 3
    for section in sections:
        kinds = {
            next(i for i, t in enumerate(TOPICS) if t[4:9] in u.text)
            for u in section.units
            if any(t[4:9] in u.text for t in TOPICS)
        }
        assert len(kinds) == 1, section.heading
    assert "lines 1 to" in sections[0].heading


def test_a_large_collection_is_told_document_by_document() -> None:
    body = "".join(f"## Part {i}\n\nThe part of number {i} is told here.\n\n" for i in range(5))
    texts = [with_passages(parsed(f"d{n}.md", f"# Doc {n}\n\n{body}")) for n in range(6)]
    assert len(texts) * 5 > MOST_SECTIONS
    assert [s.heading for s in _sections(*texts)] == [f"Doc {n}" for n in range(6)]


def test_boundaries_fall_into_the_valleys() -> None:
    rng = np.random.default_rng(1)
    axes = np.eye(8, dtype=np.float32)
    vectors = np.vstack([axes[k] + rng.normal(0, 0.1, (30, 8)) for k in range(3)])
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    assert boundaries(vectors, 3) == [30, 60]


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_few_sentences_have_no_boundaries(count: int) -> None:
    assert boundaries(np.ones((count, 4), dtype=np.float32), 3) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The harbour opens on 4 June.", "sentence"),
        ("Rent | 940 | monthly | advance", "line"),
        ("Two guests per member", "line"),
        ("12 | 13 | 14", "nothing"),
        ("Yes.", "nothing"),
        ("For the roof of the hall we offer:", "line"),
        ("Date: Tuesday 13 May, Present: A. Vane, B. Thorburn.", "line"),
        ("Adopted by the board on 5 March 2025.", "line"),
        ("Harrow Wire, Velden, 26 June 2025.", "line"),
        ("港は六月四日に開きます。", "sentence"),
    ],
)
def test_what_a_text_can_be_in_a_summary(text: str, kind: str) -> None:
    assert kind_of(text) == kind
