"""`rag summarise`: a summary whose every sentence is cited and checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.places import place_of
from rag.cli.progress import progress_bar
from rag.cli.state import State
from rag.cli.terminal import Terminal, write_json

if TYPE_CHECKING:
    from rag.types import Summary

LENGTHS = ("short", "medium", "long")
FORMATS = ("prose", "bullets", "outline")
NOTHING_FOUND = 3
LEFT_OUT_SHOWN = 4


def register(app: typer.Typer) -> None:
    """Adds the command to the application, and its other spelling."""
    app.command("summarise")(summarise)
    app.command("summarize", hidden=True)(summarise)


def summarise(
    ctx: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH...]")] = None,
    about: Annotated[
        str | None, typer.Option("--about", metavar="TOPIC", help="Only what concerns a topic.")
    ] = None,
    length: Annotated[
        str, typer.Option("--length", metavar="|".join(LENGTHS), help="60, 150 or 400 words.")
    ] = "medium",
    format_: Annotated[
        str, typer.Option("--format", metavar="|".join(FORMATS), help="How it is laid out.")
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

    state: State = ctx.obj
    for value, known, flag in ((length, LENGTHS, "--length"), (format_, FORMATS, "--format")):
        if value not in known:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(known)}", param_hint=flag)
    terminal = Terminal(quiet=state.quiet)
    with progress_bar(quiet=state.quiet, unit="sections") as progress:
        summary = library.summarise_paths(
            paths or (),
            index_dir=state.index_dir_or_none() if paths else state.index_dir(),
            settings=state.settings,
            about=about,
            length=length,
            format=format_,
            extractive=extractive,
            progress=progress,
        )
    if output is not None:
        library.write_summary(summary, output)
        terminal.note(f"written to {output}")
    if state.as_json:
        from rag.json_form import summary_json

        write_json(summary_json(summary))
    elif output is None:
        _show(summary, terminal)
    raise typer.Exit(NOTHING_FOUND if summary.status == "not_found" else 0)


def _show(summary: Summary, terminal: Terminal) -> None:
    if summary.status == "not_found":
        about = f" about '{summary.about}'" if summary.about else ""
        terminal.line(f"The documents say nothing{about}.")
        return
    for line in summary.summary.split("\n"):
        stripped = line.lstrip()
        lead = line[: len(line) - len(stripped)] + ("  " if stripped.startswith("- ") else "")
        terminal.flow([(stripped, "none")], indent=line[: len(line) - len(stripped)], hang=lead)
    terminal.line()
    terminal.line(terminal.style("Sources", "bold"))
    for citation in summary.citations:
        where = place_of(citation.document, citation.page, citation.line, citation.heading)
        terminal.line(f"{terminal.style(f'[{citation.marker}]', 'green')} {where}")
        terminal.flow([(f"“{citation.quote}”", "dim")], indent="    ")
    terminal.line()
    terminal.flow([(coverage_line(summary), "dim")])


def coverage_line(summary: Summary) -> str:
    """One line on what the summary covers and what it leaves out."""
    c = summary.coverage
    line = (
        f"Covers {c.sections_represented} of {c.sections} sections, "
        f"{c.represented} of {c.passages} passages."
    )
    names: list[str] = []
    for skipped in c.skipped:
        name = (skipped.heading or skipped.document).split(" > ")[-1]
        if name not in names:
            names.append(name)
    if not names:
        return line
    more = f" and {len(names) - LEFT_OUT_SHOWN} more" if len(names) > LEFT_OUT_SHOWN else ""
    return f"{line} Left out: {', '.join(names[:LEFT_OUT_SHOWN])}{more}."
