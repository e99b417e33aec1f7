"""Document -> sentence spans: exact, ordered, disjoint, without white space at their ends.

Rules of our own rather than a kept library. Of the cases in tests/test_sentences.py, which are
ours too and so favour the rules (53 English, 10 German, 5 Spanish), they got 68 right, sentencex
56, pysbd 52, syntok 48, blingfire 48; of 75 places in real hand-outs and articles where the four
disagreed, most errors were the libraries'. Beside them in one run, on one core: rules 1.1 MB/s,
blingfire 4.1, syntok 0.15, pysbd 0.02. The libraries also give back text, not offsets.

A sentence never crosses a block of the document (paragraph, list item, table row, heading).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.sources.lines import paragraphs, split_blocks
from rag.types import Document, Span

MAX_SENTENCE_CHARS = 800
"""A sentence longer than this is cut at a clause, or else at a space."""

_ASIDE_CHARS = 160  # a quotation or a parenthesis up to this length stays with its sentence
_CUT_SHARE = 0.5  # a cut is looked for in the last half of what fits

_END = re.compile(
    # a run of terminators, what closes with it, footnote marks; then white space or the end
    r"([.!?…‽]+)([\"'”’»«“›\)\]]*(?:\[[^\[\]\n]{1,30}\])*(?::\d{1,4})?[⁰¹²³⁴-⁹]{0,3})"
    r"(?=\s|$)"
    # or a full stop of scripts that write no spaces
    r"|([。！？]+)([”’」』）]*)"
)
_ASIDE = re.compile(
    r'"[^"]{1,N}"|[“„][^“”]{1,N}[”“]|«[^«»]{1,N}»|\([^()]{1,N}\)'.replace("N", str(_ASIDE_CHARS))
)
_CONTINUES = re.compile(r"[,;:\-–—)\]]|[\"'”’»]?\s*[a-zß-öø-ÿ]")
_SOURCES = re.compile(r"[(\[]\d{1,3}(?:\s?[-–,]\s?\d{1,3}){0,20}[)\]]\s?\.(?=\s|$)")
_LABEL = re.compile(  # of a clause: '4. Pets.', '7.1 Fees and costs.', '(a) Notice.'
    r"(?:§\s?)?\(?(?:\d{1,3}(?:\.\d{1,3}){0,3}|[A-Za-z])[.)]?\s+"
    r"[A-Z][\w'’-]*(?:[ ,]+[\w'’&-]+){0,3}\."
)
_ITEM = re.compile(r"\(?(?:\d{1,2}|[a-z])[.)]\s+\S")  # the next of a list within a paragraph
_CLAUSE = re.compile(r"[;:,–—|)]\s|\n|[；：，、]")
_SPACE = re.compile(r"\s")
_WORD = re.compile(r"[\w.&'’-]*\w$|[^\W\d_]$")
_NUMBERED = re.compile(r"N(?:o|os|r|rs)\.?\s?[A-Z-]{0,5}\d")
_ROMAN = re.compile(r"[IVXLC]+\.?$")
_INITIAL = re.compile(r"[A-Z]\.(?:[\s,;)]|$|[A-Z]\.)")
_EDITORS = frozenset({"ed", "eds", "hrsg", "coord", "trans"})
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_OPENERS = "\"'“‘„«‹»(["


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Written without the final period, in lower case.
_TITLES = _words(
    "mr mrs ms dr prof gen col maj capt cmdr lt sgt sen rep gov pres hon rev fr st messrs mme mlle "
    "sra srta dra dña ee dn ud uds lic ing hr fr frl mag dipl vs cf ca approx resp hrsg bzgl "
    "evtl ggf gem sog vgl inkl exkl ders dgl str mt ft e.g i.e z.b d.h u.a v.a i.d.r p.ej viz al "
    "attn asst"
)
_BEFORE_NUMBER = _words(
    "no nos nr núm fig figs abb tab vol vols bd p pp s pág págs ch chap cap kap sec sect art arts "
    "eq eqs ref refs par para paras abs abschn ziff rn lit ed eds app appx ex cl reg rule item "
    "jan feb mar apr jun jul aug sep sept oct okt nov dec dez tel ext c ver v "
    "inv bldg apt acct encl mon tue tues wed weds thu thur thurs fri"
)
_PERHAPS_LAST = _words(
    "inc ltd co corp plc llc gmbh bros jr sr phd ph.d m.d b.a m.a b.s m.s dept univ assn est etc "
    "usw bzw ave blvd rd hwy u.s u.k u.n e.u d.c u.s.a a.m p.m am pm a.d b.c b.c.e c.e n.y l.a "
    "int intl gov min max hrs hr sec lb lbs oz in sq ff f mio mrd tsd ee.uu uu s.a ud jh jhd"
)
# Words that begin sentences far oftener than they follow an abbreviation or an initial.
_STARTERS = _words(
    "A An The This That These Those It He She We They You I His Her Its Our Their There Here In On "
    "At For From With By Of As If When While Where After Before Since Although Because But And Or "
    "So Yet However Moreover Furthermore Then Thus Therefore Nevertheless What Who Why How Which "
    "Some Many Most All Each Every No Not One Both Such Another Other During Under Until To Once "
    "Please See Let Is Are Was Were Do Does Did Has Have Had Can Could Will Would Should May Must "
    "Der Die Das Ein Eine Es Er Sie Wir Ihr Ich Im Am Auf Aus Bei Mit Nach Seit Von Vor Zu Zum Zur "
    "Und Oder Aber Denn Doch Wenn Als Dies Diese Dieser Dieses Damit Dabei Dort Hier Auch Nicht "
    "El La Los Las Un Una Lo Él Ella Ellos Se Su Sus En De Del Al Con Por Para Pero Y O Si Cuando "
    "Como Este Esta Esto Estos Estas Ese Esa Eso No También"
)
_GERMAN_BEFORE_ORDINAL = _words(
    "am im vom zum beim der die das dem den des bis ab seit und oder zur jeder jede jeden"
)
_GERMAN_AFTER_ORDINAL = _words(
    "Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember "
    "Jan Feb Mrz Apr Jun Jul Aug Sep Sept Okt Nov Dez Jahrhundert Jahrhunderts Jahrtausend Auflage "
    "Stock Stockwerk Etage Klasse Quartal Kapitel Weltkrieg Weltkriegs Platz Mal Tag Lebensjahr "
    "Semester Sitzung Satz Absatz Abschnitt Jh Geburtstag Bundesliga Ausgabe Band Teil"
)


def split_sentences(document: Document) -> tuple[Span, ...]:
    """The sentences of a document, in order and disjoint; every letter and digit is in one.

    A heading, a list item, a table row is at least one sentence of its own. Where the document
    names no blocks, they are found from its lines.
    """
    text = document.text
    found: list[Span] = []
    for block in _blocks(document):
        found.extend(sentences_in(text, block))
    return tuple(found)


def sentences_in(text: str, block: Span) -> Iterator[Span]:
    """The sentences of one block of a text."""
    start = _skip(text, block.start, block.end)
    asides: list[tuple[int, int]] | None = None
    for match in _END.finditer(text, block.start, block.end):
        end = match.end()
        if end >= block.end or end <= start:
            continue
        after = _skip(text, end, block.end)
        if after >= block.end:
            break
        if match[3] is None and not _is_end(text, start, match, after):
            continue
        if _LABEL.fullmatch(text, start, end) and not _ITEM.match(
            text, after
        ):  # says what the sentence after it is about
            continue
        if asides is None:
            asides = _asides(text, block)
        if any(a < match.start() and end < b for a, b in asides):
            continue
        yield from cut(text, Span(start, end), MAX_SENTENCE_CHARS)
        start = after
    end = block.end
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield from cut(text, Span(start, end), MAX_SENTENCE_CHARS)


def cut(text: str, span: Span, max_chars: int) -> list[Span]:
    """The span in pieces of at most `max_chars` characters, cut at clauses or else at spaces."""
    pieces: list[Span] = []
    start, end = span.start, span.end
    while end - start > max_chars:
        low, high = start + max(1, int(max_chars * _CUT_SHARE)), start + max_chars
        at = _last(_CLAUSE, text, low, high) or _last(_SPACE, text, low, high) or high
        stop = at
        while stop > start and text[stop - 1].isspace():
            stop -= 1
        if stop > start:
            pieces.append(Span(start, stop))
        start = _skip(text, at, end)
    if start < end:
        pieces.append(Span(start, end))
    return pieces


def _last(pattern: re.Pattern[str], text: str, low: int, high: int) -> int:
    found = 0
    for match in pattern.finditer(text, low, high):
        found = match.end()
    return found


def _skip(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    return start


def _blocks(document: Document) -> Iterator[Span]:
    """The document's blocks, and what stands between them where it holds a letter or a digit."""
    text, at = document.text, 0
    for block in document.blocks:
        if block.start < at:  # inside its predecessor: seen already, as far as it goes
            if block.end <= at:
                continue
            block = Span(at, block.end)
        yield from _loose(text, at, block.start)
        yield block
        at = block.end
    yield from _loose(text, at, len(text))


