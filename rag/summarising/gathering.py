"""What a summary is chosen from: all documents read into units, vectors, sections and a pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.embedding.protocol import Embedder
from rag.errors import NoDocuments
from rag.summarising.caching import Wordings
from rag.summarising.sections import LINES_WORDS, Section, sections_of
from rag.summarising.selecting import Pool
from rag.summarising.units import Unit, is_label, units_of, with_short_lines
from rag.types import Document, Passage
from rag.verification.rules import normalised

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EMBED_BATCH = 256
BOILERPLATE = 3

Progress = Callable[[str, int, int], None]
Text = tuple[Document, Sequence[Passage]]
Read = Sequence[tuple[Document, Sequence[Unit]]]


@dataclass(frozen=True, slots=True)
class Material:
    """What was read of all documents, in their order.

    `everything` are all units, `pool` holds those that may be chosen, with the section of each.
    """

    documents: Sequence[Document]
    passages: Sequence[Passage]
    everything: Sequence[Unit]
    sections: Sequence[Section]
    pool: Pool


def gather(
    texts: Sequence[Text],
    embedder: Embedder,
    wordings: Wordings | None = None,
    progress: Progress | None = None,
) -> Material:
    """The documents, given with their passages, read and embedded.

    Of the `wordings` of earlier summaries those are dropped whose sentences no longer stand in
    their document. Raises `NoDocuments` where there is no text at all.
    """
    read = _read(texts)
    units = _telling(read)
    vectors = _vectors(units, embedder, progress)
    if wordings is not None:
        for document, members in read:
            wordings.keep_only(document.path, (u.shown for u in members))
    rows = {(u.document, u.position): row for row, u in enumerate(units)}
    sections = sections_of(read, vectors, rows)
    return Material(
        documents=[document for document, _ in texts],
        passages=[p for _, members in texts for p in members],
        everything=[u for _, members in read for u in members],
        sections=sections,
        pool=_pool(sections, units, vectors, rows),
    )


def _read(texts: Sequence[Text]) -> Read:
    """The units of each document; those too short to say much only where there are no others."""
    read = [(document, units_of(document, passages)) for document, passages in texts]
    if not _telling(read):
        read = [(document, with_short_lines(document, members)) for document, members in read]
    if not _telling(read):
        raise NoDocuments("there is no text to summarise: name a document that has some words")
    return read


def _telling(read: Read) -> list[Unit]:
    return [u for _, members in read for u in members if u.kind != "nothing"]


def _vectors(
    units: Sequence[Unit], embedder: Embedder, progress: Progress | None
) -> NDArray[np.float32]:
    import numpy as np

    parts = []
    for start in range(0, len(units), EMBED_BATCH):
        batch = units[start : start + EMBED_BATCH]
        parts.append(embedder.embed_passages([u.text for u in batch]))
        if progress:
            progress("reading", min(start + EMBED_BATCH, len(units)), len(units))
    return np.vstack(parts)


def _pool(
    sections: Sequence[Section],
    units: Sequence[Unit],
    vectors: NDArray[np.float32],
    rows: dict[tuple[str, int], int],
) -> Pool:
    """What is chosen from: the sentences of each section, or its lines where it has none.

    The few lines of a title page, and who was present, say nothing beside the sentences.
    """
    members, numbers, at = [], [], []
    everywhere = _boilerplate(units)
    told = any(section.sentences for section in sections)
    for number, section in enumerate(sections):
        own = tuple(u for u in section.sentences if normalised(u.text) not in everywhere)
        usable = own or section.sentences
        if not usable:
            lines = (u for u in section.units if u.kind == "line")
            usable = tuple(u for u in lines if not (told and is_label(u.text)))
            if told and sum(u.words for u in usable) < LINES_WORDS:
                usable = ()
        for unit in usable:
            members.append(unit)
            numbers.append(number)
            at.append(rows[unit.document, unit.position])
    sizes = [s.words for s in sections]
    return Pool(members, vectors[at], numbers, sizes, [s.heading for s in sections])


def _boilerplate(units: Sequence[Unit]) -> set[str]:
    """The sentences, normalised, that stand word for word in at least `BOILERPLATE` documents."""
    held: dict[str, set[str]] = {}
    for unit in units:
        held.setdefault(normalised(unit.text), set()).add(unit.document)
    return {text for text, documents in held.items() if len(documents) >= BOILERPLATE}
