"""What a run did, as names of files and counts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rag.errors import UnreadableDocument
from rag.indexing.planning import Plan


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What a run did (or would do): names of files, and counts. A file that could not be read is
    in `skipped` alone; one that holds no text by its nature (a picture, an archive, an empty
    file), and was not named by itself, in `textless` alone. `empty` are those of `textless` with
    nothing in them.

    `documents` and `passages` are the index's totals after the run, `embedded` the passages whose
    vectors had to be made.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    skipped: tuple[UnreadableDocument, ...]
    documents: int
    passages: int
    embedded: int
    seconds: float
    textless: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


def report_of(plan: Plan, passages: int, started: float) -> IndexReport:
    """What a plan amounts to, before anything of it is done."""
    return IndexReport(
        added=tuple(f.document for f in plan.added),
        changed=tuple(f.document for f in plan.changed),
        removed=tuple(entry.name for entry in plan.gone if entry.problem is None),
        unchanged=plan.unchanged,
        skipped=plan.problems,
        documents=0,
        passages=passages,
        embedded=0,
        seconds=time.monotonic() - started,
        textless=plan.textless,
        empty=plan.empty,
    )


def none_readable(
    skipped: Sequence[UnreadableDocument], textless: Sequence[str], empty: Sequence[str] = ()
) -> str:
    """Why nothing at all could be indexed, and what to do next."""
    if not skipped:
        shown = ", ".join(sorted(textless)[:3]) + (", ..." if len(textless) > 3 else "")
        what = (
            "all the files are empty"
            if len(empty) == len(textless)
            else "none of the files holds text"
        )
        return f"{what} ({shown}); name others to index"
    reasons = "; ".join(str(problem) for problem in skipped[:3])
    more = f"; and {len(skipped) - 3} more" if len(skipped) > 3 else ""
    return f"none of the files could be read: {reasons}{more}; name others to index"
