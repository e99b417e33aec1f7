"""Compact forms of spans and of a document's marks, as the catalogue stores them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

from rag.errors import IndexDamaged
from rag.types import Document, Heading, Place, Span


def encode_numbers(numbers: Iterable[int]) -> bytes:
    """Non-negative numbers as LEB128 (seven bits a byte, the lowest first, bit 8: more follow)."""
    out = bytearray()
    for number in numbers:
        while number >= 0x80:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        out.append(number)
    return bytes(out)


def decode_numbers(blob: bytes) -> list[int]:
    """The numbers of `encode_numbers`. Raises `IndexDamaged` for a blob that ends too early."""
    numbers, number, shift = [], 0, 0
    for byte in blob:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
            continue
        numbers.append(number)
        number = shift = 0
    if shift:
        raise IndexDamaged("a list of numbers in the index is torn: run `rag doctor --repair`")
    return numbers


def encode_spans(spans: Sequence[Span], origin: int) -> bytes:
    """Ascending spans, relative to `origin`: for each the gap since the last start, and its length.

    Starts may repeat (a gap of 0) but never fall.
    """
    numbers, last = [], origin
    for span in spans:
        numbers += [span.start - last, span.end - span.start]
        last = span.start
    return encode_numbers(numbers)


def decode_spans(blob: bytes, origin: int) -> tuple[Span, ...]:
    """The spans of `encode_spans`."""
    numbers = decode_numbers(blob)
    starts = accumulate(numbers[::2], initial=origin)
    next(starts)
    return tuple(
        Span(start, start + length) for start, length in zip(starts, numbers[1::2], strict=True)
    )


def encode_marks(document: Document) -> str:
    """A document's pages, headings, places and blocks as JSON (empty lists left out)."""
    marks: dict[str, Any] = {
        "pages": list(document.pages),
        "headings": [[h.start, h.level, h.text] for h in document.headings],
        "places": [[p.start, p.label] for p in document.places],
        "blocks": [[b.start, b.end] for b in document.blocks],
    }
    return json.dumps({k: v for k, v in marks.items() if v}, separators=(",", ":"))


def decode_marks(marks: str) -> dict[str, Any]:
    """The keyword arguments of `Document` that `encode_marks` wrote."""
    raw = json.loads(marks)
    return {
        "pages": tuple(raw.get("pages", ())),
        "headings": tuple(Heading(*h) for h in raw.get("headings", ())),
        "places": tuple(Place(*p) for p in raw.get("places", ())),
        "blocks": tuple(Span(*b) for b in raw.get("blocks", ())),
    }


def encode_path(path: str) -> str | bytes:
    """A path as the catalogue stores it: as text, or as its bytes where they are no UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def decode_path(stored: str | bytes) -> str:
    """The path of `encode_path`."""
    return os.fsdecode(stored)


def encode_text(text: str) -> bytes:
    """UTF-8; a lone surrogate, which a parser may let through, survives."""
    return text.encode("utf-8", "surrogatepass")


def decode_text(blob: bytes) -> str:
    """The text of `encode_text`."""
    return blob.decode("utf-8", "surrogatepass")
