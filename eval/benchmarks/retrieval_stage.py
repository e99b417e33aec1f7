"""Times the retrieval stage over a whole set against one `rag search` process a question.

    python eval/benchmarks/retrieval_stage.py SETS/squad2 --index DIR [--sample 20] [--output FILE]

The processes run on a sample of the questions, spread evenly over the set and taken in turns before
and after the stage, so that both see the machine as it is; their time for the whole set is that of
the sample times the number of questions, and is marked as such. The stage is also run on a tenth
of the questions: peak memory of both runs says whether it grows with the set. In the same run, the
embedder alone embeds all questions as the stage does: what share of its time that is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_EMBED = """
import json, sys, time
from rag.opened import Index
with Index(sys.argv[1]) as index:
    questions = [json.loads(line)["question"] for line in open(sys.argv[2], encoding="utf-8")]
    embedder = index.embedder
    embedder.embed_query("warm")
    begun = time.perf_counter()
    for at in range(0, len(questions), 256):
        embedder.embed_queries(questions[at : at + 256])
    print(time.perf_counter() - begun)
"""


def rag(*arguments: str) -> tuple[float, str]:
    """Wall seconds and standard output of one `rag` process."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "rag", *arguments], check=True, capture_output=True, text=True
    )
    return time.perf_counter() - begun, done.stdout


def stage(folder: Path, index: Path, limit: int | None) -> dict[str, Any]:
    """Seconds, questions and peak memory of the retrieval stage."""
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch) / "run"
        more = [] if limit is None else ["--limit", str(limit)]
        seconds, out = rag(
            *("--json", "--quiet", "--index", str(index), "eval", str(folder)),
            *("--stage", "retrieval", "--run", str(run), *more),
        )
        head = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return {
        "questions": json.loads(out)["n"],
        "seconds": round(seconds, 1),
        "peak_memory_mb": round(head["peak_memory_bytes"] / 1e6),
    }


def searches(questions: list[str], index: Path) -> list[float]:
    """Wall seconds of `rag search`, one process for each question."""
    return [rag("--index", str(index), "search", "-k", "20", q)[0] for q in questions]


def main() -> None:
    """Prints one JSON object, and writes it where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("set", type=Path)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--sample", type=int, default=20)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    path = options.set / "questions.jsonl"
    questions = [json.loads(q)["question"] for q in path.read_text("utf-8").splitlines()]
    sample = questions[:: max(1, len(questions) // options.sample)][: options.sample]
    half = len(sample) // 2
    few = stage(options.set, options.index, len(questions) // 10)
    seconds = searches(sample[:half], options.index)
    whole = stage(options.set, options.index, None)
    seconds += searches(sample[half:], options.index)
    embedding = subprocess.run(
        [sys.executable, "-c", _EMBED, str(options.index), str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    each = sum(seconds) / len(seconds)
    found = {
        "set": options.set.name,
        "cores": os.cpu_count(),
        "load_average": [round(v, 1) for v in os.getloadavg()],
        "stage": whole,
        "stage_on_a_tenth": few,
        "embedding_alone_seconds": round(float(embedding.stdout), 1),
        "search_process": {
            "sample": len(seconds),
            "seconds_each": round(each, 2),
            "seconds_for_all_extrapolated": round(each * whole["questions"]),
        },
        "times_faster": round(each * whole["questions"] / whole["seconds"], 1),
    }
    text = json.dumps(found, indent=1) + "\n"
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