def _loose(text: str, start: int, end: int) -> Iterator[Span]:
    if end - start > 1 and any(map(str.isalnum, text[start:end])):
        for group in paragraphs(text, start, end):
            yield from split_blocks(text, group)
    elif end - start == 1 and text[start].isalnum():
        yield Span(start, end)


def _asides(text: str, block: Span) -> list[tuple[int, int]]:
    """Short quotations and parentheses within a sentence: no sentence ends inside."""
    found = []
    for match in _ASIDE.finditer(text, block.start, block.end):
        start, end = match.span()
        lead = text[max(block.start, start - 2) : start].rstrip()
        opened = bool(lead) and lead[-1] not in ".!?…"
        if (
            opened
            or _CONTINUES.match(text, end, block.end)
            or _CONTINUES.match(text, _skip(text, end, block.end), block.end)
        ):
            found.append((start, end))
    return found


def _is_end(text: str, start: int, match: re.Match[str], after: int) -> bool:
    """Whether a sentence ends at these terminators, given where it began and what comes next."""
    first = text[after]
    if first.islower() or first in ",;:)]}%&" or _SOURCES.match(text, after):
        return False
    marks, closing = match[1], match[2]
    if marks != ".":
        return True
    if closing[:1] == ")" and _token_before(text, start, match.start()) in _EDITORS:
        return False
    if closing[:1] not in ("", "[", ":") and closing[:1] not in _RAISED:
        return True
    return _period_ends(text, start, match.start(), after)


