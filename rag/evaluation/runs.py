"""A recorded run: a folder that can be interrupted, resumed, rescored and read by TREC tools.

    run.json         what was run on what, and, once complete, the figures
    questions.jsonl  one record a line, in the order of the set
    retrieval.trec   the rankings       qrels.trec   the judgements
    report.html      the report

`run.json` is written before the first record and, with `"complete": true`, after the last.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from rag.errors import RunInvalid
from rag.evaluation.records import Record

FORMAT_VERSION = 1
HEAD_NAME = "run.json"
RECORDS_NAME = "questions.jsonl"
_SYNC_EVERY_SECONDS = 0.5

Head = dict[str, Any]


def read_head(run_dir: Path | str) -> Head:
    """The content of a run's run.json (the folder or the file itself may be given).

    Raises `RunInvalid` where there is none, or one of another version.
    """
    path = Path(run_dir)
    path = path if path.name == HEAD_NAME else path / HEAD_NAME
    try:
        head = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise RunInvalid(
            f"'{path.parent}' is not a recorded run: it has no {HEAD_NAME}; give the folder that "
            "`rag eval` named"
        ) from exc
    except (OSError, ValueError, RecursionError) as exc:
        raise RunInvalid(f"{path} cannot be read: {exc}; record the run again") from exc
    version = head.get("format_version") if isinstance(head, dict) else None
    if version != FORMAT_VERSION or not isinstance(head.get("identity"), dict):
        raise RunInvalid(
            f"{path} has format version {version}, this program reads {FORMAT_VERSION}: "
            "record the run again"
        )
    return dict(head)


def run_folder(path: Path | str) -> Path:
    """The folder of a run given by its folder or its run.json."""
    given = Path(path)
    return given.parent if given.name == HEAD_NAME else given


def read_records(run_dir: Path) -> Iterator[Record]:
    """The records of a run, one at a time; an unfinished last line is left out."""
    path = run_dir / RECORDS_NAME
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    except OSError as exc:
        raise RunInvalid(f"{path} cannot be read: {exc}") from exc
    with file:
        for line, raw in enumerate(file, 1):
            if not raw.endswith(b"\n"):
                return
            yield _record(raw, path, line)


def _record(raw: bytes, path: Path, line: int) -> Record:
    try:
        record = json.loads(raw)
        if isinstance(record, dict) and isinstance(record["id"], str):
            return record
    except (ValueError, KeyError, RecursionError):
        pass
    raise RunInvalid(f"{path}:{line} is not a record: the file was altered, record the run again")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a JSON file so that a crash leaves the old one or the new one."""
    temporary = path.with_name(path.name + ".tmp")
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    with disk_errors(path):
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns a failure to write into `RunInvalid` with what to do next."""
    try:
        yield
    except OSError as exc:
        full = exc.errno in (errno.ENOSPC, errno.EDQUOT)
        raise RunInvalid(
            f"cannot write {path}: {'the disk is full' if full else exc.strerror or exc}; "
            "what was recorded is kept: make room and start the same command again, it goes on"
        ) from exc


class RunWriter:
    """Appends records to a run's folder, new or interrupted. A context manager.

    `done` is the number of records that are there already. Each record is on the disk when half a
    second has passed, at the latest when the writer is closed, also by an exception. Raises
    `RunInvalid` where the folder holds another run, a finished one, or is written by another
    process.
    """

    def __init__(self, run_dir: Path, identity: Mapping[str, Any]) -> None:
        self.path = run_dir
        with disk_errors(run_dir):
            run_dir.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(run_dir)
        try:
            self.done = self._prepare(identity)
            with disk_errors(run_dir):
                self._file: BinaryIO = (run_dir / RECORDS_NAME).open("ab")
        except BaseException:
            self._lock.release()
            raise
        self._synced = time.monotonic()

    def _prepare(self, identity: Mapping[str, Any]) -> int:
        head_path = self.path / HEAD_NAME
        if not head_path.exists():
            if (self.path / RECORDS_NAME).exists():
                raise RunInvalid(
                    f"'{self.path}' holds a {RECORDS_NAME} but no {HEAD_NAME}, so it is no run: "
                    "choose another folder for the run"
                )
            head: Head = {"format_version": FORMAT_VERSION, "complete": False, "identity": identity}
            write_json(head_path, head)
            return 0
        recorded = read_head(self.path)
        check_identity(recorded["identity"], identity, f"run '{self.path}'")
        if recorded.get("complete"):
            raise RunInvalid(
                f"run '{self.path}' is finished: choose another folder, or remove it to run again"
            )
        return _repair(self.path / RECORDS_NAME)

    def append(self, record: Record) -> None:
        """Writes one record."""
        line = json.dumps(record, ensure_ascii=False, allow_nan=False).encode("utf-8") + b"\n"
        with disk_errors(self.path / RECORDS_NAME):
            self._file.write(line)
            if time.monotonic() - self._synced >= _SYNC_EVERY_SECONDS:
                self._sync()

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                with disk_errors(self.path / RECORDS_NAME):
                    self._sync()
            else:
                # A second failure must not hide the first, nor keep the lock.
                with contextlib.suppress(OSError):
                    self._sync()
        finally:
            with contextlib.suppress(OSError):
                self._file.close()
            self._lock.release()


def _lock(run_dir: Path) -> Any:
    from filelock import FileLock, Timeout

    lock = FileLock(run_dir / ".lock")
    with disk_errors(run_dir):
        try:
            lock.acquire(timeout=0)
        except Timeout as exc:
            raise RunInvalid(
                f"another evaluation is writing to '{run_dir}': wait for it or choose another"
            ) from exc
    return lock


def _repair(path: Path) -> int:
    """The number of whole records; a last line that was cut off is removed."""
    if not path.exists():
        return 0
    count = end = 0
    with path.open("rb") as file:
        for line, raw in enumerate(file, 1):
            if not raw.endswith(b"\n"):
                break
            _record(raw, path, line)
            count, end = count + 1, end + len(raw)
    with disk_errors(path):
        os.truncate(path, end)
    return count


def check_identity(recorded: Mapping[str, Any], wanted: Mapping[str, Any], what: str) -> None:
    """Raises `RunInvalid` naming each part in which two runs differ."""
    keys = [*wanted, *(k for k in recorded if k not in wanted)]
    differ = [k for k in keys if recorded.get(k) != wanted.get(k)]
    if differ:
        shown = "; ".join(
            f"{k} is {_short(recorded.get(k))}, now {_short(wanted.get(k))}" for k in differ
        )
        raise RunInvalid(f"{what} is of another evaluation ({shown}): choose another folder")


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"


def run_name(identity: Mapping[str, Any]) -> str:
    """A folder name for a run: set, stage, and eight digits that stand for all the rest."""
    import hashlib

    text = json.dumps(identity, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]
    return f"{identity['set']}-{identity['stage']}-{digest}"


def choose_run_dir(root: Path, identity: Mapping[str, Any]) -> Path:
    """The folder under `root` to run in: that of the interrupted run of the same, or a new one.

    A finished run is never written over: the next takes `NAME-2`, `NAME-3` and so on.
    """
    name = run_name(identity)
    number = 1
    while True:
        path = root / (name if number == 1 else f"{name}-{number}")
        if not (path / HEAD_NAME).exists() or not _is_complete(path):
            return path
        number += 1


def _is_complete(path: Path) -> bool:
    try:
        return bool(read_head(path).get("complete"))
    except RunInvalid:
        return True  # of another version: leave it alone
