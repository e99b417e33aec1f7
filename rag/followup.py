"""Follow-up questions: "and in 2035?" becomes a question that stands by itself.

By rules alone, so the person always sees what was understood and a model cannot invent a
question. A question that stands by itself is never changed.
"""

from __future__ import annotations

import re

YEAR = re.compile(r"\b(?:1[5-9]|20|21)\d\d\b")
NUMBER = re.compile(r"\b\d[\d.,]*\b")
NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w'-]+(?:\s+(?:of\s+)?[A-Z][\w'-]+)*")
LEAD = re.compile(r"^\s*(?:and|but|or|so|what about|how about|and what about|und|y)\b[\s,]*", re.I)
PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|he|him|his|she|her|this|that|these|those)\b", re.I
)
QUESTION_WORD = re.compile(
    r"^(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|can|could|will|"
    r"would|should|has|have|had|may|must)\b",
    re.I,
)


def resolve(question: str, previous: str | None) -> str:
    """The question as one that stands by itself, given the question asked before it.

    "and in 2035?" after "What was the target in 2030?" gives "What was the target in 2035?": a
    year, number or name takes the place of the one before it. Where nothing can be exchanged, or
    the question leans on a pronoun, the question before is put in front of it for context.
    """
    asked = " ".join(question.split())
    if not previous or not asked:
        return asked
    rest = LEAD.sub("", asked)
    leads = rest != asked
    if not leads and not _leans(asked):
        return asked
    if QUESTION_WORD.match(rest):
        return _with_context(rest, previous) if PRONOUN.search(rest) else rest
    fragment = rest.rstrip("?!. ")
    return _exchanged(previous, fragment) or f"{previous.rstrip('?!. ')}, {fragment}?"


def _leans(question: str) -> bool:
    """Whether the question cannot be understood alone: a fragment, or a bare pronoun."""
    words = question.rstrip("?!. ").split()
    if QUESTION_WORD.match(question):
        return bool(PRONOUN.search(question)) and not NAME.search(question)
    return len(words) <= 4


def _with_context(question: str, previous: str) -> str:
    return f"{previous.rstrip('?!. ')}? {question}"


def _exchanged(previous: str, fragment: str) -> str | None:
    for kind in (YEAR, NUMBER, NAME):
        new = list(kind.finditer(" " + fragment)) if kind is NAME else list(kind.finditer(fragment))
        old = list(kind.finditer(previous))
        if new and old:
            at = old[-1]
            return previous[: at.start()] + new[-1].group().strip() + previous[at.end() :]
    return None
