"""``python -m rag.training.rewording``: recorded candidates under the same question in other words.

    python -m rag.training.rewording OUT --candidates FOLDER ... [--count 500] [--seed 19]

Questions of training sets were mostly put by people who had the text before them and used its
words; a person who asks has not, and does not. The language model of the settings puts recorded
questions in other words, rules and the embedder accept or reject what it wrote, and
``OUT/rows.jsonl`` holds the accepted ones with the candidates of the question that each was made
from, right and wrong, as `rag.training.candidates` records them. Stopped at any time, the same
command goes on.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.answering.terms import terms
from rag.embedding import load_embedder
from rag.embedding.protocol import Embedder
from rag.errors import SetInvalid
from rag.generation import Generator, Prompt, load_generator
from rag.settings import load_settings
from rag.training.candidates import lines_of
from rag.training.script import ends_clearly
from rag.verification.rules import findings

RIGHT = 0.75  # of the questions drawn, those with a right candidate
KEPT_WORDS = 0.85  # of the question's words, at most: more, and it is the same question
LEAST_WORDS = 4
# Of the embeddings of both: below it, most of the wordings that were read asked for something else.
ALIKE = 0.7
_PREFIX = (
    (
        "system",
        "You ask the same question in quite other words, as a person would who has not seen the "
        "text that answers it. Use everyday words. Keep every name, number and date. The answer "
        "must stay the same. Write one question.",
    ),
    ("user", "When was the mill at Thorn built?"),
    ("assistant", "In which year did the mill at Thorn go up?"),
    ("user", "What caused the closure of the bridge to heavy vehicles in 1987?"),
    ("assistant", "Why were lorries no longer let across the bridge in 1987?"),
    ("user", "How many members attended the meeting of the choir?"),
    ("assistant", "What number of people came when the choir met?"),
    ("user", "Who was appointed head of the Linden school?"),
    ("assistant", "Which person became the new principal of the Linden school?"),
    ("user", "What do tenants have to pay for?"),
    ("assistant", "Which costs must be borne by those who rent?"),
)


def reworded(question: str, generator: Generator, embedder: Embedder) -> tuple[str, str]:
    """The model's wording of a question, and why it may not serve (empty: it may)."""
    done = generator.complete(Prompt(_PREFIX, question), max_tokens=48, stop=("\n",))
    text = " ".join(done.text.split())
    if not done.finished:
        return text, "not finished"
    if reason := rejection(text, question):
        return text, reason
    own, other = embedder.embed_queries([question, text])
    return text, "another question" if float(own @ other) < ALIKE else ""


def rejection(text: str, question: str) -> str:
    """Why a wording may not stand for the question; empty if it may.

    It must be one question in other words that holds the same numbers, units, months, names and
    negations, neither fewer nor more.
    """
    if not text.endswith("?") or text.count("?") > 1:
        return "no single question"
    if len(text.split()) < LEAST_WORDS:
        return "too short"
    own, other = frozenset(terms(question)), frozenset(terms(text))
    if not other or len(own & other) > KEPT_WORDS * len(own):
        return "same words"
    for finding in (*findings(text, question), *findings(question, text)):
        return finding.kind
    return ""


def drawn(rows: Sequence[dict[str, Any]], count: int, seed: int) -> list[dict[str, Any]]:
    """At most `count` recorded rows, `RIGHT` of them with a right candidate, in a seeded order."""
    rng = random.Random(seed)
    right = [r for r in rows if any(c["right"] for c in r["candidates"])]
    wrong = [r for r in rows if r["candidates"] and not any(c["right"] for c in r["candidates"])]
    rng.shuffle(right)
    rng.shuffle(wrong)
    first = right[: round(RIGHT * count)]
    found = first + wrong[: count - len(first)]
    rng.shuffle(found)
    return found


def record(options: argparse.Namespace) -> Counter[str]:
    """Appends to OUT what is not there yet; what became of the questions that were put anew."""
    rows = []
    for folder in options.candidates:
        held = lines_of(folder / "rows.jsonl")
        if not held:
            raise SetInvalid(f"nothing was recorded in {folder}: name a folder of candidates")
        rows += held
    options.out.mkdir(parents=True, exist_ok=True)
    tried, kept = options.out / "tried.jsonl", options.out / "rows.jsonl"
    done = {row["key"] for row in lines_of(tried)}
    told: Counter[str] = Counter()
    ends = time.monotonic() + options.seconds
    generator, embedder = load_generator(load_settings()), load_embedder(load_settings())
    for row in drawn(rows, options.count, options.seed):
        if time.monotonic() > ends:
            break
        if row["key"] in done:
            continue
        text, reason = reworded(row["question"], generator, embedder)
        told[reason or "accepted"] += 1
        if not reason:
            _append(kept, row | {"key": f"{row['key']}:reworded", "question": text})
        facts = {"key": row["key"], "question": row["question"], "text": text, "reason": reason}
        _append(tried, facts)
    generator.close()
    return told


def _append(path: Path, row: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as out:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")


@ends_clearly
def main(arguments: Sequence[str] | None = None) -> int:
    """Puts recorded questions in other words."""
    parser = argparse.ArgumentParser(prog="python -m rag.training.rewording", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("out", type=Path, help="folder of what is written; continued if it exists")
    parser.add_argument("--candidates", type=Path, nargs="+", required=True, metavar="FOLDER")
    parser.add_argument("--count", type=int, default=500, help="questions that are drawn")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after that long")
    parser.add_argument("--seed", type=int, default=19)
    options = parser.parse_args(arguments)
    sys.stdout.write(f"{json.dumps(dict(record(options).most_common()))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
