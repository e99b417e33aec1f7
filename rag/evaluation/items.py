"""The items of an evaluation set and how one line becomes one, or a list of problems."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

GoldMode = Literal["any", "all", "graded"]
GOLD_MODES: tuple[GoldMode, ...] = ("any", "all", "graded")


@dataclass(frozen=True, slots=True)
class Gold:
    """Where an answer stands: a span of a document, or the whole of it (`start` is None).

    `doc` is as the set writes it; `document` the name in the index (the same until resolved).
    """

    doc: str
    start: int | None = None
    end: int | None = None
    quote: str | None = None
    grade: float = 1.0
    document: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what is known of its answer; `line` is its line in the file."""

    id: str
    question: str
    answerable: bool
    answers: tuple[str, ...]
    gold: tuple[Gold, ...]
    gold_mode: GoldMode
    scope: tuple[str, ...] | None = None
    type: str | None = None
    passage: Gold | None = None
    split: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, the texts that may support it, and whether they do."""

    id: str
    claim: str
    evidence: tuple[str, ...]
    supported: bool
    type: str | None = None
    split: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SummaryTask:
    """A document to summarise, what about, and summaries people wrote."""

    id: str
    doc: str
    query: str | None
    references: tuple[str, ...]
    type: str | None = None
    split: str | None = None
    line: int = 0


Item = Question | Claim | SummaryTask
Parse = Callable[[dict[str, Any], int], tuple[Item | None, list[str]]]


def load_line(raw: bytes) -> tuple[dict[str, Any] | None, str]:
    """The JSON object of a line, or None and what is wrong with the line."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError as exc:
        return None, f"not UTF-8 (byte {exc.start + 1} of the line)"
    except (ValueError, RecursionError) as exc:
        return None, f"not valid JSON: {exc}"
    if not isinstance(value, dict):
        return None, f"expected a JSON object, found {_kind(value)}"
    if _broken_text(value):
        return None, "a text holds half a surrogate pair, which is no character"
    return value, ""


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _broken_text(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        return True
    return False


_KINDS: dict[type, str] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)


class _Reader:
    """Takes typed values out of an object and collects what is missing or mistyped."""

    def __init__(self, row: dict[str, Any], where: str = "") -> None:
        self.row = row
        self.where = where
        self.problems: list[str] = []

    def take(
        self, key: str, kinds: tuple[type, ...], default: Any = ..., empty: bool = True
    ) -> Any:
        name = f"{self.where}{key}"
        value = self.row.get(key)
        if key not in self.row or (value is None and default is not ...):
            if default is ...:
                self.problems.append(f"missing key '{name}'{self._near(key)}")
            return None if default is ... else default
        if type(value) not in kinds:
            wanted = " or ".join(_KINDS[k] for k in kinds)
            self.problems.append(f"'{name}' is {_kind(value)}, expected {wanted}")
            return None if default is ... else default
        if not empty and not (value.strip() if isinstance(value, str) else value):
            self.problems.append(f"'{name}' is empty")
        return value

    def _near(self, key: str) -> str:
        """What the row has instead, where that looks like the key misspelt."""
        import difflib

        near = difflib.get_close_matches(key, map(str, self.row), n=1, cutoff=0.8)
        return f"; there is '{near[0]}'" if near else ""

    def strings(self, key: str, default: Any = ..., empty: bool = True) -> tuple[str, ...] | None:
        value = self.take(key, (list,), default, empty)
        if value is None or value == default:
            return None
        wrong = next((v for v in value if type(v) is not str), None)
        if wrong is not None or None in value:
            self.problems.append(f"'{self.where}{key}' holds {_kind(wrong)}, expected only strings")
            return None
        return tuple(value)

    def identity(self) -> str:
        value = self.take("id", (str, int))
        if value is not None and not str(value).strip():
            self.problems.append("'id' is empty")
        return "" if value is None else str(value)


def parse_question(row: dict[str, Any], line: int) -> tuple[Question | None, list[str]]:
    """The question of a row of questions.jsonl, or None with every problem it has."""
    r = _Reader(row)
    identity = r.identity()
    text = r.take("question", (str,), empty=False)
    answerable = r.take("answerable", (bool,))
    answers = r.strings("answers")
    mode = r.take("gold_mode", (str,))
    if mode is not None and mode not in GOLD_MODES:
        r.problems.append(f"'gold_mode' is {mode!r}, expected any, all or graded")
    gold = _golds(r)
    scope = r.strings("scope", None)
    kind = r.take("type", (str,), None)
    passage = r.take("passage", (dict,), None)
    wider = _gold(passage, "passage.", r.problems) if passage is not None else None
    split = r.take("split", (str,), None)
    if r.problems:
        return None, r.problems
    return (
        Question(
            identity, text, answerable, answers or (), gold, mode, scope, kind, wider, split, line
        ),
        [],
    )


def _golds(r: _Reader) -> tuple[Gold, ...]:
    found = []
    for i, value in enumerate(r.take("gold", (list,)) or ()):
        if type(value) is not dict:
            r.problems.append(f"'gold[{i}]' is {_kind(value)}, expected an object")
            continue
        gold = _gold(value, f"gold[{i}].", r.problems)
        if gold is not None:
            found.append(gold)
    return tuple(found)


def _gold(value: dict[str, Any], where: str, problems: list[str]) -> Gold | None:
    r = _Reader(value, where)
    doc = r.take("doc", (str,), empty=False)
    start, end = r.take("start", (int,), None), r.take("end", (int,), None)
    quote = r.take("quote", (str,), None)
    grade = r.take("grade", (int, float), 1.0)
    if not r.problems:
        if (start is None) != (end is None):
            r.problems.append(f"'{where}start' and '{where}end' belong together, one is missing")
        elif start is None and quote is not None:
            r.problems.append(f"'{where}quote' is given without start and end")
        elif start is not None and not 0 <= start < end:
            r.problems.append(f"'{where[:-1]}' spans {start}-{end}, expected 0 <= start < end")
    problems.extend(r.problems)
    return None if r.problems else Gold(doc, start, end, quote, float(grade), doc)


def parse_claim(row: dict[str, Any], line: int) -> tuple[Claim | None, list[str]]:
    """The claim of a row of claims.jsonl, or None with every problem it has."""
    r = _Reader(row)
    identity = r.identity()
    claim = r.take("claim", (str,), empty=False)
    evidence = r.strings("evidence")
    supported = r.take("supported", (bool,))
    kind, split = r.take("type", (str,), None), r.take("split", (str,), None)
    if r.problems:
        return None, r.problems
    return Claim(identity, claim, evidence or (), supported, kind, split, line), []


def parse_summary(row: dict[str, Any], line: int) -> tuple[SummaryTask | None, list[str]]:
    """The task of a row of summaries.jsonl, or None with every problem it has."""
    r = _Reader(row)
    identity = r.identity()
    doc = r.take("doc", (str,), empty=False)
    query = r.take("query", (str,), None)
    references = r.strings("references", empty=False)
    kind, split = r.take("type", (str,), None), r.take("split", (str,), None)
    if r.problems:
        return None, r.problems
    return SummaryTask(identity, doc, query, references or (), kind, split, line), []
