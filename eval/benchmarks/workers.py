"""Times the reading stage with one worker on two threads against two workers with one thread each.

    python eval/benchmarks/workers.py SETS/squad2 --index DIR [--rounds 3] [--output FILE]

Both read the same few questions in each round, in turns as to which is first; another round has
other questions. Prints seconds, processor seconds and their ratios, and whether all records but
the times are equal.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

from rag.evaluation.sets import open_set
from rag.evaluation.stages import records
from rag.measuring import product_of
from rag.opened import Index
from rag.settings import load_settings

WAYS = {"one worker, two threads": (1, 2), "two workers, one thread each": (2, 1)}


def measure(folder: Path, index: Index, workers: int, limit: int, seed: int) -> dict[str, Any]:
    """Seconds, processor seconds and records of the reading stage over a sample."""
    product = product_of("reading", index.models, index)
    names, text_of = product.documents, product.document_text
    chosen = open_set(folder, "reading", names, text_of, split="test", limit=limit, seed=seed)
    begun, busy = time.perf_counter(), time.process_time()
    rows = list(records(iter(chosen), product, "reading", workers))
    spent = time.perf_counter() - begun, time.process_time() - busy
    kept = [{k: v for k, v in r.items() if k not in ("seconds", "timings_ms")} for r in rows]
    return {"seconds": spent[0], "processor_seconds": spent[1], "records": kept}


def main() -> None:
    """Prints one JSON object, and writes it where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("set", type=Path)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--questions", type=int, default=6)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    indexes = {}
    for way, (_, threads) in WAYS.items():
        indexes[way] = Index(options.index, load_settings({"threads": threads}))
        indexes[way].ask("What is this about?", quote=True)  # loads the models
    rounds = []
    for number in range(options.rounds):
        order = list(WAYS) if number % 2 else list(reversed(WAYS))
        found = {
            way: measure(options.set, indexes[way], WAYS[way][0], options.questions, number)
            for way in order
        }
        one, two = (found[way] for way in WAYS)
        rounds.append(
            {
                "seconds": {way: round(found[way]["seconds"], 2) for way in WAYS},
                "ratio": round(one["seconds"] / two["seconds"], 2),
                "processor_ratio": round(one["processor_seconds"] / two["processor_seconds"], 2),
                "same_records": one["records"] == two["records"],
                "load_average": round(os.getloadavg()[0], 1),
            }
        )
    result = {
        "set": options.set.name,
        "cores": os.cpu_count(),
        "questions_a_round": options.questions,
        "rounds": rounds,
        "median_ratio": statistics.median(r["ratio"] for r in rounds),
        "median_processor_ratio": statistics.median(r["processor_ratio"] for r in rounds),
    }
    text = json.dumps(result, indent=1) + "\n"
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
