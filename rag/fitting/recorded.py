"""What recorded runs tell of candidates: their signals, and whether they were right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rag.errors import RunInvalid

# The probability leaves out how many of the question's words stand in a sentence, and the rank of
# its passage: a question that was written to look answerable has both, and there they misled more
# than they told. Among the candidates of one question they say which it is.
ALONE = (
    "margin",
    "near_margin",
    "answerable",
    "near_answerable",
    "type",
    "agreement",
    "yes_no",
)
JUDGED = ("judge", *ALONE)
CHOOSING = ("judge", "margin", "near_margin", "own", "inset", "type", "rank", "agreement")
SIGNALS = tuple(dict.fromkeys((*JUDGED, *CHOOSING)))

Row = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Example:
    """A question's judged candidates in the order considered: signals, and whether right.

    The signal `within` has only a candidate whose passage was judged.
    `document` is what the question is about, `run` where it was recorded.
    """

    rows: tuple[Row, ...]
    right: tuple[bool, ...]
    answerable: bool = True
    document: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """The likeliest passage that was judged as such for a question: the judge's word, and if right.

    `document` is what the question is about, `run` where it was recorded, `best` the signals of the
    sentence that came first, None where the passage found another one.
    """

    place: float
    right: bool
    document: str = ""
    run: str = ""
    best: Row | None = None


E = TypeVar("E", Example, Whole)


def examples_of(run: Path, judged: bool) -> list[Example]:
    """The examples of a recorded run; with `judged`, only candidates that a model judged count.

    Passages that were judged whole, and what was found by them, are none. Raises `RunInvalid` for a
    run on a test split.
    """
    found = []
    for record in _records(run):
        considered: Sequence[Any] = record.get("considered") or []
        kept = [
            c
            for c in considered
            if "place" not in c["signals"] and (not judged or "judge" in c["signals"])
        ]
        if kept:
            rows = tuple(_row(c["signals"]) for c in kept)
            right = tuple(_right(c, record) for c in kept)
            gold = record.get("gold") or considered
            answerable = bool(record.get("answerable", True))
            found.append(Example(rows, right, answerable, gold[0]["document"], run.name))
    return found


def _row(signals: Mapping[str, float]) -> Row:
    row = {n: signals.get(n, 0.0) for n in SIGNALS}
    return {**row, "within": signals["within"]} if "within" in signals else row


def wholes_of(run: Path) -> list[Whole]:
    """The passages of a recorded run that were judged whole, the likeliest of each question.

    Right is what meets a gold span: of an answer what it quotes, else the passage. Raises
    `RunInvalid` for a run on a test split.
    """
    found = []
    for record in _records(run):
        considered: Sequence[Any] = record.get("considered") or []
        whole = [c for c in considered if "place" in c["signals"]]
        if whole:
            best = max(whole, key=lambda c: (c["signals"]["place"], c["start"] - c["end"]))
            gold = record.get("gold") or considered
            right = _right(best, record)
            signals = considered[0]["signals"]
            first = None if "place" in signals else _row(signals)
            word = best["signals"]["place"]
            found.append(Whole(word, right, gold[0]["document"], run.name, first))
    return found


def _records(run: Path) -> Iterator[Mapping[str, Any]]:
    from rag.evaluation.runs import read_head, read_records

    if read_head(run)["identity"].get("split") == "test":
        raise RunInvalid(f"run '{run}' stands on the test split: fit on the dev split instead")
    yield from read_records(run)


def half_of(examples: Sequence[E], which: int) -> list[E]:
    """The examples about one half (0 or 1) of the documents."""
    return [e for e in examples if drawn(e.document, 2) == which]


def drawn(document: str, parts: int) -> int:
    """In which of so many parts a document falls, from 0: by its name alone."""
    return int.from_bytes(hashlib.sha256(document.encode()).digest()[:4], "big") % parts


def _right(candidate: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    return any(
        gold["document"] == candidate["document"]
        and gold.get("start") is not None
        and candidate["start"] < gold["end"]
        and gold["start"] < candidate["end"]
        for gold in record.get("gold", ())
    )
