"""A second search with the sentence that the product would show first: collects rows.

    python eval/reader/second_search.py SET --run RUN --index DIR --rows ROWS.jsonl

RUN is the folder of a run of the reading stage over SET (`rag eval`): it holds the hits of each
question and the candidates in the order of the product's own choice. The question is searched for
again with the first candidate's sentence behind it, and the reader reads the first ten passages of
both searches. One line of ROWS a question holds what `second_search_report.py` needs. Stopped at
any time, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.answering.candidates import readable
from rag.evaluation.items import Question
from rag.evaluation.sets import open_set
from rag.opened import Index
from rag.retrieval.search import MAX_QUERY_CHARS
from rag.settings import load_settings
from rag.types import Hit

HITS, READ = 20, 10
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the second search and the reader gave for one question."""

    first: Sequence[Hit]
    second: Sequence[Hit]
    margins: Mapping[str, float]
    search_ms: float
    read_ms: float


def asked(index: Index, item: Question, sentence: str) -> Asked:
    """Both searches, and the reader's best margin in the first ten passages of each."""
    first = index.search(item.question, HITS, scope=item.scope)
    began = time.perf_counter()
    further = f"{item.question} {sentence}"[:MAX_QUERY_CHARS]
    second = index.search(further, HITS, scope=item.scope) if sentence else []
    searched = time.perf_counter()
    unread = {hit.passage.id: hit for hit in (*first[:READ], *second[:READ])}
    texts = [readable(hit.passage) for hit in unread.values()]
    readings = index.models.reader.read(item.question, texts, spans=1)
    margins = {
        id_: (r.spans[0].score if r.spans else r.null_score) - r.null_score
        for id_, r in zip(unread, readings, strict=True)
    }
    done = time.perf_counter()
    return Asked(first, second, margins, 1000 * (searched - began), 1000 * (done - searched))


def row_of(item: Question, record: Row, found: Asked) -> dict[str, Any]:
    """Everything that the report needs of one question."""
    return {
        "id": item.id,
        "type": record.get("type"),
        "gold_mode": item.gold_mode,
        "gold": [{"document": g.document, "start": g.start, "end": g.end} for g in item.gold],
        "first": [_hit(hit, found.margins) for hit in found.first],
        "second": [_hit(hit, found.margins) for hit in found.second],
        "search_ms": round(found.search_ms, 1),
        "read_ms": round(found.read_ms, 1),
    }


def _hit(hit: Hit, margins: Mapping[str, float]) -> dict[str, Any]:
    passage = hit.passage
    margin = margins.get(passage.id)
    return {
        "document": passage.document,
        "start": passage.span.start,
        "end": passage.span.end,
        "score": hit.score,
        "margin": None if margin is None else round(margin, 3),
    }


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
                found = asked(index, item, _sentence(index, record))
                rows.write(json.dumps(row_of(item, record, found)) + "\n")
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
