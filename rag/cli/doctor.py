"""`rag doctor`: checks the installation, the models and the index."""

from __future__ import annotations

from typing import Annotated

import typer

from rag.cli.codes import DID_NOT_HOLD, DONE
from rag.cli.progress import progress_bars
from rag.cli.state import State
from rag.cli.terminal import Terminal, write_json

SIGNS = {"ok": ("ok  ", "green"), "note": ("note", "yellow"), "problem": ("BAD ", "mark")}


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command("doctor")(doctor)


def doctor(
    ctx: typer.Context,
    deep: Annotated[bool, typer.Option("--deep", help="Read every byte of the index.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Rebuild what can be rebuilt from the rest.")
    ] = False,
) -> None:
    """Check the installation, the models and the index."""
    from rag.diagnosis import diagnose

    state: State = ctx.obj
    with progress_bars(quiet=state.quiet) as progress:
        findings = diagnose(
            state.found_index(),
            state.settings,
            deep=deep,
            repair=repair,
            fetching=progress.fetching,
        )
    bad = any(f.level == "problem" for f in findings)
    if state.as_json:
        form = [{"what": f.what, "level": f.level, "text": f.text} for f in findings]
        write_json({"ok": not bad, "findings": form})
    else:
        terminal = Terminal(quiet=state.quiet)
        for finding in findings:
            sign, style = SIGNS[finding.level]
            terminal.flow(
                [(sign, style), (f" {finding.what}: {finding.text}", "none")], hang="      "
            )
    raise typer.Exit(DID_NOT_HOLD if bad else DONE)
