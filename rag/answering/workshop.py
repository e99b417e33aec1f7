"""What an answer is made with, and what is told while it is made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from rag.calibration import Calibrated
from rag.errors import QuestionInvalid
from rag.generation.protocol import Generator
from rag.reading.protocol import Reader
from rag.retrieval.subject import Subject
from rag.types import Citation, Document, Hit, Phrase, Sentence
from rag.untrusted import without_escapes

MAX_CHARS = 2000
MAX_WORDS = 300


@dataclass(frozen=True, slots=True)
class Workshop:
    """The resources of an answer, so that each can be replaced.

    `search` gives the best k hits for a text, `document` a document by its path. `subject` tells
    which documents a question names, and `within` gives the best k hits for a text in some
    documents. Without a `generator` the reader answers alone, by a quotation. `calibration` is that
    of the generator's name unless another is given, `alone` that of the reader alone.
    """

    search: Callable[[str, int], Sequence[Hit]]
    document: Callable[[str], Document]
    reader: Reader
    generator: Generator | None = None
    index_digest: str = ""
    calibration: Calibrated | None = None
    alone: Calibrated | None = None
    subject: Callable[[str], Subject] = lambda _: Subject()
    within: Callable[[str, int, Collection[str]], Sequence[Hit]] = lambda *_: ()


@dataclass(frozen=True, slots=True)
class QuotationReady:
    """A checked quotation, before anything is worded; `phrase` is what to highlight in it."""

    citation: Citation
    phrase: Phrase | None
    support: float


@dataclass(frozen=True, slots=True)
class SentenceReady:
    """A sentence of the answer that passed its check, with everything it cites."""

    sentence: Sentence
    citations: tuple[Citation, ...]


Event = QuotationReady | SentenceReady


def checked_question(question: str) -> str:
    """The question on one line, control characters and a terminal's escape sequences taken out.

    Raises `QuestionInvalid` where it holds no letter or digit, or is far too long.
    """
    plain = without_escapes(question)
    printable = "".join(c if c.isprintable() or c.isspace() else " " for c in plain)
    folded = " ".join(printable.split())
    if not any(c.isalnum() for c in folded):
        raise QuestionInvalid(
            "the question is empty: write what you want to know, for example "
            '"When does the lease end?"'
        )
    words = len(folded.split())
    if len(folded) > MAX_CHARS or words > MAX_WORDS:
        raise QuestionInvalid(
            f"the question has {words} words and {len(folded)} characters, at most {MAX_WORDS} "
            f"words and {MAX_CHARS} characters are taken: ask one thing at a time"
        )
    return folded
