"""``python -m rag.training.among``: how well a reader chooses among passages.

    python -m rag.training.among reader.onnx tokenizer.json --folder EVALSET --splits FILE
        [--split dev|test] [-k 5] [--limit N]

Prints one JSON object. Like a reading after retrieval, but without an index and with the right
passage always among those read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.reading.minilm import MiniLMReader
from rag.reading.protocol import Reader
from rag.training.evaluate import auroc, interval, sample
from rag.training.neighbours import Neighbours
from rag.training.sets import Problems, Question, read_folder
from rag.training.windows import sentences


def among_figures(reader: Reader, questions: Sequence[Question], k: int = 5) -> dict[str, Any]:
    """Figures for questions put to their own context and the ``k - 1`` best-ranked others.

    The others come from the contexts of ``questions``, ranked by BM25. ``first``: the share of
    answerable questions whose highest-scored span lies in a sentence of the own context that
    holds an accepted answer; ``own``: in the own context at all. ``auroc``: answerable against
    unanswerable questions by the highest score less its context's null score.
    """
    contexts = sorted({question.context for question in questions})
    ranker = Neighbours(contexts)
    first: list[float] = []
    own: list[float] = []
    margins: dict[bool, list[float]] = {True: [], False: []}
    for question in questions:
        near = [contexts[number] for number in ranker.ranked(question.question, k)]
        texts = [question.context, *[text for text in near if text != question.context][: k - 1]]
        readings = reader.read(question.question, texts)
        best = max(range(len(texts)), key=lambda n: _score(readings[n]))
        margins[bool(question.answers)].append(_score(readings[best]) - readings[best].null_score)
        if question.answers:
            own.append(float(best == 0))
            spans = readings[best].spans
            first.append(float(best == 0 and bool(spans) and _holds(question, spans[0].start)))
    out: dict[str, Any] = {"n": len(questions), "answerable_n": len(first), "k": k}
    for name, values in (("first", first), ("own", own)):
        if values:
            out[name] = round(sum(values) / len(values), 4)
            out[f"{name}_interval"] = interval(values)
    out["auroc"] = round(auroc(margins[True], margins[False]), 4)
    return out


def _score(reading: Any) -> float:
    return float(reading.spans[0].score) if reading.spans else -1e9


def _holds(question: Question, start: int) -> bool:
    return any(
        a <= start < b and any(a <= answer.start < b for answer in question.answers)
        for a, b in sentences(question.context)
    )


def main(arguments: list[str] | None = None) -> int:
    """0, after printing the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m rag.training.among")
    parser.add_argument("model", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--splits", type=Path, required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("-k", type=int, default=5, help="passages read for each question")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    splits = json.loads(options.splits.read_text(encoding="utf-8"))
    names = frozenset(splits[options.folder.name][options.split])
    questions = sample(read_folder(options.folder, names, Problems()), options.limit)
    reader = MiniLMReader(
        options.model, options.tokenizer, name="evaluated", sha256="", threads=options.threads
    )
    figures = among_figures(reader, questions, options.k)
    print(json.dumps({"split": options.split, **figures}, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
