"""How a place in a document is said: path, page or line, heading."""

from __future__ import annotations


def place_of(document: str, page: int | None, line: int, heading: str | None) -> str:
    """The place in words, such as `lease.pdf, page 2 · Rent`."""
    from rag.untrusted import printable

    where = f"page {page}" if page else f"line {line}"
    return printable(f"{document}, {where}" + (f" · {heading}" if heading else ""))
