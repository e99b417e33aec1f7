"""Progress: on stderr, only where stderr is a terminal, and only while something goes on."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING

from rag.untrusted import printable

if TYPE_CHECKING:
    from rich.live import Live
    from rich.progress import Progress as Rows
    from rich.progress import ProgressColumn, TaskID

    from rag.indexing import Progress as IndexProgress

Report = Callable[[str, int, int], None]  # what, done, total


class Progress:
    """Where the parts of a command report to; None where nothing is to be drawn."""

    def __init__(self, bars: Bars | None) -> None:
        self._bars = bars
        self.fetching: Report | None = bars.fetched if bars else None

    def counting(self, unit: str) -> Report | None:
        """What is told (what, done, total), counted in a unit: files, questions, sentences."""
        return partial(self._bars.counted, unit) if self._bars else None

    def indexing(self) -> Callable[[IndexProgress], None] | None:
        """What an indexing run tells: files done, and passages embedded per second."""
        if (report := self.counting("files")) is None:
            return None
        began = time.monotonic()

        def tell(at: IndexProgress) -> None:
            rate = at.embedded / max(time.monotonic() - began, 0.1)
            report(f"{rate:.0f} passages/s {at.document}", at.files, at.total_files)

        return tell


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Progress]:
    """What is told of progress while a command runs; it is drawn on a terminal, unless quiet."""
    if quiet or not sys.stderr.isatty():
        yield Progress(None)
        return
    bars = Bars()
    try:
        yield Progress(bars)
    finally:
        bars.close()


class Bars:
    """Bars for what goes on in a command: each download in bytes, below them what is counted.

    Nothing is drawn before the first report, nor after the last download where nothing is counted:
    a command may hold it while it writes. Safe between threads: models are fetched in several.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._closed = False
        self._files: dict[str, TaskID] = {}
        self._counted: TaskID | None = None

    def fetched(self, name: str, done: int, total: int) -> None:
        """Shows how far the download of a file is, until both numbers are alike: it ended."""
        with self._lock:
            if new := name not in self._files:
                self._files[name] = self._downloads.add_task(_short(name), total=None)
            self._downloads.update(self._files[name], completed=done, total=total or None)
            if done == total:
                self._downloads.remove_task(self._files.pop(name))
            self._draw(at_once=new)

    def counted(self, unit: str, what: str, done: int, total: int) -> None:
        """Shows how many of what is counted are done: one bar, whatever is counted."""
        with self._lock:
            if self._counted is None:
                self._counted = self._counts.add_task("", total=None, unit=unit)
            self._counts.update(
                self._counted,
                description=_short(what),
                completed=done,
                total=total or None,
                unit=unit,
            )
            self._draw()

    def close(self) -> None:
        """Takes everything from the screen; what is reported later is not shown."""
        with self._lock:
            self._closed = True
            self._draw()

    def _draw(self, *, at_once: bool = False) -> None:
        shown = not self._closed and (self._files or self._counted is not None)
        if shown and self._live is None:
            self._live = self._begun()
        elif shown and self._live is not None and at_once:
            self._live.refresh()
        elif not shown and self._live is not None:
            self._live.stop()
            self._live = None  # begun again, it would wipe out what was written in between

    def _begun(self) -> Live:
        from rich.console import Console, Group
        from rich.live import Live

        live = Live(
            Group(self._downloads, self._counts),
            console=Console(file=sys.stderr),
            transient=True,
            redirect_stdout=False,  # it may be a file while stderr is a terminal
        )
        live.start(refresh=True)
        return live

    @cached_property
    def _downloads(self) -> Rows:
        from rich.progress import DownloadColumn, TransferSpeedColumn

        return _rows(DownloadColumn(), TransferSpeedColumn())

    @cached_property
    def _counts(self) -> Rows:
        from rich.progress import MofNCompleteColumn, TextColumn

        return _rows(MofNCompleteColumn(), TextColumn("{task.fields[unit]}", markup=False))


def _rows(*amounts: ProgressColumn) -> Rows:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    what = TextColumn("{task.description}", markup=False)  # a file's name may hold brackets
    return Progress(what, BarColumn(), *amounts, TimeRemainingColumn(), auto_refresh=False)


def _short(what: str) -> str:
    return printable(what)[-48:]
