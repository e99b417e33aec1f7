"""What can be checked without a model: numbers, units, months, names, negation, opposites.

Each rule compares a sentence with the text it cites and returns findings; none raises. A finding
says that something in the sentence does not stand in the cited text. Written for English; in
other languages numbers, names and literal containment still work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.verification.quantities import Quantity, months, quantities

Kind = Literal["number", "unit", "month", "name", "negation", "opposite"]

_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|hardly|"
    r"rejected?|refus(?:ed?|es|ing)|fail(?:ed|s)?|denied|denies|declined|"
    r"nicht|kein\w*|nie|pas|jamais|non)\b|n['’]t\b",
    re.I,
)
_FALL = (
    r"(?:f[ae]ll\w*|drop\w*|declin\w*|decreas\w*|reduc\w*|shr[aiu]nk\w*|lower\w*|loss(?:es)?|lost|cut|"
    r"down|deficit)"
)
_LESS = r"(?:less|lower|fewer|below|down|loss|deficit|drop|fall|decline|decrease|reduction)"
_CLAUSE = re.compile(
    r"[;:!?]\s|[.]\s+(?=[A-Z])|,\s+(?:but|while|whereas|although|though|and|or)\s|"
    r"\s(?:but|whereas|although|though|however|except|unless)\s|,\s"
)
_BEFORE_MONTH = re.compile(r"[^\W_][ ,]*\n?[ ,]*\Z")  # a line may end before it, no paragraph
_DAY_OR_YEAR = re.compile(r"[ ,]*\d")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NAME = re.compile(r"\b[A-Z][\w'’-]*\b")
_STOPS = (
    "a an the of to in on at by for from with and or but as is are was were be been being it its "
    "this that these those there their they he she his her him them we our you your i my me do "
    "does did has have had will would can could should may might must shall than then so such if "
    "which who whom whose what when where why how also into over under about after before between "
    "during out up down all any each both more most some other only own same too very not no nor "
    "according document documents text says states say state yes"
)
_STOP = frozenset(_STOPS.split())
_OPPOSITES = tuple(
    (frozenset(a.split()), frozenset(b.split()))
    for a, b in (
        ("increase increases increased raise raises raised rise rises rose grew grow grows",
         "decrease decreases decreased reduce reduces reduced fall falls fell cut lower lowered"),
        ("before earlier", "after later"),
        ("open opens opened", "close closes closed shut"),
        ("above over exceeds exceeded", "below under"),
        ("minimum least", "maximum most"),
        ("allowed permitted may", "forbidden prohibited banned"),
        ("accept accepts accepted agreed approve approved", "reject rejects rejected refused"),
        ("include includes included including", "exclude excludes excluded excluding"),
        ("north northern", "south southern"),
        ("east eastern", "west western"),
        ("first", "last"),
        ("won win wins", "lost lose loses"),
        ("first earliest oldest", "latest newest youngest"),
        ("higher highest larger largest bigger", "lower lowest smaller smallest"),
        ("male men man", "female women woman"),
        ("buy buys bought", "sell sells sold"),
    )
)  # fmt: skip


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

    Letter for letter at word boundaries: `agreed` does not stand in `disagreed`.
    """
    inner, outer = normalised(sentence), normalised(cited)
    if not inner:
        return False
    at = outer.find(inner)
    while at >= 0:
        end = at + len(inner)
        before = at == 0 or not outer[at - 1].isalnum()
        if before and (end == len(outer) or not outer[end].isalnum()):
            return True
        at = outer.find(inner, at + 1)
    return False


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
    return [
        *_numbers(sentence, cited),
        *_months(sentence, cited),
        *_names(sentence, " ".join((cited, *context))),
        *_polarity(sentence, cited),
    ]


def _numbers(sentence: str, cited: str) -> list[Finding]:
    there = quantities(cited)
    found = []
    for wanted in quantities(sentence):
        same = [q for q in there if _same_value(wanted, sentence, q, cited)]
        if not same:
            found.append(Finding("number", wanted.text))
        elif wanted.unit and not any(_units_agree(wanted, q) for q in same):
            found.append(Finding("unit", f"{wanted.text} {wanted.unit}"))
    return found


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
        excused = number_word or bool(months(word)) or (begins and _is_common(word))
        if missing and not excused:
            found.append(Finding("name", word))
    return found


def _is_common(word: str) -> bool:
    # A capital letter at the beginning of a sentence says nothing about the word.
    return word[1:].islower() or len(word) == 1


def _polarity(sentence: str, cited: str) -> list[Finding]:
    words = set(content_words(_NEGATION.sub(" ", sentence)))
    if not words:
        return []
    clause = _closest(words, cited)
    if not clause:
        return []
    found = []
    denied, there = denials(sentence), denials(clause)
    if (denied % 2) != (there % 2):
        found.append(Finding("negation", "negated" if denied else "not negated"))
    said = {w.lower() for w in _WORD.findall(sentence)}
    cited_words = {w.lower() for w in _WORD.findall(clause)}
    for one, other in _OPPOSITES:
        for here, counter in ((one, other), (other, one)):
            clash = said & here and cited_words & counter
            if clash and not (said & counter or cited_words & here) and not found:
                found.append(Finding("opposite", " ".join(sorted(said & here))))
    return found


def denials(text: str) -> int:
    """How many words of a text deny something."""
    return len(_NEGATION.findall(text))


def _closest(words: set[str], cited: str) -> str:
    """The part of the cited text that shares most words; the whole where no part stands out."""
    clauses = [c for c in _CLAUSE.split(cited) if c and c.strip()]
    shared = [len(words & set(content_words(c))) for c in clauses]
    best = max(shared, default=0)
    if best < max(1, (len(words) + 1) // 2):  # spread over several clauses: judged as a whole
        return cited if best else ""
    return " ".join(c for c, n in zip(clauses, shared, strict=True) if n == best)
