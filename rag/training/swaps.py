"""Edits one fact of a sentence by rule: number, name, date, unit, negation or antonym."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

KINDS = ("number", "date", "unit", "name", "negation", "antonym")

_NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w])")
_NAME = re.compile(r"\b[A-Z][\w’'-]+(?:\s+(?:(?:of|the|de|von)\s+)?[A-Z][\w’'-]+)*")
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|would|should|did|does|do|must|may)\b", re.I
)
_NEGATED = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|would|should|did|does|do|must|may) not\b"
    r"|\bcannot\b|\b(is|are|was|were|has|have|had|could|would|should|did|does|do)n['’]t\b",
    re.I,
)


def _words(text: str) -> list[str]:
    return text.split()


_NOT_NAMES = frozenset(
    _words(
        "The A An In On At It He She They We I You This That These Those What Who When Where Which "
        "Why How Whose Whom During After Before If As For From To By With And But Or Of Is Are Was "
        "Were Did Does Do Has Have Had Can Could His Her Its Their There Then While Since Some "
        "Many Most All Each Both However Although Because Under Over Between"
    )
)
_MONTHS = _words(
    "January February March April May June July August September October November December"
)
_DAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_CARDINALS = _words("two three four five six seven eight nine ten eleven twelve twenty thirty")
_ORDINALS = _words("first second third fourth fifth sixth seventh eighth ninth tenth")
_UNITS = (
    ("million", "billion", "trillion", "thousand"),
    ("kilometres", "miles", "metres", "feet"),
    ("kilometers", "miles", "meters", "feet"),
    ("km", "m", "miles"),
    ("kg", "tonnes", "pounds", "grams"),
    ("dollars", "euros", "pounds", "yen"),
    ("days", "weeks", "months", "years", "hours", "minutes", "decades", "centuries"),
    ("day", "week", "month", "year", "decade", "century"),
    ("percent", "times"),
    ("$", "€", "£"),
)
_ANTONYMS = (
    "first last|before after|highest lowest|higher lower|largest smallest|larger smaller|"
    "more fewer|more less|most least|north south|northern southern|east west|eastern western|"
    "increase decrease|increased decreased|increases decreases|won lost|win lose|born died|"
    "oldest youngest|older younger|best worst|better worse|early late|earlier later|"
    "above below|began ended|begin end|start stop|started stopped|allow prohibit|"
    "allowed prohibited|accept reject|accepted rejected|support oppose|supported opposed|"
    "male female|men women|man woman|father mother|son daughter|brother sister|king queen|"
    "public private|rural urban|internal external|inside outside|minimum maximum|major minor|"
    "rise fall|rose fell|always never|with without|all none|strong weak|hot cold|high low|"
    "large small|big small|long short|old new|rich poor|positive negative|import export|"
    "ancient modern|majority minority|common rare|same different|gain loss|success failure|"
    "open closed|entered left|arrived departed|built destroyed|created destroyed|"
    "legal illegal|possible impossible|able unable|include exclude|included excluded"
)
_OPPOSITE: dict[str, list[str]] = {}
for _couple in _ANTONYMS.split("|"):
    _one, _other = _couple.split()
    _OPPOSITE.setdefault(_one, []).append(_other)
    _OPPOSITE.setdefault(_other, []).append(_one)

Edit = tuple[int, int, str]


def names(text: str) -> list[tuple[int, int]]:
    """The spans of what looks like proper names in ``text`` (capitals; no word of grammar)."""
    out = []
    for match in _NAME.finditer(text):
        start, words = match.start(), match.group()
        while words and words.split()[0] in _NOT_NAMES:
            cut = len(words.split()[0])
            rest = words[cut:].lstrip()
            start += len(words) - len(rest)
            words = rest
        opening = start == 0 or text[max(0, start - 2) : start].strip() in (".", "!", "?", ":")
        # A capital that only begins the sentence says nothing, unless more capitals follow.
        if words and words[0].isupper() and (not opening or " " in words):
            out.append((start, start + len(words)))
    return out


def swap(
    text: str, context: str, rng: random.Random, kinds: Sequence[str] = KINDS
) -> tuple[str, str] | None:
    """``text`` with one fact exchanged, and the kind of the exchange; None where no rule fits.

    Names and numbers come from ``context`` where it has others than ``text`` holds, so that the
    false sentence speaks of what the passage speaks of. Kinds are tried in a random order.
    """
    order = list(kinds)
    rng.shuffle(order)
    for kind in order:
        edit = _RULES[kind](text, context, rng)
        if edit is None:
            continue
        start, end, new = edit
        changed = text[:start] + new + text[end:]
        if changed != text:
            return changed, kind
    return None


def _number(text: str, context: str, rng: random.Random) -> Edit | None:
    found = list(_NUMBER.finditer(text))
    words = [m for m in re.finditer(r"[A-Za-z]+", text) if m.group() in _CARDINALS + _ORDINALS]
    if not found and not words:
        return None
    if not found or (words and rng.random() < 0.3):
        word = rng.choice(words)
        series = _CARDINALS if word.group() in _CARDINALS else _ORDINALS
        return word.start(), word.end(), rng.choice([w for w in series if w != word.group()])
    match = rng.choice(found)
    old = match.group()
    others = [m.group() for m in _NUMBER.finditer(context) if len(m.group()) == len(old)]
    others = [other for other in others if other not in text]
    if others and rng.random() < 0.5:
        return match.start(), match.end(), rng.choice(others)
    return match.start(), match.end(), _another_number(old, rng)


def _another_number(old: str, rng: random.Random) -> str:
    digits = [i for i, char in enumerate(old) if char.isdigit()]
    plain = old.replace(",", "")
    if len(plain) == 4 and plain.isdigit() and 1000 <= int(plain) < 2100 and "," not in old:
        shift = rng.choice([-1, 1]) * rng.choice([1, 2, 3, 5, 10, 20, rng.randint(1, 60)])
        return str(int(plain) + shift)
    place = rng.choice(digits)
    low = 1 if place == 0 and len(digits) > 1 else 0
    digit = rng.choice([d for d in range(low, 10) if str(d) != old[place]])
    return old[:place] + str(digit) + old[place + 1 :]


def _date(text: str, context: str, rng: random.Random) -> Edit | None:
    found = [m for m in re.finditer(r"\b[A-Z][a-z]+\b", text) if m.group() in _MONTHS + _DAYS]
    years = [m for m in _NUMBER.finditer(text) if re.fullmatch(r"1\d{3}|20\d\d", m.group())]
    # "May" opens sentences as a verb; after a preposition or a number it is the month.
    found = [m for m in found if m.group() != "May" or text[: m.start()].rstrip()[-2:] == "in"]
    if years and (not found or rng.random() < 0.5):
        match = rng.choice(years)
        others = [m.group() for m in re.finditer(r"\b(?:1\d{3}|20\d\d)\b", context)]
        others = [other for other in others if other not in text]
        new = rng.choice(others) if others and rng.random() < 0.6 else ""
        return match.start(), match.end(), new or _another_number(match.group(), rng)
    if not found:
        return None
    match = rng.choice(found)
    series = _MONTHS if match.group() in _MONTHS else _DAYS
    return match.start(), match.end(), rng.choice([w for w in series if w != match.group()])


def _unit(text: str, context: str, rng: random.Random) -> Edit | None:
    found = []
    for series in _UNITS:
        for unit in series:
            pattern = re.escape(unit) if unit in "$€£" else rf"\b{unit}\b"
            found += [(m, series) for m in re.finditer(pattern, text)]
    found = [(m, s) for m, s in found if len(m.group()) > 1 or m.group() in "$€£"]
    if not found:
        return None
    match, series = rng.choice(found)
    return match.start(), match.end(), rng.choice([u for u in series if u != match.group()])


def _name(text: str, context: str, rng: random.Random) -> Edit | None:
    mine = names(text)
    if not mine:
        return None
    start, end = rng.choice(mine)
    old = text[start:end]
    lower = text.lower()
    others = sorted({context[a:b] for a, b in names(context)})
    others = [o for o in others if o.lower() not in lower and old.lower() not in o.lower()]
    if not others:
        return None
    alike = [o for o in others if len(o.split()) == len(old.split())]
    return start, end, rng.choice(alike or others)


def _negation(text: str, context: str, rng: random.Random) -> Edit | None:
    negated = _NEGATED.search(text)
    if negated:
        word = negated.group()
        plain = "can" if word.lower() == "cannot" else re.sub(r" not$|n['’]t$", "", word)
        return negated.start(), negated.end(), plain
    match = _AUXILIARY.search(text)
    if match is None:
        return None
    if match.start() == 0 or re.match(r"(?:What|Who|When|Where|Which|Why|How)\b", text):
        return _negated_question(text, match)
    end = match.end()
    word = match.group()
    contracted = {"is", "was", "were", "did", "does", "do", "has", "had", "could", "would"}
    if word in contracted and rng.random() < 0.3:
        return match.start(), end, f"{word}n't"
    return end, end, " not"


def _negated_question(text: str, match: re.Match[str]) -> Edit | None:
    """The auxiliary of a question is contracted: where its subject ends is not known here."""
    short = {"is", "are", "was", "were", "did", "does", "do", "has", "have", "had", "could"}
    if match.group().lower() in short and match.start() > 0:
        return match.start(), match.end(), f"{match.group()}n't"
    return None


def _antonym(text: str, context: str, rng: random.Random) -> Edit | None:
    found = [m for m in re.finditer(r"[A-Za-z]+", text) if m.group() in _OPPOSITE]
    if not found:
        return None
    match = rng.choice(found)
    return match.start(), match.end(), rng.choice(_OPPOSITE[match.group()])


_RULES: dict[str, Callable[[str, str, random.Random], Edit | None]] = {
    "number": _number,
    "date": _date,
    "unit": _unit,
    "name": _name,
    "negation": _negation,
    "antonym": _antonym,
}
