"""``python -m rag.training.corpora``: evaluation sets made of training files.

    python -m rag.training.corpora OUT --questions FILE... [--pairs FILE...]

Each file of questions becomes a set in the form that ``rag eval`` reads (``OUT/NAME/docs`` and
``questions.jsonl``): a document for each group (article, story, policy) that holds its contexts one
after the other, and questions whose gold spans are the answers there. Files of pairs give the
tables among their evidence: one thing a document, and lists of several things. A question is asked
of its own document (``scope``), which others like it may answer as well.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag.training.script import ends_clearly
from rag.training.sets import Problems, Question, read_pairs, read_questions
from rag.training.tables import Table, asked, tables_of

CONTEXTS = 40  # of one document, at most
CONTEXT_CHARS = 4000
PER_TABLE, PER_LIST, THINGS = 4, 6, 8


@dataclass(slots=True)
class Book:
    """A document that is being put together, with the questions about it."""

    name: str
    text: str = ""
    questions: list[dict[str, Any]] = field(default_factory=list)

    def add(self, text: str) -> int:
        """Appends a text; returns where it begins."""
        start = len(self.text)
        self.text += text
        return start

    def ask(self, question: str, spans: Sequence[tuple[int, int]]) -> None:
        """Notes a question whose answers stand at `spans` (none: not in the documents)."""
        doc = f"{self.name}.md"
        row: dict[str, Any] = {
            "id": f"{self.name}-{len(self.questions)}",
            "question": question,
            "answerable": bool(spans),
            "answers": sorted({self.text[a:b] for a, b in spans}),
            "gold": [{"doc": doc, "start": a, "end": b} for a, b in spans],
            "gold_mode": "any",
            "scope": [doc],
        }
        self.questions.append(row)


def books_of(questions: Sequence[Question]) -> list[Book]:
    """A document for each group of questions, with all of its contexts that are not too long."""
    groups: dict[str, dict[str, list[Question]]] = defaultdict(dict)
    for question in questions:
        if len(question.context) <= CONTEXT_CHARS:
            groups[question.group].setdefault(question.context, []).append(question)
    books: list[Book] = []
    for group, contexts in groups.items():
        book = Book(_name(group, books))
        book.add(f"# {book.name.replace('_', ' ')}\n\n")
        for context, here in list(contexts.items())[:CONTEXTS]:
            begin = book.add(context.rstrip() + "\n\n")
            for q in here:
                spans = [(begin + a.start, begin + a.start + len(a.text)) for a in q.answers]
                book.ask(q.question, spans)
        books.append(book)
    return books


def books_of_tables(tables: Sequence[Table], seed: int) -> list[Book]:
    """Documents of one thing each, as lines or as a table, and lists of several things."""
    rng = random.Random(seed)
    books: list[Book] = []
    half = len(tables) // 2
    for table in tables[:half]:
        books.append(_tall(table, _name(table.title, books), rng))
    with_key: dict[str, list[Table]] = defaultdict(list)
    for table in tables[half:]:
        for key, _ in table.rows:
            with_key[key].append(table)
    for key in sorted(with_key, key=lambda k: -len(with_key[k]))[:40]:
        things = rng.sample(with_key[key], min(THINGS, len(with_key[key])))
        books += _wide(things, _name(f"List of {key}", books), rng)
    return books


def _tall(table: Table, name: str, rng: random.Random) -> Book:
    book = Book(name)
    book.add(f"# {table.title}\n\n")
    left, middle, right = rng.choice([("", ": ", "\n"), ("| ", " | ", " |\n")])
    if left:
        book.add("| | |\n|---|---|\n")
    cells = []
    for key, value in table.rows:
        book.add(left + key + middle)
        start = book.add(value)
        cells.append((asked(table.title, key, rng), start, start + len(value)))
        book.add(right)
    for question, start, end in rng.sample(cells, min(PER_TABLE, len(cells))):
        book.ask(question, [(start, end)])
    return book


def _wide(things: Sequence[Table], name: str, rng: random.Random) -> Iterator[Book]:
    """One line a thing; nothing where the things have too little in common."""
    known = [dict(thing.rows) for thing in things]
    keys = sorted({key for rows in known for key in rows})
    common = [key for key in keys if 2 * sum(key in rows for rows in known) >= len(known)][:4]
    if len(common) < 2:
        return
    book = Book(name)
    book.add(f"# {name.replace('_', ' ')}\n\n")
    cells = []
    for thing, rows in zip(things, known, strict=True):
        book.add(f"Name: {thing.title}")
        for key in common:
            value = rows.get(key, "")[:60]
            book.add(f" | {key}: ")
            start = book.add(value)
            if value:
                cells.append((asked(thing.title, key, rng), start, start + len(value)))
        book.add("\n")
    for question, start, end in rng.sample(cells, min(PER_LIST, len(cells))):
        book.ask(question, [(start, end)])
    yield book


def _name(title: str, books: Sequence[Book]) -> str:
    """The title as a file's name that none of the books has."""
    name = re.sub(r"\W+", "_", title)[:50].strip("_") or "document"
    while name in {book.name for book in books}:
        name += "_"
    return name


def write(folder: Path, books: Sequence[Book]) -> int:
    """Writes the documents and the questions of a set; the number of questions."""
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    rows = [row for book in books for row in book.questions]
    for book in books:
        (folder / "docs" / f"{book.name}.md").write_text(book.text, encoding="utf-8")
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "questions.jsonl").write_text(lines, encoding="utf-8")
    return len(rows)


@ends_clearly
def main(arguments: Sequence[str] | None = None) -> int:
    """Makes a set of each file; the exit code is 4 where items had to be left out."""
    parser = argparse.ArgumentParser(prog="python -m rag.training.corpora", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("out", type=Path)
    parser.add_argument("--questions", type=Path, nargs="*", default=[], help=".json, .jsonl[.gz]")
    parser.add_argument("--pairs", type=Path, nargs="*", default=[], help=".jsonl[.gz]")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args(arguments)
    problems = Problems()
    for path in options.questions:
        name = path.name.partition(".")[0]
        count = write(options.out / name, books_of(read_questions(path, problems)))
        sys.stdout.write(f"{options.out / name}: {count} questions\n")
    for path in options.pairs:
        name = f"{path.name.partition('.')[0]}_tables"
        tables = tables_of(read_pairs(path, problems))
        count = write(options.out / name, books_of_tables(tables, options.seed))
        sys.stdout.write(f"{options.out / name}: {count} questions\n")
    for what, number in sorted(problems.counts.items()):
        sys.stderr.write(f"skipped {number}: {what}\n")
    return 4 if problems.counts else 0


if __name__ == "__main__":
    sys.exit(main())
