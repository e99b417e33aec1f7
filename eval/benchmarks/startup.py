"""How long the commands take from a cold start, each beside what it is compared with.

    python eval/benchmarks/startup.py [--runs 7] [--index index]

The commands are run in turn (A B C, A B C, ...) in new processes, files in the page cache, and
medians and ratios are printed, so a slow machine slows both sides. The script for comparison
imports sentence_transformers and does what `rag search` does: embed one query with the same model
and find the nearest passages.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

QUERY = "what spending target was agreed?"

PLAIN = """
import sqlite3, sys
import faiss
from sentence_transformers import SentenceTransformer
from rag.opened import Index
index = Index(sys.argv[1])
model = SentenceTransformer(sys.argv[2])
vector = model.encode([sys.argv[3]], normalize_embeddings=True)
for hit in index.search(sys.argv[3], 10, mode="lexical"):
    print(hit.passage.document, hit.passage.text)
"""


def main() -> None:
    """Prints a table and, with --json FILE, writes the medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--index", default="index")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    python, rag = sys.executable, str(Path(sys.executable).with_name("rag"))
    commands = {
        "bare interpreter": [python, "-c", "pass"],
        "import rag": [python, "-c", "import rag"],
        "rag --help": [rag, "--help"],
        "rag search": [rag, "--index", options.index, "search", QUERY],
        "rag ask --quote": [rag, "--index", options.index, "ask", "--quote", QUERY],
        "script with sentence_transformers": [
            *(python, "-c", PLAIN, options.index, str(embedder_folder()), QUERY),
        ],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(options.runs + 1):
        for name, command in commands.items():
            took = timed(command)
            if turn:  # the first turn warms the page cache
                seconds[name].append(took)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, median in medians.items():
        low, high = min(seconds[name]), max(seconds[name])
        over = median - medians["bare interpreter"]
        print(f"{name:36} {median:6.2f} s  ({low:.2f} to {high:.2f}), {over:5.2f} s over bare")
    ratio = medians["script with sentence_transformers"] / medians["rag search"]
    print(f"rag search is {ratio:.1f} times faster than the script")
    if options.json:
        rounded = {name: round(value, 3) for name, value in medians.items()}
        options.json.write_text(json.dumps({"median_seconds": rounded, "ratio": round(ratio, 2)}))


def timed(command: list[str]) -> float:
    """The seconds a command takes. Raises where it fails."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def embedder_folder() -> Path:
    """The folder of the default embedder's files in the model cache."""
    from rag.models import resolve
    from rag.settings import load_settings

    model = resolve("all-MiniLM-L6-v2", "embedder", load_settings())
    return next(iter(model.files.values())).parent


if __name__ == "__main__":
    main()
