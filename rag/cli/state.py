"""What the global options say, and the open index a command works on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import IndexNotFound
from rag.settings import Settings, expanded

if TYPE_CHECKING:
    from rag.opened import Index


@dataclass(frozen=True, slots=True)
class State:
    """The global options of one run: the index they name, if any, and the settings in force."""

    index: Path | None
    settings: Settings
    as_json: bool
    quiet: bool

    def named_index(self) -> Path | None:
        """The index that a person names, by `--index` or `RAG_INDEX`; none is looked for."""
        if self.index is not None:
            return self.index
        given = os.environ.get("RAG_INDEX")
        return expanded(given) if given else None

    def found_index(self) -> Path | None:
        """The index named, else the nearest folder `index/` here or above that holds one."""
        return self.named_index() or _nearest_index()

    def index_dir(self) -> Path:
        """The index to read: the one named, or the nearest `index/` here or in a parent.

        Raises `IndexNotFound` with the next step.
        """
        from rag.store import holds_index

        if found := self.found_index():
            if holds_index(found):
                return found
            raise IndexNotFound(
                f"no index at {found}: build one with `rag index PATH`, or name another "
                "with --index DIR"
            )
        raise IndexNotFound(
            f"no index/ in {Path.cwd()} or a folder above it: build one with "
            "`rag index PATH`, or name one with --index DIR"
        )

    def index_dir_or_none(self) -> Path | None:
        """The index to read if there is one."""
        from rag.store import holds_index

        found = self.found_index()
        return found if found and holds_index(found) else None

    def target_dir(self) -> Path:
        """Where `rag index` builds: the one named, the nearest existing one, or `./index`."""
        return self.found_index() or Path("index")

    @contextmanager
    def open(self) -> Iterator[Index]:
        """The open index to read; a model that it fetches shows how far it is."""
        from rag.cli.progress import progress_bars
        from rag.opened import Index

        with (
            progress_bars(quiet=self.quiet) as progress,
            Index(self.index_dir(), self.settings, progress=progress.fetching) as index,
        ):
            yield index


def _nearest_index() -> Path | None:
    from rag.store import holds_index

    here = Path.cwd()
    for folder in (here, *here.parents):
        if holds_index(folder / "index"):
            return folder / "index"
    return None
