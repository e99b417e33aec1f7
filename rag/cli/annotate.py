"""`rag annotate`: a person makes a question set of their own, in minutes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.places import place_of
from rag.cli.state import State
from rag.cli.terminal import Terminal
from rag.errors import QuestionInvalid

if TYPE_CHECKING:
    from rag.annotation import Annotation, Pending
    from rag.types import Hit

SHOWN = 8
QUESTIONS_NAME = "questions.jsonl"
HELP_LINE = "a number: that passage answers; n: none does; s: later; q: stop"


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command("annotate")(annotate)


def annotate(
    ctx: typer.Context,
    set_path: Annotated[Path, typer.Argument(metavar="SET")],
    from_file: Annotated[
        Path | None,
        typer.Option("--from", metavar="QUESTIONS.txt", help="Questions, one a line."),
    ] = None,
) -> None:
    """Make or extend a question set of your own: you pick, spans are written exactly."""
    from rag.annotation import Annotation, read_questions

    state: State = ctx.obj
    if state.as_json:
        raise QuestionInvalid("annotate is a conversation; it has no --json")
    terminal = Terminal(quiet=state.quiet)
    questions = read_questions(from_file or set_path / "questions.txt")
    with state.open() as index:
        work = Annotation(set_path, questions, lambda name: index.document(name).text)
        waiting = work.pending()
        terminal.line(f"{work.done} done, {len(waiting)} to do")
        terminal.line(HELP_LINE)
        for number, pending in enumerate(waiting, 1):
            terminal.line()
            terminal.flow([(f"{number}/{len(waiting)} {pending.question}", "bold")])
            hits = index.search(pending.question, SHOWN)
            for hit in hits:
                _show(hit, terminal)
            if not _decide(work, pending, hits, terminal):
                break
    terminal.line(f"{work.done} of {len(questions)} questions are in {set_path / QUESTIONS_NAME}")


def _decide(work: Annotation, pending: Pending, hits: list[Hit], terminal: Terminal) -> bool:
    """Asks until there is a decision; False where the person stops."""
    while True:
        reply = _read("> ")
        if reply in (None, "q"):
            return False
        if reply == "s":
            work.put_off(pending)
            return True
        if reply == "n":
            work.unanswerable(pending)
            return True
        if reply and reply.isdigit() and 1 <= int(reply) <= len(hits):
            if _picked(work, pending, hits[int(reply) - 1], terminal):
                return True
            continue
        terminal.line(HELP_LINE)


def _picked(work: Annotation, pending: Pending, hit: Hit, terminal: Terminal) -> bool:
    from rag.annotation import pick_passage, pick_words

    words = _read("the words that answer, copied from it (Enter: the whole passage)> ")
    pick = pick_words(hit, words) if words else pick_passage(hit)
    if pick is None:
        terminal.line("these words do not stand in the passage; choose again")
        return False
    answers = _read("the short answer, several with ; between (Enter: none)> ") or ""
    work.answer(pending, [pick], answers.split(";"))
    return True


def _read(prompt: str) -> str | None:
    sys.stdout.write(prompt)
    sys.stdout.flush()
    line = sys.stdin.readline()
    return line.strip() if line else None


def _show(hit: Hit, terminal: Terminal) -> None:
    passage = hit.passage
    where = place_of(passage.document, passage.page, passage.line, passage.heading)
    terminal.line(f"{hit.rank}. {terminal.style(where, 'bold')}")
    terminal.flow([(passage.text, "none")], indent="   ")
