"""JSON and JSON Lines: every value with the names above it."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
    string is a block of its own. The items of a list at the top (or the lines of JSON Lines) are
    places, such as `item 3` (`line 3`).
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


def _add(value: Any, builder: TextBuilder) -> None:
    line: list[str] = []
    length = 0
    first = True

    def flush() -> None:
        nonlocal length, first
        if line:
            builder.add(" | ".join(line), before="\n\n" if first else "\n")
            line.clear()
            length, first = 0, False

    for path, scalar in _scalars(value, builder.document):
        text = _shown(scalar)
        if not text:
            continue
        entry = f"{path}: {text}" if path else text
        if len(text) > _LONG_CHARS or "\n" in text:
            flush()
            builder.add(entry, before="\n\n" if first else "\n")
            first = False
            continue
        if length + len(entry) > _MAX_LINE_CHARS:
            flush()
        line.append(entry)
        length += len(entry)
    flush()


def _scalars(value: Any, document: str) -> Iterator[tuple[str, Any]]:
    """Every value that holds no others, with the names above it joined by dots."""
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        path, item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise UnreadableDocument(document, "its values are nested too deep")
        if isinstance(item, dict):
            below = [
                (f"{path}.{one_line(str(k))}" if path else one_line(str(k)), v)
                for k, v in item.items()
            ]
            waiting.extend((name, v, depth + 1) for name, v in below[::-1])
        elif isinstance(item, list):
            if all(not isinstance(v, dict | list) for v in item):
                yield path, ", ".join(filter(None, map(_shown, item)))
            else:
                waiting.extend((path, v, depth + 1) for v in item[::-1])
        else:
            yield path, item


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return tidy(clean(str(value)))
