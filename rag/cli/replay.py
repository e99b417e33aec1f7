"""`rag replay`: checks a recorded answer against the documents as they are now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.cli.codes import DID_NOT_HOLD, DONE
from rag.cli.state import State
from rag.cli.terminal import Terminal, write_json


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command("replay")(replay)


def replay(
    ctx: typer.Context,
    receipt: Annotated[Path, typer.Argument(metavar="RECEIPT")],
    generate: Annotated[
        bool, typer.Option("--generate", help="Answer again and compare the bytes.")
    ] = False,
) -> None:
    """Check an answer's citations against the documents; no model is needed."""
    from rag.receipts import replay as check

    state: State = ctx.obj
    with state.open() as index:
        result = check(receipt, index, generate=generate)
    if state.as_json:
        write_json(
            {"question": result.question, "holds": result.holds, "differs": list(result.differs)}
        )
    else:
        terminal = Terminal(quiet=state.quiet)
        terminal.flow([(result.question, "bold")])
        for line in result.differs:
            terminal.flow([(line, "yellow")], indent="  ", hang="    ")
        if result.holds:
            terminal.line("every citation stands in the documents as recorded")
            if generate:
                terminal.line("the answer was reproduced")
    raise typer.Exit(DONE if result.holds else DID_NOT_HOLD)
