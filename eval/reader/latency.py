"""How long ten passages of 130 tokens take, for two or more reader files in turns.

    python eval/reader/latency.py TOKENIZER.json NAME=reader.onnx... --text FILE [--threads 2]

Warm, wall and processor milliseconds of each run: where others use the machine, wall time says
more of them than of the reader, and half of the processor time is what two idle cores would take.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median

from rag.reading.minilm import MiniLMReader

QUESTION = "Who was the first to write about the town in the valley?"
TOKENS = 130


def main() -> int:
    """0, after printing the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python eval/reader/latency.py")
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("readers", nargs="+", metavar="NAME=FILE")
    parser.add_argument("--text", type=Path, required=True, help="a text of 1,300 tokens or more")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=12)
    options = parser.parse_args()
    from tokenizers import Tokenizer

    text = options.text.read_text(encoding="utf-8")
    tokenizer = Tokenizer.from_file(str(options.tokenizer))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    places = tokenizer.encode(text, add_special_tokens=False).offsets[: 10 * TOKENS]
    passages = [
        text[places[i][0] : places[i + TOKENS - 1][1]] for i in range(0, len(places), TOKENS)
    ]
    files = dict(item.split("=", 1) for item in options.readers)
    readers = {
        name: MiniLMReader(
            Path(path), options.tokenizer, name=name, sha256="", threads=options.threads
        )
        for name, path in files.items()
    }
    wall: dict[str, list[float]] = {name: [] for name in readers}
    processor: dict[str, list[float]] = {name: [] for name in readers}
    for run in range(options.runs + 1):
        for name, reader in readers.items():
            began, used = time.perf_counter(), time.process_time()
            reader.read(QUESTION, passages)
            if run:
                wall[name].append(1000 * (time.perf_counter() - began))
                processor[name].append(1000 * (time.process_time() - used))
    for name in readers:
        figures = {
            "reader": name,
            "passages": len(passages),
            "runs": options.runs,
            "wall_ms": [round(f(wall[name])) for f in (median, min, max)],
            "processor_ms": [round(f(processor[name])) for f in (median, min, max)],
        }
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
