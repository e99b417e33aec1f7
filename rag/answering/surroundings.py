"""What stands around a sentence, without which it may say nothing: headings, heads of tables."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from rag.answering.leads import lead_of
from rag.answering.orders import gives_orders
from rag.answering.terms import terms
from rag.types import Document, Hit, Span
from rag.verification.polarity import denials

SETTING_CHARS = 110
BEFORE_CHARS = 160
_MOST_ROWS = 500
_LEANING_CHARS = 60  # a sentence as short as this rarely stands by itself
_LEANS = re.compile(
    r"\W*(?:it|he|she|they|this|these|those|that|his|her|their|its|such|both|there|then|here|"
    r"unchanged|the (?:former|latter|first|second|other|same))\b",
    re.IGNORECASE,
)
# Anywhere in a sentence: of what, the one before it says.
_REST = re.compile(
    r"(?<!and )(?<!but )\bthe (?:remainder|rest|former|latter)\b(?!\s+(?:of|two)\b)",
    re.IGNORECASE,
)
# So begins a sentence that holds in a case which the one before it names.
_CASE = re.compile(
    r"\W*(?:in (?:that|this|such a|either|neither) case\b|in (?:these|those|such) cases\b|"
    r"otherwise\b|if (?:so|not)\b|failing (?:that|this)\b|(?:unless|except) (?:so|then)\b)",
    re.IGNORECASE,
)
# What is proposed is not decided: whether it was, the next sentence tells.
_PROPOSES = re.compile(
    r"\b(?:propos(?:e[sd]?|ing|als?)|suggest(?:s|ed|ion)?|motions?|moved that|request(?:s|ed)?|"
    r"appl(?:y|ies|ied) for|asked (?:to|for|that|whether|if)|wish(?:es|ed)? to|want(?:s|ed)? to|"
    r"goals?|aim(?:s|ed)?|intend(?:s|ed)?|intention|plan(?:s|ned)? to|hop(?:es?|ed) to|meant to|"
    r"recommend(?:s|ed)?|consider(?:s|ed)?|would like|offer(?:s|ed)? to)\b",
    re.IGNORECASE,
)
_EXCLUDES = re.compile(
    r"\b(?:exclu\w+|except(?!ional)\w*|prohibit\w*|forbid\w*|withdrawn|cancell?ed|deprecated|"
    r"discontinued|repealed|removed|unsupported|out of scope)\b",
    re.IGNORECASE,
)
_NON = re.compile(r"\bnon-|\bno\.? ?(?=\d)", re.IGNORECASE)  # "Non-fiction", "No. 7"
_LABEL_WORDS = 8
_QUOTED_CHARS = 500  # longer, a sentence is quoted alone
_ITEM = re.compile(r"\s*(?:[-*•|#]|\(?\w{1,3}[.)])\s*")
_ROW = re.compile(r"\s*\|.*\|\s*$")
_RULE = re.compile(r"[\s|:=-]+$")


def setting_of(document: Document, span: Span) -> str:
    """What a sentence is about by where it stands: title and headings, the head of its table.

    Also the words that its item or paragraph begins with, as a heading does ("4. **Garden.**").
    At most 110 characters, of a long path its first and last heading, and as many of a table's
    head. A heading that gives orders to a machine is left out.
    """
    path = document.heading_at(span.start) or document.title or name_of(document.path)
    parts = [" ".join(p.split()) for p in path.split(" > ")]
    title = " ".join((document.title or "").split())
    if title and len(parts) < 2 and parts[0] != title:
        parts.insert(0, title)
    if (lead := lead_of(document.text, span)) and lead not in parts:
        parts.append(lead)
    shown = _joined([p for p in parts if not gives_orders(p)] or [name_of(document.path)])
    head = table_head(document.text, span)[:SETTING_CHARS]
    return f"{shown}: {head}" if head and not gives_orders(head) else shown


def _joined(parts: Sequence[str]) -> str:
    whole = " > ".join(parts)
    if len(whole) <= SETTING_CHARS:
        return whole
    first, last = parts[0][: SETTING_CHARS // 2], parts[-1][: SETTING_CHARS // 2]
    return first if len(parts) == 1 else f"{first} > {last}"


def terms_above(hit: Hit, whole: Document) -> frozenset[str]:
    """The terms of title, headings and path: which heater a manual is of stands there."""
    return frozenset(terms(f"{whole.title or ''} {hit.passage.heading or ''} {whole.path}"))


def terms_around(hit: Hit, whole: Document) -> frozenset[str]:
    """The terms of a passage and of what stands above it."""
    return terms_above(hit, whole) | frozenset(terms(hit.passage.text))


def name_of(path: str) -> str:
    """A file's name without its ending, its words apart."""
    stem = re.sub(r"\.\w{1,5}$", "", path.rsplit("/", 1)[-1])
    return re.sub(r"[_\-]+", " ", stem).strip()


def heads_table(text: str, span: Span) -> bool:
    """Whether a span is the first row of a Markdown table, above its rule: it names columns."""
    begin, end = text.rfind("\n", 0, span.start) + 1, text.find("\n", span.start)
    if end < 0 or not _ROW.match(text[begin:end]):
        return False
    after = text.find("\n", end + 1)
    below = text[end + 1 : after if after >= 0 else len(text)]
    return "-" in below and _RULE.match(below) is not None and span.end <= end


