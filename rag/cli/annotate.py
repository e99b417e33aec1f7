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
    from rag.types import Hit

SHOWN = 8
HELP_LINE = "a number: the passage that answers; n: the documents do not say; s: skip; q: stop"


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
    from rag.annotation import Annotation

    state: State = ctx.obj
    if state.as_json:
        raise QuestionInvalid("annotate is a conversation; it has no --json")
    terminal = Terminal(quiet=state.quiet)
    with state.open() as index:
        work = Annotation(set_path, from_file, document_text=lambda d: index.document(d).text)
        open_questions = work.pending()
        terminal.line(f"{work.done} done, {len(open_questions)} to do. {HELP_LINE}")
        for number, question in enumerate(open_questions, 1):
            terminal.line()
            terminal.flow([(f"{number}/{len(open_questions)} {question}", "bold")])
            hits = index.search(question, SHOWN)
            for hit in hits:
                _show(hit, terminal)
            if not _decide(work, question, hits, terminal):
                break
    terminal.line(f"{work.done} questions in {set_path / 'questions.jsonl'}")


def _decide(work: object, question: str, hits: list[Hit], terminal: Terminal) -> bool:
    """Asks until there is a decision; False where the person stops."""
    from rag.annotation import Annotation

    if not isinstance(work, Annotation):
        raise TypeError("work must be an Annotation")
    while True:
        reply = _read("> ")
        if reply in (None, "q"):
            return False
        if reply == "s":
            return True
        if reply == "n":
            work.unanswerable(question)
            return True
        if reply and reply.isdigit() and 1 <= int(reply) <= len(hits):
            words = _read("the answer's words (Enter: the whole passage) > ")
            if words is None:
                return False
            try:
                work.answered(question, hits[int(reply) - 1].passage, words)
            except ValueError as exc:
                terminal.line(str(exc))
                continue
            return True
        terminal.line(HELP_LINE)


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
