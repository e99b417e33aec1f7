"""`rag train`: tunes the confidence, or the reader, on a question set of a person's own."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli.outputs import require_no_file
from rag.cli.progress import progress_bars
from rag.cli.state import State
from rag.cli.stopping import resumable
from rag.cli.terminal import Terminal, write_json
from rag.settings import cache_dir, config_file, user_config_dir

if TYPE_CHECKING:
    from rag.training.held_out import Measured
    from rag.training.tuned import TunedReader

NAMES = (
    ("auroc", "tells right from wrong (AUROC)"),
    ("calibration_error", "calibration error"),
    ("log_loss", "log loss"),
)
READER_NAMES = (
    ("first", "right sentence first"),
    ("three", "right sentence among first three"),
    ("answerable", "answerable or not (AUROC)"),
    ("support", "true or edited sentence (AUROC)"),
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
    weights: Annotated[
        bool, typer.Option("--weights", help="Tune the reader itself (needs the extra `train`).")
    ] = False,
    passes: Annotated[
        int, typer.Option("--passes", min=1, max=20, help="With --weights: passes over the set.")
    ] = 3,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="Where to keep the result.")
    ] = None,
) -> None:
    """Tune when an answer counts as sure, or the reader, on a question set of your own."""
    state: State = ctx.obj
    require_no_file(output, "result")
    if weights:
        if quote:
            raise typer.BadParameter(
                "the reader serves both kinds of answer: leave one of them",
                param_hint="--quote, --weights",
            )
        _train_reader(state, set_path, passes, output)
    else:
        _train_confidence(state, set_path, quote, output)


def _train_confidence(state: State, set_path: Path, quote: bool, output: Path | None) -> None:
    from rag.measuring import evaluate
    from rag.tuning import load_own, save, tune

    with progress_bars(quiet=state.quiet) as progress:
        asked = progress.counting("questions")
        report = evaluate(
            set_path,
            state.named_index(),
            stage="reading" if quote else "answers",
            settings=state.settings,
            progress=partial(asked, "asking") if asked else None,
            indexing=progress.indexing(),
            fetching=progress.fetching,
        )
    generator = None if quote else report.head["identity"]["models"]["generator"]["name"]
    result = tune(report.records(), load_own(state.settings.calibration, generator))
    folder = (output or user_config_dir() / "calibration").absolute()
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
        return
    terminal = Terminal(quiet=state.quiet)
    _show(form, NAMES, f"fitted on {result.fitted_on} questions", terminal)
    if kept is None:
        terminal.line("no better on the questions held out: nothing was kept")
    else:
        _show_kept(terminal, kept, "calibration", folder)


def _train_reader(state: State, set_path: Path, passes: int, output: Path | None) -> None:
    from rag.training.tuned import keep, tune_set

    behind = "at most a minute behind where this one was"
    with resumable(behind), progress_bars(quiet=state.quiet) as progress:
        result = tune_set(
            set_path,
            state.named_index(),
            state.settings,
            cache_dir(),
            passes=passes,
            progress=progress.counting(""),
            indexing=progress.indexing(),
            fetching=progress.fetching,
        )
    kept = None
    if result.better:
        name = set_path.resolve().name
        target = output or user_config_dir() / "readers" / name
        record = {"set": name, "passes": passes, **_figures(result)}
        kept = keep(result, target.absolute(), record)
    form = {**_figures(result), "better": result.better, "kept": str(kept) if kept else None}
    if state.as_json:
        write_json(form)
        return
    terminal = Terminal(quiet=state.quiet)
    _show(
        form,
        READER_NAMES,
        f"trained on {result.learned_from} questions ({result.examples} examples)",
        terminal,
    )
    if kept is None:
        terminal.line(_why_not(result))
        return
    _show_kept(terminal, kept, "reader", kept)
    terminal.flow(
        [("the confidence was fitted to the reader before: run `rag train` once more", "none")],
        hang="  ",
    )


def _figures(result: TunedReader) -> dict[str, Any]:
    return {
        "learned_from": result.learned_from,
        "examples": result.examples,
        "held_out": result.held_out,
        "before": _rounded(result.before),
        "after": _rounded(result.after),
        "p": round(result.p, 4),
    }


def _rounded(figures: Measured) -> dict[str, float | None]:
    found = asdict(figures)
    return {n: None if found[n] is None else round(found[n], 4) for n, _ in READER_NAMES}


def _why_not(result: TunedReader) -> str:
    if result.after.first <= result.before.first:
        return "no better on the questions held out: nothing was kept"
    if result.chance:
        return (
            f"better on the questions held out, but chance alone may do as much (p {result.p:.2f}):"
            " nothing was kept; a larger set can tell"
        )
    return "it tells edited sentences apart less well than before: nothing was kept"


def _show(
    form: dict[str, Any], names: tuple[tuple[str, str], ...], what: str, terminal: Terminal
) -> None:
    terminal.line(f"{what}, held out {form['held_out']}:")
    terminal.line(f"  {'':34} {'before':>8} {'after':>8}")
    for name, label in names:
        pair = [form[side][name] for side in ("before", "after")]
        before, after = ("-" if v is None else f"{v:.3f}" for v in pair)
        terminal.line(f"  {label:34} {before:>8} {after:>8}")


def _show_kept(terminal: Terminal, kept: Path, name: str, value: Path) -> None:
    terminal.line(f"kept in {kept}")
    # TOML has JSON's strings: the backslashes of a Windows path are escaped.
    setting = f"{name} = {json.dumps(str(value), ensure_ascii=False)}"
    terminal.flow([(f"to use it, write into {config_file()}: {setting}", "none")], hang="  ")
