"""Decoded prefixes on disk, so that a cold start need not decode them again."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from rag.leftovers import remove_leftovers

_MAGIC = b"ragstate1"
_MOST_FILES = 24


class States:
    """A folder of saved prefix states.

    `key` names all that shapes a state: the model's digest, the library, threads, context. A file
    that is damaged or cannot be read counts as absent, one that cannot be written is left out.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._key = key

    def load(self, head: str) -> tuple[int, bytes] | None:
        """The number of tokens and the state of a prefix, or None."""
        try:
            data = self._path(head).read_bytes()
        except OSError:
            return None
        start = len(_MAGIC) + 32
        body = data[start:]
        if (
            data[: len(_MAGIC)] != _MAGIC
            or hashlib.sha256(body).digest() != data[len(_MAGIC) : start]
        ):
            return None
        return int.from_bytes(body[:4], "little"), body[4:]

    def save(self, head: str, tokens: int, state: bytes) -> None:
        """Writes a prefix's state; the oldest files go where there are more than 24."""
        body = tokens.to_bytes(4, "little") + state
        path = self._path(head)
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(_MAGIC + hashlib.sha256(body).digest() + body)
            os.replace(partial, path)
            self._prune()
        except OSError:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)

    def _prune(self) -> None:
        remove_leftovers(self._folder, "*.part")  # a state has 28 KB a token
        files = sorted(self._folder.glob("*.state"), key=lambda f: (f.stat().st_mtime, f.name))
        for old in files[:-_MOST_FILES]:
            old.unlink(missing_ok=True)

    def _path(self, head: str) -> Path:
        name = hashlib.sha256(f"{self._key}\0{head}".encode()).hexdigest()[:32]
        return self._folder / f"{name}.state"
