"""Where the same file stands too, in words and in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.opened import Index

COPIES_SHOWN = 3


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
