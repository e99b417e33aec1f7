"""Where something stands in a document, in words."""

from __future__ import annotations


def place_of(
    document: str, page: int | None, line: int, heading: str | None, label: str | None = None
) -> str:
    """The place in words, such as `lease.pdf, page 2 · Rent`.

    `label` is the name that the format itself gives to the place (`Staff!A3:C3`, `slide 4`).
    """
    from rag.untrusted import printable

    where = label or (f"page {page}" if page else f"line {line}")
    under = heading if heading and not where.startswith(heading) else None  # the sheet's own name
    return printable(f"{document}, {where}" + (f" · {under}" if under else ""))
