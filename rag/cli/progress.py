"""Progress bars: on stderr, and only where stderr is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rag.untrusted import printable

if TYPE_CHECKING:
    from rag.indexing import Progress as IndexProgress

Report = Callable[[str, int, int], None]  # what, done, total


@contextmanager
def progress_bar(*, quiet: bool, unit: str = "files") -> Iterator[Report | None]:
    """A callback (what, done, total) that draws a bar; None where nothing should be drawn.

    `unit` is `bytes` for a download, else what is counted.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    counts = (
        [DownloadColumn(), TransferSpeedColumn()]
        if unit == "bytes"
        else [MofNCompleteColumn(), TextColumn(unit)]
    )
    bar = Progress(
        TextColumn("{task.description}", markup=False),  # a file's name may hold brackets
        BarColumn(),
        *counts,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None)

        def report(what: str, done: int, total: int) -> None:
            bar.update(task, description=printable(what)[-48:], completed=done, total=total or None)

        yield report


def counted(progress: Report | None) -> Callable[[IndexProgress], None] | None:
    """The callback of an indexing run: files done, and passages embedded per second."""
    if progress is None:
        return None
    began = time.monotonic()

    def report(at: IndexProgress) -> None:
        rate = at.embedded / max(time.monotonic() - began, 0.1)
        progress(f"{rate:.0f} passages/s {at.document}", at.files, at.total_files)

    return report
