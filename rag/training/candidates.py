"""``python -m rag.training.candidates``: the candidates that a judge would be shown, with labels.

    python -m rag.training.candidates OUT SET=INDEX ...

Takes the questions of evaluation sets through retrieval and reading, as an answer does, and
appends what would be judged to ``OUT/rows.jsonl``, one line a question; stopped at any time, it
goes on when it is started again. For a share of the answerable questions (``--hidden``) what holds
the answer is left out of what is read: their candidates are then as wrong as those of questions
that have no answer. A candidate that holds an accepted answer outside of the gold spans counts
neither as right nor as wrong (``unclear``).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rag.answering.candidate import Candidate
from rag.answering.candidates import find_candidates
from rag.answering.deciding import MOST_JUDGED, judged_text, weighed
from rag.calibration import for_answers
from rag.errors import RagError, SetInvalid, SettingsInvalid
from rag.evaluation.items import Question
from rag.evaluation.sets import open_set
from rag.loading import Models
from rag.narrowing import Narrowing
from rag.opened import Index
from rag.settings import load_settings
from rag.types import Passage, Span
from rag.verification.rules import normalised

RETRIEVED, READ = 30, 10
FIRST = 2  # so many candidates of a question are learnt from, later ones only if they are right


@dataclass(frozen=True, slots=True)
class Shown:
    """A candidate as a judge is shown it; `document` is that of its set, for folds."""

    question: str
    setting: str
    text: str
    document: str
    right: bool


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
        facts = _candidates(index, question, hidden, options)
        row = {"key": key, "set": name, "question": question.question, "candidates": facts}
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
        added += 1
    models.close()
    return added


def load(folders: Sequence[Path]) -> list[Shown]:
    """What was recorded in some folders: the first two candidates of a question, others if right.

    Unclear candidates are left out. Raises `SetInvalid` for a folder in which nothing was recorded.
    """
    found = []
    for folder in folders:
        rows = lines_of(folder / "rows.jsonl")
        if not rows:
            raise SetInvalid(f"nothing was recorded in {folder}: name SET=INDEX first")
        found += [
            Shown(
                row["question"],
                c["setting"],
                c["text"],
                f"{row['set']}/{c['document']}",
                c["right"],
            )
            for row in rows
            for rank, c in enumerate(row["candidates"])
            if not c["unclear"] and (c["right"] or rank < FIRST)
        ]
    return found


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


def _candidates(
    index: Index, question: Question, hidden: bool, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """The candidates that would be judged, the preferred first, and what is known of each."""
    narrow: Narrowing = {"scope": question.scope} if question.scope else {}
    hits = index.search(question.question, RETRIEVED, **narrow)
    if hidden:
        hits = [hit for hit in hits if not _meets(hit.passage, question)]
    read = [replace(hit, rank=rank) for rank, hit in enumerate(hits[: options.read], 1)]
    found = find_candidates(question.question, read, index.models.reader, index.document)
    ranked = weighed(question.question, found, for_answers(None))[: options.most]
    texts = [text for answer in question.answers if (text := normalised(answer))]
    facts = []
    for candidate in (row.candidate for row in ranked):
        right = not hidden and question.answerable and _meets(candidate, question)
        holds = any(text in normalised(candidate.text) for text in texts)
        shown = Shown(
            question.question,
            candidate.told,
            judged_text(candidate),
            candidate.document,
            right,
        )
        fact = asdict(shown) | {"unclear": holds and not right}
        del fact["question"]
        facts.append(fact)
    return facts


def _meets(place: Passage | Candidate, question: Question) -> bool:
    """Whether a passage or a candidate overlaps a span that holds the answer."""
    return any(
        gold.document == place.document
        and gold.start is not None
        and gold.end is not None
        and Span(gold.start, gold.end).overlaps(place.span)
        for gold in question.gold
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Records the candidates of some sets."""
    parser = argparse.ArgumentParser(prog="python -m rag.training.candidates", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("out", type=Path, help="folder of what is recorded; continued if it exists")
    parser.add_argument("sets", nargs="+", metavar="SET=INDEX")
    parser.add_argument("--hidden", type=float, default=0.4, help="share of answerable questions")
    parser.add_argument("--read", type=int, default=READ, help="passages that are read")
    parser.add_argument("--most", type=int, default=MOST_JUDGED, help="candidates of a question")
    parser.add_argument("--limit", type=int, help="questions of each set")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after that long")
    parser.add_argument("--seed", type=int, default=13)
    options = parser.parse_args(arguments)
    try:
        sys.stdout.write(f"{record(options)} questions recorded in {options.out}\n")
    except RagError as exc:
        sys.stderr.write(f"{exc}\n")
        return exc.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
