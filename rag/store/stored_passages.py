"""Passages of the catalogue, by their rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rag.store import coding
from rag.types import Passage, Span

if TYPE_CHECKING:
    import sqlite3

_LOOKUP = 500
"""Rows of a statement; SQLite takes at least 999 parameters."""

_COLUMNS = (
    "p.document, p.row, p.id, d.path, p.start, p.end, p.first_byte, p.bytes, p.sentences, "
    "p.heading, p.page, p.line"
)


def read_passages(db: sqlite3.Connection, rows: Sequence[int]) -> dict[int, Passage]:
    """The passages of these rows, by row; a row that is not there is left out.

    One statement for 500 rows; of a document's text only the passages' own bytes are read, so
    that a long document costs no more than what is asked of it.
    """
    found: dict[int, Passage] = {}
    for at in range(0, len(rows), _LOOKUP):
        part = list(rows[at : at + _LOOKUP])
        marks = ",".join("?" * len(part))
        listed = db.execute(
            f"SELECT {_COLUMNS} FROM passage p JOIN document d ON d.row = p.document "
            f"WHERE p.row IN ({marks}) ORDER BY p.document, p.row",
            part,
        ).fetchall()
        for document, ours in groupby(listed, key=lambda values: values[0]):
            with db.blobopen("content", "text", document, readonly=True) as blob:
                for _, row, id_, path, start, end, first, size, sentences, *places in ours:
                    blob.seek(first)
                    heading, page, line = places
                    found[row] = Passage(
                        id=id_,
                        document=path,
                        span=Span(start, end),
                        text=coding.decode_text(blob.read(size)),
                        sentences=coding.decode_spans(sentences, start),
                        heading=heading,
                        page=page,
                        line=line,
                    )
    return found
