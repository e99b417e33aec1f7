"""`rag train`: tunes the confidence on a question set of a person's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from rag.cli.progress import progress_bar
from rag.cli.state import State
from rag.cli.terminal import Terminal, write_json
from rag.settings import config_file, user_config_dir

NAMES = (
    ("auroc", "tells right from wrong (AUROC)"),
    ("calibration_error", "calibration error"),
    ("log_loss", "log loss"),
)


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command("train")(train)


def train(
    ctx: typer.Context,
    set_path: Annotated[Path, typer.Argument(metavar="SET")],
    quote: Annotated[
        bool, typer.Option("--quote", help="For `ask --quote`: no language model.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="Where to keep the result.")
    ] = None,
) -> None:
    """Tune when an answer counts as sure, on a question set of your own."""
    from rag.measuring import evaluate
    from rag.tuning import load_own, save, tune

    state: State = ctx.obj
    with progress_bar(quiet=state.quiet, unit="questions") as progress:
        report = evaluate(
            set_path,
            state.index,
            stage="reading" if quote else "answers",
            settings=state.settings,
            progress=(lambda done, total: progress("asking", done, total)) if progress else None,
        )
    generator = None if quote else report.head["identity"]["models"]["generator"]["name"]
    result = tune(report.records(), load_own(state.settings.calibration, generator))
    folder = output or user_config_dir() / "calibration"
    kept = None
    if result.better:
        record = {"set": report.set, "fitted_on": result.fitted_on, "held_out": result.held_out}
        kept = save(result, folder, generator, record)
    form: dict[str, Any] = {
        "fitted_on": result.fitted_on,
        "held_out": result.held_out,
        "before": {n: round(getattr(result.before, n), 4) for n, _ in NAMES},
        "after": {n: round(getattr(result.after, n), 4) for n, _ in NAMES},
        "better": result.better,
        "kept": str(kept) if kept else None,
    }
    if state.as_json:
        write_json(form)
    else:
        _show(form, folder, Terminal(quiet=state.quiet))


def _show(form: dict[str, Any], folder: Path, terminal: Terminal) -> None:
    terminal.line(f"fitted on {form['fitted_on']} questions, held out {form['held_out']}:")
    terminal.line(f"  {'':34} {'before':>8} {'after':>8}")
    for name, label in NAMES:
        terminal.line(f"  {label:34} {form['before'][name]:8.3f} {form['after'][name]:8.3f}")
    if form["kept"] is None:
        terminal.line("no better on the questions held out: nothing was kept")
        return
    terminal.line(f"kept in {form['kept']}")
    terminal.flow(
        [(f'to use it, write into {config_file()}: calibration = "{folder}"', "none")], hang="  "
    )
