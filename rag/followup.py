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
PERSON = re.compile(
    r"\b(?:(?P<whose>his|her(?=\s+[a-z])(?!\s+(?:to|for|in|at|on|by|from|with|as)\b))|he|him|she|her)\b",
    re.I,
)
A_NAME = re.compile(
    r"(?:(?:Mr|Ms|Mrs|Dr|Prof)\.? )?[A-Z][\w'’-]+(?: (?:[a-z]{2,3} )?[A-Z][\w'’-]+){0,3}"
)
# "What is" + "the monthly rent" + "of the flat?"
NOUN = re.compile(
    r"(?P<ask>(?:who|what|when|where|which|how(?: \w+)?) (?:is|are|was|were) )"
    r"(?P<noun>(?:the|a|an|my|our|your|its|their) [^,?]+?)"
    r"(?P<rest>(?: (?:of|for|in|on|at|from|per|with|by|due|paid)\b[^?]*)?\??)",
    re.I,
)
ARTICLE = re.compile(r"(?:the|a|an|my|our|your|its|their)\s+\w", re.I)
QUESTION_WORD = re.compile(
    r"^(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|can|could|will|"
    r"would|should|has|have|had|may|must)\b",
    re.I,
)


def resolve(question: str, previous: str | None, answered: str | None = None) -> str:
    """The question as one that stands by itself, given the one before it and what answered that.

    "and in 2035?" after "What was the target in 2030?" gives "What was the target in 2035?": a
    year, number, name or thing takes the place of the one before it. `he` and `she` stand for the
    name that was the answer. Where nothing can be exchanged, or the question leans on another
    pronoun, the question before is put in front of it for context.
    """
    asked = " ".join(question.split())
    if not previous or not asked:
        return asked
    rest = LEAD.sub("", asked)
    leads = rest != asked
    if named := _named(rest, answered):
        return named
    if not leads and not _leans(asked):
        return asked
    if QUESTION_WORD.match(rest):
        return _with_context(rest, previous) if PRONOUN.search(rest) else rest
    fragment = rest.rstrip("?!. ")
    swapped = _exchanged(previous, fragment) or _swapped(previous, fragment)
    return swapped or f"{previous.rstrip('?!. ')}, {fragment}?"


def _leans(question: str) -> bool:
    """Whether the question cannot be understood alone: a fragment, or a bare pronoun."""
    words = question.rstrip("?!. ").split()
    if QUESTION_WORD.match(question):
        return bool(PRONOUN.search(question)) and not NAME.search(question)
    return len(words) <= 4


def _with_context(question: str, previous: str) -> str:
    return f"{previous.rstrip('?!. ')}? {question}"


def _named(question: str, answered: str | None) -> str | None:
    """The question with the name that was the answer in place of `he` or `she`."""
    person = PERSON.search(question)
    if not answered or not person or not A_NAME.fullmatch(answered):
        return None
    if NAME.search(question[: person.start()]):
        return None  # "Did Peter say that he would come?" names its own
    told = PERSON.sub(lambda m: f"{answered}'s" if m["whose"] else answered, question)
    return told[:1].upper() + told[1:]


def _swapped(previous: str, fragment: str) -> str | None:
    """The question before, asked of another thing: "and the deposit?" after one about the rent."""
    found = NOUN.fullmatch(previous)
    if not found or not ARTICLE.match(fragment):
        return None
    rest = "?" if re.search(r"\b(?:of|for|in)\b", fragment) else found["rest"] or "?"
    return found["ask"] + fragment + rest


def _exchanged(previous: str, fragment: str) -> str | None:
    for kind in (YEAR, NUMBER, NAME):
        new = list(kind.finditer(" " + fragment)) if kind is NAME else list(kind.finditer(fragment))
        old = list(kind.finditer(previous))
        if new and old:
            at = old[-1]
            return previous[: at.start()] + new[-1].group().strip() + previous[at.end() :]
    return None
