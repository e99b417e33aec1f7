"""What the global options say, and the open index a command works on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import IndexNotFound
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.opened import Index

CATALOGUE_NAME = "catalogue.sqlite"


@dataclass(frozen=True, slots=True)
class State:
    """The global options of one run. `given_model` is the generator named by a flag, if any."""

    index: Path | None
    settings: Settings
    as_json: bool
    quiet: bool
    verbose: bool

    def index_dir(self) -> Path:
        """The index to read: the one named, or the nearest `index/` here or in a parent.

        Raises `IndexNotFound` with the next step.
        """
        if found := self.index or nearest_index():
            if (found / CATALOGUE_NAME).is_file():
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
        found = self.index or nearest_index()
        return found if found and (found / CATALOGUE_NAME).is_file() else None

    def target_dir(self) -> Path:
        """Where `rag index` builds: the one named, the nearest existing one, or `./index`."""
        return self.index or nearest_index() or Path("index")

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


def nearest_index() -> Path | None:
    """`RAG_INDEX`, or the nearest folder `index/` here or above that holds an index."""
    if given := os.environ.get("RAG_INDEX"):
        return Path(given).expanduser()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "index" / CATALOGUE_NAME).is_file():
            return folder / "index"
    return None
