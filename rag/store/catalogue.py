"""The SQLite catalogue: opening it, and its rows as values.

The catalogue is in write-ahead mode: a reader's transaction keeps its snapshot while a writer
works and commits, and a crash leaves the last commit. (A rollback journal would make a commit wait
for every reader.) The price: the folder must not lie on a network file system.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import IndexDamaged, IndexMismatch, IndexNotFound, RagError
from rag.store import coding, files
from rag.store.meta import Meta, index_digest
from rag.store.schema import APPLICATION_ID, FORMAT_VERSION, SEGMENTS, TABLES, catalogue_path
from rag.types import Document

if TYPE_CHECKING:
    import sqlite3

_BUSY_SECONDS = 10.0
_LOOKS_BEFORE_TORN = 3
_LOOK_PAUSE_SECONDS = 0.01
_INCREMENTAL = 2  # of SQLite's `auto_vacuum`
_CHECKED = (
    ("meta", "key"),
    ("root", "number"),
    ("file", "row"),
    ("document", "row"),
    ("segment", "number"),
)
_HEADER = struct.Struct(">16sHBBBBBBII")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file that was indexed or could not be: `name` in output, `source` on the disk.

    `modified` and `checked` are seconds since 1970, `problem` says why it could not be read.
    """

    row: int
    name: str
    source: str
    bytes: int
    modified: float
    checked: float
    sha256: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A segment as the catalogue lists it; `kind` is `flat` or `ivf`."""

    number: int
    kind: str
    file: str
    bytes: int
    sha256: str
    passages: int


@contextmanager
def database_errors(index_dir: Path) -> Iterator[None]:
    """Turns SQLite's errors into this package's: damaged, full, read-only."""
    import sqlite3

    try:
        yield
    except (sqlite3.OperationalError, sqlite3.DatabaseError) as exc:
        words = str(exc)
        if "full" in words:
            what = "the disk is full; free some space and run the command again, nothing is lost"
        elif "readonly" in words or "unable to open" in words:
            what = "the folder is read-only; make it writable or choose another with --index"
        elif "lock" in words or "busy" in words:
            what = "it is locked by another program; wait until that has ended"
        elif "disk I/O" in words:
            what = "the disk reports an error; check the disk, then run `rag doctor --deep`"
        else:
            raise IndexDamaged(
                f"the index {index_dir} is damaged ({words}): run `rag doctor`, then "
                "`rag doctor --repair`, or build it anew with `rag index --rebuild PATH`"
            ) from exc
        raise RagError(f"cannot use the index {index_dir}: {what}") from exc


def create(index_dir: Path, meta: Meta) -> None:
    """Creates an empty catalogue: whole or not at all, even after a crash."""
    target = catalogue_path(index_dir)
    temporary = files.temporary_of(target)
    with files.naming(index_dir):
        files.make_private_dir(index_dir)
        files.make_private_dir(index_dir / SEGMENTS)
        for suffix in ("-wal", "-shm", "-journal"):
            temporary.with_name(temporary.name + suffix).unlink(missing_ok=True)
        files.create_private(temporary)
        with database_errors(index_dir), closing(connect(temporary)) as db:
            db.executescript("PRAGMA journal_mode = DELETE; PRAGMA secure_delete = ON;")
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # see `give_back`
            db.executescript(TABLES)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
            write_meta(db, meta, digest=index_digest(meta, ()), next_row=1, next_segment=1)
            write_checksum(db)
            db.execute("PRAGMA journal_mode = WAL")
        for suffix in ("-wal", "-shm"):  # of a catalogue that somebody removed alone
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        files.publish(temporary, target)


def connect(path: Path, query: str = "") -> sqlite3.Connection:
    """A connection without implicit transactions, usable from any thread (one at a time)."""
    import sqlite3

    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{query or 'mode=rw'}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_SECONDS,
    )


def open_for_reading(index_dir: Path) -> sqlite3.Connection:
    """A connection that cannot write. Raises `IndexNotFound`, `IndexDamaged`, `IndexMismatch`.

    In a folder that may not be written, where the log's index cannot be made, the catalogue is
    read as a file that does not change.
    """
    path = check_header(index_dir)
    writable = os.access(index_dir, os.W_OK) and os.access(path, os.W_OK)
    for look in range(_LOOKS_BEFORE_TORN):
        log = path.with_name(path.name + "-wal")
        query = "mode=rw" if writable else "mode=ro" if log.exists() else "mode=ro&immutable=1"
        try:
            return _open_to_read(index_dir, path, query)
        except (IndexDamaged, IndexMismatch):
            raise
        except RagError:  # a writer that ends takes its log with it, between two looks
            if writable or look == _LOOKS_BEFORE_TORN - 1:
                raise
        time.sleep(_LOOK_PAUSE_SECONDS)
    raise IndexDamaged(f"the index {index_dir} cannot be opened: run `rag doctor`")


def _open_to_read(index_dir: Path, path: Path, query: str) -> sqlite3.Connection:
    with database_errors(index_dir):
        db = connect(path, query)
        try:
            db.execute("PRAGMA query_only = ON")
            db.execute("PRAGMA temp_store = MEMORY")
            _check_version(db, index_dir)
        except BaseException:
            db.close()
            raise
    return db


def open_for_writing(index_dir: Path) -> sqlite3.Connection:
    """A connection for the holder of the write lock; deleted content is overwritten with zeros."""
    path = check_header(index_dir)
    with database_errors(index_dir):
        db = connect(path)
        try:
            _check_version(db, index_dir)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA secure_delete = ON")
            db.execute("PRAGMA temp_store = MEMORY")
            db.execute("PRAGMA cache_size = -65536")
        except BaseException:
            db.close()
            raise
    return db


def check_header(index_dir: Path) -> Path:
    """The catalogue's path, its size checked against its own header.

    A file cut short is found here, before SQLite reads from its missing pages. While a log lies
    beside it the header may run ahead of the file, and SQLite's own checks must do; and since a
    writer may copy its log into the file and remove it between two looks, a file is called torn
    only when it looks the same again a moment later.
    """
    path = catalogue_path(index_dir)
    torn = _torn_size(path, index_dir)
    for _ in range(_LOOKS_BEFORE_TORN if torn is not None else 0):
        time.sleep(_LOOK_PAUSE_SECONDS)
        torn = _torn_size(path, index_dir)
        if torn is None:
            break
    if torn is not None:
        raise IndexDamaged(
            f"the index's catalogue {path} is torn ({torn} bytes): restore it from a copy, "
            "or build the index anew with `rag index --rebuild PATH`"
        )
    return path


def _torn_size(path: Path, index_dir: Path) -> int | None:
    """The bytes of a catalogue that is shorter than its header says, None of a whole one."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
            size = os.fstat(file.fileno()).st_size
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise IndexNotFound(
            f"there is no index at {index_dir}: make one with `rag index PATH`, "
            "or name another with --index"
        ) from exc
    except OSError as exc:
        raise RagError(
            f"cannot read the index {index_dir}: {exc.strerror or exc}; mend that and try again"
        ) from exc
    magic, page_bytes, *_, pages = (
        _HEADER.unpack(header) if len(header) == _HEADER.size else (b"", 0, 0)
    )
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    whole = magic == b"SQLite format 3\0" and (pages * page_bytes <= size or _log_bytes(path) > 0)
    return None if whole else size


