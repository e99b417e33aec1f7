"""`rag ask`: the checked quotation first, then the worded answer, then its sources."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli.answers import AnswerView, show_why, unsure
from rag.cli.batch import BatchLine, read_batch, run_batch
from rag.cli.codes import DONE, NOTHING_FOUND
from rag.cli.copies import with_copies
from rag.cli.filters import Format, FromFile, PathGlob, Since, Until, filters_of
from rag.cli.outputs import require_folder
from rag.cli.state import State
from rag.cli.terminal import Terminal, write_json
from rag.errors import MissingDependency
from rag.places import place_of

if TYPE_CHECKING:
    from rag.opened import Index
    from rag.types import Answer


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command("ask")(ask)


def ask(
    ctx: typer.Context,
    question: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUESTION", help="What you want to know."),
    ] = None,
    quote: Annotated[
        bool, typer.Option("--quote", help="The quoted answer alone, no language model.")
    ] = False,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="A conversation; models stay loaded.")
    ] = False,
    why: Annotated[
        bool, typer.Option("--why", help="What was considered, judged and removed, and why.")
    ] = False,
    k: Annotated[
        int | None, typer.Option("-k", min=1, max=1000, help="How many passages to retrieve.")
    ] = None,
    path: PathGlob = None,
    format_: Format = None,
    since: Since = None,
    until: Until = None,
    from_file: FromFile = None,
    receipt: Annotated[
        Path | None,
        typer.Option("--receipt", metavar="FILE", help="Write what `rag replay` needs."),
    ] = None,
) -> None:
    """Ask a question; every sentence of the answer is cited and checked."""
    state: State = ctx.obj
    options: dict[str, Any] = {
        "quote": quote,
        "k": k,
        **filters_of(path, format_, since, until),
    }
    _check_together(state, question, interactive, from_file, receipt)
    require_folder(receipt, "receipt")
    if from_file is not None:
        raise typer.Exit(_batch(state, from_file, options))
    with state.open() as index:
        if interactive:
            from rag.cli.conversation import converse

            raise typer.Exit(converse(index, state, options))
        raise typer.Exit(_single(state, index, " ".join(question or []), options, why, receipt))


def _check_together(
    state: State,
    question: list[str] | None,
    interactive: bool,
    from_file: Path | None,
    receipt: Path | None,
) -> None:
    """Raises `typer.BadParameter` for options of different kinds of asking."""
    if receipt and (from_file or interactive):
        raise typer.BadParameter("goes with a single question", param_hint="--receipt")
    if interactive and (state.as_json or from_file):
        raise typer.BadParameter("goes without --json and --from", param_hint="--interactive")
    if question and (from_file or interactive):
        alone = "--from" if from_file else "--interactive"
        raise typer.BadParameter("goes without a question beside it", param_hint=alone)


def _single(
    state: State,
    index: Index,
    question: str,
    options: dict[str, Any],
    why: bool,
    receipt: Path | None,
) -> int:
    terminal = Terminal(quiet=state.quiet)
    view = None if state.as_json else AnswerView(terminal, index)
    try:
        answer = index.ask(question, on_event=view.on_event if view else None, **options)
    except MissingDependency as exc:
        raise MissingDependency(
            f"{exc}; without it `rag ask --quote` answers by quotation and `rag search` works"
        ) from exc
    if view is None:
        write_json(_form(answer, index, why=why))
    else:
        view.finish(answer)
        if why:
            terminal.line()
            show_why(answer, terminal)
            terminal.note("every signal of each candidate: rag ask --why --json")
    if receipt is not None:
        from rag.receipts import write_receipt

        write_receipt(receipt, answer, index, options)
        terminal.note(f"receipt written: {receipt}")
    return NOTHING_FOUND if answer.status == "not_found" else DONE


def _form(answer: Answer, index: Index, *, why: bool = False) -> dict[str, Any]:
    from rag.json_form import answer_json, considered_json

    form = answer_json(answer)
    if why:
        form["considered"] = [considered_json(c) for c in answer.considered]
    return with_copies(form, index)


def _batch(state: State, path: Path, options: dict[str, Any]) -> int:
    lines = read_batch(path, "question")
    with state.open() as index:

        def one(line: BatchLine) -> dict[str, Any]:
            return _form(index.ask(line.text, scope=line.scope, **options), index)

        return run_batch(lines, one, state, partial(_show_line, index))


def _show_line(index: Index, form: dict[str, Any], terminal: Terminal) -> None:
    terminal.flow([(f"{form['id']}: {form['question']}", "bold")])
    terminal.flow([(form["answer"] or "The documents do not say.", "none")], indent="  ")
    for citation in form["citations"]:
        document = citation["document"]
        label = index.label_at(document, citation["start"])
        place = place_of(document, citation["page"], citation["line"], None, label)
        terminal.flow([(f"[{citation['marker']}] {place}", "dim")], indent="  ")
    if warning := unsure(form["confidence"], len(form["citations"])):
        terminal.flow([(warning, "yellow")], indent="  ")
    if form["missing"]:
        terminal.flow([(f"The documents leave open: {form['missing']}", "yellow")], indent="  ")
    for note in form.get("notes", ()):
        terminal.flow([(note, "yellow")], indent="  ")
