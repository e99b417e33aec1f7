"""What can be checked without a model: numbers, units, months, names, negation, opposites.

Each rule compares a sentence with the text it cites and returns findings; none raises. A finding
says that something in the sentence does not stand in the cited text. Written for English; in
other languages numbers, names and literal containment still work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from rag.verification.labels import other_counts, other_labels, other_periods
from rag.verification.moments import dotted_times, moments, whole_years, without
from rag.verification.polarity import complements, denials, opposites, without_denials
from rag.verification.quantities import Quantity, months, quantities
from rag.verification.units import UNIT_WORDS

Kind = Literal["number", "unit", "month", "name", "negation", "opposite"]

_FALL = (
    r"(?:f[ae]ll\w*|drop\w*|declin\w*|decreas\w*|reduc\w*|shr[aiu]nk\w*|lower\w*|loss(?:es)?|lost|cut|"
    r"down|deficit)"
)
_LESS = r"(?:less|lower|fewer|below|down|loss|deficit|drop|fall|decline|decrease|reduction)"
_CLAUSE = re.compile(
    r"[;:!?]\s|[.]\s+(?=[A-Z])|,\s+(?:but|while|whereas|although|though|and|or)\s|"
    r"\s(?:but|whereas|although|though|however|except|unless)\s|,\s"
)
_GOES_ON = re.compile(r"[.,:/]\d|[\s-]?(?:hundred|thousand|million|billion|trillion|k|m|bn)\b")
_BESIDE = 12
_DENIED = re.compile(r"(?:\b(?:no|not|never|without|cannot)|n't)(?: only)? \Z")
_BEGAN = re.compile(r"(?:\d[.,:/]|(?:^|[^\w\s]|\s)-|minus )\Z")
_BEFORE_MONTH = re.compile(r"[^\W_][ ,]*\n?[ ,]*\Z")  # a line may end before it, no paragraph
_DAY_OR_YEAR = re.compile(r"[ ,]*\d")
_ONE_THERE = re.compile(r"\bone\b|\ban?\s(?:single|year|month|week|day|hour)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NAME = re.compile(r"\b[A-Z][\w'’-]*\b")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STOPS = (
    "a an the of to in on at by for from with and or but as is are was were be been being it its "
    "this that these those there their they he she his her him them we our you your i my me do "
    "does did has have had will would can could should may might must shall than then so such if "
    "which who whom whose what when where why how also into over under about after before between "
    "during out up down all any each both more most some other only own same too very not no nor "
    "according document documents text says states say state yes"
)
_STOP = frozenset(_STOPS.split())


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a sentence that its citation does not hold: the kind and the words."""

    kind: Kind
    detail: str


def normalised(text: str) -> str:
    """The text in lower case, quotes and dashes made plain, spaces single: for containment."""
    plain = text.translate(_PLAIN).lower()
    return re.sub(r"\s+", " ", plain).strip(" .,;:!?\"'")


_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " "})


def is_verbatim(sentence: str, cited: str) -> bool:
    """Whether the sentence stands in the cited text, apart from case, spaces and punctuation.

    Letter for letter at word boundaries: `agreed` does not stand in `disagreed`. Nor does it in
    `not agreed`, or `3` in `3.5 %`.
    """
    inner, outer = normalised(sentence), normalised(cited)
    if not inner:
        return False
    at = outer.find(inner)
    while at >= 0:
        end = at + len(inner)
        before = at == 0 or not outer[at - 1].isalnum()
        behind = end == len(outer) or not outer[end].isalnum()
        if before and behind and not _cut_off(outer, at, end):
            return True
        at = outer.find(inner, at + 1)
    return False


def _cut_off(text: str, start: int, end: int) -> bool:
    """Whether a part of a text says something else without what stands beside it.

    It begins behind a word that denies it, or begins or ends within a number.
    """
    before = text[max(0, start - _BESIDE) : start]
    return bool(
        _DENIED.search(before)
        or (text[start].isdigit() and _BEGAN.search(before))
        or (text[end - 1].isdigit() and _GOES_ON.match(text, end))
    )


def content_words(text: str) -> list[str]:
    """The words that carry meaning, in lower case with common endings cut, in order."""
    found = []
    for match in _WORD.finditer(text):
        word = match.group().lower().translate(_PLAIN).removesuffix("'s")
        if (word not in _STOP and "n't" not in word) or _is_month(match):
            found.append(stem(word))
    return found


def _is_month(word: re.Match[str]) -> bool:
    """Whether a word is May, and not what one may do: with a capital that begins no sentence."""
    if word.group() != "May":
        return False
    before = _BEFORE_MONTH.search(word.string, max(0, word.start() - 9), word.start())
    return bool(before or _DAY_OR_YEAR.match(word.string, word.end()))


