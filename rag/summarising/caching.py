"""Worded sentences kept on disk, so that an interrupted run goes on where it stopped.

A wording is found again by a hash of the model and of everything the model was told: a changed
document words anew only what changed. The files hold sentences about the documents, so only their
owner can read them (0600, in a folder of 0700); `RAG_CACHE` moves them, and deleting the folder
loses nothing but time.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MOST_FILES = 20_000
PRUNED_SHARE = 0.25


class Wordings:
    """A folder of wordings by key. A folder that cannot be written keeps nothing, silently."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._puts = 0

    def get(self, key: str) -> str | None:
        """The text kept under a key; None where there is none, or it cannot be read."""
        try:
            return self._path(key).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def put(self, key: str, text: str) -> None:
        """Keeps a text under a key, whole or not at all."""
        path = self._path(key)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            # mkstemp makes the file readable by its owner alone.
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                os.replace(name, path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except (OSError, UnicodeEncodeError):
            return  # a cache that cannot be written only costs time
        self._puts += 1
        if self._puts % 500 == 1:
            self.prune()

    def prune(self, most: int = MOST_FILES) -> None:
        """Removes the oldest files where there are more than `most`."""
        try:
            files = [(f.stat().st_mtime, f) for f in self.folder.glob("*/*.txt")]
        except OSError:
            return
        if len(files) <= most:
            return
        keep = most - int(most * PRUNED_SHARE)
        for _, file in sorted(files)[: len(files) - keep]:
            file.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key[2:]}.txt"


def wordings() -> Wordings:
    """The wordings of this user, in the cache folder."""
    from rag.settings import cache_dir

    return Wordings(cache_dir() / "summaries")
