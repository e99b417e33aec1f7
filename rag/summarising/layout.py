"""How a summary is laid out, and how much of the text it covers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from rag.summarising.account import Account
from rag.summarising.sections import Section
from rag.types import Citation, Coverage, Passage, Skipped, Span


def laid_out(account: Account, form: str) -> str:
    """The summary with its markers, as prose, bullets or an outline of headings and bullets."""
    texts = [f"{s.text} {''.join(f'[{m}]' for m in s.citations)}" for s in account.sentences]
    if form == "bullets":
        return "\n".join(f"- {text}" for text in texts)
    if form == "outline":
        return _outline(texts, account)
    return " ".join(texts)


def _outline(texts: Sequence[str], account: Account) -> str:
    lines: list[str] = []
    last: int | None = None
    for text, number in zip(texts, account.sections, strict=True):
        if number != last:
            lines.append(account.heading(number))
            last = number
        lines.append(f"- {text}")
    return "\n".join(lines)


def heading_of(number: int, sections: Sequence[Section]) -> str:
    """What a part of the summary is called: its section, of several documents with its document."""
    section = sections[number]
    name = " ".join(section.heading.split())
    if len({s.document for s in sections}) == 1 or name == section.document:
        return name
    return f"{section.document}: {name}"


def coverage_of(
    sections: Sequence[Section],
    passages: Sequence[Passage],
    citations: Sequence[Citation],
    about: str | None = None,
) -> Coverage:
    """What of the text the citations represent, and why the rest was left out."""
    cited = _Cited(citations)
    skipped = [
        Skipped(s.document, s.heading, _reason(s, about))
        for s in sections
        if not any(cited.touches(u.document, u.span) for u in s.units)
    ]
    return Coverage(
        passages=len(passages),
        represented=sum(cited.touches(p.document, p.span) for p in passages),
        sections=len(sections),
        sections_represented=len(sections) - len(skipped),
        skipped=tuple(skipped),
    )


def _reason(section: Section, about: str | None) -> str:
    if not section.sentences:
        return "no full sentences (a table, a list)"
    if about:
        return "less about the topic than what was chosen"
    return "less central than what was chosen at this length"


class _Cited:
    """The cited spans of each document, for many questions whether one is touched."""

    def __init__(self, citations: Sequence[Citation]) -> None:
        self._spans: dict[str, list[Span]] = {}
        for citation in sorted(citations, key=lambda c: c.span):
            self._spans.setdefault(citation.document, []).append(citation.span)

    def touches(self, document: str, span: Span) -> bool:
        """Whether a cited span shares a character with this one."""
        spans = self._spans.get(document, [])
        before = bisect_left(spans, span.end, key=lambda s: s.start)
        return any(span.overlaps(s) for s in spans[:before])
