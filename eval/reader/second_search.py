"""A second search with the sentence that the product would show first: collects rows.

    python eval/reader/second_search.py SET --run RUN --index DIR --rows ROWS.jsonl

RUN is the folder of a run of the reading stage over SET (`rag eval`): it holds the hits of each
question and the candidates in the order of the product's own choice. The question is searched for
again with the first candidate's sentence behind it; nothing is read again. One line of ROWS a
question holds what `second_search_report.py` needs. Stopped at any time, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rag.evaluation.items import Question
from rag.evaluation.sets import open_set
from rag.opened import Index
from rag.retrieval.search import MAX_QUERY_CHARS
from rag.settings import load_settings

HITS, READ = 20, 10
Row = Mapping[str, Any]


def row_of(index: Index, item: Question, record: Row) -> dict[str, Any]:
    """Everything that the report needs of one question, after the second search."""
    sentence = _sentence(index, record)
    began = time.perf_counter()
    further = f"{item.question} {sentence}"[:MAX_QUERY_CHARS]
    second = index.search(further, HITS, scope=item.scope) if sentence else []
    took = 1000 * (time.perf_counter() - began)
    margins = _margins(record)
    places = [(h.passage.document, h.passage.span.start, h.passage.span.end) for h in second]
    return {
        "id": item.id,
        "type": record.get("type"),
        "gold_mode": item.gold_mode,
        "gold": [{"document": g.document, "start": g.start, "end": g.end} for g in item.gold],
        "first": [
            {**{n: hit[n] for n in ("document", "start", "end", "score")}, "margin": margin}
            for hit, margin in zip(record["hits"], margins, strict=True)
        ],
        "second": [
            {"document": d, "start": a, "end": b, "score": hit.score, "margin": None}
            for hit, (d, a, b) in zip(second, places, strict=True)
        ],
        "search_ms": round(took, 1),
    }


def _margins(record: Row) -> list[float | None]:
    """The reader's best margin in each hit it read, the lowest where it pointed at nothing."""
    found: dict[int, float] = {}
    for candidate in record.get("considered") or ():
        at = round(1 / candidate["signals"]["rank"]) - 1
        margin = candidate["signals"]["margin"]
        found[at] = max(found.get(at, margin), margin)
    lowest = min(found.values(), default=0.0)
    return [found.get(at, lowest) if at < READ else None for at in range(len(record["hits"]))]


def main() -> int:
    """0, after the last question."""
    parser = argparse.ArgumentParser(prog="python eval/reader/second_search.py")
    parser.add_argument("set", type=Path)
    parser.add_argument("--run", type=Path, required=True, help="of the reading stage")
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--rows", type=Path, required=True)
    options = parser.parse_args()
    records = {r["id"]: r for r in _lines(options.run / "questions.jsonl")}
    done = {row["id"] for row in _lines(options.rows)} if options.rows.exists() else set()
    with Index(options.index, load_settings()) as index:
        chosen = open_set(
            options.set, "reading", index.documents(), lambda name: index.document(name).text
        )
        items = [i for i in chosen if isinstance(i, Question) and i.gold and i.id in records]
        left = [item for item in items if item.id not in done]
        print(f"{len(done)} done, {len(left)} to ask", file=sys.stderr, flush=True)
        with options.rows.open("a", encoding="utf-8") as rows:
            for item in left:
                record = records[item.id]
                rows.write(json.dumps(row_of(index, item, record)) + "\n")
                rows.flush()
    return 0


def _sentence(index: Index, record: Row) -> str:
    """The sentence of the candidate that the product puts first; empty without candidates."""
    best = next(iter(record.get("considered") or ()), None)
    if best is None:
        return ""
    return index.document(best["document"]).text[best["start"] : best["end"]]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    raise SystemExit(main())
