"""`rag show`: the source around a span or a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.state import State
from rag.cli.terminal import Terminal, write_json
from rag.errors import QuestionInvalid
from rag.places import place_of
from rag.types import Span

if TYPE_CHECKING:
    from rag.types import Document

PLACE = re.compile(r"(?P<document>.+?)(?::(?P<start>\d+)(?:-(?P<end>\d+))?)?", re.DOTALL)


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command("show")(show)


def show(
    ctx: typer.Context,
    place: Annotated[
        str,
        typer.Argument(
            metavar="DOCUMENT[:START-END|:LINE]",
            help="A span of characters, a line, or all of a document's text.",
        ),
    ],
    context: Annotated[int, typer.Option("--context", min=0, max=200, help="Lines around it.")] = 3,
) -> None:
    """Show the source around a span or a line, highlighted, or a document's whole text."""
    state: State = ctx.obj
    found = PLACE.fullmatch(place)
    if not found:
        raise QuestionInvalid(
            f"'{place}' is not a place: write DOCUMENT:START-END, as in lease.txt:120-180, "
            "DOCUMENT:LINE, or DOCUMENT alone"
        )
    with state.open() as index:
        document = index.document(found["document"])
        whole = found["start"] is None
        span = (
            Span(0, max(1, len(document.text)))
            if whole
            else _span(document, int(found["start"]), int(found["end"]) if found["end"] else None)
        )
        file = index.file_of(document.path)
    if state.as_json:
        write_json(_json(document, span))
        return
    terminal = Terminal(quiet=state.quiet)
    page, heading = document.page_at(span.start), document.heading_at(span.start)
    line, label = document.line_at(span.start), document.place_at(span.start)
    where = document.path if whole else place_of(document.path, page, line, heading, label)
    terminal.linked(where, file, page, style="bold")
    show_lines(document, None if whole else span, context, terminal)


def _span(document: Document, start: int, end: int | None) -> Span:
    """The span that was named, or the line's. Raises `QuestionInvalid` beyond the document."""
    if end is None:
        lines = document.text.removesuffix("\n").split("\n")
        if not 1 <= start <= len(lines):
            raise QuestionInvalid(
                f"{document.path} has {len(lines)} lines, there is no line {start}"
            )
        at = sum(len(line) + 1 for line in lines[: start - 1])
        return Span(at, at + max(1, len(lines[start - 1])))
    if not start < end <= len(document.text):
        raise QuestionInvalid(
            f"{document.path} has {len(document.text)} characters, there is no span {start}-{end}"
        )
    return Span(start, end)


def _json(document: Document, span: Span) -> dict[str, object]:
    return {
        "document": document.path,
        "start": span.start,
        "end": span.end,
        "text": span.of(document.text),
        "page": document.page_at(span.start),
        "line": document.line_at(span.start),
        "heading": document.heading_at(span.start),
    }


def show_lines(document: Document, span: Span | None, context: int, terminal: Terminal) -> None:
    """Shows the lines around a span (None: all) with their numbers, the span marked."""
    lines = document.text.removesuffix("\n").split("\n")
    first, last = 1, len(lines)
    if span is None:
        span = Span(len(document.text), len(document.text) + 1)  # marks nothing
    else:
        first, last = document.line_at(span.start), document.line_at(span.end - 1)
    low, high = max(1, first - context), min(len(lines), last + context)
    gutter = len(str(high))
    at = sum(len(line) + 1 for line in lines[: low - 1])
    for number in range(low, high + 1):
        line = lines[number - 1]
        start, end = max(span.start - at, 0), min(span.end - at, len(line))
        inside = start < end
        pieces = (
            [(line[:start], "none"), (line[start:end], "mark"), (line[end:], "none")]
            if inside
            else [(line, "none")]
        )
        label = f"{number:>{gutter}} {'|' if inside else ' '} "
        if line.strip():
            terminal.flow([p for p in pieces if p[0]], indent=label, hang=" " * len(label))
        else:
            terminal.line(label.rstrip())
        at += len(line) + 1
