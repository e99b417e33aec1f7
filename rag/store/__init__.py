"""The index on disk: one SQLite catalogue, immutable vector segments, one writer, many readers.

`open_snapshot` reads, `open_writer` writes; `index/README.md` specifies the files.
"""

from rag.store.catalogue import FileEntry, SegmentEntry
from rag.store.check import check_index, repair_index
from rag.store.meta import Meta
from rag.store.opening import open_writer
from rag.store.schema import FORMAT_VERSION, holds_index
from rag.store.snapshot import DocumentInfo, Matches, Snapshot, open_snapshot
from rag.store.writer import NewPassage, Writer

__all__ = [
    "FORMAT_VERSION",
    "DocumentInfo",
    "FileEntry",
    "Matches",
    "Meta",
    "NewPassage",
    "SegmentEntry",
    "Snapshot",
    "Writer",
    "check_index",
    "holds_index",
    "open_snapshot",
    "open_writer",
    "repair_index",
]
