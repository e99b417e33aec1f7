"""Documents that summaries are made of, and the fakes they are made with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.passages import make_passages
from rag.sources.reading import parse_bytes
from rag.summarising import SummaryTools
from rag.summarising.gathering import Text
from rag.testing import FakeEmbedder, FakeGenerator, FakeReader
from rag.types import Document

MINUTES = """# Minutes of the garden society

## Rent

The rent for a full plot rises from 64 to 70 in October. The treasurer had asked for 72.
Members out of work pay half of the rent if they ask for it.

## Water

Hosepipes are allowed before nine in the morning and after seven in the evening. A leak in
March cost the society 310. The pipe behind the shed is replaced before the winter.

## Bees

Rosalind may keep two hives on plot 48 for a year. Her neighbours agreed in writing. The
hives stand at least ten metres from the path.

## Elections

Rosalind was elected chair with 31 of 40 votes. The post of warden stays vacant until spring.
"""

TRANSCRIPT_LINES = [
    "Chair: Um , welcome , we 're here to decide about the new remote control .",
    "Designer: {vocalsound} Okay .",
    "Chair: So the the battery should last for two years , that 's what the customers want .",
    "Designer: I think we should use a solar cell for the energy , it saves the battery .",
    "Chair: Yeah .",
    "Designer: The case will be made of rubber , because plastic breaks when it falls .",
    "Chair: How much does the rubber case cost ?",
    "Designer: The rubber case costs two Euros more than the plastic case does .",
    "Chair: Then we agreed on the rubber case and on the solar cell for now .",
    "Designer: Mm-hmm .",
    "Chair: The next meeting is about the buttons and about the display of the remote control .",
]


def parsed(name: str, text: str) -> Document:
    """A document as its parser reads it."""
    found, parser = parse_bytes(text.encode(), name)
    return Document(
        path=name,
        text=found.text,
        sha256="0" * 64,
        parser=parser,
        pages=found.pages,
        headings=found.headings,
        places=found.places,
        blocks=found.blocks,
        title=found.title,
    )


def with_passages(document: Document) -> Text:
    """A document with its passages."""
    return document, make_passages(document, FakeEmbedder().count_tokens)


@pytest.fixture
def text_of() -> Callable[[str, str], Text]:
    """A document with its passages, from a name and a text."""
    return lambda name, text: with_passages(parsed(name, text))


@pytest.fixture
def minutes() -> Text:
    """Minutes with four headed sections."""
    return with_passages(parsed("minutes.md", MINUTES))


@pytest.fixture
def transcript() -> Text:
    """A short transcript with two speakers."""
    return with_passages(parsed("talk.txt", "\n".join(TRANSCRIPT_LINES)))


@pytest.fixture
def tools() -> SummaryTools:
    """Fakes without a language model."""
    return SummaryTools(FakeEmbedder(dimension=256), FakeReader())


@pytest.fixture
def worded() -> Callable[..., SummaryTools]:
    """Fakes with a language model that gives the replies named, then repeats its texts."""

    def make(*replies: str) -> SummaryTools:
        return SummaryTools(FakeEmbedder(dimension=256), FakeReader(), FakeGenerator(replies))

    return make


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "cache"))
