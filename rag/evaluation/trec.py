"""A run's rankings and judgements as TREC files, which any TREC tool scores like this package.

Of graded questions the ids are documents. Elsewhere an id is `document#start-end`. A hit that is
the first to meet a need stands under the id of that gold span (of several, on successive ranks), so
that judgements and ranking speak of the same things; under `any` the first gold met is the need.
White space in names is percent-encoded. The score column falls with the rank, so that no tool
breaks ties its own way; the real scores are in questions.jsonl.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from rag.evaluation.records import Place, Record, places
from rag.evaluation.retrieval_metrics import overlaps
from rag.evaluation.runs import disk_errors

TAG = "rag"
RUN_NAME = "retrieval.trec"
QRELS_NAME = "qrels.trec"


def write_trec(records: Iterable[Record], folder: Path) -> None:
    """Writes `retrieval.trec` and `qrels.trec` of the questions with gold."""
    run_path, qrels_path = folder / RUN_NAME, folder / QRELS_NAME
    with (
        disk_errors(run_path),
        run_path.open("w", encoding="utf-8", newline="\n") as run,
        qrels_path.open("w", encoding="utf-8", newline="\n") as qrels,
    ):
        for record in records:
            if record["gold"]:
                ranking, judged = trec_rows(record)
                query = _safe(record["id"])
                for rank, name in enumerate(ranking, 1):
                    run.write(f"{query} Q0 {name} {rank} {1 / rank:.6f} {TAG}\n")
                for name, grade in judged.items():
                    qrels.write(f"{query} 0 {name} {grade:g}\n")


def trec_rows(record: Record) -> tuple[list[str], dict[str, float]]:
    """The ids of a question's hits in order, and the grade of each relevant id."""
    hits, gold = places(record["hits"]), places(record["gold"])
    if record["gold_mode"] == "graded":
        judged: dict[str, float] = {}
        for row in record["gold"]:
            name = _safe(row["document"])
            judged[name] = max(row["grade"], judged.get(name, 0.0))
        return list(dict.fromkeys(_safe(h.document) for h in hits)), judged
    needs = [[g] for g in gold] if record["gold_mode"] == "all" else [gold]
    names = [_name(need[0], f"gold{i}") for i, need in enumerate(needs, 1)]
    open_needs = dict(enumerate(needs))
    ranking: list[str] = []
    for hit in hits:
        met = [i for i, need in open_needs.items() if any(overlaps(hit, g) for g in need)]
        ranking.extend(names[i] for i in met)
        for i in met:
            del open_needs[i]
        if not met:
            ranking.append(_name(hit, "hit"))
    return ranking, dict.fromkeys(names, 1.0)


def _name(place: Place, kind: str) -> str:
    span = "" if place.start is None else f"#{place.start}-{place.end}"
    return f"{_safe(place.document)}{span}/{kind}"


def _safe(text: str) -> str:
    return quote(text, safe="/#:,;()+&=@'!") or "-"