def stem(word: str) -> str:
    """The word without a plural or verb ending; crude on purpose, both sides get the same."""
    for ending in ("ies", "ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


def coverage(sentence: str, cited: str) -> float:
    """The share of the sentence's content words that stand in the cited text, 0 to 1."""
    words = content_words(sentence)
    if not words:
        return 0.0
    there = set(content_words(cited))
    return sum(w in there for w in words) / len(words)


def findings(sentence: str, cited: str, context: Sequence[str] = ()) -> list[Finding]:
    """What in `sentence` does not stand in, or follow from, `cited`.

    `context` (a document's title, a heading) may supply names, nothing else. A sentence that
    stands in the cited text word for word has no findings.
    """
    if is_verbatim(sentence, cited):
        return []
    rest, swapped = _moments(" ".join(sentence.split()), " ".join(cited.split()))
    return [
        *swapped,
        *_numbers(rest, cited),
        *(Finding("number", text) for text in other_counts(sentence, cited)),
        *(Finding("unit", text) for text in other_periods(sentence, cited)),
        *_months(rest, cited),
        *_names(sentence, " ".join((cited, *context))),
        *(Finding("name", text) for text in other_labels(sentence, " ".join((cited, *context)))),
        *_polarity(sentence, cited),
    ]


def _moments(sentence: str, cited: str) -> tuple[str, list[Finding]]:
    """The sentence without the days and times that the cited text holds, and those swapped in it.

    Swapped is a day whose number stands in the cited text in days of other months or years alone,
    and a time of day likewise; any other is left to be looked at as numbers.
    """
    told = moments(sentence)
    if not told:
        return sentence, []
    there = moments(cited)
    plain = {q.value for q in quantities(without(cited, there))}
    held, found = [], []
    for wanted in told:
        numbers = {q.value for q in quantities(wanted.text)}
        if wanted.days:
            numbers = {Decimal(day.day) for day in wanted.days}
        if any(wanted.may_be(moment) for moment in there) or wanted.minute in dotted_times(cited):
            held.append(wanted)
        elif there and numbers and not numbers & plain:
            held.append(wanted)
            found.append(Finding("number", wanted.text))
    return without(sentence, held), found


def _numbers(sentence: str, cited: str) -> list[Finding]:
    there = quantities(whole_years(cited))
    found = []
    for wanted in quantities(whole_years(sentence)):
        same = [q for q in there if _same_value(wanted, sentence, q, cited)]
        if not same:
            if not _said_otherwise(wanted, cited):
                found.append(Finding("number", wanted.text))
        elif wanted.unit and not any(_units_agree(wanted, q) for q in same):
            found.append(Finding("unit", f"{wanted.text} {wanted.unit}"))
    return found


def _said_otherwise(wanted: Quantity, cited: str) -> bool:
    """Whether a number stands in the cited text in a way that is no number: `one`, or `10:30`."""
    if wanted.value == 1 and _ONE_THERE.search(cited):
        return True
    dotted = dotted_times(wanted.text)
    return bool(dotted) and any(m.minute in dotted for m in moments(" ".join(cited.split())))


def _same_value(wanted: Quantity, sentence: str, held: Quantity, cited: str) -> bool:
    """Whether two values are one: "fell by 5 %" tells of -5 %, "fell to 5 %" does not."""
    if wanted.value == held.value:
        return True
    text, positive = (sentence, wanted) if held.value < 0 else (cited, held)
    return wanted.value == -held.value and _is_fall(text, positive.text)


def _is_fall(text: str, number: str) -> bool:
    """Whether a number in a text is said to be how much less something became or is."""
    digits = rf"[€$£]?\s?(?<![\d.,]){re.escape(number)}(?![\d])"
    behind = rf"\b{_FALL}\W+(?:\w+\W+){{0,4}}?(?:by|of)\W+(?:\w+\W+){{0,2}}?{digits}"
    before = rf"{digits}\W+(?:\w+\W+){{0,2}}?{_LESS}\b|\bdown\W+{digits}"
    return re.search(f"{behind}|{before}", text, re.IGNORECASE) is not None


def _units_agree(one: Quantity, other: Quantity) -> bool:
    return not other.unit or one.unit == other.unit


def _months(sentence: str, cited: str) -> list[Finding]:
    return [Finding("month", str(m)) for m in sorted(months(sentence) - months(cited))]


def _names(sentence: str, cited: str) -> list[Finding]:
    there = {stem(w.lower().removesuffix("'s")) for w in _WORD.findall(cited.translate(_PLAIN))}
    there.update(
        stem(d.lower()) for d in _WEEKDAYS if re.search(rf"\b{d[:3]}[a-z]{{0,2}}\b", cited)
    )
    plain = sentence.translate(_PLAIN)
    found = []
    for match in _NAME.finditer(plain):
        word = match.group().removesuffix("'s")
        begins = not re.search(r"\w", plain[: match.start()]) or bool(
            re.search(r"[.!?:]\s+$", plain[: match.start()])
        )
        parts = [p for p in re.split(r"[-'\d]+", word.lower()) if len(p) > 1]
        missing = [p for p in parts if p not in _STOP and stem(p) not in there]
        number_word = any(q.text.lower() == word.lower() for q in quantities(word))
        number_word = number_word or (word.isupper() and word.lower() in UNIT_WORDS)  # EUR
        excused = number_word or bool(months(word)) or (begins and _is_common(word))
        if missing and not excused:
            found.append(Finding("name", word))
    return found


def _is_common(word: str) -> bool:
    # A capital letter at the beginning of a sentence says nothing about the word.
    return word[1:].islower() or len(word) == 1


def _polarity(sentence: str, cited: str) -> list[Finding]:
    words = set(content_words(without_denials(sentence)))
    clause = _closest(words, cited) if words else ""
    if not clause:
        return []
    denied = denials(sentence)
    # What is "not allowed" is "forbidden": a word that denies and one that says the opposite.
    turned, against = complements(sentence, clause), opposites(sentence, clause)
    if denied % 2 != denials(clause) % 2:
        if turned:
            return []
        return [Finding("negation", "negated" if denied else "not negated")]
    return [Finding("opposite", words) for words in [*turned, *against][:1]]


def _closest(words: set[str], cited: str) -> str:
    """The part of the cited text that shares most words; the whole where no part stands out."""
    clauses = [c for c in _CLAUSE.split(cited) if c and c.strip()]
    shared = [len(words & set(content_words(c))) for c in clauses]
    best = max(shared, default=0)
    if best < max(1, (len(words) + 1) // 2):  # spread over several clauses: judged as a whole
        return cited if best else ""
    return " ".join(c for c, n in zip(clauses, shared, strict=True) if n == best)
