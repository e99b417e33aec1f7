"""Opening an index to write: its lock, a catalogue that may have to be made, what is left over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import IndexDamaged, IndexMismatch
from rag.store import catalogue, files, schema
from rag.store.meta import Meta
from rag.store.writer import Writer

if TYPE_CHECKING:
    import sqlite3


@contextmanager
def open_writer(index_dir: Path, meta: Meta, *, anew: bool = False) -> Iterator[Writer]:
    """The writer of an index, which is created where there is none.

    Holds the write lock; what was not committed on leaving is given up, and a new index that got
    nothing is removed again. With `anew` an index that cannot be opened is thrown away.
    Raises `IndexBusy`, `IndexDamaged`, `RagError` for a folder that cannot be written.
    """
    from rag.store.lock import write_lock

    files.make_private_dir(index_dir)
    with write_lock(index_dir):
        db, created = _open_or_create(index_dir, meta, anew)
        try:
            writer = Writer(index_dir, db)
            try:
                yield writer
            finally:
                writer.close()
                created = created and writer.is_empty()
        finally:
            db.close()
            if created:
                _discard(index_dir)


def _open_or_create(index_dir: Path, meta: Meta, anew: bool) -> tuple[sqlite3.Connection, bool]:
    created = not schema.holds_index(index_dir)
    if not created:
        try:
            return catalogue.open_for_writing(index_dir), False
        except (IndexDamaged, IndexMismatch):
            if not anew:
                raise
            _discard(index_dir)
    catalogue.create(index_dir, meta)
    return catalogue.open_for_writing(index_dir), created


def _discard(index_dir: Path) -> None:
    """Removes the files of an index: the catalogue first, without which the rest is nothing."""
    with files.naming(index_dir):
        path = schema.catalogue_path(index_dir)
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    files.remove_unlisted(index_dir / schema.SEGMENTS, set())
