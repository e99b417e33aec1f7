"""Reads the BEIR layout (corpus.jsonl, queries.jsonl, qrels/*.tsv) as a set and its documents.

The layout: Thakur et al. 2021, "BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of
Information Retrieval Models". A document is its title, an empty line and its text; its name is its
id, percent-encoded where a file name could not hold it, and `.txt`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rag.errors import SetInvalid
from rag.evaluation.items import Gold, Item, Question, load_line

DEFAULT_SPLIT = "test"


def is_beir(folder: Path) -> bool:
    """Whether the folder holds a set in the BEIR layout."""
    return (folder / "corpus.jsonl").is_file() and (folder / "queries.jsonl").is_file()


def document_name(identity: str) -> str:
    """The file name that stands for a document's id."""
    return quote(identity, safe=" ()+,=@") + ".txt"


def beir_documents(folder: Path) -> Iterator[tuple[str, str]]:
    """Each document's name and text, in the order of corpus.jsonl.

    Raises `SetInvalid` at the first line that is no document.
    """
    path = folder / "corpus.jsonl"
    with path.open("rb") as file:
        for line, raw in enumerate(file, 1):
            if not raw.strip():
                continue
            row, wrong = load_line(raw)
            identity, text = (row or {}).get("_id"), (row or {}).get("text")
            title = (row or {}).get("title") or ""
            if not (isinstance(identity, str) and isinstance(text, str) and isinstance(title, str)):
                problem = f"corpus.jsonl:{line}: {wrong or 'needs _id, title and text as strings'}"
                raise SetInvalid(f"{path.parent}: {problem}", (problem,))
            yield document_name(identity), f"{title}\n\n{text}" if title else text


def write_documents(folder: Path, into: Path) -> Path:
    """The folder with every document of the corpus as a file, to be indexed.

    It is written once: a folder that was finished for the same corpus (size and time) is reused.
    Of one that changed, the documents that it does not hold any more go.
    """
    corpus = folder / "corpus.jsonl"
    stamp = f"{corpus.stat().st_size} {corpus.stat().st_mtime_ns}\n"
    done = into / ".complete"
    docs = into / "docs"
    if done.is_file() and done.read_text(encoding="utf-8") == stamp:
        return docs
    docs.mkdir(parents=True, exist_ok=True)
    written = set()
    for name, text in beir_documents(folder):
        (docs / name).write_text(text, encoding="utf-8", newline="\n")
        written.add(name)
    for path in docs.iterdir():
        if path.name not in written:
            path.unlink()
    done.write_text(stamp, encoding="utf-8")
    return docs


class BeirQuestions:
    """Turns rows of queries.jsonl into questions with the judgements of one qrels file.

    Queries that the file does not judge are not part of the split; `judged` tells them apart.
    """

    def __init__(self, folder: Path, split: str | None) -> None:
        self.qrels_path = _qrels_file(folder, split)
        self.qrels, self.problems = _read_qrels(self.qrels_path)

    def judged(self, row: dict[str, Any]) -> bool:
        """Whether the query of a row has judgements."""
        return str(row.get("_id")) in self.qrels

    def parse(self, row: dict[str, Any], line: int) -> tuple[Item | None, list[str]]:
        """The question of a row, or None with its problems."""
        identity, text = row.get("_id"), row.get("text")
        if not isinstance(identity, str) or not isinstance(text, str) or not text.strip():
            return None, ["needs _id and text as strings that are not empty"]
        gold = tuple(
            Gold(document_name(doc), grade=grade, document=document_name(doc))
            for doc, grade in self.qrels.get(identity, ())
            if grade > 0
        )
        return Question(identity, text, True, (), gold, "graded", line=line), []


def _qrels_file(folder: Path, split: str | None) -> Path:
    names = sorted(p.stem for p in (folder / "qrels").glob("*.tsv"))
    wanted = split or (DEFAULT_SPLIT if DEFAULT_SPLIT in names or len(names) != 1 else names[0])
    if wanted not in names:
        raise SetInvalid(
            f"set '{folder}' has no qrels/{wanted}.tsv: "
            f"{'choose a split of ' + ', '.join(names) if names else 'put judgements there'}"
        )
    return folder / "qrels" / f"{wanted}.tsv"


def _read_qrels(path: Path) -> tuple[dict[str, list[tuple[str, float]]], list[str]]:
    """Judgements by query, and problems; three columns (BEIR) or four (TREC) are understood."""
    found: dict[str, list[tuple[str, float]]] = {}
    problems: list[str] = []
    where = f"qrels/{path.name}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, cells in enumerate(csv.reader(file, "excel-tab", quoting=csv.QUOTE_NONE), 1):
                if not cells or (line == 1 and not _is_number(cells[-1])):
                    continue
                if len(cells) not in (3, 4) or not _is_number(cells[-1]):
                    problems.append(f"{where}:{line}: expected query, document, grade")
                    continue
                found.setdefault(cells[0], []).append((cells[-2], float(cells[-1])))
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        problems.append(f"{where}:1: cannot be read: {exc}")
    return found, problems


def _is_number(text: str) -> bool:
    return text.strip().lstrip("-").replace(".", "", 1).isdigit()
