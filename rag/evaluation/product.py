"""What is evaluated, as plain calls: nothing here knows the command line or the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

from rag.types import Answer, Hit, ModelInfo, Summary

Stage = Literal["retrieval", "reading", "answers", "support", "summaries"]
STAGES: tuple[Stage, ...] = get_args(Stage)


class Search(Protocol):
    """Finds passages."""

    def __call__(self, question: str, k: int, scope: Sequence[str] | None) -> Sequence[Hit]:
        """At most `k` hits, best first, of the documents in `scope` (None: of all)."""


class SearchMany(Protocol):
    """Finds passages for many questions at once, which an embedder does faster."""

    def __call__(
        self, questions: Sequence[str], k: int, scopes: Sequence[Sequence[str] | None]
    ) -> Sequence[Sequence[Hit]]:
        """The hits of each question, in order, each as `Search` alone would give them."""


class Ask(Protocol):
    """Answers a question."""

    def __call__(self, question: str, scope: Sequence[str] | None, quote: bool) -> Answer:
        """The answer; with `quote` the reader's alone, without a language model."""


class Support(Protocol):
    """Judges a claim."""

    def __call__(self, claim: str, evidence: Sequence[str]) -> float:
        """How far the evidence supports the claim, from 0 to 1."""


class Summarise(Protocol):
    """Summarises a document."""

    def __call__(self, doc: str, query: str | None) -> Summary:
        """The summary of the document, about `query` where one is given."""


@dataclass(frozen=True, slots=True)
class Product:
    """Everything an evaluation needs to know of what it evaluates.

    `documents` are the names in the index and `document_text` gives the extracted text of one.
    `models` holds the models by role (`embedder`, `reader`, `generator`); `settings` whatever else
    shapes an answer. `thresholds` are the shipped ones: `confidence` (below it a question counts as
    not answered), `support` and `weak`. A call that a stage does not need may be None.
    """

    documents: Sequence[str] = ()
    document_text: Callable[[str], str] | None = None
    index_digest: str = ""
    models: Mapping[str, ModelInfo] = field(default_factory=dict)
    settings: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    search: Search | None = None
    search_many: SearchMany | None = None
    ask: Ask | None = None
    support: Support | None = None
    summarise: Summarise | None = None
