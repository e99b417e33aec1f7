"""`rag summarise`: a summary whose every sentence is cited and checked."""

from __future__ import annotations

import sys
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.codes import DONE, NOTHING_FOUND, SOME_FAILED
from rag.cli.progress import progress_bars
from rag.cli.state import State
from rag.cli.terminal import Terminal, write_json
from rag.errors import MissingDependency, UnreadableDocument
from rag.types import SUMMARY_FORMATS, SUMMARY_WORDS

if TYPE_CHECKING:
    from rag.summarising import Told
    from rag.types import Summary

OFFERED = "{}, {} or {} words.".format(*SUMMARY_WORDS.values())


def register(app: typer.Typer) -> None:
    """Adds the command to the application, and its other spelling."""
    app.command("summarise")(summarise)
    app.command("summarize", hidden=True)(summarise)


def summarise(
    ctx: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH...]")] = None,
    about: Annotated[
        str | None,
        typer.Option(
            "--about", metavar="TOPIC", help="Only what concerns a topic, as it is written."
        ),
    ] = None,
    length: Annotated[
        str, typer.Option("--length", metavar="|".join(SUMMARY_WORDS), help=OFFERED)
    ] = "medium",
    format_: Annotated[
        str, typer.Option("--format", metavar="|".join(SUMMARY_FORMATS), help="How it is laid out.")
    ] = "prose",
    extractive: Annotated[
        bool, typer.Option("--extractive", help="The documents' own sentences, no language model.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE.md|.html", help="Write it to a file.")
    ] = None,
) -> None:
    """Summarise documents, or the whole index; every sentence cited and checked."""
    from rag import library
    from rag.summarising.files import check_target, write_summary

    state: State = ctx.obj
    _check(length, SUMMARY_WORDS, "--length")
    _check(format_, SUMMARY_FORMATS, "--format")
    if output is not None:
        check_target(output)
    terminal = Terminal(quiet=state.quiet)
    skipped: list[UnreadableDocument] = []
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bars(quiet=state.quiet))
        shown = state.as_json or output is not None or not sys.stdout.isatty()
        view = None if shown else _Stream(terminal, format_, stack)
        try:
            summary = library.summarise_paths(
                paths or (),
                index_dir=state.index_dir_or_none() if paths else state.index_dir(),
                settings=state.settings,
                about=about,
                length=length,
                format=format_,
                extractive=extractive,
                progress=progress.counting("sentences"),
                fetching=progress.fetching,
                on_event=view.told if view else None,
                skipped=skipped.append,
            )
        except MissingDependency as exc:
            raise MissingDependency(
                f"{exc}; without it `rag summarise --extractive` gives the documents' own sentences"
            ) from exc
    if output is not None:
        write_summary(summary, output)
        terminal.note(f"written to {output}")
    if state.as_json:
        from rag.json_form import summary_json

        write_json(summary_json(summary))
    elif output is None:
        _show(summary, terminal, streamed=view is not None)
    for problem in skipped:
        terminal.note(f"left out {problem}")
    if summary.status == "not_found":
        raise typer.Exit(NOTHING_FOUND)
    raise typer.Exit(SOME_FAILED if skipped else DONE)


def _check(value: str, known: Collection[str], flag: str) -> None:
    if value not in known:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(known)}", param_hint=flag)


class _Stream:
    """Shows each sentence as soon as it is checked; the progress bar ends with the first."""

    def __init__(self, terminal: Terminal, form: str, bar: ExitStack) -> None:
        self._terminal = terminal
        self._form = form
        self._bar = bar
        self._heading: str | None = None

    def told(self, told: Told) -> None:
        self._bar.close()
        if self._form == "outline" and told.heading != self._heading:
            _line(self._terminal, told.heading)
        self._heading = told.heading
        markers = "".join(f"[{m}]" for m in told.sentence.citations)
        lead = "" if self._form == "prose" else "- "
        _line(self._terminal, f"{lead}{told.sentence.text} {markers}")


def _line(terminal: Terminal, line: str) -> None:
    terminal.flow([(line, "none")], hang="  " if line.startswith("- ") else "")


def _show(summary: Summary, terminal: Terminal, *, streamed: bool) -> None:
    from rag.summarising.files import coverage_line, nothing_said, place

    if summary.status == "not_found":
        terminal.flow([(nothing_said(summary), "none")])
        return
    if not streamed:
        for line in summary.summary.split("\n"):
            _line(terminal, line)
    terminal.line()
    terminal.line("Sources", "bold")
    for citation in summary.citations:
        terminal.flow(
            [(f"[{citation.marker}]", "green"), (f" {place(citation)}", "none")], hang="    "
        )
        terminal.flow([(f"“{citation.quote}”", "dim")], indent="    ")
    terminal.line()
    terminal.flow([(coverage_line(summary), "dim")])
