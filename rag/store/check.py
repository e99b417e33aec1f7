"""Is an index whole? And making it whole again from what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rag.embedding.protocol import Embedder
from rag.errors import RagError
from rag.store import analysis, catalogue, files, schema, vectors
from rag.store.catalogue import SegmentEntry
from rag.store.content import content_problems, posting_problems
from rag.store.postings import postings_sha256, write_postings
from rag.store.stored_passages import read_passages

if TYPE_CHECKING:
    import sqlite3


def check_index(index_dir: Path, *, deep: bool = False) -> list[str]:
    """What is wrong with an index, one sentence a problem; empty where nothing is.

    Looks at the catalogue's structure and the segments' sizes; with `deep` at every byte that
    means something: the segments' checksums, the rows of every table, each document's digest.
    """
    try:
        db = catalogue.open_for_reading(index_dir)
    except RagError as exc:
        return [str(exc)]
    try:
        with catalogue.database_errors(index_dir):
            db.execute("BEGIN")
            return list(_problems(index_dir, db, deep))
    except RagError as exc:
        return [str(exc)]
    finally:
        db.close()


def _problems(index_dir: Path, db: sqlite3.Connection, deep: bool) -> Iterator[str]:
    path = schema.catalogue_path(index_dir)
    check = "integrity_check" if deep else "quick_check"
    damage = [line for (line,) in db.execute(f"PRAGMA {check}(20)") if line != "ok"]
    yield from (f"the catalogue {path} is damaged: {line}" for line in damage)
    if damage:
        return
    for segment in catalogue.read_segments(db):
        yield from _segment_problems(index_dir, segment, deep)
    if deep:
        yield from (f"the catalogue {path}: {problem}" for problem in content_problems(db))


def _segment_problems(index_dir: Path, segment: SegmentEntry, deep: bool) -> Iterator[str]:
    path = index_dir / schema.SEGMENTS / segment.file
    if not path.is_file():
        yield f"the segment {path} is missing"
    elif path.stat().st_size != segment.bytes:
        yield f"the segment {path} is torn ({path.stat().st_size} of {segment.bytes} bytes)"
    elif deep and files.sha256_of(path) != segment.sha256:
        yield f"the segment {path} was altered: its checksum differs"


def repair_index(index_dir: Path, embedder: Callable[[], Embedder]) -> list[str]:
    """What was repaired, one sentence each: vectors and postings, made again from the text.

    Where the catalogue's other tables are damaged this raises `IndexDamaged` or leaves them as
    they are, and only `rag index --rebuild` helps. The embedder is asked for only where something
    has to be embedded.
    """
    from rag.store.lock import write_lock

    catalogue.check_header(index_dir)
    repaired = []
    with write_lock(index_dir):
        db = catalogue.open_for_writing(index_dir)
        try:
            with catalogue.database_errors(index_dir), files.naming(index_dir):
                for segment in catalogue.read_segments(db):
                    for problem in _segment_problems(index_dir, segment, deep=True):
                        _make_again(index_dir, db, segment, embedder())
                        repaired.append(f"{problem}: its vectors were made again")
                    if posting_problems(db, segment.number):
                        _write_again(db, segment.number)
                        repaired.append(f"the postings of {segment.file} were made again")
                catalogue.empty_log(db)
        finally:
            db.close()
    return repaired


def _make_again(
    index_dir: Path, db: sqlite3.Connection, segment: SegmentEntry, embedder: Embedder
) -> None:
    """Embeds a segment's passages again, into a new file that takes the place of the old one."""
    import numpy as np

    meta, values = catalogue.read_meta(db)
    meta.require_embedder(embedder)
    (raw,) = db.execute("SELECT rows FROM segment WHERE number = ?", (segment.number,)).fetchone()
    inputs = _inputs(db, np.frombuffer(raw, dtype="<i8").tolist())
    parts = [embedder.embed_passages(inputs[at : at + 256]) for at in range(0, len(inputs), 256)]
    number = int(values["next_segment"])
    target = index_dir / schema.SEGMENTS / f"{number:06d}.faiss"
    stacked = vectors.ArrayVectors(np.ascontiguousarray(np.concatenate(parts)))
    kind = vectors.write_vectors(target, [(stacked, np.arange(len(inputs)))])
    with _transaction(db):
        catalogue.write_meta(db, meta, next_segment=number + 1)
        db.execute(
            "UPDATE segment SET kind = ?, file = ?, bytes = ?, sha256 = ? WHERE number = ?",
            (kind, target.name, target.stat().st_size, files.sha256_of(target), segment.number),
        )


def _write_again(db: sqlite3.Connection, segment: int) -> None:
    """Makes a segment's postings again from the stored text."""
    import numpy as np

    (raw,) = db.execute("SELECT rows FROM segment WHERE number = ?", (segment,)).fetchone()
    rows = np.frombuffer(raw, dtype="<i8").tolist()
    languages = dict(
        db.execute(
            "SELECT p.row, d.language FROM passage p JOIN document d ON "
            "d.row = p.document WHERE p.row BETWEEN ? AND ?",
            (rows[0], rows[-1]),
        )
    )
    terms = [
        analysis.terms(text, languages.get(row, analysis.UNKNOWN))
        for row, text in zip(rows, _inputs(db, rows), strict=True)
    ]
    with _transaction(db):
        db.execute("DELETE FROM posting WHERE segment = ?", (segment,))
        write_postings(db, segment, terms)
        db.execute(
            "UPDATE segment SET postings_sha256 = ? WHERE number = ?",
            (postings_sha256(db, segment), segment),
        )


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        catalogue.write_checksum(db)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _inputs(db: sqlite3.Connection, rows: Sequence[int]) -> list[str]:
    """What is embedded of each passage; of one that was removed, nothing."""
    from rag.passages import passage_input

    found = read_passages(db, rows)
    return [passage_input(found[row]) if row in found else "" for row in rows]
