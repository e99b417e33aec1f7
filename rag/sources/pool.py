"""Many files read at once, each in a process that can be stopped.

A file that crashes its parser, hangs or eats memory costs itself and the restart of one process;
results come back in the order of the files. The processes are plain `python -c` children rather
than `multiprocessing` ones: those import the caller's main module again, which a user's script
need not survive.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import NoText, UnreadableDocument
from rag.settings import Settings
from rag.sources.reading import read_file, too_large
from rag.sources.registry import parser_for
from rag.sources.walking import Found
from rag.sources.worker import from_json, receive, send
from rag.types import Document

if TYPE_CHECKING:
    from concurrent.futures import Future

IN_PROCESS_BYTES = 256 * 1024
"""Text and Markdown up to this size are read here: a process takes 0.1 s to start, they a few
milliseconds, and their parsers are linear and pure Python."""

_HEAD_BYTES = 64 * 1024
_QUICK = frozenset({"text", "markdown"})

Result = Document | UnreadableDocument


class ParserPool:
    """Worker processes that parse files; a context manager that ends them.

    Workers start when the first file needs one. Safe to call from several threads.
    """

    def __init__(self, settings: Settings, workers: int = 1) -> None:
        from concurrent.futures import ThreadPoolExecutor

        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        self._settings = settings
        self._workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="rag-parse")
        self._idle: deque[_Worker] = deque()
        self._all: set[_Worker] = set()
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every worker, also one that is still parsing."""
        with self._lock:
            self._closed = True
            workers = list(self._all)
            self._all.clear()
            self._idle.clear()
        for worker in workers:
            worker.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def read(self, found: Iterable[Found]) -> Iterator[Result]:
        """The documents of each file, or why it could not be read, in the order of `found`."""
        waiting: deque[Future[list[Result]]] = deque()
        for file in found:
            waiting.append(self._threads.submit(self._read_one, file))
            # A short queue: the text of a large archive is never in memory all at once.
            if len(waiting) > 2 * self._workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()

    def _read_one(self, file: Found) -> list[Result]:
        if file.size_bytes > self._settings.max_file_bytes:
            return [_too_large(file, self._settings.max_file_bytes)]
        if is_quick(file):
            try:
                return list(read_file(file.path, file.document, self._settings))
            except UnreadableDocument as exc:
                return [exc]
        return self._in_worker(file)

    def _in_worker(self, file: Found) -> list[Result]:
        worker = self._take()
        used = worker.served
        try:
            answer = worker.ask(file, self._settings)
            documents: list[Result] = [from_json(value) for value in answer["documents"]]
            documents += [
                UnreadableDocument(str(path), str(reason)) for path, reason in answer["problems"]
            ]
        except _Died as exc:
            self._drop(worker)
            # What an earlier file left behind in a worker is not held against this one.
            if used and not exc.expired:
                return self._in_worker(file)
            return [UnreadableDocument(file.document, exc.reason)]
        except UnreadableDocument as exc:
            self._give(worker)
            return [exc]
        except (KeyError, TypeError, ValueError, AttributeError):
            self._drop(worker)
            reason = "its parser gave an answer that cannot be read"
            return [UnreadableDocument(file.document, reason)]
        self._give(worker)
        return documents

    def _take(self) -> _Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.popleft()
                if worker.alive:
                    return worker
                self._all.discard(worker)
        worker = _Worker()
        with self._lock:
            if not self._closed:
                self._all.add(worker)
                return worker
        worker.stop()
        return worker

    def _give(self, worker: _Worker) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(worker)

    def _drop(self, worker: _Worker) -> None:
        worker.stop()
        with self._lock:
            self._all.discard(worker)


def read_files(found: Iterable[Found], settings: Settings, workers: int = 1) -> Iterator[Result]:
    """The documents of each file, or the `UnreadableDocument` that says why not, in order.

    A mail gives itself and its attachments, one after the other. `settings.parse_seconds` and the
    memory limit hold for each file; nothing that a file does ends the run.
    """
    with ParserPool(settings, workers) as pool:
        yield from pool.read(found)


def is_quick(file: Found) -> bool:
    """Whether a file is read in the calling process: small, and text or Markdown."""
    return file.size_bytes <= IN_PROCESS_BYTES and parser_for(file.path).name in _QUICK


def _too_large(file: Found, limit: int) -> UnreadableDocument:
    head = b""
    try:
        with file.path.open("rb") as opened:
            head = opened.read(_HEAD_BYTES)
    except OSError as exc:
        return UnreadableDocument(file.document, f"it cannot be read ({exc.strerror or exc})")
    return too_large(file.document, head, limit)


class _Died(Exception):
    """A worker ended in the middle of a file."""

    def __init__(self, reason: str, expired: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expired = expired


class _Worker:
    """One child process and its pipes."""

    def __init__(self) -> None:
        import subprocess

        root = str(Path(__file__).resolve().parents[2])
        code = (
            "import sys; sys.path.append(sys.argv[1]); from rag.sources.worker import main; main()"
        )
        # -P: a module beside the documents must not be imported in place of a library's.
        self.served = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def ask(self, file: Found, settings: Settings) -> dict[str, Any]:
        """The worker's answer. Raises `UnreadableDocument` with its reason, `_Died` at its end."""
        expired = threading.Event()
        clock = threading.Timer(settings.parse_seconds, self._expire, [expired])
        clock.daemon = True
        clock.start()
        answer: dict[str, Any] | None
        try:
            answer = self._exchange(file, settings)
        finally:
            clock.cancel()
        if answer is None:
            raise self._death(expired.is_set(), settings)
        self.served = True
        if "reason" in answer:
            error = NoText if answer.get("no_text") is True else UnreadableDocument
            raise error(file.document, str(answer["reason"]))
        return answer

    def _exchange(self, file: Found, settings: Settings) -> dict[str, Any] | None:
        source, target = self._process.stdout, self._process.stdin
        request = {
            "path": str(file.path),
            "document": file.document,
            "max_file_bytes": settings.max_file_bytes,
        }
        if source is None or target is None:
            return None
        try:
            send(target, request)
            return receive(source)
        except (OSError, ValueError):
            self.stop()
            return None

    def _expire(self, expired: threading.Event) -> None:
        expired.set()
        self._process.kill()

    def _death(self, expired: bool, settings: Settings) -> _Died:
        self.stop()
        reason = "its parser crashed: the file is damaged or hostile"
        if expired:
            reason = (
                f"parsing took longer than {settings.parse_seconds} s and was stopped: "
                "raise 'parse_seconds' if the file is sound"
            )
        return _Died(reason, expired)

    def stop(self) -> None:
        """End the process now and close its pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                # Its other end is gone: what was still to be written is lost, and meant to be.
                try:
                    pipe.close()
                except OSError:
                    continue
