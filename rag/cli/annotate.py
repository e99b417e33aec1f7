"""`rag annotate`: a person makes a question set of their own, in minutes."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rag.cli.progress import progress_bars
from rag.cli.search import show_hit
from rag.cli.state import State
from rag.cli.terminal import Terminal
from rag.errors import QuestionInvalid

if TYPE_CHECKING:
    from rag.annotation import Annotation, Pending, Pick
    from rag.opened import Index
    from rag.types import Hit

SHOWN = 8
QUESTIONS_NAME = "questions.jsonl"
Decision = Literal["done", "back", "stop"]
HELP_LINE = (
    "a number: that passage answers (2,5: either does; 2+5: both are needed); /WORDS: search with "
    "other words; n: the documents do not say; s: later; u: take back the last one; q: stop"
)


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
    with _opened(state, set_path) as index:
        work = Annotation(set_path, questions, lambda name: index.document(name).text)
        waiting = deque(work.pending())
        terminal.line(f"{work.done} done, {len(waiting)} to do")
        terminal.flow([(HELP_LINE, "none")])
        while waiting:
            pending = waiting.popleft()
            terminal.line()
            terminal.flow([(f"{work.done + 1}/{len(questions)} {pending.question}", "bold")])
            decision = _decide(work, pending, index, terminal)
            if decision == "stop":
                break
            if decision == "back":
                waiting.appendleft(pending)
                waiting.extendleft([q] if (q := work.undo()) else [])
    terminal.line(f"{work.done} of {len(questions)} questions are in {set_path / QUESTIONS_NAME}")


@contextmanager
def _opened(state: State, set_path: Path) -> Iterator[Index]:
    """The index that was named, else that of the set's own documents, else the nearest."""
    from rag.measuring import own_index
    from rag.opened import Index

    if state.named_index() or not any((set_path / name).is_dir() for name in ("docs", "documents")):
        with state.open() as index:
            yield index
        return
    with progress_bars(quiet=state.quiet) as progress:
        place = own_index(set_path, state.settings, progress.indexing(), progress.fetching)
    with Index(place, state.settings) as index:  # its embedder is here: it made the index
        yield index


def _decide(work: Annotation, pending: Pending, index: Index, terminal: Terminal) -> Decision:
    """Shows passages and asks until there is a decision."""
    hits = _found(pending.question, index, terminal)
    while True:
        reply = _read("> ")
        if reply in (None, "q"):
            return "stop"
        if reply == "u":
            return "back"
        if reply == "s":
            work.put_off(pending)
            return "done"
        if reply == "n":
            work.unanswerable(pending)
            return "done"
        if reply and reply.startswith("/") and reply[1:].strip():
            hits = _found(reply[1:], index, terminal)
            continue
        chosen = _numbers(reply or "", len(hits))
        if not chosen:
            terminal.flow([(HELP_LINE, "none")])
            continue
        picks = [_pick(hits[number - 1], terminal) for number in chosen]
        if None in picks:
            terminal.line("these words do not stand in the passage; choose again")
            continue
        answers = _read("the short answer, several with ; between (Enter: none)> ") or ""
        every = "+" in (reply or "")
        work.answer(pending, [p for p in picks if p], answers.split(";"), every=every)
        return "done"


def _found(words: str, index: Index, terminal: Terminal) -> list[Hit]:
    """The passages for some words, shown with their numbers."""
    try:
        hits = index.search(words, SHOWN)
    except QuestionInvalid as exc:
        terminal.line(str(exc))
        return []
    for hit in hits:
        show_hit(hit, index, terminal, explain=False)
    return hits


def _numbers(reply: str, most: int) -> list[int]:
    """The numbers in a reply such as `2`, `2,5` or `1-3`; none where one is no number from 1 on."""
    import re

    numbers: list[int] = []
    for part in re.split(r"[,+ ]+", reply.strip()):
        low, _, high = part.partition("-")
        if not low.isdecimal() or not (high or low).isdecimal():
            return []
        numbers.extend(range(int(low), min(int(high or low), most + 1) + 1))
    return numbers if numbers and all(1 <= n <= most for n in numbers) else []


def _pick(hit: Hit, terminal: Terminal) -> Pick | None:
    """What of a passage a person takes: words of it, sentences by number, or all."""
    from rag.annotation import pick_passage, pick_sentences, pick_words

    sentences = [
        s.shifted(-hit.passage.span.start).of(hit.passage.text) for s in hit.passage.sentences
    ]
    for number, text in enumerate(sentences, 1):
        terminal.flow([(f"#{number} ", "dim"), (text, "none")], indent="   ")
    words = _read("the words that answer, or #2, or #1-3 (Enter: the whole passage)> ")
    if words and words.startswith("#"):
        numbers = _numbers(words.replace("#", ""), len(sentences))
        return pick_sentences(hit, numbers) if numbers else None
    return pick_words(hit, words) if words else pick_passage(hit)


def _read(prompt: str) -> str | None:
    sys.stdout.write(prompt)
    sys.stdout.flush()
    line = sys.stdin.readline()
    return line.strip() if line else None
