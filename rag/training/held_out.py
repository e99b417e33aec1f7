"""What a reader does on the questions of a set that it did not learn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.calibration import auroc
from rag.reading.protocol import Reader, Reading
from rag.training.evaluate import swap_figures, swap_pairs
from rag.training.own import Task
from rag.types import Hit, Span

SWAPS = 120
NO_MARGIN = -99.0  # of a question for which no span was found: below any


@dataclass(frozen=True, slots=True)
class Measured:
    """What a reader does on the questions held out.

    `first` and `three` are the shares of answerable questions with a right sentence first, among
    the first three; `answerable` the AUROC of answerable against other questions (None without
    others); `support` the AUROC of true against edited sentences (None where none could be made).
    """

    first: float
    three: float
    answerable: float | None
    support: float | None
    firsts: tuple[float, ...] = ()


def measured(
    reader: Reader, held: Sequence[Task], progress: Callable[[int, int], None] | None = None
) -> Measured:
    """The figures of a reader that reads all hits of each question held out."""
    firsts: list[float] = []
    threes: list[float] = []
    margins: list[float] = []
    for number, task in enumerate(held, 1):
        readings = reader.read(task.question, [hit.passage.text for hit in task.hits], spans=3)
        pointed = _pointed(task, readings)
        found = (r.spans[0].score - r.null_score for r in readings if r.spans)
        margins.append(max(found, default=NO_MARGIN))
        if task.answerable:
            firsts.append(float(any(pointed[:1])))
            threes.append(float(any(pointed[:3])))
        if progress:
            progress(number, len(held))
    labels = [task.answerable for task in held]
    texts = sorted({hit.passage.text for task in held for hit in task.hits[:3]})
    pairs = swap_pairs(texts, SWAPS, seed=7)
    return Measured(
        sum(firsts) / max(1, len(firsts)),
        sum(threes) / max(1, len(threes)),
        auroc(margins, labels) if not all(labels) and any(labels) else None,
        float(swap_figures(reader, pairs)["auroc"]) if pairs else None,
        tuple(firsts),
    )


def _pointed(task: Task, readings: Sequence[Reading]) -> list[bool]:
    """Of the distinct sentences pointed at, best first: whether each meets the gold."""
    scored = [
        (span.score, rank, _sentence(hit, span.start))
        for rank, (hit, reading) in enumerate(zip(task.hits, readings, strict=True))
        for span in reading.spans
    ]
    scored.sort(key=lambda item: (-item[0], item[1], item[2]))
    seen: set[tuple[str, Span]] = set()
    found = []
    for _, rank, span in scored:
        hit = task.hits[rank]
        if (hit.passage.document, span) not in seen:
            seen.add((hit.passage.document, span))
            found.append(task.meets(hit, span))
    return found


def _sentence(hit: Hit, start: int) -> Span:
    at = hit.passage.span.start + start
    holding = (s for s in hit.passage.sentences if s.start <= at < s.end)
    return next(holding, Span(at, at + 1))
