"""Document -> passages: whole sentences, sized in the embedder's own tokens, with exact spans.

What is embedded (`passage_input`) is the heading path above the passage and then its text. The
heading is context only: it is no part of the passage and shifts no span.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.sentences import cut, split_sentences
from rag.types import Document, Passage, Span

__all__ = ["make_passages", "passage_input", "split_sentences"]

CountTokens = Callable[[Sequence[str]], list[int]]

SPECIAL_TOKENS = 2
_CONTEXT_CHARS = 100  # of a long heading path, its last parts
_CONTEXT_SHARE = 3  # a heading may take a third of what the embedder sees, else it is left out
_LEAST_TOKENS = 24  # a section smaller than this is joined with the next
_NEAR_SHARE = 0.8  # from here on a passage is counted again as a whole
_SEPARATOR = " > "
_MARKUP = re.compile(r"^[\s#*_>=\-]+")


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence with its tokens; `heading` is whether a heading begins here."""

    span: Span
    tokens: int
    heading: bool


def make_passages(
    document: Document,
    count_tokens: CountTokens,
    *,
    passage_tokens: int = 128,
    overlap_tokens: int = 32,
    max_tokens: int = 256,
    prefix_tokens: int = 0,
) -> list[Passage]:
    """The passages of a document, in order; together they hold every letter and digit of it.

    A passage is about `passage_tokens` tokens of whole sentences, and ends before a heading where
    its section is not tiny. Within a section a passage begins with the last sentences of the one
    before, up to `overlap_tokens`. `passage_input` of a passage, with `prefix_tokens` before it
    and the special tokens around it, is never longer than `max_tokens`: a sentence that would be
    is cut at a clause or a space. Raises `ValueError` for sizes that leave no room.
    """
    room = max_tokens - SPECIAL_TOKENS - prefix_tokens
    if passage_tokens < 1 or not 0 <= overlap_tokens < passage_tokens or room < 8:
        raise ValueError(
            f"passages of {passage_tokens} tokens with an overlap of {overlap_tokens} do not fit "
            f"an embedder of {max_tokens} tokens"
        )
    headings = _Headings(document, count_tokens, room // _CONTEXT_SHARE)
    units = _units(document, count_tokens, room - headings.most_tokens)
    size = min(passage_tokens, room - headings.most_tokens)
    passages: list[Passage] = []
    for group in _pack(units, size, overlap_tokens):
        spans = [unit.span for unit in group]
        near = sum(unit.tokens for unit in group) + headings.most_tokens > _NEAR_SHARE * room
        parts = _fitting(document, spans, headings, count_tokens, room) if near else [spans]
        passages.extend(_passage(document, part, headings) for part in parts)
    return passages


def passage_input(passage: Passage) -> str:
    """The text that is embedded for a passage: its heading path, then its text."""
    context = _context(passage.heading, passage.text)
    return f"{context}\n{passage.text}" if context else passage.text


def _context(heading: str | None, text: str) -> str:
    if not heading:
        return ""
    parts = heading.split(_SEPARATOR)
    if _MARKUP.sub("", text[: len(parts[-1]) + 20]).startswith(parts[-1]):
        parts.pop()  # the passage begins with its heading
    kept: list[str] = []
    left = _CONTEXT_CHARS
    for part in reversed(parts):
        if len(part) > left:
            if not kept:
                kept.append(part[:left].rstrip())
            break
        kept.append(part)
        left -= len(part) + len(_SEPARATOR)
    return _SEPARATOR.join(reversed(kept))


class _Headings:
    """The heading path at each place of a document, found in one sweep."""

    def __init__(self, document: Document, count_tokens: CountTokens, limit_tokens: int) -> None:
        paths: list[str] = []
        open_: list[tuple[int, str]] = []
        for heading in document.headings:
            while open_ and open_[-1][0] >= heading.level:
                open_.pop()
            open_.append((heading.level, heading.text))
            paths.append(_SEPARATOR.join(text for _, text in open_))
        names = sorted(set(paths))
        counts = count_tokens([_context(name, "") for name in names]) if names else []
        fits = {n: c for n, c in zip(names, counts, strict=True) if 0 < c <= limit_tokens}
        self.starts = [h.start for h in document.headings]
        self.paths = [path if path in fits else None for path in paths]
        self.most_tokens = max(fits.values(), default=0)

    def path_at(self, offset: int) -> str | None:
        """The path above an offset; None where there is none, or it is too long to be context."""
        at = bisect_right(self.starts, offset)
        return self.paths[at - 1] if at else None


def _units(document: Document, count_tokens: CountTokens, room: int) -> list[_Unit]:
    starts = [h.start for h in document.headings]
    text = document.text
    spans = list(split_sentences(document))
    counts = count_tokens([s.of(text) for s in spans]) if spans else []
    units: list[_Unit] = []
    before = 0
    for span, tokens in zip(spans, counts, strict=True):
        until = bisect_right(starts, span.start)
        pieces = (
            [(span, tokens)] if tokens <= room else _cut(text, span, tokens, count_tokens, room)
        )
        for piece, piece_tokens in pieces:
            units.append(_Unit(piece, piece_tokens, until > before))
            before = until
    return units


def _cut(
    text: str, span: Span, tokens: int, count_tokens: CountTokens, room: int
) -> list[tuple[Span, int]]:
    """A span in pieces of at most `room` tokens each."""
    done: list[tuple[Span, int]] = []
    todo = [(span, tokens)]
    while todo:
        span, tokens = todo.pop()
        if tokens <= room or len(span) == 1:
            done.append((span, tokens))
            continue
        pieces = cut(text, span, max(1, min(len(span) - 1, len(span) * room // tokens)))
        counts = count_tokens([p.of(text) for p in pieces])
        todo.extend(zip(reversed(pieces), reversed(counts), strict=True))
    return done


def _pack(units: Sequence[_Unit], size: int, overlap: int) -> Iterator[list[_Unit]]:
    """Runs of units of about `size` tokens; a run after a full one begins with its last units."""
    run: list[_Unit] = []
    tokens = fresh = 0  # fresh: tokens that no run before holds
    for unit in units:
        section_ends = unit.heading and fresh >= _LEAST_TOKENS and not run[-1].heading
        if run and fresh and (section_ends or tokens + unit.tokens > size):
            yield run
            room = 0 if section_ends or unit.heading else min(overlap, size - unit.tokens)
            run = _tail(run, room)
            tokens, fresh = sum(u.tokens for u in run), 0
        run.append(unit)
        tokens += unit.tokens
        fresh += max(1, unit.tokens)
    if run:
        yield run


def _fitting(
    document: Document,
    spans: list[Span],
    headings: _Headings,
    count_tokens: CountTokens,
    room: int,
) -> list[list[Span]]:
    """The spans in runs whose input fits: some tokenizers make more tokens of a joined text."""
    tokens = count_tokens([passage_input(_passage(document, spans, headings))])[0]
    if tokens <= room or (len(spans) == 1 and len(spans[0]) < 2):
        return [spans]
    middle = len(spans) // 2
    halves = [spans[:middle], spans[middle:]]
    if len(spans) == 1:
        halves = [[piece] for piece in cut(document.text, spans[0], len(spans[0]) // 2)]
    return [
        run for half in halves for run in _fitting(document, half, headings, count_tokens, room)
    ]


def _tail(run: list[_Unit], room: int) -> list[_Unit]:
    """The last units of a run within `room` tokens, never all of it."""
    first = len(run)
    while first > 1 and run[first - 1].tokens <= room:
        first -= 1
        room -= run[first].tokens
    return run[first:]


def _passage(document: Document, sentences: list[Span], headings: _Headings) -> Passage:
    span = Span(sentences[0].start, sentences[-1].end)
    text = span.of(document.text)
    return Passage(
        id=_identity(document.path, span, text),
        document=document.path,
        span=span,
        text=text,
        sentences=tuple(sentences),
        heading=headings.path_at(span.start),
        page=document.page_at(span.start),
        line=document.line_at(span.start),
    )


def _identity(path: str, span: Span, text: str) -> str:
    """What a passage is called: from its document's path, its span and its text alone."""
    name = f"{path}\0{span.start}\0{span.end}\0{text}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(name).hexdigest()[:20]
