"""An open index: what it holds, and everything that can be asked of it.

An `Index` is a snapshot of the store together with the models it has needed so far. Models are
loaded when they are first needed and freed by `close`. Nothing prints, nothing is global, and an
index may be used from several threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rag.errors import DocumentNotFound
from rag.loading import Models
from rag.settings import Settings, load_settings

if TYPE_CHECKING:
    from rag.answering import Event
    from rag.embedding.protocol import Embedder
    from rag.models import Progress
    from rag.retrieval import Filters
    from rag.store import Snapshot
    from rag.types import Answer, Document, Hit, Mode, Summary

PathLike = str | Path


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What an index holds, and what changed on disk since: names of documents."""

    path: str
    digest: str
    format_version: int
    embedder: str
    search: str
    documents: int
    passages: int
    bytes: int
    roots: tuple[str, ...]
    changed: tuple[str, ...]
    new: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gives: the hits with the query, the mode and the milliseconds by stage."""

    query: str
    mode: Mode
    hits: tuple[Hit, ...]
    timings_ms: dict[str, float]


class Index:
    """An open index: a snapshot of the documents, and the models needed so far."""

    def __init__(
        self,
        path: PathLike,
        settings: Settings | None = None,
        *,
        models: Models | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Opens the index in a folder; models are fetched and loaded when they are needed.

        `models` are shared with the caller, who closes them. Raises `IndexNotFound`,
        `IndexDamaged`, and on first use of the embedder `IndexMismatch` where the index was built
        by another one.
        """
        from rag.store import open_snapshot

        self.path = Path(path)
        self.settings = settings or load_settings()
        self.snapshot: Snapshot = open_snapshot(self.path)
        self._own_models = models is None
        self.models = models or Models(self.settings, progress)
        self._checked = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Frees the models and the snapshot. Closing twice does nothing."""
        if self._own_models:
            self.models.close()
        self.snapshot.close()

    @property
    def digest(self) -> str:
        """The digest of documents, passages and settings: equal for equal content."""
        return self.snapshot.digest

    def documents(self) -> list[str]:
        """The names of all documents, sorted."""
        return [info.path for info in self.snapshot.documents()]

    def document(self, name: str) -> Document:
        """A document with its text, by its path or its unique stem.

        Raises `DocumentNotFound` with the nearest names where there is none.
        """
        names = self.documents()
        if name in names:
            return self.snapshot.document(name)
        stems = [n for n in names if n.rsplit("/", 1)[-1].rsplit(".", 1)[0] == name]
        if len(stems) == 1:
            return self.snapshot.document(stems[0])
        import difflib

        near = stems or difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        hint = f"; near are {', '.join(near)}" if near else "; `rag status` says what is indexed"
        raise DocumentNotFound(f"no document '{name}' in the index {self.path}{hint}")

    def file_of(self, name: str) -> Path | None:
        """The file that a document was read from, if it is still there."""
        try:
            path = self.snapshot.source(name)
        except KeyError:
            return None
        return path if path.is_file() else None

    def status(self) -> IndexStatus:
        """What is indexed, by what, how large, and what changed on disk since."""
        from rag.indexing import staleness
        from rag.store import FORMAT_VERSION

        stale = staleness(self.path)
        meta = self.snapshot.meta
        return IndexStatus(
            path=str(self.path),
            digest=self.digest,
            format_version=FORMAT_VERSION,
            embedder=meta.embedder,
            search=self.snapshot.search_kind,
            documents=self.snapshot.document_count,
            passages=self.snapshot.passage_count,
            bytes=self.snapshot.size_bytes,
            roots=tuple(str(root) for root in self.snapshot.roots()),
            changed=stale.changed,
            new=stale.new,
            missing=stale.missing,
        )

    @property
    def embedder(self) -> Embedder:
        """The embedder, checked to be the one that built the index."""
        if not self._checked:
            self.snapshot.warm()  # the vector library loads while the embedder does
        embedder = self.models.embedder
        if not self._checked:
            self.snapshot.meta.require_embedder(embedder)
            self._checked = True
        return embedder

    # what it does

    def search(
        self,
        query: str,
        k: int = 10,
        *,
        mode: Mode = "hybrid",
        path: str | None = None,
        formats: Sequence[str] | None = None,
        since: float | None = None,
        until: float | None = None,
        scope: Sequence[str] | None = None,
    ) -> list[Hit]:
        """The best `k` passages, best first; fewer only where fewer match the filters.

        `path` is a glob over document paths, `formats` are file endings, `since` and `until` are
        seconds since 1970, `scope` names the documents (by path or stem) to search in.
        """
        return list(
            self.find(
                query,
                k,
                mode=mode,
                path=path,
                formats=formats,
                since=since,
                until=until,
                scope=scope,
            ).hits
        )

    def search_many(
        self,
        queries: Sequence[str],
        k: int = 10,
        *,
        mode: Mode = "hybrid",
        scopes: Sequence[Sequence[str] | None] | None = None,
    ) -> Iterator[list[Hit]]:
        """The hits of each query in order, each as `search` gives them, only faster.

        `scopes` names for each query the documents to search in (None: all).
        """
        from rag.retrieval import search_many

        embedder = None if mode == "lexical" else self.embedder
        filters = None
        if scopes is not None:
            filters = [self._filters(None, None, None, None, scope) for scope in scopes]
        return search_many(self.snapshot, embedder, queries, k, mode=mode, filters=filters)

    def find(
        self,
        query: str,
        k: int = 10,
        *,
        mode: Mode = "hybrid",
        path: str | None = None,
        formats: Sequence[str] | None = None,
        since: float | None = None,
        until: float | None = None,
        scope: Sequence[str] | None = None,
    ) -> Found:
        """As `search`, with the milliseconds each stage took."""
        from rag.retrieval.search import check_query, search

        began = time.perf_counter()
        query = check_query(query)
        filters = self._filters(path, formats, since, until, scope)
        embedder = None if mode == "lexical" else self.embedder
        timings = {"load": (time.perf_counter() - began) * 1000}
        hits = search(
            self.snapshot, embedder, query, k=k, mode=mode, filters=filters, timings_ms=timings
        )
        timings["total"] = (time.perf_counter() - began) * 1000
        return Found(query, mode, tuple(hits), timings)

    def _filters(
        self,
        path: str | None,
        formats: Sequence[str] | None,
        since: float | None,
        until: float | None,
        scope: Sequence[str] | None,
    ) -> Filters:
        from rag.retrieval import Filters

        return Filters(
            path_glob=path,
            formats=tuple(formats) if formats is not None else None,
            since=since,
            until=until,
            documents=tuple(scope) if scope is not None else None,
        )

    def ask(
        self,
        question: str,
        *,
        quote: bool = False,
        k: int | None = None,
        path: str | None = None,
        formats: Sequence[str] | None = None,
        since: float | None = None,
        until: float | None = None,
        scope: Sequence[str] | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> Answer:
        """The answer to a question, every sentence cited and checked.

        With `quote` the reader answers alone, by a quotation, without the language model. `k` is
        how many passages are retrieved. `on_event` is told of the checked quotation and of each
        checked sentence as soon as it stands.
        """
        from rag.answering import Workshop, ask
        from rag.retrieval import search
        from rag.tuning import load_own

        filters = self._filters(path, formats, since, until, scope)

        def retrieve(text: str, count: int) -> list[Hit]:
            return search(self.snapshot, self.embedder, text, k=count, filters=filters)

        generator = None if quote else self.models.generator
        workshop = Workshop(
            search=retrieve,
            document=self.document,
            reader=self.models.reader,
            generator=generator,
            index_digest=self.digest,
            calibration=load_own(self.settings.calibration, generator.name if generator else None),
        )
        return ask(
            question,
            workshop,
            retrieve_k=k or self.settings.retrieve_k,
            read_k=self.settings.read_k,
            evidence_tokens=self.settings.evidence_tokens,
            seed=self.settings.seed,
            quote_only=quote,
            on_event=on_event,
        )

    def summarise(self, paths: Sequence[PathLike] = (), **options: Any) -> Summary:
        """The cited summary of documents (none named: of the whole index).

        `options` as in `rag.summarising.from_paths.summarise_paths`: `about`, `length`, `format`,
        `extractive`, `progress`, `on_event`.
        """
        from rag.summarising.from_paths import summarise_paths

        return summarise_paths(paths, self.models, self.settings, stored=self.snapshot, **options)
