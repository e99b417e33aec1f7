"""Follow-up questions: "and in 2035?" becomes a question that stands by itself.

By rules alone, so the person always sees what was understood and a model cannot invent a
question. A question that stands by itself is never changed.
"""

from __future__ import annotations

import re

YEAR = re.compile(r"\b(?:1[5-9]|20|21)\d\d\b")
NUMBER = re.compile(r"\b\d[\d.,]*\b")
NAME = re.compile(
    r"(?<!^)(?<![.?!] )\b[A-Z][\w'-]+(?:\s+(?:of\s+)?(?:[A-Z][\w'-]+|[A-Z]\b(?!['.])|"
    r"(?!(?:1[5-9]|20|21)\d\d\b)\d+[A-Z]?\b))*"
)
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
# "Why?" and "how much?" ask nothing without the question before them.
BARE = re.compile(
    r"(?:who|whom|whose|what|when|where|which(?: one)?|why|how)(?: (?:much|many|long|often|far|old|"
    r"so|exactly|else|not))?(?: exactly| is that)?",
    re.I,
)
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
    if BARE.fullmatch(rest.rstrip("?!. ")):
        return _with_context(rest, previous)
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
    """The question before with all years, numbers and names of the fragment in place of its own.

    The last ones of each kind; None where the fragment holds more of a kind than the question.
    """
    places: list[tuple[int, int, str]] = []
    held, told = _kinds(previous), _kinds(" " + fragment)  # what a fragment begins with is a name
    for old, new in zip(held, told, strict=True):
        if len(new) > len(old):
            return None
        at = old[len(old) - len(new) :]
        places += [(m.start(), m.end(), n.group()) for m, n in zip(at, new, strict=True)]
    for start, end, text in sorted(places, reverse=True):
        previous = previous[:start] + text + previous[end:]
    return previous if places else None


def _kinds(text: str) -> tuple[list[re.Match[str]], ...]:
    """The years, the other numbers and the names of a text; a name's number is part of it."""
    names = list(NAME.finditer(text))
    years, numbers = (
        [m for m in kind.finditer(text) if not any(n.start() <= m.start() < n.end() for n in names)]
        for kind in (YEAR, NUMBER)
    )
    return years, [m for m in numbers if not YEAR.fullmatch(m.group())], names
