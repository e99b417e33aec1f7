"""The words that head an item or a paragraph, as a heading heads a section.

"4. **Garden.** Mrs Petrov helps.", "Medicines: take one a day.", "(2) Garden. ...", who sent a
message ("[12/09/2026, 18:02] Ann: ..."), or the question above an answer: without them the item's
other sentences may say nothing.
"""

from __future__ import annotations

import re

from rag.stamps import STAMP
from rag.types import Span

_NUMBER = r"[-*•–]|§[ \t]?\d+|\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z])[.)]"
_MARK = rf"(?:{STAMP}|{_NUMBER})[ \t]+"
# What an item begins with before its sentences: "4. **Garden.**", "Medicines:", "(2) Garden.",
# and who sent a message: "[12/09/2026, 18:02] Ann:".
_LEAD = re.compile(
    rf"[ \t]*(?:{_MARK})?(?:\*\*|__)(?P<bold>[^*_\n]{{2,60}}?)[.:]?(?:\*\*|__)[.:]?(?=\s)"
    rf"|[ \t]*(?:{_MARK})?(?P<label>[^\W\d_][^.:;!?\n*|]{{1,40}}):(?=\s)"
    rf"|[ \t]*{_MARK}(?P<item>[^\W\d_][\w'’,& -]{{1,40}})\.(?=\s+\S)"
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
_ITEM_CHARS = 2000  # further up nothing is looked for
_BEGINS = re.compile(rf"[ \t]*(?:{_MARK}|#|\|)")
_ENDS = re.compile(r"(?:^|[.!?:;|][\"'”’)*_]*)[ \t]*$")


def lead_of(text: str, span: Span) -> str:
    """The words that head the item or paragraph of a sentence; empty where it holds them itself.

    Without such words, the question that it follows, as in a list of questions and answers.
    """
    begin = _item_start(text, span.start)
    found = _LEAD.match(text, begin)
    if found and found.end() <= span.start:
        lead = " ".join((found["bold"] or found["label"] or found["item"]).split())
        if len(lead.split()) <= _LEAD_WORDS and not _SAYS.search(lead):
            return lead
    above = text[max(0, begin - _ASKED_CHARS) : begin].rstrip()
    asked = _ASKED.search(above)
    return " ".join(asked["asked"].split()) if asked else ""


def _item_start(text: str, at: int) -> int:
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
