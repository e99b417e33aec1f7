"""The tables of the catalogue and the names of the files beside it (see index/README.md)."""

from __future__ import annotations

from pathlib import Path

from rag.settings import CATALOGUE_NAME

FORMAT_VERSION = 1
APPLICATION_ID = 0x72616769  # "ragi"
SEGMENTS = "segments"
LOCK = "write.lock"
HOLDER = "writer.json"
TEMPORARY = ".tmp"

TABLES = """
CREATE TABLE meta (
    key TEXT PRIMARY KEY, value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE root (
    number INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE
);
CREATE TABLE file (
    row INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, source TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL, modified REAL NOT NULL, checked REAL NOT NULL,
    sha256 TEXT NOT NULL, problem TEXT
);
CREATE TABLE document (
    row INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, file INTEGER NOT NULL,
    sha256 TEXT NOT NULL, parser TEXT NOT NULL, language TEXT NOT NULL, title TEXT,
    modified REAL NOT NULL, digest TEXT NOT NULL, marks TEXT NOT NULL,
    first_passage INTEGER NOT NULL, passages INTEGER NOT NULL
);
CREATE INDEX document_file ON document (file);
CREATE TABLE content (
    document INTEGER PRIMARY KEY, text BLOB NOT NULL
);
CREATE TABLE passage (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL, document INTEGER NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL,
    first_byte INTEGER NOT NULL, bytes INTEGER NOT NULL,
    sentences BLOB NOT NULL, heading TEXT, page INTEGER, line INTEGER NOT NULL,
    key BLOB NOT NULL
);
CREATE INDEX passage_key ON passage (key);
CREATE TABLE segment (
    number INTEGER PRIMARY KEY, first_row INTEGER NOT NULL, kind TEXT NOT NULL,
    file TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, passages INTEGER NOT NULL,
    rows BLOB NOT NULL, documents BLOB NOT NULL, lengths BLOB NOT NULL, dead BLOB NOT NULL,
    postings_sha256 TEXT NOT NULL
);
CREATE TABLE posting (
    segment INTEGER NOT NULL, term TEXT NOT NULL, positions BLOB NOT NULL, counts BLOB NOT NULL,
    PRIMARY KEY (segment, term)
) WITHOUT ROWID;
CREATE TABLE spare (
    key BLOB PRIMARY KEY, vector BLOB NOT NULL
) WITHOUT ROWID;
"""


def catalogue_path(index_dir: Path) -> Path:
    """The path of the catalogue in an index folder, whether it exists or not."""
    return index_dir / CATALOGUE_NAME


def holds_index(folder: Path) -> bool:
    """Whether a folder holds an index (its catalogue exists; it may still be damaged)."""
    return catalogue_path(folder).is_file()
