"""One stanza of models.txt <-> one `ModelEntry`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from rag.models.entries import ROLES, ModelEntry, ModelFile, Pooling, ReaderKind, Source
from rag.models.sources import parse_source

Line = tuple[int, str]
Problem = tuple[int, str]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_SIZE = re.compile(r"(?:about\s+)?([0-9]+(?:\.[0-9]+)?)\s*(bytes|[kMGT]B)?")
_UNITS = {"": 1, "bytes": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_OF_FILE = ("file", "bytes", "sha256", "source")


def parse_stanza(lines: list[Line], root: Path | None) -> tuple[ModelEntry | None, list[Problem]]:
    """The entry of a stanza and its problems; None in place of the entry if there are any."""
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    files: list[dict[str, Any]] = []
    for number, line in lines:
        try:
            key, value = _split(line)
            if key in _OF_FILE:
                _take_file_line(files, key, value)
            elif key in values:
                raise ValueError(f"'{key}' stands twice in this stanza: keep one")
            elif key in _KEYS:
                values[key] = _KEYS[key][1](value)
            else:
                known = ", ".join((*_KEYS, *_OF_FILE))
                raise ValueError(f"unknown key '{key}': known are {known}")
        except ValueError as exc:
            problems.append((number, str(exc)))
    start = lines[0][0]
    if not problems:
        problems.extend((start, what) for what in _missing(values, files))
    if problems:
        return None, problems
    entry = ModelEntry(
        **{_KEYS[key][0]: value for key, value in values.items()},
        files=tuple(ModelFile(**{**f, "sources": tuple(f["sources"])}) for f in files),
        root=root,
        line=start,
    )
    return entry, []


def format_entry(entry: ModelEntry) -> str:
    """The stanza that reads back as `entry`, ending in a newline."""
    plain = ModelEntry(entry.name, entry.role, entry.files)
    out = []
    for key, (attribute, _) in _KEYS.items():
        value = getattr(entry, attribute)
        if key in ("name", "role", "tested") or value != getattr(plain, attribute):
            out.append(f"{key}: {_format_value(value)}")
    for file in entry.files:
        out.append(f"file: {file.name}")
        if file.size_bytes is not None:
            out.append(f"  bytes: {file.size_bytes}")
        if file.sha256 is not None:
            out.append(f"  sha256: {file.sha256}")
        out.extend(f"  source: {source}" for source in file.sources)
    return "\n".join(out) + "\n"


def _format_value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(value)
    text = str(value)
    plain = text == text.strip() and text.isprintable() and text and text[0] != '"'
    return text if plain else json.dumps(text)


def _split(line: str) -> tuple[str, str]:
    key, colon, value = line.partition(":")
    if not colon or not re.fullmatch(r"[a-z_0-9]+", key):
        raise ValueError(f"expected 'key: value', got {line[:60]!r}")
    value = value.strip()
    if value.startswith('"'):
        try:
            decoded = json.loads(value)
        except ValueError:
            raise ValueError(f"'{key}': the double quotes do not close as in JSON") from None
        value = str(decoded)
    return key, value


def _take_file_line(files: list[dict[str, Any]], key: str, value: str) -> None:
    if key == "file":
        if not _FILE_NAME.fullmatch(value) or any(f["name"] == value for f in files):
            raise ValueError(
                f"file {value!r} is not a plain relative name, or stands twice: use letters, "
                "digits, '.', '_', '-' and '/'"
            )
        files.append({"name": value, "sources": []})
        return
    if not files:
        raise ValueError(f"'{key}' belongs to a file: put a 'file:' line before it")
    if key == "source":
        source: Source = parse_source(value)
        files[-1]["sources"].append(source)
        return
    field = "size_bytes" if key == "bytes" else "sha256"
    if field in files[-1]:
        raise ValueError(f"'{key}' stands twice for file '{files[-1]['name']}': keep one")
    files[-1][field] = _positive(value) if key == "bytes" else _digest(value)


def _missing(values: dict[str, Any], files: list[dict[str, Any]]) -> list[str]:
    missing = [f"the stanza has no '{key}' line" for key in ("name", "role") if key not in values]
    if not files:
        missing.append("the stanza has no 'file' line")
    missing.extend(f"file '{f['name']}' has no 'source' line" for f in files if not f["sources"])
    if values.get("role") == "reader" and "kind" not in values:
        missing.append("a reader needs a 'kind' line: " + ", ".join(get_args(ReaderKind)))
    return missing


def _name(value: str) -> str:
    if not _NAME.fullmatch(value) or value.endswith("."):
        raise ValueError(
            f"name {value!r} cannot be a folder's name everywhere: use letters, digits, '.', '_', "
            "'-' (100 at most, a letter or digit first)"
        )
    return value


def _digest(value: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise ValueError(f"sha256 {value!r} is not 64 hexadecimal digits")
    return value.lower()


def _positive(value: str) -> int:
    digits = value.replace(",", "").replace("_", "")
    if not re.fullmatch(r"[0-9]{1,18}", digits) or int(digits) == 0:
        raise ValueError(f"{value!r} is not a whole number above 0")
    return int(digits)


def _size(value: str) -> int:
    match = _SIZE.fullmatch(value.replace(",", ""))
    if not match:
        raise ValueError(f"size {value!r} is not a number of bytes, nor like '4.7 GB'")
    return round(float(match[1]) * _UNITS[match[2] or ""]) if match[2] else round(float(match[1]))


def _yes(value: str) -> bool:
    if value not in ("yes", "no"):
        raise ValueError(f"{value!r} should be yes or no")
    return value == "yes"


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"{value!r} is not one of {', '.join(choices)}")
        return value

    return parse


def _words(value: str) -> tuple[str, ...]:
    return tuple(value.replace(",", " ").split())


# key -> (attribute of ModelEntry, parser that raises ValueError)
_KEYS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "name": ("name", _name),
    "role": ("role", _one_of(ROLES)),
    "licence": ("licence", str),
    "tested": ("tested", _yes),
    "size": ("size_bytes", _size),
    "note": ("note", str),
    "languages": ("languages", _words),
    "dimension": ("dimension", _positive),
    "max_tokens": ("max_tokens", _positive),
    "pooling": ("pooling", _one_of(get_args(Pooling))),
    "query_prefix": ("query_prefix", str),
    "passage_prefix": ("passage_prefix", str),
    "context_tokens": ("context_tokens", _positive),
    "chat_template": ("chat_template", str),
    "kind": ("kind", _one_of(get_args(ReaderKind))),
}
