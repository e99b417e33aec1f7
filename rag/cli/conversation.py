"""`rag ask --interactive`: a conversation; the models stay loaded."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from rag.cli.answers import AnswerView, show_why
from rag.cli.codes import DONE
from rag.cli.mistakes import INTERNAL, unexpected
from rag.cli.state import State
from rag.cli.terminal import Terminal
from rag.errors import RagError
from rag.followup import resolve

if TYPE_CHECKING:
    from rag.opened import Index
    from rag.types import Answer

STOPPED_LINE = "this answer was stopped; ask on, or leave with /quit"
HELP_LINE = "/sources, /show N, /why, /quit; anything else is a question"


def converse(index: Index, state: State, options: dict[str, Any]) -> int:
    """Asks until the person leaves; gives the exit code.

    Ctrl-C while an answer is made gives up that answer alone; at the prompt it leaves.
    """
    terminal = Terminal(quiet=state.quiet)
    terminal.note(HELP_LINE)
    answer: Answer | None = None
    asked: str | None = None
    while (line := _read(terminal)) is not None:
        if not line:
            continue
        if line in ("/quit", "/exit", "/q"):
            break
        if line.startswith("/"):
            _command(line, answer, index, terminal)
            continue
        question = resolve(line, asked, _answered(answer))
        if question != line:
            terminal.flow([(f"understood as: {question}", "dim")])
        view = AnswerView(terminal, index)
        try:
            answer = index.ask(question, on_event=view.on_event, **options)
            asked = question
            view.finish(answer)
        except (RagError, ValueError) as exc:
            terminal.line(str(exc))
            continue
        except INTERNAL as exc:  # what was said before is not lost
            terminal.line(unexpected(exc))
            continue
        except KeyboardInterrupt:
            terminal.line()
            terminal.note(STOPPED_LINE)
            continue
        terminal.line()
    return DONE


def _read(terminal: Terminal) -> str | None:
    """The next line, None at the end. Line editing comes with `readline` where there is one."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  (importing it is what gives input() line editing)
    try:
        return input("ask> " if sys.stdin.isatty() else "").strip()
    except EOFError:
        terminal.line()
        return None


def _answered(answer: Answer | None) -> str | None:
    """The words that answered the question before, for `he` and `she` to stand for."""
    if answer is None or answer.status == "not_found" or answer.phrase is None:
        return None
    return answer.phrase.text


def _command(line: str, answer: Answer | None, index: Index, terminal: Terminal) -> None:
    name, _, rest = line.partition(" ")
    if name not in ("/sources", "/show", "/why"):
        terminal.line(HELP_LINE)
    elif answer is None:
        terminal.line("nothing was asked yet")
    elif name == "/why":
        show_why(answer, terminal)
    elif name == "/sources" and not answer.citations:
        terminal.line("this answer has no sources: the documents do not say")
    elif name == "/sources":
        AnswerView(terminal, index).sources(answer)
    else:
        _show(rest, answer, index, terminal)


def _show(rest: str, answer: Answer, index: Index, terminal: Terminal) -> None:
    from rag.cli.show import show_lines

    number = rest.strip().strip("[]") or "1"
    for citation in answer.citations:
        if str(citation.marker) == number:
            show_lines(index.document(citation.document), citation.span, 4, terminal)
            return
    known = ", ".join(str(c.marker) for c in answer.citations) or "none"
    terminal.flow([(f"no source '{number}'; this answer has: {known}", "none")])
