"""What kind of answer a question wants, read from its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rag.reading.language import looks_english
from rag.verification.quantities import months, quantities

Shape = Literal["single", "yes_no", "comparison", "count", "list"]
AnswerType = Literal["number", "time", "person", "any"]

_LEADING = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|may|might|must|shall|should|has|have|had|will|would|"
    r"am|(?:is|are|was|were|do|does|did|could|must|should|has|have|had|would|ca|wo)n['’]t)\b",
    re.I,
)
_DENIED = re.compile(r"\w+n['’]t\b", re.I)
_WORD_OF_ASKING = r"(?:who|whom|whose|what|when|where|which|why|how|whether|if)\b"
_REQUEST = re.compile(  # asks to be told something, not whether one can
    r"^(?:please,?\s+)?(?:(?:can|could|would|will)\s+(?:you|we|someone|anyone)\s+(?:please\s+)?)?"
    r"(?:(?:tell|give|show|remind|provide|let)\s+(?:me|us)\b(?:\s+know\b)?"
    r"|(?:do|does|did)\s+(?:you|we|they|anyone|anybody|someone|somebody)\s+(?:happen\s+to\s+)?"
    rf"(?:know|remember|recall)\s+(?={_WORD_OF_ASKING})"
    rf"|(?:(?:may|can|could)\s+i\s+ask|say|know|find out)\s+(?={_WORD_OF_ASKING})"
    r"|(?:give|provide|share)\s+(?:an?\s+|some\s+|more\s+|any\s+)*"
    r"(?:details?|information|overview|summary|examples?)\b"
    r"|(?:explain|describe|elaborate|summari[sz]e|outline|clarify|specify)\b"
    r"|(?:list|name)\s+(?=the\b|all\b|some\b|any\b|two\b|three\b))\s*",
    re.I,
)
_WHETHER = re.compile(r"^(?:whether|if)\b", re.I)
_COMPARISON = re.compile(
    r"\b(?:both|which (?:of|one|\w+ (?:is|was|has|had) \w*er)|who (?:is|was) \w+er\b|"
    r"than|the same|differ(?:s|ed|ence|ent)?|compare[ds]?|in common|first, | or )",
    re.I,
)
_COUNT = re.compile(r"^(?:.{0,40}\b)?how many\b", re.I)
_LIST = re.compile(
    r"\b(?:list|name (?:all|the|two|three)|which \w+s are|what are the|what \w+s are)\b", re.I
)
_SEVERAL = re.compile(
    r"\b(?:which|what)\s+(?:(?:other|kinds?|sorts?|types?)\s+(?:of\s+)?)?"
    r"(?!(?:is|was|does|has|this|his|its|us|always|years?|times?)\b)[a-z]{2,}(?<!s)s\b|"
    r"\bwhat (?:do|does|must|should|shall|can|are|were)\b.*\b(?:need|bring|include|consist|pack)|"
    r"\bwhat(?:['’]s| is| are| isn['’]t| aren['’]t)(?: not)?\s+(?:\w+\s+)?"
    r"(?:covered|included|excluded|allowed|forbidden|permitted|insured|left out)\b",
    re.I,
)
_TIME = re.compile(
    r"\b(?:when|(?:what|which) (?:year|date|day|month|time)|since when|how long ago)\b", re.I
)
_NUMBER = re.compile(
    r"\bhow (?:many|much|long|far|old|tall|high|big|large|often|deep|wide|heavy)\b|"
    r"\bwhat (?:percentage|number|share|amount|price|rent|fee|cost)\b",
    re.I,
)
_PERSON = re.compile(r"^(?:who|whom|whose)\b|\bwho\b", re.I)
_PAST = re.compile(
    r"\b(?:was|were|did|had|originally|at first|formerly|initially)\b", re.IGNORECASE
)
_ASKS = re.compile(
    rf"^(?:(?:please,?\s+)?(?:tell|show)\s+(?:me|us)\s+)?"
    rf"(?:(?:in|at|on|by|from|for|to|with|of|since|under|about)\s+)?"
    rf"(?:how|what|when|where|who|whom|whose|which|why)\b|{_LEADING.pattern}",
    re.I,
)
_PART = re.compile(
    r"(?:,)?\s+and\s+(?=(?:how|what|when|where|who|whom|whose|which|why)\b)|"
    r"\?\s+(?=\w)|;\s+(?=(?:how|what|when|where|who|which|why)\b)",
    re.I,
)


_KEYWORDS = range(2, 9)  # words
_SAYS_MORE = re.compile(
    r"\b(?:who|whom|whose|what|when|where|which|why|how|whether|is|are|was|were|be|am|do|does|did|"
    r"\w+n['’]t|"
    r"can|could|may|might|must|shall|should|will|would|has|have|had|i|we|you|he|she|it|they|me|us|"
    r"tell|show|give|explain|describe|list|name|find|compare|summari[sz]e)\b|[.!;:,]\s",
    re.I,
)

_WHETHER_SO = re.compile(
    r"(?!.*\b(?:max\w*|min\w*|number|amount|limit|weight|size|age|time|days?|hours?|items?|things?|total)\b)"
    r"(?P<what>.+?) (?:allowed|permitted|included|covered|forbidden|insured)(?: .+)?",
    re.I,
)


def posed(question: str) -> str:
    """Words typed as into a search box as the question that they stand for, all else as it is.

    "opening hours sunday" asks what these are, "dogs allowed" whether they are. Of twelve of the
    first kind a judge held right texts for likelier (five of six) and wrong ones for less likely
    (all six) when so asked.
    """
    words = question.rstrip("? .").split()
    if len(words) not in _KEYWORDS or _SAYS_MORE.search(question) or not looks_english(question):
        return question
    first = words[0]
    # A capital that only begins the words would name something inside a question.
    start = first[0].lower() + first[1:] if first[1:].islower() else first
    asked = " ".join([start, *words[1:]])
    if whether := _WHETHER_SO.fullmatch(asked):
        return f"{'Are' if whether['what'].endswith('s') else 'Is'} {asked}?"
    return f"What is the {asked}?"


def shape_of(question: str) -> Shape:
    """The shape of the answer that a question wants."""
    asked = _REQUEST.sub("", question)
    if _LEADING.match(asked) or (asked != question and _WHETHER.match(asked)):
        return "comparison" if re.search(r"\bor\b", question, re.I) else "yes_no"
    if _COUNT.search(question):
        return "count"
    if _COMPARISON.search(question):
        return "comparison"
    return "list" if _LIST.search(question) else "single"


def asks_denied(question: str) -> bool:
    """Whether a yes-or-no question denies what it asks, so that `yes` alone would say nothing."""
    return _DENIED.match(question) is not None


def asks_several(question: str) -> bool:
    """Whether a question asks for several things: "which medicines", "list the tools"."""
    return shape_of(question) == "list" or _SEVERAL.search(question) is not None


def asks_what_was(question: str) -> bool:
    """Whether a question asks for what was: what changed since does not answer it."""
    return _PAST.search(question) is not None


def answer_type(question: str) -> AnswerType:
    """What the answer should look like, by the question word."""
    if _TIME.search(question):
        return "time"
    if _NUMBER.search(question):
        return "number"
    return "person" if _PERSON.search(question) else "any"


def fits_type(kind: AnswerType, phrase: str) -> float:
    """Whether a phrase looks like an answer of a kind: 1.0 yes, 0.0 no, 0.5 not told."""
    if kind == "any":
        return 0.5
    if kind == "person":
        return float(bool(re.search(r"\b[A-Z]", phrase)))
    has_number = bool(quantities(phrase))
    if kind == "time":
        return float(has_number or bool(months(phrase)) or bool(_DAY.search(phrase)))
    return float(has_number)


def tells_time(text: str) -> bool:
    """Whether a text names a day, a month, a year or an hour, or says before or after what."""
    return bool(months(text)) or any(p.search(text) for p in (_DAY, _CLOCK))


_CLOCK = re.compile(
    r"(?<![\d:])(?:[01]?\d|2[0-4]):[0-5]\d(?!\d)|\b\d{1,2}(?:\.[0-5]\d)?\s?(?:[ap]m\b|[ap]\.m\.|o'clock)"
    r"|(?<![\w-])(?:1[5-9]|20)\d\d(?![\w-])",
    re.I,
)
_DAY = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|morning|noon|evening|night|spring|summer|"
    r"autumn|winter|century|before|after|during)\b",
    re.I,
)


def parts_of(question: str) -> tuple[str, ...]:
    """The questions that a question joins by `and`, each standing by itself; at most 3.

    A pronoun in a later part is replaced by what the first part asks about, where its words show
    that: "When was the bridge built and what did it cost?" asks "what did the bridge cost?".
    """
    pieces = [p.strip(" ?,;") for p in _PART.split(question)]
    pieces = [p for p in pieces if len(p.split()) >= 2]
    # "The empire held land in Africa, Asia and which other continent?" is one question.
    one = not _ASKS.match(question) or re.search(r"\bbetween\b", question, re.I)
    if one or len(pieces) > 3:
        return (question,)
    if len(pieces) < 2:
        return _of_each(question)
    subject = _SUBJECT.search(pieces[0])
    named = subject["subject"].strip() if subject else ""
    topic = _TOPIC.search(pieces[0])
    about = topic.group() if topic else ""
    return (pieces[0] + "?", *(_standing(p, named, about) + "?" for p in pieces[1:]))


def _standing(part: str, subject: str, about: str) -> str:
    if about and _SAYS.search(part) and not _TOPIC.search(part) and not _PRONOUN.search(part):
        return part + about
    return _PRONOUN.sub(lambda m: subject, part, count=1) if subject else part


def _of_each(question: str) -> tuple[str, ...]:
    """A question of two times, places or things, as one of each: "in 2023 and in 2024"."""
    both = _EACH.search(question)
    if both is None or _LEADING.match(question) or _COMPARES.search(question):
        return (question,)
    before, after = question[: both.start()], question[both.end() :]
    said, one, other = both["preposition"], both["one"].strip(), both["other"].strip()
    return (f"{before}{said} {one}{after}", f"{before}{said} {other}{after}")


_PRONOUN = re.compile(r"\b(?:it|they|them|he|him|she)\b", re.I)
_TOPIC = re.compile(r"\s+(?:about|concerning|regarding)\s+[\w'’ -]+$", re.I)
_SAYS = re.compile(
    r"\b(?:says?|said|writes?|wrote|decided?|answers?|answered|states?|stated)\b", re.I
)
_EACH = re.compile(
    r"\b(?P<preposition>in|for|at|on|under|by|from|to|with|of)\s+"
    r"(?P<one>(?:[\w'’.-]+\s+){1,6}?)and\s+(?P=preposition)\s+(?P<other>[^,?]+)",
    re.I,
)
_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|must|may|should)"
# The second word of a name of two ("the mileage rate in"), no participle ("the bridge built in").
_SECOND = (
    r"(?:\s+(?!\w*(?:ed|en|wn|ilt|eld|ade|aid|old|ought|aught|ept|eft|ung|lost|sent|spent|lent)\b)"
    r"[\w'’-]+(?=\s+(?:in|of|on|at|for|from|under|per|by|when|while|before|after)\b|$))?"
)
_SUBJECT = re.compile(
    rf"\b{_AUXILIARY}\s+(?P<subject>"
    rf"(?:the|a|an|this|that|these|those|my|our|his|her|their|each|every)\s+[\w'’-]+{_SECOND}"
    r"(?:\s+of\s+(?:the\s+)?[\w'’-]+)?|"
    r"[A-Z][\w'’-]*(?:\s+(?:of\s+|de\s+|van\s+)?[A-Z][\w'’-]*)*)"
)


_NAMED = (
    r"(?:(?:the|an?)\s+)?[A-Z0-9][\w'’.&/-]*"
    r"(?:\s+(?:(?:of|the|de|von|van|in|and the|for|to|by)\s+)*[A-Z0-9][\w'’.&/-]*)*"
)
_COMPARED = re.compile(
    rf"(?P<a>{_NAMED}),?\s+(?P<link>or|and|than)\s+(?:(?:in|from|for|does|did|is|was)\s+)?"
    rf"(?P<b>{_NAMED})"
)
_COMPARES = re.compile(
    r"\b(?:or|than|both|same|first|earlier|later|older|younger|in common|differ\w*|compared?|"
    r"change[ds]?|between|common|shares?d?|more|which)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One of two things that a question compares: its name, and the question of it alone."""

    name: str
    question: str


def compared(question: str) -> tuple[Compared, Compared] | None:
    """The two named things that a question compares, or None.

    "Which is heavier, the DX-30 or the DX-40?" asks "Which is heavier, the DX-30?" and of the
    other the same.
    """
    start = _COMPARED.search(question, 1)
    if start is None or not _COMPARES.search(question):
        return None
    one, other = start["a"], start["b"]
    if one.lower() == other.lower():
        return None
    before, after = question[: start.start()], question[start.end() :]
    before = re.sub(r"\b(?:both|between)\s+$", "", before, flags=re.I)
    return (
        Compared(one, f"{before}{one}{after}"),
        Compared(other, f"{before}{other}{after}"),
    )
