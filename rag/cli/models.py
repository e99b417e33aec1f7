"""`rag models list|pull|verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli.codes import DID_NOT_HOLD, DONE
from rag.cli.progress import progress_bars
from rag.cli.state import State
from rag.cli.terminal import Terminal, write_json

if TYPE_CHECKING:
    from rag.models import ModelStatus


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    group = typer.Typer(help="List, fetch and verify models.", invoke_without_command=True)
    group.callback()(default)
    group.command("list")(list_)
    group.command("pull")(pull)
    group.command("verify")(verify)
    app.add_typer(group, name="models")


def default(ctx: typer.Context) -> None:
    """List, fetch and verify models."""
    if ctx.invoked_subcommand is None:
        list_(ctx)


def list_(ctx: typer.Context) -> None:
    """List the models: what each is for, what is here, what suits this machine."""
    from rag.models import list_models

    state: State = ctx.obj
    found = list_models(state.settings)
    if state.as_json:
        write_json({"models": [_json(m) for m in found]})
        return
    terminal = Terminal(quiet=state.quiet)
    for role in ("embedder", "reader", "generator"):
        terminal.line(role, "bold")
        for model in found:
            if model.role == role:
                _show(model, terminal)


def pull(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]")] = None,
) -> None:
    """Fetch models (without a name: the ones the settings name)."""
    from rag.models import pull as fetch

    state: State = ctx.obj
    settings = state.settings
    wanted = names or [
        n for n in (settings.embedder, settings.reader, settings.model) if n != "none"
    ]
    terminal = Terminal(quiet=state.quiet)
    done = []
    for name in wanted:
        with progress_bars(quiet=state.quiet) as progress:
            model = fetch(name, settings, progress.fetching)
        done.append({"name": model.name, "sha256": model.sha256})
        if not state.as_json:
            terminal.line(f"{model.name}: here, checked")
            for note in model.notes:
                terminal.flow([(note, "yellow")], indent="  ")
    if state.as_json:
        write_json({"models": done})


def verify(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]")] = None,
) -> None:
    """Read every byte of the fetched models and compare their SHA-256."""
    from rag.models import verify as check

    state: State = ctx.obj
    terminal = Terminal(quiet=state.quiet)
    problems = check(names or None, state.settings)
    if state.as_json:
        write_json({"problems": [{"model": p.model, "problem": p.problem} for p in problems]})
    else:
        for problem in problems:
            terminal.line(f"{problem.model}: {problem.problem}")
        if not problems:
            terminal.line("every model that is here is as its catalogue says")
    raise typer.Exit(DID_NOT_HOLD if problems else DONE)


def _json(model: ModelStatus) -> dict[str, Any]:
    return {
        "name": model.name,
        "role": model.role,
        "licence": model.licence,
        "bytes": model.size_bytes,
        "present": model.present,
        "tested": model.tested,
        "fits": model.fits,
        "chosen": model.chosen,
        "recommended": model.recommended,
    }


def _show(model: ModelStatus, terminal: Terminal) -> None:
    size = f"{model.size_bytes / 1e6:,.0f} MB" if model.size_bytes else "size not known"
    remarks = ["here" if model.present else "not fetched", size, model.licence]
    if model.chosen:
        remarks.append("in use")
    if model.recommended:
        remarks.append("recommended for this machine")
    if not model.tested:
        remarks.append("not tested here")
    if not model.fits:
        remarks.append("too large for this machine's memory")
    style = "green" if model.present else "none"
    terminal.flow(
        [(model.name, style), (f": {', '.join(remarks)}", "dim")], indent="  ", hang="    "
    )
    if model.note:
        terminal.flow([(model.note, "dim")], indent="    ")
