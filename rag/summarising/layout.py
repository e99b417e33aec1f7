"""How a summary is laid out, and how much of the text it covers."""

from __future__ import annotations

from collections.abc import Sequence

from rag.summarising.sections import Section
from rag.types import Citation, Coverage, Passage, Sentence, Skipped


def laid_out(
    sentences: Sequence[tuple[Sentence, int]], sections: Sequence[Section], form: str
) -> str:
    """The summary with its markers, as prose, bullets or an outline of headings and bullets.

    `sentences` come with the number of the section they are about.
    """
    texts = [
        (f"{s.text} {''.join(f'[{m}]' for m in s.citations)}", number) for s, number in sentences
    ]
    if form == "bullets":
        return "\n".join(f"- {text}" for text, _ in texts)
    if form == "outline":
        return _outline(texts, sections)
    return " ".join(text for text, _ in texts)


def _outline(texts: Sequence[tuple[str, int]], sections: Sequence[Section]) -> str:
    lines: list[str] = []
    last: int | None = None
    many = len({s.document for s in sections}) > 1
    for text, number in texts:
        if number != last:
            section = sections[number]
            lines.append(f"{section.document}: {section.heading}" if many else section.heading)
            last = number
        lines.append(f"- {text}")
    return "\n".join(lines)


def coverage_of(
    sections: Sequence[Section], passages: Sequence[Passage], citations: Sequence[Citation]
) -> Coverage:
    """What of the text the citations represent, and why the rest was left out."""
    represented = sum(
        1
        for p in passages
        if any(c.document == p.document and c.span.overlaps(p.span) for c in citations)
    )
    skipped = []
    for section in sections:
        if any(_stands_in(citation, section) for citation in citations):
            continue
        reason = (
            "less central than what was chosen at this length"
            if section.usable
            else "no full sentences (a table, a list of names, a heading alone)"
        )
        skipped.append(Skipped(section.document, section.heading, reason))
    return Coverage(
        passages=len(passages),
        represented=represented,
        sections=len(sections),
        sections_represented=len(sections) - len(skipped),
        skipped=tuple(skipped),
    )


def _stands_in(citation: Citation, section: Section) -> bool:
    return citation.document == section.document and any(
        citation.span.overlaps(u.span) for u in section.units
    )
