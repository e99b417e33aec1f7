"""The catalogue's content against its own checksums: what structure alone does not show."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rag.errors import IndexDamaged
from rag.store import catalogue, coding, schema
from rag.store.meta import document_digest
from rag.store.postings import postings_sha256
from rag.store.segments import unpack
from rag.store.stored_passages import read_passages
from rag.types import Passage

if TYPE_CHECKING:
    import sqlite3


def content_problems(db: sqlite3.Connection) -> Iterator[str]:
    """What the catalogue holds that it did not when it was written, a phrase each."""
    if _tables(db) != _expected_tables():
        yield "its tables are not those of this format"
        return
    _, values = catalogue.read_meta(db)
    if values.get("rows_sha256") != catalogue.rows_sha256(db):
        yield "an entry of a file, a document, a segment or a setting was altered"
    rows = db.execute("SELECT row, path, digest FROM document ORDER BY row").fetchall()
    for row, path, digest in rows:
        yield from (f"document {path}: {what}" for what in _document_problems(db, row, digest))
    if _living(db) != [row for (row,) in db.execute("SELECT row FROM passage ORDER BY row")]:
        yield "the segments do not list exactly the passages"
    for (number,) in db.execute("SELECT number FROM segment ORDER BY number").fetchall():
        yield from posting_problems(db, number)


def posting_problems(db: sqlite3.Connection, segment: int) -> list[str]:
    """What is wrong with a segment's postings: nothing, or that they were altered."""
    (expected,) = db.execute(
        "SELECT postings_sha256 FROM segment WHERE number = ?", (segment,)
    ).fetchone()
    if postings_sha256(db, segment) == expected:
        return []
    return [f"the postings of segment {segment} were altered"]


def key_of(text: str) -> bytes:
    """What names a passage's vector: 16 bytes of the SHA-256 of what is embedded of it."""
    return hashlib.sha256(coding.encode_text(text)).digest()[:16]


def _document_problems(db: sqlite3.Connection, row: int, digest: str) -> Iterator[str]:
    from rag.passages import passage_input

    try:
        document = catalogue.read_document(db, row)
        (marks,) = db.execute("SELECT marks FROM document WHERE row = ?", (row,)).fetchone()
        passages = list(_passages(db, row))
    except (ValueError, TypeError, IndexDamaged) as exc:
        yield f"its text or its passages cannot be read ({exc})"
        return
    if document_digest(document, marks, (passage for passage, _ in passages)) != digest:
        yield "its text or its passages were altered"
    for passage, key in passages:
        if passage.text != passage.span.of(document.text) or key != key_of(passage_input(passage)):
            yield f"the passage at {passage.span} was altered"


def _passages(db: sqlite3.Connection, document: int) -> Iterator[tuple[Passage, bytes]]:
    keys = dict(
        db.execute("SELECT row, key FROM passage WHERE document = ? ORDER BY row", (document,))
    )
    for row, passage in read_passages(db, list(keys)).items():
        yield passage, keys[row]


def _living(db: sqlite3.Connection) -> list[int]:
    import numpy as np

    rows: list[int] = []
    for raw, dead in db.execute("SELECT rows, dead FROM segment ORDER BY first_row"):
        listed = np.frombuffer(raw, dtype="<i8")
        rows += listed[~unpack(dead, len(listed))].tolist()
    return rows


def _tables(db: sqlite3.Connection) -> list[tuple[str, ...]]:
    return db.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    ).fetchall()


def _expected_tables() -> list[tuple[str, ...]]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(schema.TABLES)
        return _tables(db)
