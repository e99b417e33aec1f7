"""``python -m rag.training.claim_writer``: statements written by a language model, checked by rule.

    python -m rag.training.claim_writer OUT.jsonl --questions FILE... [--count 40] [--seed 17]

From a question, its answer and the sentence that holds it the model writes one statement; the
rules accept or reject it. OUT holds one JSON line for each: ``claim, evidence, label`` for what
was accepted (a file of claim pairs as ``rag.training`` reads them), OUT's neighbour
``OUT.rejected.jsonl`` the statement and the reason for what was not. Stopped at any time, the same
command goes on.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.generation import Generator, Prompt, load_generator
from rag.settings import load_settings
from rag.training.files import whole
from rag.training.mixture import chosen_answer, plain
from rag.training.script import ends_clearly
from rag.training.sets import Problems, Question, read_questions
from rag.training.windows import sentences
from rag.verification.rules import findings, normalised

MAX_ANSWER_WORDS = 12
_PREFIX = (
    (
        "system",
        "You turn a question and its answer into one statement. Use only words of the question, "
        "the answer and the sentence. Add nothing. Write one sentence.",
    ),
    (
        "user",
        "Sentence: The mill at Thorn was built in 1790 by two brothers.\n"
        "Question: When was the mill at Thorn built?\nAnswer: 1790",
    ),
    ("assistant", "The mill at Thorn was built in 1790."),
    (
        "user",
        "Sentence: Since she could not swim, Ada crossed the lake on a raft.\n"
        "Question: How did Ada cross the lake?\nAnswer: on a raft",
    ),
    ("assistant", "Ada crossed the lake on a raft."),
)


@dataclass(frozen=True, slots=True)
class Written:
    """One statement with what it was made from; ``reason`` is empty where it was accepted."""

    claim: str
    question: str
    answer: str
    sentence: str
    reason: str


def written(question: str, answer: str, sentence: str, generator: Generator) -> Written:
    """The model's statement that ``answer`` answers ``question``, and what the rules say of it."""
    rest = f"Sentence: {sentence}\nQuestion: {question}\nAnswer: {answer}"
    done = generator.complete(Prompt(_PREFIX, rest), max_tokens=64, stop=("\n",))
    claim = " ".join(done.text.split())
    reason = "not finished" if not done.finished else rejection(claim, question, answer, sentence)
    return Written(claim, question, answer, sentence, reason)


def rejection(claim: str, question: str, answer: str, sentence: str) -> str:
    """Why the statement may not serve as a claim that ``sentence`` supports; empty if it may.

    It must be one sentence that asks nothing and holds the answer, and each of its numbers,
    units, months, names and negations must stand in question, answer or sentence.
    """
    if not re.search(r"\w", claim):
        return "empty"
    if "?" in claim:
        return "asks"
    if len(sentences(claim)) != 1:
        return "not one sentence"
    if normalised(answer) not in normalised(claim):
        return "answer missing"
    if normalised(claim) == normalised(answer):
        return "answer alone"
    # The sentence comes first and by itself: a negation in the question must not excuse one.
    found = findings(claim, f"{sentence} {question} {answer}")
    denied = [f for f in findings(claim, sentence) if f.kind in ("negation", "opposite")]
    for finding in (*found, *denied):
        return finding.kind
    return ""


def sources_of(questions: Sequence[Question], count: int, seed: int) -> list[tuple[str, str, str]]:
    """Up to ``count`` drawn (question, answer, sentence with the answer), of short answers."""
    order = list(range(len(questions)))
    random.Random(seed).shuffle(order)
    out: list[tuple[str, str, str]] = []
    for number in order:
        if len(out) == count:
            break
        if source := _source(questions[number]):
            out.append(source)
    return out


def _source(raw: Question) -> tuple[str, str, str] | None:
    if not raw.answers:
        return None
    question = plain(raw)
    answer = chosen_answer(question)
    end = answer.start + len(answer.text)
    around = [(a, b) for a, b in sentences(question.context) if a <= answer.start and end <= b]
    if not around or len(answer.text.split()) > MAX_ANSWER_WORDS:
        return None
    a, b = around[0]
    return question.question, answer.text, question.context[a:b]


@ends_clearly
def main(arguments: list[str] | None = None) -> int:
    """0, after writing both files and printing how many statements the rules accepted."""
    parser = argparse.ArgumentParser(prog="python -m rag.training.claim_writer")
    parser.add_argument("out", type=Path)
    parser.add_argument("--questions", type=Path, nargs="+", required=True)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=17)
    options = parser.parse_args(arguments)
    problems = Problems()
    questions = [q for path in options.questions for q in read_questions(path, problems)]
    made = load(options.out)
    known = {(item.question, item.answer) for item in made}
    left = [s for s in sources_of(questions, options.count, options.seed) if s[:2] not in known]
    print(f"{len(made)} written already, {len(left)} to write", file=sys.stderr, flush=True)
    if left:
        generator = load_generator(load_settings())
        for source in left:
            made.append(written(*source, generator))
            save(made, options.out)  # what is written so far stays when the run is stopped
            print(f"{len(made)}: {made[-1].reason or 'accepted'}", file=sys.stderr, flush=True)
        generator.close()
    reasons = Counter(w.reason or "accepted" for w in made)
    print(json.dumps(dict(reasons.most_common())))
    return 0


def save(made: Iterable[Written], out: Path) -> None:
    """Writes accepted statements to ``out`` and the rest, with reasons, beside it."""
    accepted, rejected = [], []
    for item in made:
        row = {"claim": item.claim, "evidence": item.sentence}
        more = {"question": item.question, "answer": item.answer}
        if item.reason:
            rejected.append(row | {"reason": item.reason} | more)
        else:
            accepted.append(row | {"label": "supported"} | more)
    for path, rows in ((out, accepted), (_beside(out), rejected)):
        with whole(path) as part:
            part.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def load(out: Path) -> list[Written]:
    """What ``save`` wrote to ``out`` and beside it; empty where there is nothing yet."""
    made = []
    for path in (out, _beside(out)):
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for row in map(json.loads, lines):
            reason = row.get("reason", "")
            item = Written(row["claim"], row["question"], row["answer"], row["evidence"], reason)
            made.append(item)
    return made


def _beside(out: Path) -> Path:
    return out.with_name(out.name.removesuffix(".jsonl") + ".rejected.jsonl")


if __name__ == "__main__":
    raise SystemExit(main())
