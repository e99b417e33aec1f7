"""``python -m rag.training.candidates``: the candidates that a judge would be shown, with labels.

    python -m rag.training.candidates OUT SET=INDEX ...

Takes the questions of evaluation sets through retrieval and reading, as an answer does, and
appends what would be judged to ``OUT/rows.jsonl``, one line a question; stopped at any time, it
goes on when it is started again. For a share of the answerable questions (``--hidden``) what holds
the answer is left out of what is read: their candidates are then as wrong as those of questions
that have no answer. A candidate that holds an accepted answer outside of the gold spans counts
neither as right nor as wrong (``unclear``). Passages are recorded, too, whole and in part
(`rag.training.passages`). With ``--gold`` all sentences read that answer are recorded, also those
that the reader does not find because they say it in other words.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from rag.answering.candidate import Candidate
from rag.answering.candidates import find_candidates
from rag.answering.deciding import MOST_JUDGED, judged_text, weighed
from rag.calibration import for_answers
from rag.errors import SetInvalid, SettingsInvalid
from rag.evaluation.items import Question
from rag.evaluation.sets import open_set
from rag.loading import Models
from rag.narrowing import Narrowing
from rag.opened import Index
from rag.settings import load_settings
from rag.training.passages import missed, pieces_of
from rag.training.script import ends_clearly
from rag.types import Span
from rag.verification.rules import normalised

RETRIEVED, READ = 30, 10
FIRST = 2  # so many candidates of a question are learnt from, later ones only if they are right


@dataclass(frozen=True, slots=True)
class Shown:
    """A candidate as a judge is shown it; `document` is that of its set, for folds.

    `passage` says that it is a passage, or a part of one, and not a sentence that was found.
    """

    question: str
    setting: str
    text: str
    document: str
    right: bool
    passage: bool = False


def record(options: argparse.Namespace) -> int:
    """Appends candidates to OUT; the number of questions that were added."""
    models = Models(load_settings())
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / "rows.jsonl"
    done = {row["key"] for row in lines_of(file)}
    ends = time.monotonic() + options.seconds
    added = 0
    for name, index, question, hidden in _asked(options, models):
        if time.monotonic() > ends:
            break
        key = f"{name}:{question.id}"
        if key in done:
            continue
        row = {
            "key": key,
            "set": name,
            "question": question.question,
            **_shown(index, question, hidden, options),
        }
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
        added += 1
    models.close()
    return added


def load(folders: Sequence[Path]) -> list[Shown]:
    """What was recorded in some folders: the first two candidates of a question, others if right.

    And all its passages. What is unclear is left out. Raises `SetInvalid` for a folder in which
    nothing was recorded.
    """
    found = []
    for folder in folders:
        rows = lines_of(folder / "rows.jsonl")
        if not rows:
            raise SetInvalid(f"nothing was recorded in {folder}: name SET=INDEX first")
        for row in rows:
            kept = [c for n, c in enumerate(row["candidates"]) if c["right"] or n < FIRST]
            found += [_read_back(row, c, False) for c in kept if not c["unclear"]]
            passages = row.get("passages", ())
            found += [_read_back(row, p, True) for p in passages if not p["unclear"]]
    return found


def _read_back(row: dict[str, Any], fact: dict[str, Any], passage: bool) -> Shown:
    document = f"{row['set']}/{fact['document']}"
    return Shown(row["question"], fact["setting"], fact["text"], document, fact["right"], passage)


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines; one that was not written to its end is taken off."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):  # stopped while it was written
        path.write_text("".join(lines[:-1]), encoding="utf-8")
        lines.pop()
    return [json.loads(line) for line in lines]


def _asked(
    options: argparse.Namespace, models: Models
) -> Iterator[tuple[str, Index, Question, bool]]:
    """Each question with its set and its index, and whether its answer is to be hidden."""
    for named in options.sets:
        path, _, folder = named.rpartition("=")
        if not path:
            raise SettingsInvalid(f"'{named}' names no index: write SET=INDEX")
        index = Index(folder, models.settings, models=models)
        texts = {name: index.document(name).text for name in index.documents()}
        chosen = open_set(path, "answers", texts, texts.__getitem__, limit=options.limit)
        rng = random.Random(f"{options.seed} {chosen.name}")
        for item in chosen:
            if isinstance(item, Question):
                hidden = item.answerable and rng.random() < options.hidden
                yield chosen.name, index, item, hidden


def _shown(
    index: Index, question: Question, hidden: bool, options: argparse.Namespace
) -> dict[str, list[dict[str, Any]]]:
    """The candidates that would be judged, the preferred first, and passages, with labels."""
    narrow: Narrowing = {"scope": question.scope} if question.scope else {}
    hits = index.search(question.question, RETRIEVED, **narrow)
    if hidden:
        hits = [hit for hit in hits if not _meets(question, hit.passage.span, hit.passage.document)]
    read = [replace(hit, rank=rank) for rank, hit in enumerate(hits[: options.read], 1)]
    document = cache(index.document)  # asked for at each sentence
    found = find_candidates(question.question, read, index.models.reader, document)
    ranked = weighed(question.question, found, for_answers(None))[: options.most]
    best = [row.candidate for row in ranked]

    def meets(span: Span, name: str) -> bool:
        return not hidden and question.answerable and _meets(question, span, name)

    rng = random.Random(f"{options.seed} {question.id}")
    pieces = pieces_of(question.question, read, best[0] if best else None, meets, document, rng)
    if options.gold:
        best += missed(question.question, read, best, meets, document)
    texts = [text for answer in question.answers if (text := normalised(answer))]

    def fact(place: Candidate, text: str, right: bool) -> dict[str, Any]:
        holds = any(answer in normalised(text) for answer in texts)
        return {
            "setting": place.told,
            "text": text,
            "document": place.document,
            "right": right,
            "unclear": holds and not right,
        }

    return {
        "candidates": [fact(c, judged_text(c), meets(c.span, c.document)) for c in best],
        "passages": [fact(p.place, p.text, p.right) for p in pieces],
    }


def _meets(question: Question, span: Span, document: str) -> bool:
    """Whether a span of a document overlaps one that holds the answer."""
    return any(
        gold.document == document
        and gold.start is not None
        and gold.end is not None
        and Span(gold.start, gold.end).overlaps(span)
        for gold in question.gold
    )


@ends_clearly
def main(arguments: Sequence[str] | None = None) -> int:
    """Records the candidates of some sets."""
    parser = argparse.ArgumentParser(prog="python -m rag.training.candidates", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("out", type=Path, help="folder of what is recorded; continued if it exists")
    parser.add_argument("sets", nargs="+", metavar="SET=INDEX")
    parser.add_argument("--hidden", type=float, default=0.4, help="share of answerable questions")
    parser.add_argument("--read", type=int, default=READ, help="passages that are read")
    parser.add_argument("--most", type=int, default=MOST_JUDGED, help="candidates of a question")
    parser.add_argument("--gold", action="store_true", help="and all sentences that answer")
    parser.add_argument("--limit", type=int, help="questions of each set")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after that long")
    parser.add_argument("--seed", type=int, default=13)
    options = parser.parse_args(arguments)
    sys.stdout.write(f"{record(options)} questions recorded in {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
