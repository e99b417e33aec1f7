"""How a place in a document is said: sheet and cells, slide, page or line, and heading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.opened import Index

COPIES_SHOWN = 3


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


def copies_of(document: str, index: Index) -> str:
    """In words, where the same file stands too, such as `also in old/lease.txt`; else empty."""
    from rag.untrusted import printable

    copies = index.copies_of(document)
    more = [f"{len(copies) - COPIES_SHOWN} more"] if len(copies) > COPIES_SHOWN else []
    return printable(f"also in {', '.join(copies[:COPIES_SHOWN] + more)}") if copies else ""


def with_copies(form: dict[str, Any], index: Index) -> dict[str, Any]:
    """The JSON form, each hit and citation with `also_in` where the same file stands elsewhere."""
    for entry in (*form.get("hits", ()), *form.get("citations", ())):
        if copies := index.copies_of(entry["document"]):
            entry["also_in"] = copies
    return form
