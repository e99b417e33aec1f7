"""Who did and who said what: whether a wording turned it round.

A small language model that retells a sentence keeps its words and loses their roles: what somebody
gave to the speaker becomes what the speaker gave, what farmers say becomes what happened, and the
one who reports another's words falls away. No check of words and figures sees that. Each rule here
gives an objection; the sentence itself stands in the wording's place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from rag.summarising import english
from rag.summarising.units import Unit
from rag.verification.rules import content_words, stem

OWN_SHARE = 0.6  # of what a person is said to have said must stand in that person's lines
SURNAME = 4  # letters of a word that stands for a name
_AUXILIARIES = (
    "would will has have had is was are were am should could can cannot must may might shall do "
    "does did be been being to not also rather only just already still then never always"
)
_AUXILIARY = frozenset(_AUXILIARIES.split())
_MINE = r"(?:\b(?:I|we)\b(?:['’]\w+)?)"
_HELD = "|".join((*english.told(english.HELD + english.HELD_BY_SEVERAL), *english.HELD_BY_SEVERAL))
_TELLS = re.compile(rf"(?<!\bI )(?<!\bwe )\b(?:{_HELD}|according to|allegedly|reportedly)\b", re.I)
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
_PRONOUN = re.compile(rf"\b(?:{english.PRONOUNS}|them|him|his|hers|their|theirs|its)\b", re.I)
_OF_ONESELF = (
    "has|have|had|needs?|needed|must|will|would|should|is|was|plans?|planned|wants?|wanted"
)
_QUOTED = re.compile(r"[\"“”][^\"“”]*[\"“”]")
_I = re.compile(r"\b(?:I|my|mine)\b(?!\.)")
_YOU = re.compile(r"\b(?:you|your|yours|yourself)\b", re.I)
_ONE = re.compile(r"\b(?:I|my|me|mine)\b", re.I)


def turned_round(text: str, units: Sequence[Unit], reporting: Collection[str]) -> list[str]:
    """What speaks against a wording of these units, in words; empty where nothing does.

    `reporting` are stems of words that only say that something was said.
    """
    closest = nearest(text, units)
    found = [
        _attribution(text, units),
        _person(text, units),
        _self(text, closest),
        _addressed(text, closest),
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


def _attribution(text: str, units: Sequence[Unit]) -> str:
    """A part of the wording, from one speaker's name to the next, that others said."""
    speakers = sorted({u.speaker for u in units if u.speaker}, key=len, reverse=True)
    if len(speakers) < 2:
        return ""
    names = "|".join(re.escape(s) for s in speakers)
    there = {
        s: {w for u in units if u.speaker == s for w in content_words(u.text)} for s in speakers
    }
    marks = list(re.finditer(rf"\b(?:{names})\b", text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=False):
        part = set(content_words(text[mark.end() : end]))
        told = part & set().union(*there.values())
        if told and len(told & there[mark[0]]) < OWN_SHARE * len(told):
            return f"others than the {mark[0]} said it"
    return ""


def _person(text: str, units: Sequence[Unit]) -> str:
    """Something told of the speaker as a person that the speaker does not tell of themselves.

    `Chair: We must go` is no duty of the chair alone, `EL: It was a ferry` does not make EL one.
    """
    for speaker in sorted({u.speaker for u in units if u.speaker}):
        name = re.escape(speaker)
        told = re.search(rf"\b{name} (?:{_OF_ONESELF})\b", text)
        lines = " ".join(u.text for u in units if u.speaker == speaker)
        if told and not _ONE.search(lines):
            return f"the speaker does not say it of themselves ('{told[0]}')"
        if speaker.isupper() and re.search(rf"\bthe {name}\b", text, re.I):
            return f"'{speaker}' is a person's initials"
    return ""


def _self(text: str, told: Unit) -> str:
    """What a writer says as `I`, in other words: who that is does not stand in the source."""
    if not told.speaker and _I.search(_QUOTED.sub("", told.text)) and not _I.search(text):
        return "its source speaks as 'I', and nobody can tell who that is"
    return ""


def _addressed(text: str, told: Unit) -> str:
    """What a writer asks of `you`, as a duty of somebody whom the source does not name.

    "Would you please check his blood?" to a doctor is nothing that the patient should do.
    """
    if not told.speaker and _YOU.search(_QUOTED.sub("", told.text)) and not _YOU.search(text):
        return "its source speaks to 'you', and nobody can tell who that is"
    return ""


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