def _log_bytes(path: Path) -> int:
    """The bytes of the log beside a catalogue, 0 where there is none."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except FileNotFoundError:
        return 0


def _check_version(db: sqlite3.Connection, index_dir: Path) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise IndexDamaged(
            f"{catalogue_path(index_dir)} is not a catalogue of rag: choose another folder with "
            "--index, or remove the file and run `rag index PATH`"
        )
    if version != FORMAT_VERSION:
        raise IndexMismatch(
            f"the index {index_dir} has format {version}, this version of rag reads format "
            f"{FORMAT_VERSION}: update rag, or build the index anew with `rag index --rebuild PATH`"
        )


def write_meta(db: sqlite3.Connection, meta: Meta, **more: object) -> None:
    """Writes what built the index, and other values by name, each as JSON."""
    rows = [(k, json.dumps(v)) for k, v in {**meta.as_dict(), **more}.items()]
    db.executemany("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", rows)


def write_checksum(db: sqlite3.Connection) -> None:
    """Writes the checksum of the small tables, as `rows_sha256` has it."""
    db.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES ('rows_sha256', ?)",
        (json.dumps(rows_sha256(db)),),
    )


def rows_sha256(db: sqlite3.Connection) -> str:
    """The SHA-256 over the rows of the tables meta, root, file, document and segment.

    Each row as a JSON list in the order of its columns, blobs by their own SHA-256; without the
    checksum's own row.
    """
    digest = hashlib.sha256()
    for table, key in _CHECKED:
        for row in db.execute(f"SELECT * FROM {table} ORDER BY {key}"):
            if row[0] != "rows_sha256":
                plain = [hashlib.sha256(v).hexdigest() if isinstance(v, bytes) else v for v in row]
                digest.update(json.dumps([table, *plain]).encode())
    return digest.hexdigest()


def read_meta(db: sqlite3.Connection) -> tuple[Meta, dict[str, Any]]:
    """What built the index, and the other values by name (`digest`, `next_segment`)."""
    values = {k: json.loads(v) for k, v in db.execute("SELECT key, value FROM meta")}
    try:
        meta = Meta(**{name: values.pop(name) for name in Meta.__dataclass_fields__})
    except KeyError as exc:
        raise IndexDamaged(
            f"the index does not say what built it ({exc} is missing): "
            "build it anew with `rag index --rebuild PATH`"
        ) from exc
    return meta, values


def read_files(db: sqlite3.Connection) -> dict[str, FileEntry]:
    """The files of the index by their name."""
    columns = "row, name, source, bytes, modified, checked, sha256, problem"
    found = db.execute(f"SELECT {columns} FROM file")
    return {r[1]: FileEntry(r[0], r[1], coding.decode_path(r[2]), *r[3:]) for r in found}


def read_roots(db: sqlite3.Connection) -> list[str]:
    """The absolute paths of the indexed roots, the first one first."""
    found = db.execute("SELECT path FROM root ORDER BY number")
    return [coding.decode_path(path) for (path,) in found]


def read_parsers(db: sqlite3.Connection) -> dict[str, set[str]]:
    """By which parsers (`name/version`) each file was read, by the file's name."""
    found: dict[str, set[str]] = {}
    for name, parser in db.execute(
        "SELECT f.name, d.parser FROM file f JOIN document d ON d.file = f.row"
    ):
        found.setdefault(name, set()).add(parser)
    return found


