"""The one writer: adds, replaces and removes documents, and commits.

The order of a commit: the new segment's file is written under a temporary name, synced, renamed,
its folder synced; then the catalogue's transaction, begun before, commits; then files that no
snapshot lists are removed. A crash at any instant leaves the previous or the next state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from rag.store import analysis, catalogue, coding, files, schema
from rag.store.catalogue import FileEntry
from rag.store.meta import Meta, document_digest, index_digest
from rag.store.segments import SegmentWriter, VectorSource
from rag.types import Document, Passage

if TYPE_CHECKING:
    import sqlite3

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A passage to be stored: what is embedded and matched of it, and its vector's key."""

    passage: Passage
    input: str
    key: bytes


_P = ParamSpec("_P")
_R = TypeVar("_R")


def _guarded(
    method: Callable[Concatenate[Writer, _P], _R],
) -> Callable[Concatenate[Writer, _P], _R]:
    """Lets a method raise only errors of this package."""

    @wraps(method)
    def guarded(self: Writer, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with catalogue.database_errors(self.index_dir), files.naming(self.index_dir):
            return method(self, *args, **kwargs)

    return guarded


class Writer:
    """An open transaction on an index whose write lock is held. Made by `open_writer`."""

    def __init__(self, index_dir: Path, db: sqlite3.Connection) -> None:
        self.index_dir = index_dir
        self._db = db
        self._load()

    @_guarded
    def _load(self) -> None:
        self.meta, _ = catalogue.read_meta(self._db)
        self._segments = SegmentWriter(self.index_dir, self._db)
        self._source = VectorSource(self.index_dir, self._db)
        self._fresh: dict[bytes, NDArray[np.float32]] = {}
        self._begin()

    @_guarded
    def _begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    # What is there

    @_guarded
    def files(self) -> dict[str, FileEntry]:
        """The files of the index, by name."""
        return catalogue.read_files(self._db)

    @_guarded
    def roots(self) -> list[str]:
        """The absolute paths of the indexed roots, the first one first."""
        return catalogue.read_roots(self._db)

    @_guarded
    def parsers(self) -> dict[str, set[str]]:
        """By which parsers (`name/version`) each file was read, by the file's name."""
        return catalogue.read_parsers(self._db)

    @_guarded
    def stored(self, name: str) -> list[Document]:
        """The documents of a file, as they are stored."""
        rows = self._db.execute(
            "SELECT d.row FROM document d JOIN file f ON f.row = d.file WHERE f.name = ? "
            "ORDER BY d.row",
            (name,),
        ).fetchall()
        return [catalogue.read_document(self._db, row) for (row,) in rows]

    @_guarded
    def totals(self) -> tuple[int, int]:
        """The numbers of documents and of passages."""
        documents, passages = self._db.execute(
            "SELECT count(*), coalesce(sum(passages), 0) FROM document"
        ).fetchone()
        return int(documents), int(passages)

    @_guarded
    def is_empty(self) -> bool:
        """Whether there is neither a document nor a vector kept for a run that goes on later."""
        query = "SELECT 1 FROM document UNION ALL SELECT 1 FROM spare LIMIT 1"
        return self._db.execute(query).fetchone() is None

    @_guarded
    def known_vectors(self, keys: Iterable[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The vectors that the index already holds for these passages, by key."""
        wanted = list(keys)
        found = {key: self._fresh[key] for key in wanted if key in self._fresh}
        return found | self._source.find(key for key in wanted if key not in found)

    @property
    def pending_passages(self) -> int:
        """How many passages wait for the next commit."""
        return self._segments.pending

    # Changes

    @_guarded
    def reset(self, meta: Meta) -> None:
        """Drops every document, vector and file entry, and takes `meta` for what follows."""
        for table in ("posting", "segment", "passage", "content", "document", "file", "spare"):
            self._db.execute(f"DELETE FROM {table}")
        catalogue.write_meta(self._db, meta)
        self.meta = meta
        self._segments = SegmentWriter(self.index_dir, self._db)

    @_guarded
    def set_roots(self, paths: Sequence[str]) -> None:
        """Remembers the roots, in order."""
        if list(paths) != catalogue.read_roots(self._db):
            self._db.execute("DELETE FROM root")
            stored = [(coding.encode_path(path),) for path in paths]
            self._db.executemany("INSERT INTO root (path) VALUES (?)", stored)

    @_guarded
    def set_patterns(self, patterns: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> None:
        """Remembers the include and exclude patterns with which roots were walked, by path."""
        _, values = catalogue.read_meta(self._db)
        merged = {**values.get("patterns", {}), **patterns}
        kept = {root: merged[root] for root in catalogue.read_roots(self._db) if root in merged}
        catalogue.write_meta(self._db, self.meta, patterns=kept)

    @_guarded
    def set_aside(self, name: str) -> str:
        """Frees a file's name and those of its documents for others; gives the name it has now.

        No document begins with it; it must be parked before the next commit.
        """
        aside = f"\0{name}"
        self._db.execute(
            "UPDATE document SET path = ? || path "
            "WHERE file = (SELECT row FROM file WHERE name = ?)",
            ("\0", name),
        )
        self._db.execute("UPDATE file SET name = ? WHERE name = ?", (aside, name))
        return aside

    @_guarded
    def park(self, name: str) -> None:
        """Drops a file and its documents, but keeps their vectors for what is added next."""
        keys = [
            key
            for (key,) in self._db.execute(
                "SELECT p.key FROM passage p JOIN document d ON d.row = p.document "
                "JOIN file f ON f.row = d.file WHERE f.name = ?",
                (name,),
            )
        ]
        self.keep_vectors(self._source.find(keys))
        self._drop("name", name)

    @_guarded
    def put_file(self, entry: FileEntry) -> int:
        """Stores a file's entry in place of what its source or name had before; gives its row."""
        source = coding.encode_path(entry.source)
        self._drop("source", source)
        self._drop("name", entry.name)
        values = (
            entry.name,
            source,
            entry.bytes,
            entry.modified,
            entry.checked,
            entry.sha256,
            entry.problem,
        )
        cursor = self._db.execute(
            "INSERT INTO file (name, source, bytes, modified, checked, sha256, problem) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        return int(cursor.lastrowid or 0)

    @_guarded
    def touch_file(self, name: str, modified: float, checked: float) -> None:
        """Notes a new time of a file whose content is unchanged."""
        self._db.execute(
            "UPDATE file SET modified = ?, checked = ? WHERE name = ?", (modified, checked, name)
        )
        self._db.execute(
            "UPDATE document SET modified = ? WHERE file = (SELECT row FROM file WHERE name = ?)",
            (modified, name),
        )

    @_guarded
    def drop_file(self, source: str) -> int:
        """Removes the file read from `source` and its documents; gives how many documents went."""
        return self._drop("source", coding.encode_path(source))

    def _drop(self, column: str, value: str | bytes) -> int:
        found = self._db.execute(f"SELECT row FROM file WHERE {column} = ?", (value,)).fetchone()
        if not found:
            return 0
        documents = self._db.execute(
            "SELECT row, first_passage, passages FROM document WHERE file = ?", found
        ).fetchall()
        for row, first, passages in documents:
            last = first + passages - 1
            self._segments.bury(first, last)
            self._db.execute("DELETE FROM passage WHERE row BETWEEN ? AND ?", (first, last))
            self._db.execute("DELETE FROM content WHERE document = ?", (row,))
            self._db.execute("DELETE FROM document WHERE row = ?", (row,))
        self._db.execute("DELETE FROM file WHERE row = ?", found)
        return len(documents)

    @_guarded
    def add_document(
        self,
        file: int,
        document: Document,
        passages: Sequence[NewPassage],
        vectors: NDArray[np.float32],
    ) -> None:
        """Stores a document of a file with its passages and their vectors (n, dimension)."""
        marks = coding.encode_marks(document)
        language = analysis.language_of(document.text)
        first = self._segments.next_row
        values = (
            document.path,
            file,
            document.sha256,
            document.parser,
            language,
            document.title,
            document.modified,
            document_digest(document, marks, (p.passage for p in passages)),
            marks,
            first,
            len(passages),
        )
        cursor = self._db.execute(
            "INSERT INTO document (path, file, sha256, parser, language, title, modified, digest, "
            "marks, first_passage, passages) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        row = int(cursor.lastrowid or 0)
        self._db.execute(
            "INSERT INTO content (document, text) VALUES (?, ?)",
            (row, coding.encode_text(document.text)),
        )
        self._insert_passages(row, first, document, passages)
        terms = [analysis.terms(p.input, language) for p in passages]
        self._segments.add(row, terms, vectors)
        self._fresh.update((p.key, v) for p, v in zip(passages, vectors, strict=True))

    def _insert_passages(
        self, row: int, first: int, document: Document, passages: Sequence[NewPassage]
    ) -> None:
        byte_at = _byte_offsets(document.text)
        self._db.executemany(
            "INSERT INTO passage (row, id, document, start, end, first_byte, bytes, sentences, "
            "heading, page, line, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    first + i,
                    p.passage.id,
                    row,
                    p.passage.span.start,
                    p.passage.span.end,
                    (begin := byte_at(p.passage.span.start)),
                    byte_at(p.passage.span.end) - begin,
                    coding.encode_spans(p.passage.sentences, p.passage.span.start),
                    p.passage.heading,
                    p.passage.page,
                    p.passage.line,
                    p.key,
                )
                for i, p in enumerate(passages)
            ),
        )

    @_guarded
    def keep_vectors(self, vectors: dict[bytes, NDArray[np.float32]]) -> None:
        """Keeps embedded vectors whose document is not whole yet, for a run that goes on later."""
        self._db.executemany(
            "INSERT OR REPLACE INTO spare (key, vector) VALUES (?, ?)",
            ((key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()),
        )

    # Commit

    @_guarded
    def flush(self) -> None:
        """Writes what waits for the next commit to its segment, so that memory stays flat."""
        self._flush()

    @_guarded
    def commit(self) -> None:
        """Makes everything since the last commit durable, and begins anew."""
        self._flush()
        self._commit()
        self._begin()

    @_guarded
    def finish(self, *, purge: bool = False) -> None:
        """The last commit: merges small segments, empties the log, removes what is unused.

        With `purge`, vectors and terms of removed passages go from every file now; without it
        they go when a fifth of their segment is gone.
        """
        self._flush()
        self._db.execute("DELETE FROM spare")
        self._segments.compact(purge=purge)
        self._commit()
        if purge:
            catalogue.give_back(self._db)
        self._clean()

    def _flush(self) -> None:
        self._segments.flush()
        self._fresh.clear()

    def _commit(self) -> None:
        documents = self._db.execute("SELECT path, digest FROM document")
        catalogue.write_meta(self._db, self.meta, digest=index_digest(self.meta, documents))
        catalogue.write_checksum(self._db)
        self._db.execute("COMMIT")

    def _clean(self) -> None:
        """Removes files that the catalogue does not list, once no reader can need them."""
        if not catalogue.empty_log(self._db):
            return
        listed = {s.file for s in catalogue.read_segments(self._db)}
        files.remove_unlisted(self.index_dir / schema.SEGMENTS, listed)

    @_guarded
    def close(self) -> None:
        """Gives up what was not committed."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")


def _byte_offsets(text: str) -> Callable[[int], int]:
    """A function from a character's offset to its byte's in UTF-8; calls should mostly ascend."""
    if text.isascii():
        return lambda offset: offset
    at = [0, 0]

    def byte_at(offset: int) -> int:
        if offset < at[0]:
            back = len(coding.encode_text(text[offset : at[0]]))
            at[:] = [offset, at[1] - back]
        else:
            ahead = len(coding.encode_text(text[at[0] : offset]))
            at[:] = [offset, at[1] + ahead]
        return at[1]

    return byte_at
