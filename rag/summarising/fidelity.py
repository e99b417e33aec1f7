"""What a wording adds to the sentences it was made from, or shifts: rules beside the checks.

Verification says whether a statement can stand on what it cites. A summary's wording goes wrong in
ways of its own: it gives one person's words to another, makes a plan of a remark, adds a reason,
drops a doubt, or joins halves of two sentences. Each rule here looks for one of these and gives an
objection in words; a wording with an objection is not shown, the sentence it came from stands.
Written for English; in other languages only the share of new words counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from itertools import pairwise

from rag.summarising import english
from rag.summarising.retelling import nearest, turned_round
from rag.summarising.units import Unit
from rag.verification.rules import content_words, stem

NEW_SHARE = 0.2  # of a wording's words may be the model's own
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# What a wording may add of its own, to say that something was said.
_TALKERS = "team group participant participants speaker meeting member members people idea opinion"
_REPORTING = frozenset(
    map(stem, (*english.forms(english.SAID + english.DESCRIBED), *_TALKERS.split(), "view"))
)
_CAUSE = re.compile(
    r"\b(?:because|due to|owing to|as a result|therefore|thus|hence|in order to|so that|caus\w+|"
    r"lead(?:s|ing)? to|led to|result\w* in|ensur\w+|thereby|thanks to)\b",
    re.I,
)
_CAUSE_TOLD = re.compile(
    r"\b(?:because|'?cause|cos|due|owing|results?|resulted|therefore|thus|hence|in order|so|since|"
    r"caus\w+|forc\w+|lead\w*|led|ensur\w+|reasons?|why|make sure|that'?s how|for this|as)\b",
    re.I,
)
# A word of deciding, wanting or duty in a wording, and what must stand in its source.
_NEEDS = r"must|requir\w+|need\w*|(?:have|has|had|got) to|gotta|should"
_PLANS = r"plan\w*|going to|gonna|will|'ll|want\w*"
_MODES: tuple[tuple[str, str], ...] = (
    (r"decid\w+|decision", r"decid\w+|decision|agree\w*|settle\w*|resolv\w+|go (?:for|with)"),
    (r"agree\w*", r"agree\w*|decid\w+|decision|settle\w*|accept\w*|consent\w*|that's right"),
    (r"approv\w+", r"approv\w+|agree\w*|accept\w*|adopt\w*"),
    (r"confirm\w*", r"confirm\w*"),
    (r"cho(?:se|osen?|osing|ice)s?", r"cho(?:se|osen?|osing|ice)s?|decid\w+|pick\w*|select\w*"),
    (r"plan(?:s|ned|ning)?|intend\w*", rf"{_PLANS}|intend\w*"),
    (r"aim(?:s|ed|ing)?|goals?", r"aim\w*|goals?|target\w*|objective\w*|want\w*|trying to"),
    (r"prefer\w*", r"prefer\w*|rather|like\w*|favou?r\w*|better|best"),
    (r"wants?|wanted", rf"{_NEEDS}|want\w*|wanna|like|wish\w*|hop\w+|prefer\w*|let's"),
    (r"must|requir\w+", rf"{_NEEDS}|shall|ha[sd]"),
    (r"needs?|needed", rf"{_NEEDS}|want\w*"),
    (
        r"should|recommend\w*",
        rf"{_NEEDS}|ought|recommend\w*|suggest\w*|propos\w+|better|let's|want\w*|would|shall",
    ),
    (r"will", rf"{_PLANS}|won't|shall|is to|are to|would|'d|let's|next"),
    (
        r"always|never|only|all|every|none",
        r"always|never|only|just|all|every\w*|any\w*|no\w*|each|whole|full\w*|sole\w*|both|"
        r"entire\w*|without|except",
    ),
)
_DOUBT = re.compile(
    r"\b(?:might|maybe|perhaps|possibl[ey]|probably|could(?! not)|unless|whether|not sure|I guess|"
    r"I suppose|hopefully|apparently|i'd|would|if|almost|nearly|about|around|approximately)\b|\?",
    re.I,
)
_DOUBT_KEPT = re.compile(
    r"\b(?:might|may|maybe|perhaps|possib\w+|probab\w+|could|can|unless|whether|unsure|uncertain|"
    r"suggest\w*|propos\w+|think\w*|thought|believ\w+|felt|feel\w*|consider\w*|said|says?|ask\w*|"
    r"mention\w*|would|should|prefer\w*|ideas?|discuss\w*|hop\w+|recommend\w*|if|likely|question\w*|"
    r"wonder\w*|almost|nearly|about|around|approximately|depend\w*|option\w*|where|when|want\w*)\b",
    re.I,
)
_LIMITS = re.compile(
    r"\b(?:only|except|unless|solely|no more than|not more than|at (?:least|most)|provided that|"
    r"as long as|other than|apart from)\b",
    re.I,
)
_LIMITED = re.compile(
    r"\b(?:only|except\w*|unless|sole\w*|just|more than|(?:at )?(?:least|most)|provided|maximum|"
    r"minimum|as long as|if|other than|apart from|without|alone|limit\w*|exclu\w+|until|up to)\b",
    re.I,
)
# Who is said to say it, at the beginning: `The landlady said that ...`.
_SAYING = english.SAID + english.STRONGER
_TELLER = re.compile(
    rf"^(?:the\s+)?([^\W\d_][\w .'’-]{{0,40}}?)\s+(?:{'|'.join(english.told(_SAYING))})\b", re.I
)
# That somebody says it in the source, or that it is quoted.
_SAID = "|".join(form for form in english.forms(_SAYING) if form not in english.UNSAID)
_TOLD = re.compile(
    rf"\b(?:{_SAID}|suggestions?|proposals?|announcements?|warnings|arguments?|reminders?|written|"
    r"according|called)\b|[\"“”«»]",
    re.I,
)
_JOINS = r"(?:(?:but|and|so|or|yet|then|also|however|still),?\s+)?"
_OPENS = (
    "when|if|as|because|since|while|though|although|where|unless|until|once|after|before|for|to|"
    "in|on|of|is|was|does|did|do|can|will|would|should|may|had|has"
)
# `It was sold.` and `Clean it every day.` tell nothing without the sentence before them. Answers
# hold a sentence to a wider list (`rag.answering.surroundings`): there it only lengthens what is
# judged, here it decides what is cited and what is refused.
_BACK = re.compile(
    rf"^{_JOINS}(?:(?:{english.PRONOUNS}|his|hers|their|theirs|its|such|both)\b|"
    r"that\b(?! (?:the|a|an|i|we|you|he|she|it|they|there)\b)|"
    r".{0,30}\bthis(?:['’]s| is| was| will| would| has| had| means| meant| makes| made)\b|"
    rf"(?!(?:{_OPENS})\b)[^\W\d_]+ (?:it|them|this|these|those)\b|"
    rf"(?!(?:{_OPENS})\b)(?:[^\W\d_]+ ){{1,4}}(?:him|them)\b|"
    r"(?:when|if|as|because|since|while|although|where|unless|until|once|after|before) "
    r"(?:(?:he|she|they)\b|it\b.{0,30}\bit (?:is|was|will|would|has|had)\b))",
    re.I,
)
# What a sentence is limited to from its start on: `For 2025 the board expects ...`.
_FRAME = re.compile(
    r"^(?:in|for|since|by|until|from|during|after|before|on|between|at)\b[^,.;:]{0,30}?\b"
    r"(\d{4}|\d{1,2} [A-Z]\w+|(?:Jan|Febr)uary|March|April|May|June|July|August|"
    r"(?:Septem|Octo|Novem|Decem)ber|spring|summer|autumn|winter)\b",
    re.I,
)
_GAP = re.compile(r"^[ -]$")


def objections(text: str, units: Sequence[Unit]) -> list[str]:
    """What speaks against a wording of these units, in words; empty where nothing does."""
    source = "\n".join(u.shown for u in units)
    found = [
        _new_words(text, source, {w for u in units for w in content_words(u.speaker)}),
        _leaning(text),
        _cause(text, source),
        *_modes(text, source),
        _doubt(text, units),
        _frame(text, units),
        _teller(text, units, source),
        _limits(text, units),
        _joined(text, units),
        *turned_round(text, units, _REPORTING),
    ]
    return list(dict.fromkeys(reason for reason in found if reason))


def leans(text: str) -> bool:
    """Whether a sentence speaks of something that only the sentence before it names."""
    return bool(_BACK.match(text))


def _new_words(text: str, source: str, names: Set[str]) -> str:
    """Too many words of the model's own; the names of speakers and words of saying are free."""
    words = [w for w in dict.fromkeys(content_words(text)) if w not in _REPORTING | names]
    there = set(content_words(source))
    new = [w for w in words if not _akin(w, there)]
    if len(new) > NEW_SHARE * len(words):
        return f"too much of it is not in the source ({', '.join(new)})"
    return ""


