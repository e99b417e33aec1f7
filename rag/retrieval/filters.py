"""Which documents are searched: by path, format, date, or by name."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from rag.errors import QuestionInvalid
from rag.store import DocumentInfo, Snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Filters:
    """Limits of a search; an empty one does not limit.

    `path_glob` without `/` matches a file's name in any folder, with it the whole path (`*` also
    crosses `/`); a folder stands for all below it. `formats` are parsers' names or suffixes
    (`markdown`, `md`). `since` and `until` are seconds since 1970, both included, of the file's
    time. `documents` are named by path or by stem, `paths` exactly.
    """

    path_glob: str | None = None
    formats: tuple[str, ...] | None = None
    since: float | None = None
    until: float | None = None
    documents: tuple[str, ...] | None = None
    paths: frozenset[str] | None = None

    def accepts(self, document: DocumentInfo) -> bool:
        """Whether a document is searched."""
        return (
            (self.path_glob is None or matches(document.path, self.path_glob))
            and (self.formats is None or any(_has_format(document, f) for f in self.formats))
            and (self.since is None or document.modified >= self.since)
            and (self.until is None or document.modified <= self.until)
            and (self.documents is None or any(_is_named(document.path, n) for n in self.documents))
            and (self.paths is None or document.path in self.paths)
        )

    def mask(self, snapshot: Snapshot) -> NDArray[np.bool_] | None:
        """The positions to search, None for all. Raises `QuestionInvalid` for an unknown name."""
        if self == Filters():
            return None
        for name in self.documents or ():
            if not any(_is_named(document.path, name) for document in snapshot.documents()):
                raise QuestionInvalid(
                    f"the scope names '{name}', which is no document of the index: "
                    "`rag status --documents` lists them"
                )
        return snapshot.mask(self.accepts)


def matches(path: str, glob: str) -> bool:
    """Whether a document's path fits a glob (see `Filters.path_glob`)."""
    glob = glob.removeprefix("./")
    if "/" not in glob.rstrip("/"):
        return fnmatchcase(PurePosixPath(path).name, glob) or path.startswith(
            f"{glob.rstrip('/')}/"
        )
    return fnmatchcase(path, glob) or path.startswith(f"{glob.rstrip('/')}/")


def _has_format(document: DocumentInfo, wanted: str) -> bool:
    wanted = wanted.lower().lstrip(".")
    return wanted in (document.format, PurePosixPath(document.path).suffix.lower().lstrip("."))


def _is_named(path: str, name: str) -> bool:
    return name == path or name == PurePosixPath(path).stem
