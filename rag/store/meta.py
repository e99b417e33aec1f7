"""What built an index, and whether an embedder and settings fit it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from rag.embedding.protocol import Embedder
from rag.errors import IndexMismatch
from rag.settings import Settings
from rag.types import Document, Passage


@dataclass(frozen=True, slots=True)
class Meta:
    """What built an index. Two indexes with one `Meta` and the same files have one digest."""

    embedder: str
    embedder_sha256: str
    dimension: int
    query_prefix: str
    passage_prefix: str
    max_tokens: int
    passage_tokens: int
    overlap_tokens: int

    @classmethod
    def of(cls, embedder: Embedder, settings: Settings) -> Meta:
        """The `Meta` of an index that this embedder and these settings would build."""
        return cls(
            embedder=embedder.name,
            embedder_sha256=embedder.sha256,
            dimension=embedder.dimension,
            query_prefix=embedder.query_prefix,
            passage_prefix=embedder.passage_prefix,
            max_tokens=embedder.max_tokens,
            passage_tokens=settings.passage_tokens,
            overlap_tokens=settings.overlap_tokens,
        )

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, as the catalogue stores them."""
        return asdict(self)

    def require_embedder(self, embedder: Embedder) -> None:
        """Raises `IndexMismatch` unless `embedder` makes the vectors that this index holds.

        The weights decide, not the name: the same weights by another name fit.
        """
        have = (self.embedder_sha256, self.dimension, self.query_prefix, self.passage_prefix)
        asked = (
            embedder.sha256,
            embedder.dimension,
            embedder.query_prefix,
            embedder.passage_prefix,
        )
        if have != asked:
            raise IndexMismatch(
                f"the index was built with the embedder '{self.embedder}' "
                f"({self.embedder_sha256[:12]}, {self.dimension} dimensions), asked for was "
                f"'{embedder.name}' ({embedder.sha256[:12]}, {embedder.dimension} dimensions): "
                f"use --embedder {self.embedder}, or build it anew with `rag index --rebuild`"
            )

    def require(self, other: Meta) -> None:
        """Raises `IndexMismatch` naming the first setting in which `other` differs."""
        mine, theirs = self.as_dict(), other.as_dict()
        for name in mine:
            if name != "embedder" and mine[name] != theirs[name]:
                raise IndexMismatch(
                    f"the index was built with {name} {_short(mine[name])} (embedder "
                    f"'{self.embedder}'), now {name} is {_short(theirs[name])} (embedder "
                    f"'{other.embedder}'): give the old value, or build the index anew with "
                    "`rag index --rebuild`"
                )


def _short(value: object) -> str:
    return repr(value[:16] if isinstance(value, str) else value)


def document_digest(document: Document, marks: str, passages: Iterable[Passage]) -> str:
    """The SHA-256 over a document's path, content, text, marks and passages (never its time)."""
    digest = hashlib.sha256()
    head = [document.path, document.sha256, document.title, marks]
    digest.update(json.dumps(head, ensure_ascii=True).encode())
    digest.update(document.text.encode("utf-8", "surrogatepass"))
    for p in passages:
        spans = [[s.start, s.end] for s in p.sentences]
        row = [p.id, p.span.start, p.span.end, spans, p.heading, p.page, p.line]
        digest.update(json.dumps(row, ensure_ascii=True).encode())
    return digest.hexdigest()


def index_digest(meta: Meta, documents: Iterable[tuple[str, str]]) -> str:
    """The SHA-256 over what built the index and each document's (path, digest), sorted by path."""
    digest = hashlib.sha256()
    settings = {k: v for k, v in meta.as_dict().items() if k != "embedder"}
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for path, one in sorted(documents):
        digest.update(json.dumps([path, one], ensure_ascii=True).encode())
    return digest.hexdigest()