def _akin(word: str, there: Set[str]) -> bool:
    """Whether a word, or one that begins like it, is there: `decision` for `decided`."""
    if word in there:
        return True
    return any(_shared(word, w) >= max(4, 0.6 * min(len(word), len(w))) for w in there)


def _shared(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _leaning(text: str) -> str:
    found = _BACK.match(text)
    return f"nobody can tell what '{found[0]}' means" if found else ""


def _cause(text: str, source: str) -> str:
    found = _CAUSE.search(text)
    return f"it adds a reason ('{found[0]}')" if found and not _CAUSE_TOLD.search(source) else ""


def _modes(text: str, source: str) -> Iterator[str]:
    plain = source.replace("’", "'")
    for said, told in _MODES:
        found = re.search(rf"\b(?:{said})\b", text, re.I)
        if found and not re.search(rf"(?<!\w)(?:{told})\b", plain, re.I):
            # `'ll` stands behind a letter, where a word boundary alone would not find it.
            if "'" in told and re.search(r"\w'(?:ll|d)\b", plain):
                continue
            yield f"'{found[0]}' has nothing to stand on in the source"


def _doubt(text: str, units: Sequence[Unit]) -> str:
    """What is only thought possible in the source and stands as a fact in the wording."""
    found = _DOUBT.search(nearest(text, units).text)
    if found and not _DOUBT_KEPT.search(text):
        return f"the source is less sure ('{found[0]}')"
    return ""


def _frame(text: str, units: Sequence[Unit]) -> str:
    """When the source's sentence holds, told at its start, and left out of the wording."""
    found = _FRAME.match(nearest(text, units).text)
    if found and found[1].lower() not in text.lower():
        return f"the source says it of one time only ('{found[0]}')"
    return ""


def _teller(text: str, units: Sequence[Unit], source: str) -> str:
    """Somebody who is said to say it, and whom the source does not name or let speak."""
    found = _TELLER.match(text)
    if not found:
        return ""
    if not any(u.speaker for u in units) and not _TOLD.search(source):
        return f"nobody says it in the source ('{found[0]}')"
    there = set(content_words(source))
    new = [w for w in content_words(found[1]) if w not in _REPORTING and not _akin(w, there)]
    return f"the source does not say that '{found[1]}' says it" if new else ""


def _limits(text: str, units: Sequence[Unit]) -> str:
    """A word by which the source limits what it says, and which is left out."""
    found = _LIMITS.search(nearest(text, units).text)
    if found and not _LIMITED.search(text):
        return f"the source limits it ('{found[0]}')"
    return ""


def _joined(text: str, units: Sequence[Unit]) -> str:
    """Two words side by side in the wording that stand in different sentences of the source."""
    held = [set(content_words(u.shown)) for u in units]
    everywhere = set().union(*held)
    tokens = list(_WORD.finditer(text))
    for one, other in pairwise(tokens):
        if not _GAP.match(text[one.end() : other.start()]):
            continue
        pair = {w for t in (one, other) for w in content_words(t[0])} - _REPORTING
        if len(pair) == 2 and pair <= everywhere and not any(pair <= words for words in held):
            return f"'{one[0]} {other[0]}' joins two sentences of the source"
    return ""
