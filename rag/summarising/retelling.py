"""Who did and who said what: whether a wording turned it round.

A small language model that retells a sentence keeps its words and loses their roles: what somebody
gave to the speaker becomes what the speaker gave, what farmers say becomes what happened, and the
one who reports another's words falls away. No check of words and figures sees that. Each rule here
gives an objection; the sentence itself stands in the wording's place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from rag.summarising.units import Unit
from rag.verification.rules import content_words, stem

SURNAME = 4  # letters of a word that stands for a name
_AUXILIARIES = (
    "would will has have had is was are were am should could can cannot must may might shall do "
    "does did be been being to not also rather only just already still then never always"
)
_AUXILIARY = frozenset(_AUXILIARIES.split())
_MINE = r"(?:\b(?:I|we)\b(?:['’]\w+)?)"
_TELLS = re.compile(
    r"(?<!\bI )(?<!\bwe )\b(?:says?|said|claim(?:s|ed)?|believ(?:es?|ed)|thinks?|thought|"
    r"reckons?|reckoned|fear(?:s|ed)|warn(?:s|ed)?|caution(?:s|ed)?|argu(?:es?|ed)|hop(?:es|ed)|"
    r"according to|suggest(?:s|ed)?|stat(?:es|ed)|report(?:s|ed)|expects?|expected|"
    r"estimat(?:es?|ed)|allegedly|reportedly)\b",
    re.I,
)
_CHOICE = re.compile(r"\b(?:rather|instead|prefer\w*)\b", re.I)
# Where a speaker broke off, or was not understood.
_BREAK = re.compile(
    r"\{(?:disfmarker|gap)\}|[\[(](?:inaudible|unintelligible|crosstalk)[\])]|\s--+(?:\s|$)|\.\.\.|…",
    re.I,
)
ONE_PIECE = 0.8  # of a wording's words in a quotation that breaks off, so many stand in one piece
_TO_COME = re.compile(r"\b(?:will|shall|going to|gonna|let['’]s)\b|['’]ll\b", re.I)
_TO_COME_KEPT = re.compile(
    r"\b(?:will|shall|would|should|going to|to be|to come|plan\w*|intend\w*|propos\w+|suggest\w*|"
    r"want\w*|about to|next|until|expect\w*|due|wo)\b|['’](?:ll|d|t)\b|\bis to\b|\bare to\b",
    re.I,
)
_PRONOUN = re.compile(
    r"\b(?:it|they|them|this|these|those|he|she|him|his|her|hers|their|its)\b", re.I
)


def turned_round(text: str, units: Sequence[Unit], reporting: Collection[str]) -> list[str]:
    """What speaks against a wording of these units, in words; empty where nothing does.

    `reporting` are stems of words that only say that something was said.
    """
    closest = nearest(text, units)
    found = [
        _unnamed(text, closest),
        _untold(text, closest),
        _subject(text, units, reporting),
        _pronoun(text, units),
        _choice(text, closest),
        _planned(text, units),
    ]
    return [reason for reason in found if reason]


def broken(text: str, quotes: Sequence[str]) -> str:
    """An objection to a wording that joins what its sources, as recorded, broke off between."""
    wanted = set(content_words(text))
    for quote in quotes:
        pieces = [set(content_words(piece)) & wanted for piece in _BREAK.split(quote)]
        whole = set().union(*pieces)
        if max(map(len, pieces)) < ONE_PIECE * len(whole):
            return "it joins what the speaker broke off between"
    return ""


def nearest(text: str, units: Sequence[Unit]) -> Unit:
    """The unit that shares most words with a wording; the first of equals."""
    wanted = set(content_words(text))
    return max(units, key=lambda u: len(wanted & set(content_words(u.text))))


def _name(speaker: str) -> str:
    """A pattern of a speaker's name, or its last long word: `Scheer` of `Hon. Andrew Scheer MP`."""
    long = [word for word in speaker.split() if len(word) >= SURNAME]
    short = rf"|{re.escape(long[-1])}" if long else ""
    return rf"\b(?:(?i:{re.escape(speaker)}){short})\b"


def _unnamed(text: str, unit: Unit) -> str:
    """What one person said, told as a fact or as what another said."""
    if unit.speaker and not re.search(_name(unit.speaker), text):
        return f"it does not name who says it ('{unit.speaker}')"
    return ""


def _untold(text: str, unit: Unit) -> str:
    """What somebody says or thinks in the source, told as a fact."""
    found = _TELLS.search(unit.text)
    if found and not _TELLS.search(text) and not unit.speaker:
        return f"in the source it is only told ('{found[0]}')"
    return ""


def _subject(text: str, units: Sequence[Unit], reporting: Collection[str]) -> str:
    """A speaker who does in the wording what somebody else does in the speaker's words."""
    for speaker in sorted({u.speaker for u in units if u.speaker}):
        lines = " ".join(u.text for u in units if u.speaker == speaker)
        for match in re.finditer(rf"{_name(speaker)}((?:\s+[\w'’-]+){{1,5}})", text):
            verb = next((w for w in match[1].split() if w.lower() not in _AUXILIARY), "")
            root = stem(verb.lower())
            if not root or root in reporting:
                continue
            own = rf"{_MINE}(?:\s+[\w'’]+){{0,3}}?\s+{re.escape(root[: max(3, len(root) - 1)])}"
            if not re.search(own, lines, re.I):
                return f"in the source the speaker does not do it ('{speaker} {verb}')"
    return ""


def _pronoun(text: str, units: Sequence[Unit]) -> str:
    """A pronoun kept from a later sentence, when what it stands for may have changed."""
    found = _PRONOUN.search(text)
    if len(units) > 1 and found and any(_PRONOUN.search(u.text) for u in units[1:]):
        return f"'{found[0]}' may stand for something else than in the source"
    return ""


def _choice(text: str, unit: Unit) -> str:
    """What is said to be liked better than something else, told without the choice."""
    found = _CHOICE.search(unit.text)
    if found and not _CHOICE.search(text):
        return f"the source chooses between two ('{found[0]}')"
    return ""


def _planned(text: str, units: Sequence[Unit]) -> str:
    """What is still to come in the source, told as if it had happened."""
    found = next((m for u in units if (m := _TO_COME.search(u.text))), None)
    if found and not _TO_COME_KEPT.search(text):
        return f"in the source it is still to come ('{found[0]}')"
    return ""
