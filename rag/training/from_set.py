"""``python -m rag.training.from_set``: makes a training file of question sets with gold spans.

    python -m rag.training.from_set OUT.jsonl SET=INDEX ...

Each question is put to the first passage found that holds its answer, and to the best ones without
it, so the reader learns from what it will be shown. An answer that stands word for word in the gold
is pointed at, else the gold itself where it is short. A row is ``question``, ``context``,
``answers`` and ``group``, as `rag.training.sets` reads them. Written whole or not at all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rag.errors import SetInvalid, SettingsInvalid
from rag.evaluation.items import Question
from rag.evaluation.sets import open_set
from rag.loading import Models
from rag.opened import Index
from rag.settings import load_settings
from rag.training import sets
from rag.training.files import whole
from rag.training.own import WRONG, questions_of, tasks_of
from rag.training.script import ends_clearly


def rows_of(path: str, folder: str, models: Models, read: int, wrong: int) -> list[sets.Question]:
    """The training questions of a set whose documents are in the index `folder`."""
    with Index(folder, models.settings, models=models) as index:
        texts = {name: index.document(name).text for name in index.documents()}
        chosen = open_set(path, "reading", texts, texts.__getitem__)
        asked = [item for item in chosen if isinstance(item, Question)]
        tasks = tasks_of(asked, lambda question, scope: index.search(question, read, scope=scope))
        return questions_of(tasks, chosen.name, wrong)


@ends_clearly
def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the file and says what it holds."""
    parser = argparse.ArgumentParser(prog="python -m rag.training.from_set", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("out", type=Path, help="the .jsonl to write")
    parser.add_argument("sets", nargs="+", metavar="SET=INDEX")
    parser.add_argument("--read", type=int, default=10, help="passages searched for each question")
    parser.add_argument("--wrong", type=int, default=WRONG, help="passages without the answer")
    options = parser.parse_args(arguments)
    if not options.out.absolute().parent.is_dir():
        raise SettingsInvalid(f"no folder {options.out.absolute().parent}: make it first")
    models = Models(load_settings())
    found: list[sets.Question] = []
    try:
        for named in options.sets:
            path, _, folder = named.rpartition("=")
            if not path:
                raise SettingsInvalid(f"'{named}' names no index: write SET=INDEX")
            found += rows_of(path, folder, models, options.read, options.wrong)
    finally:
        models.close()
    if not any(question.answers for question in found):
        raise SetInvalid("no answer of these questions stands in a passage found for it")
    with whole(options.out) as part:
        part.write_text("".join(map(_line, found)), encoding="utf-8")
    answered = sum(bool(question.answers) for question in found)
    sys.stdout.write(f"{len(found)} rows, {answered} with an answer, in {options.out}\n")
    return 0


def _line(question: sets.Question) -> str:
    row = {
        "question": question.question,
        "context": question.context,
        "answers": [{"text": a.text, "start": a.start} for a in question.answers],
        "group": question.group,
    }
    return json.dumps(row, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
