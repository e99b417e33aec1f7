"""The cache of model files: places, locks, digests and what was verified when.

A model's folder is `cache_dir()/models/NAME/`. Beside its files lies `verified.json`: of each file
the size, the time of last change and the SHA-256 found when it was last read whole. A file whose
size and time are still those is taken as verified, so that a start does not read gigabytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.errors import ModelUnavailable
from rag.settings import cache_dir

RECORD_NAME = "verified.json"
LOCK_NAME = ".lock"
PART_SUFFIX = ".part"
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Verified:
    """What a file was when it was last read whole. `first_use`: no digest was known before."""

    size_bytes: int
    changed_ns: int
    sha256: str
    first_use: bool = False

    def fits(self, path: Path) -> bool:
        """Whether the file at `path` still has this size and time of last change."""
        try:
            stat = path.stat()
        except OSError:
            return False
        return (stat.st_size, stat.st_mtime_ns) == (self.size_bytes, self.changed_ns)


def models_dir() -> Path:
    """The folder that holds a folder for each fetched model."""
    return cache_dir() / "models"


def model_dir(name: str) -> Path:
    """The folder of the model of that name; it need not exist."""
    return models_dir() / name


def file_path(folder: Path, name: str) -> Path:
    """The place of a model's file, by its '/'-separated name."""
    return folder.joinpath(*name.split("/"))


def make_dir(folder: Path) -> Path:
    """The folder, created with its parents. Raises `ModelUnavailable` if that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise ModelUnavailable(
            f"the model cache {folder} cannot be created: {exc.strerror or exc}: make it writable, "
            "or name another folder in RAG_CACHE"
        ) from exc
    return folder


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the lock of a model's folder; waits while another process or thread has it."""
    from filelock import FileLock, Timeout

    lock = FileLock(str(make_dir(folder) / LOCK_NAME))
    try:
        # Short waits in a loop, so that Ctrl-C is answered at once on every platform.
        while True:
            try:
                lock.acquire(timeout=1.0, poll_interval=0.05)
                break
            except Timeout:
                time.sleep(0)
    except OSError as exc:
        raise ModelUnavailable(
            f"the model cache {folder} cannot be locked: {exc.strerror or exc}: make it writable, "
            "or name another folder in RAG_CACHE"
        ) from exc
    try:
        yield
    finally:
        lock.release()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in lower-case hex. Raises `OSError`."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def measure(path: Path, first_use: bool = False) -> Verified:
    """What a file is now, read whole. Raises `OSError`."""
    stat = path.stat()
    return Verified(stat.st_size, stat.st_mtime_ns, sha256_of(path), first_use)


def read_record(folder: Path) -> dict[str, Verified]:
    """What was verified in a model's folder, by file name; empty if nothing readable is there."""
    try:
        raw = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
        return {str(name): _verified(value) for name, value in raw.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _verified(raw: dict[str, Any]) -> Verified:
    return Verified(
        int(raw["size_bytes"]), int(raw["changed_ns"]), str(raw["sha256"]), bool(raw["first_use"])
    )


def update_record(folder: Path, changes: dict[str, Verified | None]) -> None:
    """Writes what was verified (None: forgotten) into the folder's record, in one rename.

    Call it with the folder's lock held. Raises `OSError`.
    """
    record = {**read_record(folder), **changes}
    raw = {name: asdict(value) for name, value in sorted(record.items()) if value is not None}
    write_atomic(folder / RECORD_NAME, json.dumps(raw, indent=1).encode())


def write_atomic(path: Path, data: bytes) -> None:
    """Puts `data` at `path` by way of a temporary file and a rename. Raises `OSError`."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def part_path(path: Path) -> Path:
    """Where the unfinished download of a file is kept."""
    return path.with_name(path.name + PART_SUFFIX)


def state_path(path: Path) -> Path:
    """Where it is noted what the unfinished download of a file comes from."""
    return path.with_name(path.name + PART_SUFFIX + ".json")


def drop_part(path: Path) -> None:
    """Removes the unfinished download of a file, if there is one."""
    for leftover in (part_path(path), state_path(path)):
        leftover.unlink(missing_ok=True)


def read_state(path: Path) -> dict[str, Any]:
    """The note on the unfinished download of a file; empty if none can be read."""
    try:
        state = json.loads(state_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Notes what the unfinished download of a file comes from. Raises `OSError`."""
    write_atomic(state_path(path), json.dumps(state).encode())
