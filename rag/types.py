"""The vocabulary of the project: frozen values that every room passes on.

A leaf: it imports nothing of the project. Offsets are half-open and count characters (code
points) of `Document.text`; lines and pages count from 1.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["answered", "partial", "not_found"]
Verdict = Literal["supported", "weak"]
Mode = Literal["hybrid", "dense", "lexical"]

SUMMARY_WORDS = {"short": 60, "medium": 150, "long": 400}
"""About how many words a summary of each length has."""
SUMMARY_FORMATS = ("prose", "bullets", "outline")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open, non-empty range of characters of a document's text."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a span needs 0 <= start < end, got {self.start}-{self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"

    def of(self, text: str) -> str:
        """The characters of `text` that the span covers."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """Whether the two spans share at least one character."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Span) -> bool:
        """Whether every character of `other` lies in this span."""
        return self.start <= other.start and other.end <= self.end

    def shifted(self, by: int) -> Span:
        """The span moved by `by` characters."""
        return Span(self.start + by, self.end + by)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: where it starts, its level (1 is the highest) and its words."""

    start: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A named place that begins at `start`: a slide, a sheet and its cells, a message."""

    start: int
    label: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text and where it came from.

    `path` is the name used in all output. `sha256` is of the file's bytes. `parser` is the
    parser's name and version, such as `markdown/1`. `pages` holds the start offset of each page
    (empty where the format has none). `blocks` are spans that a sentence never crosses
    (paragraphs, list items, table rows, headings), in order; a parser that knows no structure
    leaves it empty. `modified` is the file's time in seconds since 1970 (0.0 if unknown).
    """

    path: str
    text: str
    sha256: str
    parser: str
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    places: tuple[Place, ...] = ()
    blocks: tuple[Span, ...] = ()
    title: str | None = None
    modified: float = 0.0
    _lines: list[int] = field(default_factory=list, repr=False, compare=False, hash=False)

    def line_at(self, offset: int) -> int:
        r"""The line of a character: 1 + the number of `\n` before it."""
        if not self._lines:
            self._lines.append(-1)
            self._lines.extend(i for i, c in enumerate(self.text) if c == "\n")
        return max(1, bisect_right(self._lines, offset - 1))

    def page_at(self, offset: int) -> int | None:
        """The page of a character, from 1; None where the format has no pages."""
        return max(1, bisect_right(self.pages, offset)) if self.pages else None

    def heading_at(self, offset: int) -> str | None:
        """The heading path above a character, such as `Budget > Training`; None without one."""
        path: list[Heading] = []
        for heading in self.headings:
            if heading.start > offset:
                break
            while path and path[-1].level >= heading.level:
                path.pop()
            path.append(heading)
        return " > ".join(h.text for h in path) or None

    def place_at(self, offset: int) -> str | None:
        """The label of the named place a character stands in; None without one."""
        at = bisect_right([p.start for p in self.places], offset)
        return self.places[at - 1].label if at else None


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is indexed and retrieved: whole sentences of one document.

    `text == document.text[span.start:span.end]`. `sentences` are spans of the document (not of
    the passage), in order. `heading` is context for retrieval and display, not part of the text.
    `id` derives from the document's path, the span and the text.
    """

    id: str
    document: str
    span: Span
    text: str
    sentences: tuple[Span, ...]
    heading: str | None = None
    page: int | None = None
    line: int = 1


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage. `rank` counts from 1; a higher `score` is better (4 decimals).

    `dense_rank` and `lexical_rank` are the ranks in the two lists that were fused, None where the
    passage was not in one. `terms` are the query's terms that the lexical search met.
    """

    passage: Passage
    rank: int
    score: float
    dense_rank: int | None = None
    lexical_rank: int | None = None
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phrase:
    """The reader's shortest answer: a span of a document."""

    text: str
    document: str
    span: Span


@dataclass(frozen=True, slots=True)
class Citation:
    """A marker and the exact characters of a document it stands for.

    `label` is the name that the format itself gives to the place, such as `Staff!A3:C3`.
    """

    marker: int
    document: str
    span: Span
    quote: str
    page: int | None = None
    line: int = 1
    heading: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A checked sentence of an answer or a summary; `support` is from 0 to 1."""

    text: str
    citations: tuple[int, ...]
    support: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Removed:
    """A sentence that was not shown, or a candidate that was not used, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The name and the weights' SHA-256 of a model that took part."""

    name: str
    sha256: str


JUDGED_WHOLE = "judged whole"
"""The outcome of a passage that was judged as such, beside those of sentences."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A candidate, for `--why`: where it stands, each signal by its name, and what became of it."""

    document: str
    span: Span
    text: str
    signals: tuple[tuple[str, float], ...]
    outcome: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What `ask` returns; printed, it is the answer with its sources.

    `status` is `answered`, `partial` (sentences were removed, are weakly supported, or a part
    stays open) or `not_found` (no sentences, no citations; `hits` are what was searched).
    `answer` holds markers such as `[1]`, each the number of exactly one citation. `confidence` is
    the calibrated probability, 0 to 1, that it is right and the documents say so. `phrase` is the
    shortest answering span, `missing` the part of the question that stays open. `timings_ms` has
    the stages retrieve, select, first_token, generate, verify, total. `notes` are remarks to the
    reader of the answer ("two documents disagree"); they are about the answer, never part of it.
    `prompts` holds the changing part of each prompt a language model was given, in order.
    """

    question: str
    status: Status
    answer: str
    confidence: float
    phrase: Phrase | None
    sentences: tuple[Sentence, ...]
    removed: tuple[Removed, ...]
    missing: str | None
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    model: ModelInfo
    reader: ModelInfo | None
    index_digest: str
    seed: int
    prompt_tokens: int
    completion_tokens: int
    timings_ms: dict[str, float]
    considered: tuple[Considered, ...] = ()
    notes: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The answer and, a line each, its sources."""
        if self.status == "not_found":
            return "The documents do not say."
        sources = [f"[{c.marker}] {c.document}:{c.span}" for c in self.citations]
        return "\n".join([self.answer, *sources])

    def _repr_html_(self) -> str:
        """The answer as HTML, for a notebook."""
        from rag.notebook import answer_html

        return answer_html(self)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A section that a summary does not represent, and why."""

    document: str
    heading: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the text a summary represents: passages, sections, and what was left out."""

    passages: int
    represented: int
    sections: int
    sections_represented: int
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What `summarise` returns: as `Answer`, with the coverage of the text."""

    summary: str
    status: Status
    sentences: tuple[Sentence, ...]
    removed: tuple[Removed, ...]
    citations: tuple[Citation, ...]
    coverage: Coverage
    about: str | None
    length: str
    format: str
    model: ModelInfo | None
    timings_ms: dict[str, float]
