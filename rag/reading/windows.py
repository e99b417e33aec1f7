"""From logits to spans of a text, over one or several windows, and to probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rag.reading.protocol import SpanScore

MAX_SPAN_TOKENS = 30
_CANDIDATES = 20


def best_spans(
    text: str,
    offsets: Sequence[tuple[int, int] | None],
    starts: Sequence[float],
    ends: Sequence[float],
    limit: int,
) -> list[SpanScore]:
    """The best distinct spans of one window, at most `limit`, that do not overlap; best first.

    `offsets` are each token's characters in `text`, None for a token that is not of the text. A
    span is at most 30 tokens long; blanks around it are left out. Ties go to the earlier one.
    """
    inside = [n for n, pair in enumerate(offsets) if pair is not None and pair[0] < pair[1]]
    first = sorted(inside, key=lambda n: (-starts[n], n))[:_CANDIDATES]
    last = sorted(inside, key=lambda n: (-ends[n], n))[:_CANDIDATES]
    scored = []
    for a in first:
        for b in last:
            if a <= b < a + MAX_SPAN_TOKENS:
                span = _trimmed(text, _start(offsets, a), _end(offsets, b))
                if span is not None:
                    scored.append(SpanScore(*span, starts[a] + ends[b]))
    if not scored and inside:
        best = max(inside, key=lambda n: (starts[n] + ends[n], -n))
        span = _trimmed(text, _start(offsets, best), _end(offsets, best))
        scored = [SpanScore(*span, starts[best] + ends[best])] if span else []
    return distinct(scored, limit)


def join_windows(
    windows: Sequence[Sequence[SpanScore]], nulls: Sequence[float], limit: int
) -> tuple[list[SpanScore], float]:
    """The best spans of a text read in windows, and its null score: the lowest of the windows'.

    Each window's spans keep their distance to that window's null score.
    """
    null = min(nulls)  # as the scripts of BERT and its successors for SQuAD 2.0 take it
    moved = [
        SpanScore(s.start, s.end, s.score - own + null)
        for spans, own in zip(windows, nulls, strict=True)
        for s in spans
    ]
    return distinct(moved, limit), null


def rank(span: SpanScore) -> tuple[float, int, int]:
    """What spans are sorted by: the best first, of equal ones the earlier, then the shorter."""
    return -span.score, span.start, span.end


def distinct(spans: Sequence[SpanScore], limit: int) -> list[SpanScore]:
    """The best of the spans that do not overlap a better one, at most `limit`; best first."""
    kept: list[SpanScore] = []
    for span in sorted(spans, key=rank):
        if len(kept) == limit:
            break
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return kept


def softmax(logits: Sequence[float]) -> list[float]:
    """The probabilities of logits, in order."""
    top = max(logits)
    powers = [math.exp(x - top) for x in logits]
    total = sum(powers)
    return [power / total for power in powers]


def _start(offsets: Sequence[tuple[int, int] | None], token: int) -> int:
    pair = offsets[token]
    return pair[0] if pair else 0


def _end(offsets: Sequence[tuple[int, int] | None], token: int) -> int:
    pair = offsets[token]
    return pair[1] if pair else 0


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    return (start, end) if start < end else None
