"""Makes a question set from a person's own questions, one decision at a time.

The command line shows hits and asks; here is what follows from each decision. Questions come from a
text file, one a line; what was decided is in the set's folder after every step (`questions.jsonl`,
and `annotation.json` for what was put off), so stopping loses nothing. No question is invented, and
no gold that a person did not pick.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import QuestionInvalid, SetInvalid
from rag.types import Hit, Span

QUESTIONS_NAME = "questions.jsonl"
STATE_NAME = "annotation.json"
_MOST_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Pending:
    """A question that waits for a decision; `id` derives from its words."""

    id: str
    question: str


@dataclass(frozen=True, slots=True)
class Pick:
    """A gold span that a person picked: exact characters of a document."""

    document: str
    span: Span
    quote: str


def question_id(question: str) -> str:
    """The id of a question: twelve digits of the SHA-256 of its words, spaces and case aside."""
    words = " ".join(question.casefold().split())
    return hashlib.sha256(words.encode("utf-8")).hexdigest()[:12]


def read_questions(path: Path | str) -> list[Pending]:
    """The questions of a text file, one a line, each once; empty lines and `#` comments are left.

    Raises `QuestionInvalid` for a file that cannot be read or holds none, or a line that is longer
    than 2,000 characters.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
        raise QuestionInvalid(
            f"questions '{path}' cannot be read ({why}): write them one a line, and name the file "
            "with --from"
        ) from exc
    found: dict[str, Pending] = {}
    for number, line in enumerate(text.splitlines(), 1):
        question = line.strip()
        if not question or question.startswith("#"):
            continue
        if len(question) > _MOST_CHARS:
            raise QuestionInvalid(
                f"{path}:{number} is {len(question)} characters long, a question has at most "
                f"{_MOST_CHARS}: is it one question a line?"
            )
        pending = Pending(question_id(question), question)
        found.setdefault(pending.id, pending)
    if not found:
        raise QuestionInvalid(f"questions '{path}' holds no question: write one a line")
    return list(found.values())


def pick_passage(hit: Hit) -> Pick:
    """The whole passage of a hit as gold."""
    return Pick(hit.passage.document, hit.passage.span, hit.passage.text)


def pick_sentences(hit: Hit, numbers: Sequence[int]) -> Pick:
    """The sentences of a hit's passage with these numbers (from 1), and all between them, as gold.

    Raises `ValueError` for a number that the passage does not have.
    """
    sentences = hit.passage.sentences
    if not numbers or not all(1 <= n <= len(sentences) for n in numbers):
        raise ValueError(f"sentences are numbered 1 to {len(sentences)}, got {list(numbers)}")
    span = Span(sentences[min(numbers) - 1].start, sentences[max(numbers) - 1].end)
    return Pick(hit.passage.document, span, _inside(hit, span))


def pick_words(hit: Hit, words: str) -> Pick | None:
    """The place in a hit's passage where `words` stand, as gold; None where they do not.

    Words are matched exactly first, then without regard to case and runs of white space; of several
    places the first. The quote is always the document's own text.
    """
    import re

    if not words.strip():
        return None
    text = hit.passage.text
    at = text.find(words)
    start, end = at, at + len(words)
    if at < 0:
        pattern = r"\s+".join(map(re.escape, words.split()))
        match = re.search(pattern, text, re.IGNORECASE)
        if match is None:
            return None
        start, end = match.span()
    span = Span(start, end).shifted(hit.passage.span.start)
    return Pick(hit.passage.document, span, _inside(hit, span))


def _inside(hit: Hit, span: Span) -> str:
    return span.shifted(-hit.passage.span.start).of(hit.passage.text)


