"""`rag eval`: batch evaluation over a question set."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.codes import DID_NOT_HOLD, DONE
from rag.cli.outputs import require_folder
from rag.cli.progress import progress_bars
from rag.cli.state import State
from rag.cli.stopping import resumable
from rag.cli.terminal import write_json
from rag.errors import SettingsInvalid

if TYPE_CHECKING:
    from rag.evaluation import Report
    from rag.evaluation.fit import Proposal
    from rag.evaluation.gate import Condition
    from rag.evaluation.product import Stage

STAGES: tuple[Stage, ...] = ("retrieval", "reading", "answers", "support", "summaries")


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command("eval")(evaluate)


def evaluate(
    ctx: typer.Context,
    set_path: Annotated[Path, typer.Argument(metavar="SET")],
    stage: Annotated[
        str | None, typer.Option("--stage", metavar="|".join(STAGES), help="What to measure.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="A stratified sample of this size.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the sample.")] = 0,
    split: Annotated[
        str | None, typer.Option("--split", help="Only this split (splits.json beside the set).")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="RUN", help="Compare with a recorded run.")
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option("--fail-under", metavar="METRIC=VALUE", help="Exit 5 below (repeatable)."),
    ] = None,
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Leave out lines with problems, and count them.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.html", help="Write the report here.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", metavar="DIR", help="The folder of the recorded run.")
    ] = None,
    workers: Annotated[
        int,
        typer.Option("--workers", min=1, max=64, help="Questions at a time, sharing the cores."),
    ] = 1,
    judge: Annotated[
        bool,
        typer.Option("--judge", help="Stage support: ask the language model too where unsure."),
    ] = False,
    fit: Annotated[
        bool, typer.Option("--fit", help="Propose calibrations from this set; changes nothing.")
    ] = False,
) -> None:
    """Measure retrieval, reading, answers, support or summaries on a question set."""
    from rag.evaluation.gate import check
    from rag.evaluation.report_html import write_html
    from rag.measuring import evaluate as measure

    state: State = ctx.obj
    _check_fit(fit, split)
    gates = _gates(fail_under or ())
    require_folder(report, "report")
    with resumable("where this one was"), progress_bars(quiet=state.quiet) as progress:
        asked = progress.counting("questions")
        found = measure(
            set_path,
            state.named_index(),
            stage=_stage(stage, set_path),
            settings=state.settings,
            limit=limit,
            seed=seed,
            split=split,
            baseline=baseline,
            skip_invalid=skip_invalid,
            run_dir=run,
            workers=workers,
            judge=judge,
            progress=partial(asked, "evaluating") if asked else None,
            indexing=progress.indexing(),
            fetching=progress.fetching,
        )
    if report is not None:
        write_html(found, report)
    failed = check(found.metrics, gates)
    _show(found, report, as_json=state.as_json, fit=fit)
    for failure in failed:
        sys.stderr.write(f"{failure}\n")
    raise typer.Exit(DID_NOT_HOLD if failed else DONE)


def _check_fit(fit: bool, split: str | None) -> None:
    if fit and split == "test":
        raise typer.BadParameter(
            "what is fitted on the test split cannot be reported there: use --split dev",
            param_hint="--fit",
        )


def _gates(given: Sequence[str]) -> list[Condition]:
    from rag.evaluation.gate import parse_fail_under

    try:
        return [parse_fail_under(text) for text in given]
    except SettingsInvalid as exc:
        what = str(exc).removeprefix("--fail-under ")
        raise typer.BadParameter(what, param_hint="--fail-under") from None


def _stage(named: str | None, set_path: Path) -> Stage:
    """The stage that was named, or the one the set is meant for."""
    from rag.evaluation.sets import default_stage

    for stage in STAGES:
        if stage == named:
            return stage
    if named is not None:
        raise typer.BadParameter(
            f"{named!r} is not one of {', '.join(STAGES)}", param_hint="--stage"
        )
    return default_stage(set_path)


def _show(found: Report, page: Path | None, *, as_json: bool, fit: bool) -> None:
    if as_json:
        form = found.to_json()
        write_json({**form, "proposal": _proposal(found).to_json()} if fit else form)
    else:
        _print(found, page, fit=fit)


def _print(found: Report, page: Path | None, *, fit: bool) -> None:
    from rich.console import Console

    from rag.evaluation.table import report_table

    console = Console(width=None if sys.stdout.isatty() else 100)
    console.print(report_table(found))
    console.print(f"recorded in {found.run}", highlight=False, markup=False)
    page = found.run / "report.html" if page is None else page
    console.print(f"to read in a browser: {page}", highlight=False, markup=False)
    if fit:
        proposal = _proposal(found)
        console.print(str(proposal), highlight=False, markup=False)
        console.print_json(data=proposal.to_json())


def _proposal(found: Report) -> Proposal:
    from rag.evaluation.fit import propose

    return propose(found.run)
