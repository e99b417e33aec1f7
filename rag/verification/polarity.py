"""Words that deny, and words that say the opposite of each other. Written for English."""

from __future__ import annotations

import re

_NEGATION = re.compile(
    r"\b(?:not(?!\s+(?:only|just|merely)\b)|no(?!\.?\s*#?\d|\.\s*[A-Z]+-?\d)|never|none|nobody|"
    r"nothing|nowhere|neither|nor|without|cannot|hardly|"
    r"rejected?|refus(?:ed?|es|ing)|fail(?:ed|s)?|denied|denies|"
    # who declines something refuses it, what declines by something falls
    r"declined(?=\s+(?:to|the|an?|his|her|their|its|our|my|any|all|every)\b)|"
    r"nicht|kein\w*|nie|pas|jamais|non)\b|n['’]t\b",
    re.IGNORECASE,
)
_FAR = r"(?:more|later|longer|greater|higher|larger|heavier|older|dearer)"
_NEAR = r"(?:less|fewer|earlier|sooner|shorter|smaller|lower|younger|cheaper)"
_AMOUNT = (
    r"\s+(?:(?:about|around|nearly|almost|some)\s+)?"
    r"(?:[\d€$£]|one|two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|a\s)"
)
# What is said in several words, as one: a bound denies nothing, though it says "no more than".
_AS_ONE = (
    (
        re.compile(
            rf"\b(?:no|not|never)\s+{_FAR}\s+than\b|\bnot\s+(?:to\s+)?exceed(?:ing)?\b|"
            rf"\bat\s+(?:the\s+)?(?:most|latest)\b|\bup\s+to(?={_AMOUNT})",
            re.IGNORECASE,
        ),
        " atmost ",
    ),
    (
        re.compile(
            rf"\b(?:no|not|never)\s+{_NEAR}\s+than\b|\bat\s+(?:the\s+)?(?:least|earliest)\b",
            re.IGNORECASE,
        ),
        " atleast ",
    ),
    (re.compile(r"\bmore\s+than\b", re.IGNORECASE), " morethan "),
    (re.compile(r"\b(?:less|fewer)\s+than\b", re.IGNORECASE), " lessthan "),
    (re.compile(rf"\bup(?=(?:\s+by)?{_AMOUNT})", re.IGNORECASE), " increased "),
    (re.compile(rf"\bdown(?=(?:\s+by)?{_AMOUNT})", re.IGNORECASE), " decreased "),
    (re.compile(r"\bvot(?:e|es|ed|ing)\s+for\b|\bin\s+favou?r\b", re.IGNORECASE), " favoured "),
)
Pair = tuple[frozenset[str], frozenset[str]]


def _pairs(*told: tuple[str, str]) -> tuple[Pair, ...]:
    return tuple((frozenset(one.split()), frozenset(other.split())) for one, other in told)


# Of these one is what the other is not: what is "not allowed" is "forbidden".
_COMPLEMENTS = _pairs(
    ("allowed permitted may", "forbidden prohibited banned"),
    ("open opens opened", "close closes closed shut"),
    ("include includes included including", "exclude excludes excluded excluding"),
    ("able can could", "unable"),
    ("possible", "impossible"),
    ("complete", "incomplete"),
    ("legal lawful", "illegal unlawful"),
    ("valid", "invalid"),
    ("sufficient enough", "insufficient"),
    ("correct", "incorrect"),
    ("approve approved", "disapprove disapproved"),
    ("agree agreed agrees", "disagree disagreed disagrees"),
    ("paid", "unpaid"),
    ("safe", "unsafe"),
    ("available", "unavailable"),
    ("likely", "unlikely"),
    ("willing", "unwilling"),
    ("necessary", "unnecessary"),
    ("furnished", "unfurnished"),
    ("insured", "uninsured"),
    ("limited", "unlimited"),
    ("successful successfully", "unsuccessful unsuccessfully"),
)
# Of these both may be wrong: what is "not before" noon need not be "after" it.
_OPPOSITES = _pairs(
    (
        "increase increases increased raise raises raised rise rises rose grew grow grows grown",
        "decrease decreases decreased reduce reduces reduced fall falls fell cut lower lowered "
        "shrank shrink shrinks shrunk decline declines declined drop drops dropped",
    ),
    ("before earlier", "after later"),
    ("above over exceeds exceeded morethan", "below under lessthan"),
    ("minimum least atleast", "maximum most atmost"),
    ("atmost", "morethan over above exceeds exceeded"),
    ("atleast", "lessthan under below"),
    ("more", "less fewer"),
    ("begin begins began begun start starts started", "end ends ended finish finishes finished"),
    ("north northern", "south southern"),
    ("east eastern", "west western"),
    ("first", "last"),
    ("won win wins", "lost lose loses"),
    ("profit profits surplus", "loss losses deficit"),
    ("favoured supported", "against opposed"),
    ("first earliest oldest", "latest newest youngest"),
    ("higher highest larger largest bigger", "lower lowest smaller smallest"),
    ("male men man", "female women woman"),
    ("buy buys bought", "sell sells sold"),
)
_TOGETHER = re.compile(r"\b(at|more|less)(most|least|than)\b")  # as a person reads it
_WORD = re.compile(r"[^\W\d_]+?(?=n['’]t\b)|[^\W\d_]+")


def denials(text: str) -> int:
    """How many words of a text deny something. Neither "Invoice No. 5" nor "no later than" does."""
    return len(_NEGATION.findall(as_one(text)))


def without_denials(text: str) -> str:
    """The text without its words that deny."""
    return _NEGATION.sub(" ", as_one(text))


def as_one(text: str) -> str:
    """The text with each bound and direction that takes several words in one."""
    for pattern, word in _AS_ONE:
        text = pattern.sub(word, text)
    return text


def complements(one: str, other: str) -> list[str]:
    """The words of `one` of which `other` says what they are not, such as `open` and `closed`."""
    return _clashes(_COMPLEMENTS, one, other)


def opposites(one: str, other: str) -> list[str]:
    """The words of `one` to which `other` holds an opposite alone."""
    return _clashes(_OPPOSITES, one, other)


def _clashes(pairs: tuple[Pair, ...], one: str, other: str) -> list[str]:
    said, held = _words(one), _words(other)
    found: list[str] = []
    for left, right in pairs:
        for here, counter in ((left, right), (right, left)):
            if said & here and held & counter and not (said & counter or held & here):
                words = " ".join(sorted(said & here))
                found.append(_TOGETHER.sub(r"\1 \2", words))
    return found


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(as_one(text))}
