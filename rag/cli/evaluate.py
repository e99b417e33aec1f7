"""`rag eval`: batch evaluation over a question set."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rag.cli.progress import progress_bar
from rag.cli.state import State
from rag.cli.terminal import Terminal, write_json
from rag.errors import SetInvalid

STAGES = ("retrieval", "reading", "answers", "support", "summaries")
DID_NOT_HOLD = 5


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command("eval")(evaluate)


def evaluate(
    ctx: typer.Context,
    set_path: Annotated[Path, typer.Argument(metavar="SET")],
    stage: Annotated[
        str, typer.Option("--stage", metavar="|".join(STAGES), help="What to measure.")
    ] = "answers",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="A stratified sample of this size.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the sample.")] = 0,
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
    fit: Annotated[
        bool, typer.Option("--fit", help="Propose calibrations from this set; changes nothing.")
    ] = False,
) -> None:
    """Measure retrieval, reading, answers, support or summaries on a question set."""
    from rag import library
    from rag.evaluation import check_gates, parse_fail_under

    state: State = ctx.obj
    if stage not in STAGES:
        raise typer.BadParameter(
            f"{stage!r} is not one of {', '.join(STAGES)}", param_hint="--stage"
        )
    gates = [parse_fail_under(g) for g in fail_under or ()]
    try:
        with progress_bar(quiet=state.quiet, unit="questions") as progress:
            found = library.evaluate(
                set_path,
                index_dir=state.index,
                settings=state.settings,
                stage=stage,
                limit=limit,
                seed=seed,
                split=split,
                baseline=baseline,
                skip_invalid=skip_invalid,
                report=report,
                run_dir=run,
                fit=fit,
                progress=progress,
            )
    except SetInvalid as exc:
        for problem in exc.problems:
            sys.stderr.write(problem + "\n")
        raise
    failed = check_gates(found, gates)
    if state.as_json:
        write_json(found.to_json())
    else:
        from rag.evaluation import print_table

        print_table(found, width=Terminal().width)
    for line in failed:
        sys.stderr.write(line + "\n")
    raise typer.Exit(DID_NOT_HOLD if failed else 0)