def read_document(db: sqlite3.Connection, row: int) -> Document:
    """A document with its whole text."""
    found = db.execute(
        "SELECT d.path, c.text, d.sha256, d.parser, d.title, d.modified, d.marks "
        "FROM document d JOIN content c ON c.document = d.row WHERE d.row = ?",
        (row,),
    ).fetchone()
    path, text, sha256, parser, title, modified, marks = found
    return Document(
        path=path,
        text=coding.decode_text(text),
        sha256=sha256,
        parser=parser,
        title=title,
        modified=modified,
        **coding.decode_marks(marks),
    )


def read_segments(db: sqlite3.Connection) -> list[SegmentEntry]:
    """The segments of the index, in the order of their passages' rows."""
    columns = "number, kind, file, bytes, sha256, passages"
    return [
        SegmentEntry(*r) for r in db.execute(f"SELECT {columns} FROM segment ORDER BY first_row")
    ]


def empty_log(db: sqlite3.Connection, seconds: float = 0.5) -> bool:
    """Moves the whole log into the catalogue and empties it; False while a reader needs it.

    True also means that no reader holds an older snapshot than the last commit, so that files
    which only older snapshots list may go.
    """
    import sqlite3

    with suppress(sqlite3.OperationalError):
        db.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        db.execute(f"PRAGMA busy_timeout = {int(_BUSY_SECONDS * 1000)}")
        return not busy
    return False


def give_back(db: sqlite3.Connection) -> None:
    """Gives the catalogue's free pages back to the disk, outside of a transaction.

    Page by page, so that memory stays flat; a catalogue made before this was known is copied
    within memory instead.
    """
    (way,) = db.execute("PRAGMA auto_vacuum").fetchone()
    # As a script: `execute` would take one step, which gives back one page.
    db.executescript("PRAGMA incremental_vacuum" if way == _INCREMENTAL else "VACUUM")
