"""What the reader gives where it is used, beside the reader without training: collects rows.

    python eval/reader/uses.py SET --index DIR --rows ROWS.jsonl [--split test] [--limit 200]
        [--read 10] [--threads 2]

Each question is searched once; both readers read the same passages. One line of ROWS a question
holds what `uses_report.py` needs to compute every figure without a model. Stopped at any time, the
same command goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rag.answering.sentences import readable
from rag.evaluation.items import Gold, Question
from rag.evaluation.retrieval_metrics import overlaps
from rag.evaluation.sets import open_set
from rag.opened import Index
from rag.reading import NO_READER, Reader, Reading, load_reader
from rag.settings import load_settings
from rag.types import Hit, Span

HITS = 20


def row_of(
    item: Question, hits: Sequence[Hit], readers: dict[str, Reader], read: int
) -> dict[str, Any]:
    """Everything measured of one question."""
    row: dict[str, Any] = {
        "id": item.id,
        "answerable": item.answerable,
        "gold_mode": item.gold_mode,
        "spans": bool(item.gold) and all(g.start is not None for g in item.gold),
        "needs": len(item.gold),
        "hits": [_hit(hit, item.gold) for hit in hits],
        "readings": {},
        "sentences": {},
    }
    texts = [readable(hit.passage) for hit in hits[:read]]
    for name, reader in readers.items():
        readings = reader.read(item.question, texts, spans=3)
        row["readings"][name] = [_scores(reading) for reading in readings]
        row["sentences"][name] = _pointed(hits, readings, item.gold, margin=False)
        row["sentences"][f"{name} by margin"] = _pointed(hits, readings, item.gold, margin=True)
    return row


def _pointed(
    hits: Sequence[Hit], readings: Sequence[Reading], gold: Sequence[Gold], *, margin: bool
) -> list[list[int]]:
    """For each distinct sentence pointed at, best first: the gold that it meets.

    Best is the highest score, or with `margin` the highest above its passage's null score.
    """
    found = sorted(
        (margin * reading.null_score - span.score, rank, _sentence(hit, span.start))
        for rank, (hit, reading) in enumerate(zip(hits, readings, strict=False))
        for span in reading.spans
    )
    seen = dict.fromkeys((hits[rank].passage.document, span) for _, rank, span in found)
    places = [Gold("", span.start, span.end, document=name) for name, span in seen]
    return [[n for n, g in enumerate(gold) if overlaps(place, g)] for place in places[:6]]


def _sentence(hit: Hit, start: int) -> Span:
    at = hit.passage.span.start + start
    return next((s for s in hit.passage.sentences if s.start <= at < s.end), Span(at, at + 1))


def _hit(hit: Hit, gold: Sequence[Gold]) -> dict[str, Any]:
    place = Gold("", hit.passage.span.start, hit.passage.span.end, document=hit.passage.document)
    meets = [number for number, g in enumerate(gold) if overlaps(place, g)]
    return {"document": hit.passage.document, "score": round(hit.score, 4), "meets": meets}


def _scores(reading: Reading) -> list[float]:
    best = reading.spans[0].score if reading.spans else reading.null_score
    return [round(v, 3) for v in (best, reading.null_score, reading.answerable)]


def main() -> int:
    """0, after the last question."""
    parser = argparse.ArgumentParser(prog="python eval/reader/uses.py")
    parser.add_argument("set", type=Path)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--split")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--read", type=int, default=10, help="passages read of each question")
    parser.add_argument("--spans-only", action="store_true", help="only gold with offsets")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    settings = replace(load_settings(), threads=options.threads)
    done: set[str] = set()
    if options.rows.exists():
        lines = options.rows.read_text(encoding="utf-8").splitlines()
        done = {json.loads(line)["id"] for line in lines}
    with Index(options.index, settings) as index:
        names = (settings.reader, NO_READER)
        readers = {
            "trained" if name != NO_READER else "untrained": load_reader(
                name, settings, lambda: index.embedder
            )
            for name in names
        }
        chosen = open_set(
            options.set,
            "reading",
            index.documents(),
            lambda name: index.document(name).text,
            split=options.split,
            limit=None if options.spans_only else options.limit,
        )
        items = [i for i in chosen if isinstance(i, Question)]
        if options.spans_only:
            items = [i for i in items if i.gold and all(g.start is not None for g in i.gold)]
            step = max(1, len(items) // options.limit)
            items = items[::step][: options.limit]
        left = [item for item in items if item.id not in done]
        print(f"{len(done)} done, {len(left)} to read", file=sys.stderr, flush=True)
        with options.rows.open("a", encoding="utf-8") as rows:
            for number, item in enumerate(left, 1):
                hits = index.search(item.question, HITS, scope=item.scope)
                row = row_of(item, hits, readers, options.read)
                rows.write(json.dumps(row) + "\n")
                rows.flush()
                if number % 25 == 0:
                    print(f"{number} of {len(left)}", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
