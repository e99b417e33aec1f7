"""Parses the sources of models.txt: `hub:`, `wheel:` and `file:`."""

from __future__ import annotations

import re
from itertools import pairwise

from rag.models.entries import FileSource, HubSource, Source, WheelPart, WheelSource

_HUB = re.compile(r"(\w[\w.-]*/\w[\w.-]*)@(\w[\w.-]*)/([\w./-]+)", re.ASCII)
_PART = re.compile(r"(?:([A-Za-z0-9][\w.-]*)==([\w.!-]+)/)?([\w./-]+)", re.ASCII)
_RANGE = re.compile(r"\{(\d{1,4})\.\.(\d{1,4})\}", re.ASCII)


def parse_source(text: str) -> Source:
    """The source that `text` names. Raises `ValueError` saying what the three forms are."""
    scheme, _, rest = text.partition(":")
    if scheme == "hub" and (match := _HUB.fullmatch(rest)) and _inside(match[3]):
        return HubSource(match[1], match[2], match[3])
    if scheme == "wheel":
        return WheelSource(_wheel_parts(rest), rest)
    if scheme == "file" and rest and _inside(rest):
        return FileSource(rest)
    raise ValueError(
        f"source {text!r} is none of hub:OWNER/REPO@REVISION/FILE, "
        "wheel:PACKAGE==VERSION/PATH[+PATH...], file:PATH (no '..' in a path)"
    )


def _inside(path: str) -> bool:
    """Whether a '/'-separated path is relative and stays below where it starts."""
    parts = path.split("/")
    return (
        not path.startswith("/")
        and "\\" not in path
        and ":" not in parts[0]
        and (all(part not in ("", ".", "..") for part in parts))
    )


def _wheel_parts(text: str) -> tuple[WheelPart, ...]:
    parts: list[WheelPart] = []
    # '+' always separates parts: local versions (1.0+cpu) are not accepted by package indexes.
    for written in text.split("+"):
        for one in _expand(written):
            match = _PART.fullmatch(one)
            if not match or not _inside(match[3]) or not (match[1] or parts):
                raise ValueError(
                    f"source 'wheel:{text}': {one!r} is not PACKAGE==VERSION/PATH, nor a PATH in "
                    "the wheel before it"
                )
            package, version = match[1], match[2]
            if not package:
                package, version = parts[-1].package, parts[-1].version
            parts.append(WheelPart(package, version, match[3]))
    return tuple(parts)


def _expand(text: str) -> list[str]:
    """The texts that `{1..3}` stands for; all ranges of a part run together."""
    ranges = _RANGE.findall(text)
    if not ranges:
        return [text]
    spans = {(int(low), int(high)) for low, high in ranges}
    low, high = next(iter(spans))
    if any(a != b for a, b in pairwise(sorted(spans))) or low > high:
        raise ValueError(f"source part {text!r}: the ranges in braces must be one and the same")
    return [
        _RANGE.sub(lambda m, n=n: str(n).zfill(len(m[1])), text)  # type: ignore[misc]
        for n in range(low, high + 1)
    ]
