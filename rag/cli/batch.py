"""`--from FILE.jsonl`: many questions, one result a line, a bad line never ends the run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.cli.codes import DONE, SOME_FAILED
from rag.cli.mistakes import INTERNAL, unexpected
from rag.cli.state import State
from rag.cli.terminal import Terminal, write_json
from rag.errors import QuestionInvalid, RagError


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One line of a batch: its id, its text, the documents it is asked of; or what is wrong."""

    id: Any
    text: str
    scope: tuple[str, ...] | None
    error: str | None = None


def read_batch(path: Path, key: str) -> Iterator[BatchLine]:
    """The lines of a batch file, read as they are needed; blank lines are passed over.

    `key` is `question` or `query`; either is taken. `-` is the standard input. Raises
    `QuestionInvalid` if there is no file.
    """
    if str(path) == "-":
        return _lines(sys.stdin.buffer, key)
    if not path.exists():
        raise QuestionInvalid(f"no file {path}: name a file of JSON lines, each with '{key}'")
    if path.is_dir():
        raise QuestionInvalid(f"{path} is a folder: name a file of JSON lines, each with '{key}'")
    return _file_lines(path, key)


def _file_lines(path: Path, key: str) -> Iterator[BatchLine]:
    with path.open("rb") as file:
        yield from _lines(file, key)


def _lines(file: Iterable[bytes], key: str) -> Iterator[BatchLine]:
    for number, raw in enumerate(file, 1):
        line = raw.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace")
        if line.strip():
            yield _parse(line, number, key)


def _parse(line: str, number: int, key: str) -> BatchLine:
    try:
        row = json.loads(line)
    except ValueError as exc:
        return BatchLine(number, "", None, f"line {number} is not JSON: {exc}")
    except RecursionError:
        return BatchLine(number, "", None, f"line {number} is nested too deep to be read")
    if not isinstance(row, dict):
        return BatchLine(number, "", None, f"line {number} is not a JSON object")
    identity = row.get("id", number)
    text = row.get(key, row.get("question", row.get("query")))
    scope = row.get("scope")
    try:  # Python reads more than JSON has (NaN, 1e999), and the id has to be written again
        json.dumps(identity, allow_nan=False)
    except (ValueError, RecursionError) as exc:
        return BatchLine(number, "", None, f"line {number}: 'id' is no JSON value: {exc}")
    if not isinstance(text, str) or not text.strip():
        return BatchLine(identity, "", None, f"line {number} has no '{key}'")
    if scope is not None and not (
        isinstance(scope, list) and all(isinstance(name, str) for name in scope)
    ):
        return BatchLine(identity, "", None, f"line {number}: 'scope' is not a list of documents")
    return BatchLine(identity, text, tuple(scope) if scope is not None else None)


def run_batch(
    lines: Iterator[BatchLine],
    one: Callable[[BatchLine], dict[str, Any]],
    state: State,
    show: Callable[[dict[str, Any], Terminal], None],
) -> int:
    """Runs each line, writes its result at once, and gives the exit code: 0, or 4 if any failed."""
    terminal = Terminal(quiet=state.quiet)
    failed = 0
    for line in lines:
        form = {"id": line.id, **_result(line, one)}
        failed += "error" in form
        if state.as_json:
            write_json(form, indent=None)
        elif "error" in form:
            terminal.note(f"{form['id']}: {form['error']}")
        else:
            show(form, terminal)
    return SOME_FAILED if failed else DONE


def _result(line: BatchLine, one: Callable[[BatchLine], dict[str, Any]]) -> dict[str, Any]:
    """What a line gives; its error where it is a bad one or fails, whatever the reason."""
    try:
        if line.error is not None:
            raise QuestionInvalid(line.error)
        return one(line)
    except (RagError, ValueError, OSError) as exc:
        return {"error": str(exc)}
    except INTERNAL as exc:
        return {"error": unexpected(exc)}