class Annotation:
    """The annotation of one set: what is decided, what waits, and the way to decide.

    `document_text` gives a document's extracted text: every gold span is checked against it before
    it is written.
    """

    def __init__(
        self,
        folder: Path | str,
        questions: Sequence[Pending],
        document_text: Callable[[str], str],
    ) -> None:
        """Opens the set in `folder` (made if need be). Raises `SetInvalid` for a damaged one."""
        self.folder = Path(folder)
        self.questions = tuple(questions)
        self._text = document_text
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise SetInvalid(f"cannot make the set's folder '{folder}': {exc}") from exc
        self._decided = self._read_decided()
        self._put_off = self._read_state()

    @property
    def done(self) -> int:
        """How many of the questions given are decided."""
        return sum(q.id in self._decided for q in self.questions)

    def pending(self) -> list[Pending]:
        """The questions that wait: those never shown first, then those that were put off."""
        waiting = [q for q in self.questions if q.id not in self._decided]
        return sorted(waiting, key=lambda q: q.id in self._put_off)

    def answer(
        self,
        question: Pending,
        picks: Sequence[Pick],
        answers: Sequence[str] = (),
        *,
        every: bool = False,
    ) -> None:
        """Records that the picked spans answer the question.

        `answers` are the acceptable wordings (may be empty); `every` says that all picks are needed
        together, otherwise any one suffices. Raises `ValueError` without a pick, or for one that is
        not the document's text, or for a question that is decided already.
        """
        if not picks:
            raise ValueError("no span was picked: a question without an answer is `unanswerable`")
        for pick in picks:
            if pick.span.of(self._text(pick.document)) != pick.quote:
                raise ValueError(f"{pick.document}:{pick.span} is not {pick.quote[:60]!r}")
        gold = [
            {"doc": p.document, "start": p.span.start, "end": p.span.end, "quote": p.quote}
            for p in dict.fromkeys(picks)
        ]
        words = list(dict.fromkeys(a.strip() for a in answers if a.strip()))
        self._write(question, True, words, gold, "all" if every else "any")

    def unanswerable(self, question: Pending) -> None:
        """Records that the documents do not answer the question."""
        self._write(question, False, [], [], "any")

    def put_off(self, question: Pending) -> None:
        """Leaves the question for later: it comes again after those not yet shown."""
        self._put_off[question.id] = None
        self._write_state()

    def undo(self) -> Pending | None:
        """Takes back the last decision written to the set; the question waits again.

        None where nothing is left, or where the last line is not one of the questions given.
        """
        if not self._decided:
            return None
        last = next(reversed(self._decided))
        question = next((q for q in self.questions if q.id == last), None)
        if question is None:
            return None
        path = self.folder / QUESTIONS_NAME
        lines = [line for line in path.read_bytes().splitlines(keepends=True) if line.strip()]
        _replace(path, b"".join(lines[:-1]))
        del self._decided[last]
        return question

    def _write(
        self,
        question: Pending,
        answerable: bool,
        answers: list[str],
        gold: list[dict[str, Any]],
        mode: str,
    ) -> None:
        if question.id in self._decided:
            raise ValueError(f"question '{question.id}' is decided already: undo it first")
        row = {
            "id": question.id,
            "question": question.question,
            "answerable": answerable,
            "answers": answers,
            "gold": gold,
            "gold_mode": mode,
        }
        path = self.folder / QUESTIONS_NAME
        try:
            with path.open("ab") as file:
                file.write(json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            raise SetInvalid(
                f"cannot write {path}: {exc}; what was decided before is kept"
            ) from exc
        self._decided[question.id] = None
        if self._put_off.pop(question.id, 0) is None:
            self._write_state()

    def _read_decided(self) -> dict[str, None]:
        """The ids in questions.jsonl, in order; a line cut off by a crash is removed."""
        path = self.folder / QUESTIONS_NAME
        if not path.exists():
            return {}
        raw = path.read_bytes()
        decided: dict[str, None] = {}
        for number, line in enumerate(raw.splitlines(keepends=True), 1):
            if not line.strip():
                continue
            try:
                decided[str(json.loads(line)["id"])] = None
            except (ValueError, KeyError, TypeError, RecursionError) as exc:
                if not line.endswith(b"\n"):
                    _replace(path, raw[: -len(line)])
                    break
                problem = f"{QUESTIONS_NAME}:{number}: not a question: {exc}"
                raise SetInvalid(
                    f"set '{self.folder}' is damaged: {problem}; mend the line first", (problem,)
                ) from exc
            if not line.endswith(b"\n"):
                _replace(path, raw + b"\n")
        return decided

    def _read_state(self) -> dict[str, None]:
        path = self.folder / STATE_NAME
        try:
            return dict.fromkeys(map(str, json.loads(path.read_text("utf-8"))["put_off"]))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise SetInvalid(
                f"{path} cannot be read: {exc}; remove it, only the order of questions is in it"
            ) from exc

    def _write_state(self) -> None:
        content = json.dumps({"put_off": list(self._put_off)}) + "\n"
        _replace(self.folder / STATE_NAME, content.encode("utf-8"))


def _replace(path: Path, content: bytes) -> None:
    """Writes a file so that a crash leaves the old content or the new."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as exc:
        raise SetInvalid(f"cannot write {path}: {exc}") from exc