def table_head(text: str, span: Span) -> str:
    """The first row of the Markdown table that a row stands in; empty elsewhere.

    Empty, too, more than 500 rows below it.
    """
    begin = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.start)
    if not _ROW.match(text[begin : end if end >= 0 else len(text)]):
        return ""
    head = ""
    for _ in range(_MOST_ROWS):
        if begin == 0:
            break
        above = text.rfind("\n", 0, begin - 1) + 1
        line = text[above : begin - 1]
        if not _ROW.match(line):
            break
        if not _RULE.match(line):
            head = line
        begin = above
    else:
        return ""
    return column_names(head)


def column_names(row: str) -> str:
    """The first row of a Markdown table on one line, an empty name as it is, without its ends."""
    return " ".join(row.strip().removeprefix("|").removesuffix("|").split())


def denied_by(document: Document, span: Span) -> Span | None:
    """The heading or label above a sentence that denies or excludes what the sentence says.

    "Damage by flood" says the opposite of what stands under "What is not covered". None where
    neither does, and of a sentence that denies something itself.
    """
    text = document.text
    if denials(span.of(text)) or _EXCLUDES.search(span.of(text)):
        return None
    lead = lead_of(text, span)
    start = text.rfind(lead, 0, span.start) if lead and _denies(lead) else -1
    if start >= 0:
        end = start + len(lead)
        return Span(start, end + text.startswith(":", end))
    above = heading_above(document, span)
    # A title ("No ferry in winter") speaks of the whole document, and does not turn its sentences.
    heading = above.of(text) if above else ""
    return above if heading != document.title and _denies(heading) else None


def heading_above(document: Document, span: Span) -> Span | None:
    """The words of the nearest heading that begins before a span; None without one."""
    at = bisect_left(document.headings, span.start, key=lambda heading: heading.start)
    if at == 0:
        return None
    heading = document.headings[at - 1]
    start = document.text.find(heading.text, heading.start, span.start)
    return Span(start, start + len(heading.text)) if start >= 0 else None


def _denies(label: str) -> bool:
    return len(label.split()) <= _LABEL_WORDS and excludes(label)


def excludes(text: str) -> bool:
    """Whether a text denies or excludes something."""
    return bool(denials(_NON.sub("", text)) or _EXCLUDES.search(text))


def leans(text: str) -> bool:
    """Whether a sentence begins with words that point back, as `it` or `in that case` do.

    Or tells of a rest without saying of what.
    """
    return (_LEANS.match(text) or _CASE.match(text) or _REST.search(text)) is not None


def proposes(text: str) -> bool:
    """Whether a text tells of a proposal, a request, an aim or a wish."""
    return _PROPOSES.search(text) is not None


def quoted_run(sentences: Sequence[Span], span: Span, text: str, *, outcome: bool = False) -> Span:
    """A sentence to quote, with those that it cannot be understood, or would mislead, without.

    These are the one that it leans on (a judge was shown that, too), and what tells in which case
    it holds or what holds otherwise: "Take A unless you take B. In that case take C." With
    `outcome`, of a proposal also the next sentence of the paragraph, which tells what became of it.
    At most 500 characters.
    """
    run = span
    for other in sorted(s for s in sentences if s.end <= span.start)[::-1]:
        # Of several sentences it is the first that may need the one before.
        begins = next((s for s in sentences if s.start == run.start), run).of(text)
        leaning = leans(begins) if run == span else _CASE.match(begins) is not None
        if not leaning or gives_orders(other.of(text)):
            break
        run = Span(other.start, run.end)
    for other in sorted(s for s in sentences if s.start >= span.end):
        if not _CASE.match(other.of(text)) or gives_orders(other.of(text)):
            break
        run = Span(run.start, other.end)
    if outcome and run.end == span.end and proposes(span.of(text)):
        run = Span(run.start, _outcome_end(sentences, span, text))
    return run if len(run) <= _QUOTED_CHARS else span


def _outcome_end(sentences: Sequence[Span], span: Span, text: str) -> int:
    """Where the next sentence of the same paragraph or item ends, else where `span` does."""
    following = min((s for s in sentences if s.start >= span.end), default=None)
    if following is None or gives_orders(following.of(text)):
        return span.end
    between = text[span.end : following.start]
    item = "\n" in between and _ITEM.match((between + following.of(text)).lstrip())
    apart = item or "\n\n" in between
    return span.end if apart else following.end


def leaned_on(sentences: Sequence[Span], span: Span, text: str) -> str:
    """The end of the sentence before `span`, where that leans on it; else empty.

    A sentence leans on the one before it when it is short or begins with a word such as `it`.
    """
    own = span.of(text)
    if len(own) > _LEANING_CHARS and not leans(own):
        return ""
    earlier = [s for s in sentences if s.end <= span.start]
    if not earlier:
        return ""
    last = " ".join(earlier[-1].of(text).split())
    if gives_orders(last):
        return ""
    return last if len(last) <= BEFORE_CHARS else "… " + last[-BEFORE_CHARS:].split(" ", 1)[-1]
