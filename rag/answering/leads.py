"""The words that head an item or a paragraph, as a heading heads a section.

"4. **Garden.** Mrs Petrov helps.", "Medicines: take one a day.", "(2) Garden. ...", who sent a
message ("[12/09/2026, 18:02] Ann: ..."), the line that announces a list or a value ("You need:"),
or the question above an answer: without them the item's other sentences may say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.stamps import STAMP
from rag.types import Span

_NUMBER = r"[-*•·‣▪◦●○■□►–—�]|§[ \t]?\d+|\(?(?:[A-Z]?\d{1,3}(?:\.\d{1,3})*|[a-zA-Z])[.)]"
_MARK = rf"(?:{STAMP}|{_NUMBER})[ \t]+"
# What an item begins with before its sentences: "4. **Garden.**", "Medicines:", "(2) Garden.",
# "a) Garden - ", and who sent a message: "[12/09/2026, 18:02] Ann:".
_LEAD = re.compile(
    rf"[ \t]*(?:{_MARK})?(?:\*\*|__)(?P<bold>[^*_\n]{{2,60}}?)[.:]?(?:\*\*|__)[.:]?(?=\s)"
    rf"|[ \t]*(?:{_MARK})?(?P<label>[^\W\d_][^.:;!?\n*|]{{1,40}}):(?=\s)"
    rf"|[ \t]*{_MARK}(?P<item>[^\W\d_][\w'’,& -]{{1,40}})\.(?=\s+\S)"
    rf"|[ \t]*{_MARK}(?P<dashed>[^\W\d_][\w'’,&€$£ -]{{1,50}}?)[ \t]+[-–—][ \t]+(?=\S)"
)
_LEAD_WORDS = 5
_SAYS = re.compile(  # a sentence heads nothing
    r"\b(?:is|are|was|were|be|has|have|had|will|would|shall|should|can|could|may|might|must|"
    r"do|does|did|said|says|agreed|asked|noted)\b",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"(?:^|\n)[\s>#*_-]*(?:Q(?:uestion)?\s?\d*[.:)]\s*)?(?P<asked>[^\n?]{4,}\?)[*_]*$"
)
_ASKED_CHARS = 100
LIST_CHARS = 700  # of a list that is quoted together
_LINE_CHARS = 160  # longer, a line without a mark is no item
_ITEM_CHARS = 2000  # further up nothing is looked for
_ITEM_MARK = re.compile(rf"[ \t]*{_MARK}")
_BEGINS = re.compile(rf"[ \t]*(?:{_MARK}|#|\|)")
_ENDS = re.compile(r"(?:^|[.!?:;|][\"'”’)*_]*)[ \t]*$")
_ANNOUNCES = re.compile(  # the next line or list: "**Medicines:**", "2. You need:"
    rf"[ \t]*(?:{_MARK}|#+[ \t]+)?(?P<words>[^\n|]{{2,90}}?)[*_]*:[*_]*[ \t]*"
)
_SENTENCE_END = re.compile(r"[.!?][\"'”’)*_]*[ \t]+")


def lead_of(text: str, span: Span) -> str:
    """The words that head the item or paragraph of a sentence; empty where it holds them itself.

    Without such words, the line that announces it or the list that it stands in, or the question
    that it follows, as in a list of questions and answers.
    """
    begin = item_start(text, span.start)
    found = _LEAD.match(text, begin)
    if found and found.end() <= span.start:
        lead = " ".join(next(filter(None, found.groupdict().values())).split())
        if len(lead.split()) <= _LEAD_WORDS and not _SAYS.search(lead):
            return lead
    if announced := _announcement(text, begin):
        return announced
    above = text[max(0, begin - _ASKED_CHARS) : begin].rstrip()
    asked = _ASKED.search(above)
    return " ".join(asked["asked"].split()) if asked else ""


def announces(text: str) -> bool:
    """Whether a sentence but announces what stands below it: "Medicines on discharge:"."""
    return _ANNOUNCES.fullmatch(text.strip()) is not None


def with_items(text: str, sentences: Sequence[Span], span: Span) -> Span:
    """A sentence that announces a list, with as many of its items as may be quoted together.

    Items have marks, or are lines one right below the other. The sentence itself where neither
    follows; `sentences` are those of its passage.
    """
    run = span
    for after in sorted(s for s in sentences if s.start >= span.end):
        below = text[run.end : after.start].strip(" \t\r") == "\n"
        item = _ITEM_MARK.match(text, item_start(text, after.start)) is not None
        line = below and not _LEAD.match(text, after.start)
        too_long = after.end - span.start > LIST_CHARS
        if not (item or line) or too_long or announces(after.of(text)):
            break
        run = Span(span.start, after.end)
    return run


def items_in(text: str, run: Span) -> int:
    """How many list items some characters touch, 0 in a paragraph that is none."""
    begin = text.rfind("\n", 0, run.start) + 1
    lines = text[begin : run.end].split("\n")
    return sum(_ITEM_MARK.match(line) is not None for line in lines)


def _announcement(text: str, begin: int) -> str:
    """The words before a colon that ends the line above a line or a list; empty without."""
    at, lowest = begin, max(0, begin - _ITEM_CHARS)
    listed = _ITEM_MARK.match(text, begin) is not None
    while at > lowest:
        end = lowest + len(text[lowest:at].rstrip())
        if end == lowest:
            break
        line = _SENTENCE_END.split(text[text.rfind("\n", lowest, end) + 1 : end])[-1]
        if found := _ANNOUNCES.fullmatch(line):
            return " ".join(found["words"].split())
        start = item_start(text, end - 1)
        if (_ITEM_MARK.match(text, start) is not None) != listed:
            break
        short = end - start <= _LINE_CHARS and not _LEAD.match(text, start)
        if not listed and not (short and text.count("\n", end, at) == 1):
            break
        at = start
    return ""


def item_start(text: str, at: int) -> int:
    """Where the paragraph or list item begins that stands at a place.

    A line that ends with a sentence ends a paragraph: some formats leave no empty line.
    """
    lowest = max(0, at - _ITEM_CHARS)
    begin = text.rfind("\n", lowest, at) + 1
    while begin > lowest and not _BEGINS.match(text, begin):
        above = text.rfind("\n", lowest, begin - 1) + 1
        if above < lowest or _ENDS.search(text[above : begin - 1]):
            break
        begin = above
    return begin
