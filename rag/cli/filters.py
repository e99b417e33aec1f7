"""The options that `ask` and `search` share: what narrows a search, and many at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rag.narrowing import Narrowing

PathGlob = Annotated[
    str | None, typer.Option("--path", metavar="GLOB", help="Only documents whose path matches.")
]
Format = Annotated[
    str | None, typer.Option("--format", metavar="pdf,md,...", help="Only these file formats.")
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="YYYY-MM-DD", help="Only files changed since.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="YYYY-MM-DD", help="Only files changed until.")
]
FromFile = Annotated[
    Path | None,
    typer.Option(
        "--from", metavar="FILE.jsonl", help="Many, one JSON object a line (-: standard input)."
    ),
]


FAR_SECONDS = 1e12
"""Before and after 1970: farther than any file's time."""


def filters_of(
    path: str | None, format_: str | None, since: str | None, until: str | None
) -> Narrowing:
    """The filters as keyword arguments of `Index.find` and `Index.ask`."""
    formats = tuple(f.strip().lstrip(".").lower() for f in (format_ or "").split(",") if f.strip())
    return {
        "path": path,
        "formats": formats or None,
        "since": _seconds(since, "--since"),
        "until": _seconds(until, "--until", end_of_day=True),
    }


def _seconds(date: str | None, flag: str, *, end_of_day: bool = False) -> float | None:
    if date is None:
        return None
    try:
        day = datetime.strptime(date, "%Y-%m-%d")
    except ValueError:
        raise typer.BadParameter(
            f"{date!r} is not a date like 2024-05-31", param_hint=flag
        ) from None
    moment = day + timedelta(days=1, microseconds=-1) if end_of_day else day
    try:
        return moment.timestamp()
    except (ValueError, OverflowError, OSError):  # clocks know neither the year 1 nor 9999
        return -FAR_SECONDS if day.year < 1970 else FAR_SECONDS
