"""One writer at a time, and who it is."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.errors import IndexBusy, RagError
from rag.store.schema import HOLDER, LOCK


@contextmanager
def write_lock(index_dir: Path) -> Iterator[None]:
    """Holds the index's write lock.

    The lock is the operating system's, so it ends with the process that held it, however that
    ended; `writer.json` only says who holds it. Raises `IndexBusy` with the holder's process,
    machine and since when.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(str(index_dir / LOCK), timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout as exc:
        raise IndexBusy(
            f"the index {index_dir} is being written by {_holder(index_dir)}: "
            "wait until it has ended, or stop it, and try again"
        ) from exc
    except OSError as exc:
        raise RagError(
            f"the index {index_dir} cannot be locked for writing: {exc.strerror or exc}; "
            "make the folder writable or choose another with --index"
        ) from exc
    try:
        _write_holder(index_dir)
        yield
    finally:
        with suppress(OSError):
            (index_dir / HOLDER).unlink(missing_ok=True)
        lock.release()


def _write_holder(index_dir: Path) -> None:
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
    with suppress(OSError):  # who holds the lock is a courtesy; the lock itself is held already
        descriptor = os.open(index_dir / HOLDER, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(holder, file)


def _holder(index_dir: Path) -> str:
    try:
        holder = json.loads((index_dir / HOLDER).read_text(encoding="utf-8"))
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(holder["since"]))
        return f"process {holder['pid']} on {holder['host']} since {since}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
