"""Evaluation sets: validated line by line before anything is scored, read lazily afterwards.

Memory is flat in the size of the set: of each item only where its line begins is kept.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.errors import RagError, SetInvalid
from rag.evaluation import items as it
from rag.evaluation.beir import BeirQuestions, is_beir, write_documents
from rag.evaluation.names import DocumentNames
from rag.evaluation.product import Stage
from rag.evaluation.sample import sample_positions
from rag.evaluation.splits import split_member

_FILES: dict[Stage, tuple[str, it.Parse]] = {
    "retrieval": ("questions.jsonl", it.parse_question),
    "reading": ("questions.jsonl", it.parse_question),
    "answers": ("questions.jsonl", it.parse_question),
    "support": ("claims.jsonl", it.parse_claim),
    "summaries": ("summaries.jsonl", it.parse_summary),
}
_SHOWN = 20
_CACHED_DOCUMENTS = 64


def default_stage(folder: Path) -> Stage:
    """The stage a set is meant for: that of the first file it has; `answers` for questions."""
    for stage in ("answers", "support", "summaries"):
        if (folder / _FILES[stage][0]).is_file():
            return stage
    return "retrieval" if is_beir(folder) else "answers"


def document_folders(folder: Path, cache: Path) -> list[Path]:
    """The folders that hold a set's own documents (of a BEIR set: written into `cache` first)."""
    if is_beir(folder):
        return [write_documents(folder, cache)]
    return [p for p in (folder / "docs", folder / "documents") if p.is_dir()]


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """The chosen items of a set. Iterating reads them from disk, one at a time, in file order.

    `invalid` counts the lines left out, `problems` says what was wrong with them, `digest` is the
    SHA-256 of what was read.
    """

    name: str
    path: Path
    stage: Stage
    split: str | None
    digest: str
    problems: tuple[str, ...]
    invalid: int
    total: int
    _file: Path
    _offsets: Sequence[int]
    _lines: Sequence[int]
    _read: Callable[[bytes, int], it.Item]

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[it.Item]:
        return self.from_position(0)

    def from_position(self, position: int) -> Iterator[it.Item]:
        """The items from a position on (the first is 0)."""
        with self._file.open("rb") as file:
            for offset, line in zip(self._offsets[position:], self._lines[position:], strict=True):
                file.seek(offset)
                yield self._read(file.readline(), line)


def open_set(
    path: Path | str,
    stage: Stage,
    documents: Iterable[str] = (),
    document_text: Callable[[str], str] | None = None,
    *,
    split: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    skip_invalid: bool = False,
) -> EvaluationSet:
    """The validated set in the folder `path`, cut to a split and a stratified sample.

    `documents` are the names that gold may point to, `document_text` gives the text their quotes
    are checked against. Raises `SetInvalid` with every problem, unless `skip_invalid`; a set with
    no valid item is always an error.
    """
    folder = Path(path)
    source = _Source(folder, stage, split)
    checker = _Checker(DocumentNames(documents), document_text)
    scan = _Scan(source, checker)
    scan.run()
    if scan.problems and not skip_invalid:
        raise _invalid(folder, scan.problems, strange=checker.unknown > 0 and not checker.known)
    if not scan.offsets:
        raise _nothing(folder, source, scan, split)
    chosen = sample_positions(scan.strata, limit, seed)
    return EvaluationSet(
        folder.resolve().name,
        folder,
        stage,
        source.split,
        source.digest(),
        tuple(scan.problems),
        scan.invalid,
        len(scan.offsets),
        source.file,
        array("q", (scan.offsets[i] for i in chosen)),
        array("q", (scan.lines[i] for i in chosen)),
        _rereader(source, checker),
    )


def _rereader(source: _Source, checker: _Checker) -> Callable[[bytes, int], it.Item]:
    def read(raw: bytes, line: int) -> it.Item:
        row, _ = it.load_line(raw)
        item = source.parse(row, line)[0] if row is not None else None
        if item is None:
            raise SetInvalid(
                f"{source.file}:{line} changed while the evaluation ran: start it again"
            )
        return checker.resolve(item)

    return read


class _Source:
    """The file of a stage and how its rows are read."""

    def __init__(self, folder: Path, stage: Stage, split: str | None) -> None:
        if not folder.is_dir():
            raise SetInvalid(f"evaluation set '{folder}' is not a folder: give the set's folder")
        name, self._parse = _FILES[stage]
        self.folder, self.split = folder, split
        self.file = folder / name
        self.beir: BeirQuestions | None = None
        if not self.file.is_file() and name == "questions.jsonl" and is_beir(folder):
            self.beir = BeirQuestions(folder, split)
            self.file = folder / "queries.jsonl"
            self.split = self.beir.qrels_path.stem
            self._parse = self.beir.parse
        if not self.file.is_file():
            raise SetInvalid(
                f"evaluation set '{folder}' has no {name}, which stage '{stage}' needs: "
                "add the file or choose another stage"
            )
        self.member = split_member(folder, None if self.beir else split)

    def parse(self, row: dict[str, Any], line: int) -> tuple[it.Item | None, list[str]]:
        return self._parse(row, line)

    def wanted(self, row: dict[str, Any]) -> bool:
        return self.beir is None or self.beir.judged(row)

    def digest(self) -> str:
        """The SHA-256 of the items' file (and the judgements beside it)."""
        total = hashlib.sha256()
        for path in (self.file, self.beir.qrels_path if self.beir else None):
            if path is not None:
                with path.open("rb") as file:
                    while block := file.read(1 << 20):
                        total.update(block)
        return total.hexdigest()


