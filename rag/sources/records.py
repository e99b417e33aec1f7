"""JSON and JSON Lines: every value with the names above it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rag.errors import UnreadableDocument
from rag.sources.building import TextBuilder, clean, one_line, tidy
from rag.sources.decoding import decode
from rag.sources.limits import MAX_DEPTH, check_chars
from rag.sources.protocol import Parsed

_LONG_CHARS = 200
_MAX_LINE_CHARS = 1_000


class Json:
    """Reads `.json`, `.jsonl` and `.ndjson`: one line for the short values of an object.

    `{"name": "Ada", "born": {"year": 1815}}` is the line `name: Ada | born.year: 1815`; a long
    string is a block of its own. So that it is plain which values belong together, each object in a
    list is a line of its own below that of the object around it, and so is each of several objects
    side by side (`owner` and `tenant`) that hold more than one value. The items of a list at the
    top (or the lines of JSON Lines) are places, such as `item 3` (`line 3`).
    """

    def parse(self, data: bytes, document: str) -> Parsed:
        """The text. Raises for what is not JSON and for nesting that is too deep."""
        text = decode(data, document)
        if not text.strip():
            raise UnreadableDocument(document, "it is empty: nothing but white space")
        check_chars(len(text), document)
        builder = TextBuilder(document)
        for label, value in _items(text, document):
            if label:
                builder.place(label)
            _add(value, builder)
        return builder.finish()


def _items(text: str, document: str) -> Iterator[tuple[str, Any]]:
    try:
        value = _load(text)
    except json.JSONDecodeError as exc:
        yield from _lines(text, document, exc)
        return
    except RecursionError as exc:
        raise UnreadableDocument(document, "its values are nested too deep") from exc
    if isinstance(value, list):
        yield from ((f"item {number}", item) for number, item in enumerate(value, 1))
    else:
        yield "", value


def _lines(text: str, document: str, whole: json.JSONDecodeError) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = _load(line)
        except json.JSONDecodeError as exc:
            # What broke the whole text is the better reason where not even one line could be read.
            shown = whole if number == 1 else exc
            at = whole.lineno if number == 1 else number
            reason = f"not valid JSON (line {at}: {shown.msg})"
            raise UnreadableDocument(document, reason) from exc
        except RecursionError as exc:
            raise UnreadableDocument(document, "its values are nested too deep") from exc
        yield f"line {number}", value


def _load(text: str) -> Any:
    # Numbers stay as they are written: 1.10 is not 1.1, and a thousand digits cost no arithmetic.
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)


@dataclass(frozen=True, slots=True)
class _Node:
    """A value with the names above it, joined by dots, and how deep it stands."""

    path: str
    value: Any
    depth: int


def _add(value: Any, builder: TextBuilder) -> None:
    """Add a value: the lines of the outermost object, then those of the objects apart from it."""
    waiting = [_Node("", value, 0)]
    before = "\n\n"
    above: str | None = None
    while waiting:
        node = waiting.pop()
        entries, apart = _own(node, builder.document)
        waiting.extend(apart[::-1])
        if node.path != above:
            # What stands below each other are objects of one list: a table.
            before = "\n\n"
        for line in _lines_of(entries):
            builder.add(line, before=before)
            before, above = "\n", node.path


def _lines_of(entries: list[tuple[str, str]]) -> Iterator[str]:
    """The values of an object with their paths: short ones on a line, long ones alone."""
    line: list[str] = []
    length = 0
    for path, text in entries:
        entry = f"{path}: {text}" if path else text
        long = len(text) > _LONG_CHARS or "\n" in text
        if line and (long or length + len(entry) > _MAX_LINE_CHARS):
            yield " | ".join(line)
            line, length = [], 0
        if long:
            yield entry
            continue
        line.append(entry)
        length += len(entry)
    if line:
        yield " | ".join(line)


def _own(node: _Node, document: str) -> tuple[list[tuple[str, str]], list[_Node]]:
    """What an object says itself, as paths and texts, and the objects below it to be told apart."""
    entries: list[tuple[str, str]] = []
    apart: list[_Node] = []
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if at.depth > MAX_DEPTH:
            raise UnreadableDocument(document, "its values are nested too deep")
        value = at.value
        if isinstance(value, dict):
            below = [
                _Node(f"{at.path}.{name}" if at.path else name, v, at.depth + 1)
                for name, v in ((one_line(str(k)), v) for k, v in value.items())
            ]
            full = [n for n in below if isinstance(n.value, dict) and len(n.value) > 1]
            alone = full if len(full) > 1 else []
        elif isinstance(value, list) and any(isinstance(v, dict | list) for v in value):
            below = [_Node(at.path, v, at.depth + 1) for v in value]
            alone = [n for n in below if isinstance(n.value, dict)]
        else:
            items = value if isinstance(value, list) else [value]
            if text := ", ".join(filter(None, map(_shown, items))):
                entries.append((at.path, text))
            continue
        apart.extend(alone)
        told = set(map(id, alone))
        waiting.extend(n for n in below[::-1] if id(n) not in told)
    return entries, apart


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return tidy(clean(str(value)))
