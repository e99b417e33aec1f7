"""Times the scoring of a run against `ir_measures`, on the same run and judgements.

    python eval/benchmarks/scoring.py [--queries 100000] [--depth 10] [--output FILE]

Both get plain dictionaries and compute recall at 1, 5 and 10, MRR@10 and nDCG@10 for each query.
Prints the median seconds of each over some rounds, their ratio, and the largest difference between
any two figures. `ir_measures` breaks ties its own way, so the scores of this run are distinct.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from pathlib import Path

from rag.evaluation.retrieval_metrics import score_run

NAMES = {"recall@1": "R@1", "recall@5": "R@5", "recall@10": "R@10"}
NAMES |= {"mrr@10": "RR@10", "ndcg@10": "nDCG@10"}


def make(queries: int, depth: int) -> tuple[dict, dict]:
    """A random run and graded judgements: two relevant documents a query, one mostly found."""
    rng = random.Random(7)
    run, qrels = {}, {}
    for number in range(queries):
        documents = [f"d{i}" for i in rng.sample(range(1_000_000), depth)]
        scores = sorted((rng.random() for _ in documents), reverse=True)
        run[f"q{number}"] = dict(zip(documents, scores, strict=True))
        qrels[f"q{number}"] = {rng.choice(documents): 1, f"d{rng.randrange(1_000_000)}": 2}
    return run, qrels


def by_rag(run: dict, qrels: dict) -> dict[tuple[str, str], float]:
    """Figures by query and metric, as this package computes them."""
    return {(q, name): v for q, scores in score_run(run, qrels) for name, v in scores.items()}


def by_ir_measures(run: dict, qrels: dict) -> dict[tuple[str, str], float]:
    """The same figures by `ir_measures`."""
    import ir_measures

    measures = [ir_measures.parse_measure(name) for name in NAMES.values()]
    names = {str(m): ours for m, ours in zip(measures, NAMES, strict=True)}
    found = ir_measures.iter_calc(measures, qrels, run)
    return {(m.query_id, names[str(m.measure)]): m.value for m in found}


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--depth", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    run, qrels = make(options.queries, options.depth)
    seconds: dict[str, list[float]] = {"rag": [], "ir_measures": []}
    for _ in range(options.rounds):
        for name, score in (("rag", by_rag), ("ir_measures", by_ir_measures)):
            begun = time.perf_counter()
            figures = score(run, qrels)
            seconds[name].append(time.perf_counter() - begun)
            if name == "rag":
                ours = figures
    difference = max(abs(ours[key] - value) for key, value in figures.items())
    rag, other = (statistics.median(seconds[name]) for name in ("rag", "ir_measures"))
    found = {
        "queries": options.queries,
        "depth": options.depth,
        "rag_seconds": round(rag, 2),
        "ir_measures_seconds": round(other, 2),
        "ratio": round(other / rag, 2),
        "largest_difference": difference,
    }
    text = json.dumps(found, indent=1) + "\n"
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