def _token_begin(text: str, start: int, end: int) -> int:
    while end > start and not text[end - 1].isspace():
        end -= 1
    return end


def _token_before(text: str, start: int, period: int) -> str:
    return text[_token_begin(text, start, period) : period].lstrip(_OPENERS).lower()


def _period_ends(text: str, start: int, period: int, after: int) -> bool:
    begin = _token_begin(text, start, period)
    token = text[begin:period].lstrip(_OPENERS + "-–—/")
    following = _next_word(text, after)
    if not token:
        return True
    if token[-1].isdigit():
        return _number_ends(text, start, begin, token, following)
    if _INITIAL.match(text, after):
        following = ""  # 'H. A. Toops': a letter of a name begins no sentence
    token = re.split(r"[(/\[–—]", token)[-1]
    word = token.lower()
    if len(token) == 1 and token.isalpha():
        return _initial_ends(text, start, begin, token, following)
    if word in _TITLES or word.endswith("str"):  # 'Hauptstr. 12'
        return False
    if word in _BEFORE_NUMBER:
        if following[:1].isdigit() or following[:1] in "§#" or _ROMAN.match(following):
            return False
        if _NUMBERED.match(text, after):  # 'Inv. No. 12'
            return False
        return word in ("no", "mar", "sec", "may", "item", "rule", "ref", "ex") or (
            following in _STARTERS
        )
    if word in _PERHAPS_LAST or _is_dotted(token):
        return following in _STARTERS
    return True


def _number_ends(text: str, start: int, begin: int, token: str, following: str) -> bool:
    if begin == start or not text[start:begin].strip(_OPENERS + " "):
        return len(token) > 3 or not token.replace(".", "").isdigit()  # '1. Introduction'
    if not token.isdigit() or len(token) > 2:
        return True
    if following.rstrip(".") in _GERMAN_AFTER_ORDINAL:
        return False
    before = text[start:begin].split()[-1]
    return before.lower() not in _GERMAN_BEFORE_ORDINAL or following in _STARTERS


def _initial_ends(text: str, start: int, begin: int, token: str, following: str) -> bool:
    """Whether a single letter ends its sentence: 'vitamin C. The', but not 'J. Smith'."""
    before = text[start:begin].split()
    if not before:
        return False
    if token == "I" and before[-1][0].islower():
        return True
    if token.islower() and before[-1][-1].isdigit():
        return True  # a unit: '10.30 h'
    return following in _STARTERS and not before[-1].endswith(".")


def _is_dotted(token: str) -> bool:
    """Whether a token is an abbreviation with periods inside: 'U.S', 'z.B', 'Ph.D'."""
    parts = token.split(".")
    return len(parts) > 1 and all(0 < len(part) <= 3 and part.isalpha() for part in parts)


def _next_word(text: str, at: int) -> str:
    while at < len(text) and text[at] in _OPENERS:
        at += 1
    end = at
    while end < len(text) and (text[end].isalnum() or text[end] in ".'’§#"):
        end += 1
    return text[at:end].rstrip(",;:.") if end > at else text[at : at + 1]
