"""A person's own question set as training material: passages, gold, examples, and what is held out.

Questions about one place of a document stand on one side, so that the held-out ones are about
text that no example shows with its answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rag.errors import SetInvalid
from rag.evaluation.items import Gold, Question
from rag.training import sets
from rag.types import Hit, Span

HELD_SHARE = 3  # one part in this many is held out
LEARN_AT_LEAST = 60  # questions whose answer is a phrase of a passage
HELD_AT_LEAST = 30  # answerable questions
WRONG = 3  # best-ranked passages without the answer that are shown with each question
MOST_ANSWER_CHARS = 200
NEARBY_CHARS = 1000


@dataclass(frozen=True, slots=True)
class Task:
    """A question with the passages that the search gives for it, and where it is answered."""

    id: str
    question: str
    answerable: bool
    answers: tuple[str, ...]
    gold: tuple[Gold, ...]
    hits: tuple[Hit, ...]

    def meets(self, hit: Hit, span: Span) -> bool:
        """Whether a span of the hit's document shares a character with some gold."""
        return any(
            gold.document == hit.passage.document
            and (
                gold.start is None
                or gold.end is None
                or (gold.start < span.end and span.start < gold.end)
            )
            for gold in self.gold
        )


def tasks_of(
    items: Iterable[Question],
    search: Callable[[str, Sequence[str] | None], Sequence[Hit]],
    progress: Callable[[int, int], None] | None = None,
) -> list[Task]:
    """The tasks of the questions, each searched for once; graded questions are left out."""
    wanted = [item for item in items if item.gold_mode != "graded"]
    found = []
    for number, item in enumerate(wanted, 1):
        hits = tuple(search(item.question, item.scope))
        gold = item.gold if item.answerable else ()
        found.append(Task(item.id, item.question, item.answerable, item.answers, tuple(gold), hits))
        if progress:
            progress(number, len(wanted))
    return found


def split(tasks: Sequence[Task]) -> tuple[list[Task], list[Task]]:
    """The tasks to learn from and the held-out ones, by the place of the gold alone.

    Raises `SetInvalid` where either side is too small to learn from or to tell anything.
    """
    sides: tuple[list[Task], list[Task]] = ([], [])
    for task in tasks:
        digest = hashlib.sha256(_group(task).encode("utf-8")).digest()
        sides[digest[0] % HELD_SHARE == 0].append(task)
    learn, held = sides
    usable = sum(_located(task) is not None for task in learn)
    asked = sum(task.answerable for task in held)
    if usable < LEARN_AT_LEAST or asked < HELD_AT_LEAST:
        raise SetInvalid(
            f"the set is too small to train a reader on: {usable} questions to learn from have "
            f"an answer that stands word for word in a passage found, {asked} answerable ones are "
            f"held out; needed are {LEARN_AT_LEAST} and {HELD_AT_LEAST}. Add questions with "
            "`rag annotate`, and mark the words that answer"
        )
    return learn, held


def questions_of(learn: Sequence[Task], source: str, wrong: int = WRONG) -> list[sets.Question]:
    """What a reader learns from: each answer in its passage, and the best passages without one.

    Of these, `wrong` for each question.
    """
    found = []
    for task in learn:
        located = _located(task)
        if located:
            hit, answer = located
            text = hit.passage.text
            name = hit.passage.document
            found.append(sets.Question(task.question, text, (answer,), name, source))
        elif task.answerable:
            continue  # an answer in words of its own: no passage can be said not to hold it
        for hit in _wrong(task)[:wrong]:
            document = hit.passage.document
            found.append(sets.Question(task.question, hit.passage.text, (), document, source))
    return found


def _wrong(task: Task) -> list[Hit]:
    """The best hits that hold neither gold nor an accepted answer."""
    words = [answer.casefold() for answer in task.answers if answer.strip()]
    return [
        hit
        for hit in task.hits
        if not task.meets(hit, hit.passage.span)
        and not any(word in hit.passage.text.casefold() for word in words)
    ]


def _located(task: Task) -> tuple[Hit, sets.AnswerText] | None:
    """The first hit that holds an answer to point at, with that answer."""
    for hit in task.hits:
        for gold in task.gold:
            if gold.document == hit.passage.document:
                answer = _answer_in(hit, gold, task.answers)
                if answer:
                    return hit, answer
    return None


def _answer_in(hit: Hit, gold: Gold, answers: Sequence[str]) -> sets.AnswerText | None:
    """An accepted answer inside the gold span, else the span itself where it is short enough."""
    text, at = hit.passage.text, hit.passage.span.start
    if gold.start is None or gold.end is None:
        return None
    start, end = gold.start - at, gold.end - at
    if start < 0 or end > len(text):
        return None
    for answer in sorted(filter(str.strip, answers), key=len):
        place = text.find(answer, start, end)
        if place >= 0:
            return sets.AnswerText(answer, place)
    whole = text[start:end].strip()
    if not whole or len(whole) > MOST_ANSWER_CHARS:
        return None
    return sets.AnswerText(whole, text.index(whole, start))


def _group(task: Task) -> str:
    """What must stand on one side: the place of the first gold, else the question."""
    for gold in task.gold:
        return f"{gold.document}:{(gold.start or 0) // NEARBY_CHARS}"
    return task.id
