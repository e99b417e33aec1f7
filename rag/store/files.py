"""Files that are there whole or not at all, and readable by their owner only."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.errors import IndexDamaged, RagError
from rag.store.schema import TEMPORARY

_BLOCK = 1 << 20


def make_private_dir(folder: Path) -> None:
    """Creates a folder, and its parents, that only its owner may enter; one that exists stays."""
    with naming(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "it is a file", str(folder))


def create_private(path: Path) -> None:
    """Creates an empty file (or empties it) that only its owner may read."""
    os.close(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))


def publish(temporary: Path, target: Path) -> None:
    """Makes a finished temporary file durable under its real name.

    After a crash at any instant `target` is whole or not there.
    """
    sync_file(temporary)
    os.replace(temporary, target)
    sync_dir(target.parent)


def temporary_of(target: Path) -> Path:
    """The temporary name under which `target` is written first."""
    return target.with_name(target.name + TEMPORARY)


def sync_file(path: Path) -> None:
    """Waits until a file's bytes are on the disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_dir(folder: Path) -> None:
    """Waits until a folder's names are on the disk; Windows does that by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_unlisted(folder: Path, listed: set[str]) -> None:
    """Removes the files of a folder that are not listed; one that is in use waits for the next."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in listed:
            try:
                path.unlink()
            except OSError:  # Windows keeps a file that a reader has mapped
                continue


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turns an `OSError` about `path` into a `RagError` that says what to do."""
    try:
        yield
    except OSError as exc:
        raise RagError(f"cannot write the index {path}: {_reason(exc)}") from exc


def _reason(exc: OSError) -> str:
    if exc.errno in (errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC):
        return "the disk is full; free some space and run the command again, nothing is lost"
    if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "the folder is read-only; make it writable or choose another with --index"
    return f"{exc.strerror or exc}; mend that and run the command again, nothing is lost"


def check_size(path: Path, expected: int) -> None:
    """Checks that a segment's file is there and as long as it was written.

    Raises `IndexDamaged` where it is not.
    """
    try:
        size = path.stat().st_size
    except OSError as exc:
        raise IndexDamaged(
            f"the index's segment {path} is missing: run `rag doctor --repair`, "
            "or build the index anew with `rag index --rebuild PATH`"
        ) from exc
    if size != expected:
        raise IndexDamaged(
            f"the index's segment {path} is torn ({size} of {expected} bytes): "
            "run `rag doctor --repair`, or build the index anew with `rag index --rebuild PATH`"
        )
