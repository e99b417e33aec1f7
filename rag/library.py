"""The library: an open index, and the calls behind every command.

An `Index` is a snapshot of the store together with the models it has needed so far. Models are
loaded when they are first needed and freed by `close`. Nothing prints, nothing is global, and an
index may be used from several threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rag.errors import QuestionInvalid
from rag.settings import Settings, load_settings

if TYPE_CHECKING:
    from rag.answering import Event
    from rag.embedding.protocol import Embedder
    from rag.generation.protocol import Generator
    from rag.indexing import IndexReport, Progress
    from rag.reading.protocol import Reader
    from rag.retrieval import Filters
    from rag.store import Snapshot
    from rag.types import Answer, Document, Hit, Mode

MAX_QUERY_CHARS = 20_000

PathLike = str | Path


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gives: the hits with the query, the mode and the milliseconds by stage."""

    query: str
    mode: Mode
    hits: tuple[Hit, ...]
    timings_ms: dict[str, float]


class Index:
    """An open index: a snapshot of the documents, and the models needed so far."""

    def __init__(self, path: PathLike, settings: Settings | None = None) -> None:
        """Opens the index in a folder.

        Raises `IndexNotFound`, `IndexDamaged`, or `IndexMismatch` where the index was built by
        another embedder than `settings` names.
        """
        from rag.store import open_snapshot

        self.path = Path(path)
        self.settings = settings or load_settings()
        self._snapshot: Snapshot = open_snapshot(self.path)
        self._lock = threading.RLock()
        self._asking = threading.Lock()
        self._embedder: Embedder | None = None
        self._reader: Reader | None = None
        self._generator: Generator | None = None

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
        with self._lock:
            if self._generator is not None:
                self._generator.close()
                self._generator = None
            self._snapshot.close()

    # what is in it

    @property
    def snapshot(self) -> Snapshot:
        """The state of the store that this index sees."""
        return self._snapshot

    @property
    def digest(self) -> str:
        """The digest of documents, passages and settings: equal for equal content."""
        return self._snapshot.digest

    def documents(self) -> list[str]:
        """The names of all documents, sorted."""
        return self._snapshot.document_names()

    def document(self, name: str) -> Document:
        """A document with its text, by its path or its unique stem.

        Raises `QuestionInvalid` with the nearest names where there is none.
        """
        from rag.errors import RagError

        found = self._snapshot.find_document(name)
        if found is None:
            import difflib

            near = difflib.get_close_matches(name, self.documents(), n=3, cutoff=0.4)
            hint = f"; near are {', '.join(near)}" if near else "; `rag status` lists them"
            raise RagError(f"no document '{name}' in the index {self.path}{hint}")
        return self._snapshot.document(found)

    def file_of(self, name: str) -> Path | None:
        """The file that a document was read from, if it is still there."""
        path = self._snapshot.file_of(name)
        return path if path is not None and path.is_file() else None

    # the models

    @property
    def embedder(self) -> Embedder:
        """The embedder the index was built with; loaded on first use."""
        with self._lock:
            if self._embedder is None:
                from rag.embedding import load_embedder

                embedder = load_embedder(self.settings)
                self._snapshot.require_embedder(embedder)
                self._embedder = embedder
            return self._embedder

    @property
    def reader(self) -> Reader:
        """The reader that the settings name; loaded on first use."""
        with self._lock:
            if self._reader is None:
                from rag.reading import load_reader

                self._reader = load_reader(
                    self.settings.reader, self.settings, lambda: self.embedder
                )
            return self._reader

    @property
    def generator(self) -> Generator:
        """The language model that the settings name; loaded on first use."""
        with self._lock:
            if self._generator is None:
                from rag.generation import load_generator

                self._generator = load_generator(self.settings)
            return self._generator

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
        from rag.retrieval import search

        if k < 1:
            raise ValueError(f"k is {k}, it must be at least 1")
        query = checked_query(query)
        began = time.perf_counter()
        filters = self._filters(path, formats, since, until, scope)
        embedder = None if mode == "lexical" else self.embedder
        loaded = time.perf_counter()
        hits = search(self._snapshot, embedder, query, k=k, mode=mode, filters=filters)
        done = time.perf_counter()
        timings = {
            "load": (loaded - began) * 1000,
            "retrieve": (done - loaded) * 1000,
            "total": (done - began) * 1000,
        }
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

        filters = self._filters(path, formats, since, until, scope)

        def retrieve(text: str, count: int) -> list[Hit]:
            return search(self._snapshot, self.embedder, text, k=count, filters=filters)

        workshop = Workshop(
            search=retrieve,
            document=self.document,
            reader=self.reader,
            generator=None if quote else self.generator,
            index_digest=self.digest,
        )
        with self._asking:
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


def checked_query(query: str) -> str:
    """The query on one line. Raises `QuestionInvalid` where it is empty or far too long."""
    folded = " ".join(query.split())
    if not folded:
        raise QuestionInvalid("the query is empty: write what you are looking for")
    if len(folded) > MAX_QUERY_CHARS:
        raise QuestionInvalid(
            f"the query has {len(folded)} characters, at most {MAX_QUERY_CHARS} are taken: "
            "shorten it"
        )
    return folded


def build(
    paths: PathLike | Sequence[PathLike],
    index_dir: PathLike = "index",
    *,
    settings: Settings | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    rebuild: bool = False,
    progress: Progress | None = None,
) -> Index:
    """The open index of the documents under `paths`, built or brought up to date.

    Files that cannot be read are skipped; `update` returns which. Raises `NoDocuments` where
    nothing could be read.
    """
    settings = settings or load_settings()
    update(
        paths,
        index_dir,
        settings=settings,
        include=include,
        exclude=exclude,
        rebuild=rebuild,
        progress=progress,
    )
    return Index(index_dir, settings)


def update(
    paths: PathLike | Sequence[PathLike],
    index_dir: PathLike = "index",
    *,
    settings: Settings | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    rebuild: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> IndexReport:
    """What was added, changed, removed and skipped in bringing an index up to date."""
    from rag.embedding import load_embedder
    from rag.indexing import build_index

    settings = settings or load_settings()
    named = [paths] if isinstance(paths, str | Path) else list(paths)
    return build_index(
        [Path(p) for p in named],
        Path(index_dir),
        settings,
        lambda: load_embedder(settings),
        include=tuple(include),
        exclude=tuple(exclude),
        rebuild=rebuild,
        dry_run=dry_run,
        progress=progress,
    )


def open(index_dir: PathLike = "index", *, settings: Settings | None = None) -> Index:
    """The open index in a folder. Raises `IndexNotFound` or `IndexDamaged`."""
    return Index(index_dir, settings)


def search(query: str, index: Index, k: int = 10, **filters: Any) -> list[Hit]:
    """The best `k` passages for a query; `filters` as in `Index.search`."""
    return index.search(query, k, **filters)


def ask(question: str, index: Index, **options: Any) -> Answer:
    """The cited and checked answer to a question; `options` as in `Index.ask`."""
    return index.ask(question, **options)
