"""Reads training files: SQuAD-format JSON, JSON lines, claim pairs, evaluation folders."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from rag.errors import SetInvalid

LABELS = ("supported", "contradicted", "neither")
_LABEL_NAMES = {
    "supported": 0,
    "supports": 0,
    "entailment": 0,
    "contradicted": 1,
    "refutes": 1,
    "contradiction": 1,
    "neutral": 2,
    "neither": 2,
    "not_enough_info": 2,
}


@dataclass(frozen=True, slots=True)
class AnswerText:
    """One acceptable answer: ``context[start:start + len(text)] == text``."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question put to one context; ``answers`` is empty where the context has none."""

    question: str
    context: str
    answers: tuple[AnswerText, ...]
    group: str
    source: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim, its evidence and the index of its label in ``LABELS``."""

    claim: str
    evidence: str
    label: int
    source: str


@dataclass(slots=True)
class Problems:
    """What was skipped: one line a problem (``file:line: what``) and counts by kind."""

    lines: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, place: str, what: str) -> None:
        """Records one skipped item; ``what`` is also the kind it is counted under."""
        self.lines.append(f"{place}: {what}")
        self.counts[what] += 1


def detokenise(text: str) -> tuple[str, list[int]]:
    """The text without the spaces around punctuation that tokenised sets carry, and a map.

    The map has ``len(text) + 1`` entries: the new offset of each old one. Pairs of backticks
    and of single quotes become one double quote.
    """
    out: list[str] = []
    offsets: list[int] = []
    size = len(text)
    index = 0
    while index < size:
        offsets.append(len(out))
        two = text[index : index + 2]
        if two in ("``", "''"):
            offsets.append(len(out))
            out.append('"')
            index += 2
            continue
        if text[index] == " " and _space_goes(text, index):
            index += 1
            continue
        out.append(text[index])
        index += 1
    offsets.append(len(out))
    return "".join(out), offsets


def _space_goes(text: str, index: int) -> bool:
    after = text[index + 1 : index + 4]
    before = text[index - 1] if index else ""
    if after[:1] in tuple(",.;:!?%)]") and after[1:2] in ("", " "):
        return True
    if after[:2] in ("'s", "'S", "'t", "'m", "'d") and after[2:3] in ("", " "):
        return True
    if after in ("n't", "'re", "'ve", "'ll") or (after[:1] == "'" and after[1:2] in ("", " ")):
        return after != "''"
    return before in tuple("([$£")


def read_questions(path: Path, problems: Problems) -> list[Question]:
    """The questions of a SQuAD-format ``.json`` or a ``.jsonl[.gz]`` file, broken ones left out.

    Each answer must stand at its offset; what does not is named in ``problems`` and skipped.
    Raises ``SetInvalid`` for a file that cannot be read to its end or is not in that format.
    """
    source = path.name.split(".")[0]
    rows = _squad_rows(path) if path.name.endswith((".json", ".json.gz")) else _json_lines(path)
    out = []
    for place, row in rows:
        item = _question(row, source, place, problems)
        if item is not None:
            out.append(item)
    return out


def read_pairs(path: Path, problems: Problems) -> list[Pair]:
    """The claims of a ``.jsonl[.gz]`` file of ``claim, evidence, label``, bad labels left out.

    Raises as ``read_questions``.
    """
    source = path.name.split(".")[0]
    out = []
    for place, row in _json_lines(path):
        label = _LABEL_NAMES.get(str(row.get("label", "")).lower()) if row else None
        claim, evidence = (row or {}).get("claim"), (row or {}).get("evidence")
        if isinstance(evidence, list):
            evidence = " ".join(str(part) for part in evidence)
        if label is None:
            problems.add(place, "unknown label")
        elif not isinstance(claim, str) or not isinstance(evidence, str) or not claim.strip():
            problems.add(place, "claim or evidence missing")
        else:
            out.append(Pair(claim, evidence, label, source))
    return out


def read_folder(
    folder: Path, documents: frozenset[str] | None, problems: Problems
) -> list[Question]:
    """The questions of an evaluation folder, each put to its ``passage``.

    ``documents`` keeps the questions whose passage lies in one of these documents (by stem).
    """
    texts: dict[str, str] = {}
    places = folder / "docs" if (folder / "docs").is_dir() else folder / "documents"
    for file in sorted(places.rglob("*")):
        if file.is_file():
            text = file.read_text(encoding="utf-8-sig")
            texts[file.stem] = text.replace("\r\n", "\n").replace("\r", "\n")
    out = []
    for place, row in _json_lines(folder / "questions.jsonl"):
        passage = (row or {}).get("passage")
        passage = passage if isinstance(passage, dict) else {}
        document = Path(str(passage.get("doc", ""))).stem
        if documents is not None and document not in documents:
            continue
        begin, stop = passage.get("start"), passage.get("end")
        if document not in texts or not isinstance(begin, int) or not isinstance(stop, int):
            problems.add(place, "no passage")
            continue
        gold = [g for g in _listed(row.get("gold")) if isinstance(g, dict) and "start" in g]
        flat = {
            "question": row.get("question"),
            "context": texts[document][begin:stop],
            "answerable": row.get("answerable", bool(gold)),
            "answers": [_moved(g, begin) for g in gold],
            "group": document,
        }
        item = _question(flat, folder.name, place, problems)
        if item is not None:
            out.append(item)
    return out


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _moved(gold: dict[str, Any], begin: int) -> dict[str, Any]:
    """The gold as an answer of the passage that begins at ``begin``."""
    start = gold["start"]
    return {"text": gold.get("quote"), "start": start - begin if isinstance(start, int) else None}


def _question(
    row: dict[str, Any] | None, source: str, place: str, problems: Problems
) -> Question | None:
    if (
        not row
        or not isinstance(row.get("question"), str)
        or not isinstance(row.get("context"), str)
    ):
        problems.add(place, "question or context missing")
        return None
    context = row["context"]
    answers = []
    for answer in _listed(row.get("answers")):
        found = answer if isinstance(answer, dict) else {}
        text, start = found.get("text"), found.get("start", found.get("answer_start"))
        if not isinstance(text, str) or not text or not isinstance(start, int):
            problems.add(place, "answer without text or offset")
        elif start < 0 or context[start : start + len(text)] != text:
            problems.add(place, "answer is not at its offset")
        else:
            answers.append(AnswerText(text, start))
    given = bool(row.get("answers"))
    answerable = bool(row.get("answerable", not row.get("is_impossible", not given)))
    if answerable and not answers:
        problems.add(place, "answerable without a usable answer")
        return None
    if not answerable:
        answers = []
    group = str(row.get("group") or row.get("title") or context[:60])
    return Question(row["question"].strip(), context, tuple(answers), group, source)


def _json_lines(path: Path) -> Iterator[tuple[str, Any]]:
    with _opened(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                row = None
            yield f"{path.name}:{number}", row if isinstance(row, dict) else None


def _squad_rows(path: Path) -> Iterator[tuple[str, Any]]:
    with _opened(path) as file:
        whole = json.load(file)
    for a, article in enumerate(_inner(whole, "data", path.name)):
        for p, paragraph in enumerate(_inner(article, "paragraphs", f"{path.name}:data[{a}]")):
            above = f"{path.name}:data[{a}].paragraphs[{p}]"
            for q, item in enumerate(_inner(paragraph, "qas", above)):
                shown = {"context": paragraph.get("context"), "group": article.get("title", "")}
                yield f"{above}.qas[{q}]", {**item, **shown} if isinstance(item, dict) else None


def _inner(value: Any, name: str, place: str) -> list[Any]:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, list):
        raise SetInvalid(
            f"{place}: no list '{name}': the file is not in the form of SQuAD. Give JSON lines as "
            ".jsonl or .jsonl.gz"
        )
    return found


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """The file open as text; whatever stops its reading becomes ``SetInvalid``."""
    opener = gzip.open if path.name.endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            yield file
    except (OSError, EOFError, zlib.error, ValueError) as exc:
        raise SetInvalid(
            f"{path}: cannot be read to its end ({exc}): name another file, or make it again"
        ) from exc
