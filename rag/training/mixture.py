"""Turns question sets and claim pairs into one seeded stream of training examples."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.training.neighbours import HybridNeighbours, Neighbours
from rag.training.sets import AnswerText, Pair, Question, detokenise
from rag.training.statements import statement
from rag.training.swaps import swap
from rag.training.vectors import Vectors
from rag.training.windows import around, best_overlap, draw_budget, sentences

QUESTION, CLAIM = 0, 1


@dataclass(frozen=True, slots=True)
class Example:
    """One input of the reader.

    ``start`` and ``end`` are characters of ``second`` (-1 where it holds no answer); ``label``
    is 1 or 0 (answerable) in question mode, an index of ``sets.LABELS`` in claim mode;
    ``unit`` ties an answerable example to the wrong passage of the same question.
    """

    mode: int
    first: str
    second: str
    start: int
    end: int
    label: int
    source: str
    unit: int = -1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How often what is made: each share is a probability for one answerable question."""

    wrong_passage: float = 0.4
    sentence_removed: float = 0.12
    swapped_question: float = 0.22
    claim_from_question: float = 0.12
    claim_from_sentence: float = 0.11


def chosen_answer(question: Question) -> AnswerText:
    """The answer that most annotators gave; among equals the one of middle length."""
    votes = Counter((answer.text, answer.start) for answer in question.answers)
    best = max(votes.values())
    tied = sorted((a for a in votes if votes[a] == best), key=lambda a: (len(a[0]), a[1]))
    text, start = tied[len(tied) // 2]
    return AnswerText(text, start)


def plain(question: Question) -> Question:
    """The question with its context detokenised; the offsets of the answers move along."""
    text, offsets = detokenise(question.context)
    answers = []
    for answer in question.answers:
        start, end = offsets[answer.start], offsets[answer.start + len(answer.text)]
        while end > start and text[end - 1] == " ":
            end -= 1
        if end > start:
            answers.append(AnswerText(text[start:end], start))
    asked = detokenise(question.question)[0]
    return Question(asked, text, tuple(answers), question.group, question.source)


class Ranker(Protocol):
    """What ranks contexts for a question: ``Neighbours`` or ``HybridNeighbours``."""

    def ranked(self, query: str, k: int) -> list[int]:
        """The numbers of the ``k`` best contexts, best first."""


class Maker:
    """Makes examples from the questions of the training sets; all randomness is its own.

    With ``vectors``, wrong passages are ranked by words and vectors, else by words alone.
    """

    def __init__(
        self,
        questions: Sequence[Question],
        recipe: Recipe,
        seed: int,
        vectors: Vectors | None = None,
    ) -> None:
        self._rng = random.Random(seed)
        self._recipe = recipe
        self._unit = 0
        self._contexts = sorted({q.context for q in questions})
        groups: dict[str, set[str]] = defaultdict(set)
        for question in questions:
            groups[question.group].add(question.context)
        self._groups = {name: sorted(texts) for name, texts in sorted(groups.items())}
        self._index: Ranker = (
            HybridNeighbours(self._contexts, vectors) if vectors else Neighbours(self._contexts)
        )
        self._ranked: dict[str, list[int]] = {}

    def of_question(self, question: Question, claims: bool = True) -> list[Example]:
        """The examples of one question in one pass: itself, and by chance what the recipe adds."""
        rng, recipe = self._rng, self._recipe
        if not question.answers:
            text = best_overlap(question.context, question.question, draw_budget(rng), rng)
            return [self._unanswerable(question.question, text, question.source)]
        answer = chosen_answer(question)
        start, end = answer.start, answer.start + len(answer.text)
        low, high = around(question.context, start, end, draw_budget(rng), rng)
        window = question.context[low:high]
        made: list[Example] = []
        unit = -1
        if rng.random() < recipe.wrong_passage:
            wrong = self._wrong_passage(question)
            if wrong is not None:
                self._unit += 1
                unit = self._unit
                text = best_overlap(wrong, question.question, draw_budget(rng), rng)
                asked = question.question
                made.append(
                    Example(QUESTION, asked, text, -1, -1, 0, question.source + ":passage", unit)
                )
        made.insert(
            0,
            Example(
                QUESTION,
                question.question,
                window,
                start - low,
                end - low,
                1,
                question.source,
                unit,
            ),
        )
        if rng.random() < recipe.sentence_removed:
            rest = self._without_answer(question)
            if rest:
                rest = best_overlap(rest, question.question, draw_budget(rng), rng)
                made.append(self._unanswerable(question.question, rest, question.source + ":cut"))
        if rng.random() < recipe.swapped_question:
            kinds = ["number", "date", "unit", "name", "name", "antonym"]
            if rng.random() < 0.12:
                kinds = ["negation"]
            edited = swap(question.question, question.context, rng, kinds)
            if edited is not None:
                source = question.source + ":swap"
                made.append(self._unanswerable(edited[0], window, source))
        if claims and rng.random() < recipe.claim_from_question:
            made += self._claim_from_question(question, answer)
        if claims and rng.random() < recipe.claim_from_sentence:
            made += self._claim_from_sentence(question, start, end)
        return made

    def _unanswerable(self, asked: str, text: str, source: str) -> Example:
        return Example(QUESTION, asked, text, -1, -1, 0, source)

    def _wrong_passage(self, question: Question) -> str | None:
        """One of the best-ranked contexts that hold no answer; half the time of the same group."""
        if question.question not in self._ranked:
            self._ranked[question.question] = self._index.ranked(question.question, 60)
        mates = set(self._groups[question.group])
        answers = {answer.text.lower() for answer in question.answers}
        near = self._rng.random() < 0.5
        found = []
        for number in self._ranked[question.question]:
            text = self._contexts[number]
            if text == question.context or (near and text not in mates):
                continue
            if not any(answer in text.lower() for answer in answers):
                found.append(text)
            if len(found) == 5:
                break
        if not found and near:
            found = [t for t in self._groups[question.group] if t != question.context]
            found = [t for t in found if not any(a in t.lower() for a in answers)]
        if not found:
            return None
        return found[min(int(self._rng.expovariate(0.6)), len(found) - 1)]

    def _without_answer(self, question: Question) -> str | None:
        """The context without each sentence that holds an answer; None if little is left."""
        answers = {answer.text.lower() for answer in question.answers}
        kept = [
            question.context[a:b]
            for a, b in sentences(question.context)
            if not any(answer in question.context[a:b].lower() for answer in answers)
        ]
        text = " ".join(kept)
        return text if len(text.split()) >= 12 else None

    def _evidence(self, question: Question, start: int, end: int) -> str:
        rng = self._rng
        budget = rng.choice([10, 10, 50, 90, 130])
        low, high = around(question.context, start, end, budget, rng)
        return question.context[low:high]

    def _claim_from_question(self, question: Question, answer: AnswerText) -> list[Example]:
        rng = self._rng
        claim = statement(question.question, answer.text)
        if claim is None or len(answer.text.split()) > 12:
            return []
        evidence = self._evidence(question, answer.start, answer.start + len(answer.text))
        source = question.source + ":claim"
        made = [Example(CLAIM, claim, evidence, -1, -1, 0, source)]
        edited = swap(claim, question.context, rng, ["number", "date", "unit", "name", "antonym"])
        if edited is None:
            edited = swap(claim, question.context, rng, ["negation"])
        if edited is not None:
            made.append(Example(CLAIM, edited[0], evidence, -1, -1, 1, source))
        if rng.random() < 0.6:
            rest = self._without_answer(question) if rng.random() < 0.5 else None
            rest = rest or self._wrong_passage(question)
            if rest:
                budget = rng.choice([25, 60, 110])
                text = best_overlap(rest, claim, budget, rng)
                made.append(Example(CLAIM, claim, text, -1, -1, 2, source))
        return made

    def _claim_from_sentence(self, question: Question, start: int, end: int) -> list[Example]:
        """A sentence of the context as the claim: as it is, edited, and against other text."""
        rng = self._rng
        spans = [s for s in sentences(question.context) if 40 <= s[1] - s[0] <= 260]
        if not spans:
            return []
        a, b = rng.choice(spans)
        claim = _loosened(question.context[a:b], rng)
        evidence = self._evidence(question, a, b)
        source = question.source + ":sentence"
        made = [Example(CLAIM, claim, evidence, -1, -1, 0, source)]
        edited = swap(claim, question.context, rng)
        if edited is not None:
            made.append(Example(CLAIM, edited[0], evidence, -1, -1, 1, source))
        others = [s for s in sentences(question.context) if s != (a, b)]
        if others and rng.random() < 0.6:
            rest = " ".join(question.context[x:y] for x, y in others)
            text = best_overlap(rest, claim, rng.choice([25, 60, 110]), rng)
            made.append(Example(CLAIM, claim, text, -1, -1, 2, source))
        return made


def _loosened(sentence: str, rng: random.Random) -> str:
    """The sentence, now and then without its brackets or its opening phrase."""
    text = sentence
    if rng.random() < 0.7:
        text = re.sub(r"\s*(\([^()]*\)|\[[^\[\]]*\])", "", text)
    comma = text.find(", ")
    if 0 < comma < 45 and len(text) - comma > 50 and rng.random() < 0.35:
        text = text[comma + 2].upper() + text[comma + 3 :]
    return text.strip()


def of_pair(pair: Pair) -> Example:
    """The claim example of one labelled pair."""
    return Example(CLAIM, pair.claim, pair.evidence, -1, -1, pair.label, pair.source)