class _Checker:
    """Resolves documents and compares quotes with the documents' text."""

    def __init__(self, names: DocumentNames, document_text: Callable[[str], str] | None) -> None:
        self.names = names
        self.known = self.unknown = 0
        self.text = None if document_text is None else lru_cache(_CACHED_DOCUMENTS)(document_text)

    def resolve(self, item: it.Item) -> it.Item:
        """The item with documents named as in the index."""
        if isinstance(item, it.Claim):
            return item
        if isinstance(item, it.SummaryTask):
            return replace(item, doc=self._name(item.doc))
        return replace(
            item,
            gold=tuple(replace(g, document=self._name(g.doc)) for g in item.gold),
            scope=None if item.scope is None else tuple(self._name(s) for s in item.scope),
            passage=item.passage and replace(item.passage, document=self._name(item.passage.doc)),
        )

    def _name(self, doc: str) -> str:
        return self.names.resolve(doc) or doc

    def problems(self, item: it.Item) -> list[str]:
        """What does not fit between the item and the documents."""
        if isinstance(item, it.Claim):
            return []
        if isinstance(item, it.SummaryTask):
            return self._missing([item.doc])
        found = self._missing([*(g.doc for g in item.gold), *(item.scope or ())])
        for i, gold in enumerate(item.gold):
            if gold.start is not None and self.names.resolve(gold.doc):
                found.extend(self._span_problem(f"gold[{i}]", gold))
        return found

    def _missing(self, docs: Iterable[str]) -> list[str]:
        found = []
        for doc in dict.fromkeys(docs):
            if self.names.resolve(doc):
                self.known += 1
            else:
                found.append(self.names.problem(doc))
                self.unknown += 1
        return found

    def _span_problem(self, what: str, gold: it.Gold) -> list[str]:
        if self.text is None or gold.start is None or gold.end is None:
            return []
        try:
            text = self.text(self._name(gold.doc))
        except RagError as exc:
            return [f"{what}: document '{gold.doc}' cannot be read: {exc}"]
        place = f"{what} {gold.start}-{gold.end} of '{gold.doc}'"
        if gold.end > len(text):
            return [f"{place} lies outside the document ({len(text)} characters)"]
        stands = text[gold.start : gold.end]
        if gold.quote is None or stands == gold.quote:
            return []
        return [f"{place} is {_short(stands)} there, the quote says {_short(gold.quote)}"]


def _short(text: str, most: int = 60) -> str:
    return repr(text if len(text) <= most else text[: most - 1] + "…")


class _Scan:
    """The first pass: what is wrong, and where the good lines begin."""

    def __init__(self, source: _Source, checker: _Checker) -> None:
        self.source, self.checker = source, checker
        self.problems: list[str] = list(source.beir.problems) if source.beir else []
        self.invalid = self.seen = 0
        self.offsets, self.lines, self.strata = array("q"), array("q"), array("q")
        self._codes: dict[tuple[object, ...], int] = {}
        self._ids: dict[bytes, int] = {}

    def run(self) -> None:
        offset = 0
        with self.source.file.open("rb") as file:
            for line, raw in enumerate(file, 1):
                start, offset = offset, offset + len(raw)
                if line == 1 and raw.startswith(b"\xef\xbb\xbf"):
                    start, raw = start + 3, raw[3:]
                if raw.strip():
                    self._line(raw, line, start)

    def _line(self, raw: bytes, line: int, start: int) -> None:
        row, wrong = it.load_line(raw)
        if row is not None and not self.source.wanted(row):
            return
        self.seen += 1
        item, problems = (None, [wrong]) if row is None else self.source.parse(row, line)
        if item is not None:
            problems = [*self._duplicate(item.id, line), *self.checker.problems(item)]
        if problems:
            self.invalid += 1
            self.problems.extend(f"{self.source.file.name}:{line}: {p}" for p in problems)
        elif item is not None and self.source.member(item):
            self._keep(item, line, start)

    def _duplicate(self, identity: str, line: int) -> list[str]:
        key = hashlib.blake2b(identity.encode("utf-8"), digest_size=8).digest()
        first = self._ids.setdefault(key, line)
        return [] if first == line else [f"id '{identity}' was already used in line {first}"]

    def _keep(self, item: it.Item, line: int, start: int) -> None:
        label = item.answerable if isinstance(item, it.Question) else None
        label = item.supported if isinstance(item, it.Claim) else label
        stratum = self._codes.setdefault((label, item.type), len(self._codes))
        self.offsets.append(start)
        self.lines.append(line)
        self.strata.append(stratum)


_STRANGE = (
    "\nnone of the set's documents is in this index: name the one that holds them with --index, "
    "or none, where they lie in the set's docs/"
)


def _invalid(folder: Path, problems: list[str], *, strange: bool) -> SetInvalid:
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    more = f"\n… and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return SetInvalid(
        f"evaluation set '{folder}' has {count}; mend the lines, or leave them out with "
        "--skip-invalid:\n" + "\n".join(problems[:_SHOWN]) + more + (_STRANGE if strange else ""),
        tuple(problems),
    )


def _nothing(folder: Path, source: _Source, scan: _Scan, split: str | None) -> SetInvalid:
    if not scan.seen:
        problem = f"{source.file.name}:1: the set is empty"
        return SetInvalid(f"evaluation set '{folder}' has no items: {problem}", (problem,))
    if scan.problems:
        return SetInvalid(
            f"evaluation set '{folder}' has no valid line of {scan.seen}: mend it first\n"
            + "\n".join(scan.problems[:_SHOWN]),
            tuple(scan.problems),
        )
    return SetInvalid(
        f"split '{split}' of evaluation set '{folder}' holds no items: "
        "see splits.json beside the set, or the items' own 'split'"
    )
