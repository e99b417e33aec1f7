"""The library: an open index, and the calls behind every command.

An `Index` is a snapshot of the store together with the models it has needed so far. Models are
loaded when they are first needed and freed by `close`. Nothing prints, nothing is global, and an
index may be used from several threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
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
    from rag.evaluation import Report
    from rag.indexing import IndexReport
    from rag.indexing import Progress as IndexProgress
    from rag.models import Progress
    from rag.receipts import Replay
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

        filters = self._filters(path, formats, since, until, scope)

        def retrieve(text: str, count: int) -> list[Hit]:
            return search(self.snapshot, self.embedder, text, k=count, filters=filters)

        workshop = Workshop(
            search=retrieve,
            document=self.document,
            reader=self.models.reader,
            generator=None if quote else self.models.generator,
            index_digest=self.digest,
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


def build(
    paths: PathLike | Sequence[PathLike],
    index_dir: PathLike = "index",
    *,
    settings: Settings | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    rebuild: bool = False,
    progress: Callable[[IndexProgress], None] | None = None,
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
    remove: Sequence[PathLike] = (),
    rebuild: bool = False,
    dry_run: bool = False,
    progress: Callable[[IndexProgress], None] | None = None,
    fetching: Progress | None = None,
) -> IndexReport:
    """What was added, changed, removed and skipped in bringing an index up to date.

    `remove` takes files, folders or documents out. `progress` is told how far it is, `fetching`
    of a download of the embedder.
    """
    from rag.indexing import build_index

    settings = settings or load_settings()
    named = [paths] if isinstance(paths, str | Path) else list(paths)
    return build_index(
        [Path(p) for p in named],
        Path(index_dir),
        settings,
        Models(settings, fetching).embedder,
        include=tuple(include),
        exclude=tuple(exclude),
        rebuild=rebuild,
        dry_run=dry_run,
        remove=[Path(p) for p in remove],
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


def evaluate(set_path: PathLike, index: Index | PathLike | None = None, **options: Any) -> Report:
    """The report of a stage over an evaluation set; `options` as in `rag.measuring.evaluate`.

    Without an index the set's own documents are indexed once, in the cache.
    """
    from rag.measuring import evaluate as measure

    return measure(set_path, index, **options)


def replay(receipt: PathLike, index: Index, *, generate: bool = False) -> Replay:
    """Whether an answer's recorded citations still stand; with `generate`, whether it recurs."""
    from rag.receipts import replay as check

    return check(Path(receipt), index, generate=generate)


def summarise(
    what: Index | PathLike | Sequence[PathLike],
    about: str | None = None,
    length: str = "medium",
    **options: Any,
) -> Summary:
    """The cited summary of an index, or of files and folders (which need not be indexed).

    `options`: `format` (prose, bullets, outline), `extractive`, `settings`, `progress`, `on_event`.
    """
    from rag.summarising.from_paths import summarise_paths

    if isinstance(what, Index):
        return what.summarise(about=about, length=length, **options)
    settings = options.pop("settings", None) or load_settings()
    models = Models(settings)
    paths = [what] if isinstance(what, str | Path) else list(what)
    try:
        return summarise_paths(paths, models, settings, about=about, length=length, **options)
    finally:
        models.close()


def summarise_paths(
    paths: Sequence[PathLike],
    *,
    index_dir: PathLike | None,
    settings: Settings | None = None,
    **options: Any,
) -> Summary:
    """The cited summary of what `paths` name, taken from the index in `index_dir` where it is there.

    `index_dir` None means that there is no index; then every path is read on the fly.
    """
    if index_dir is None:
        return summarise(paths, settings=settings, **options)
    with Index(index_dir, settings) as index:
        return index.summarise(paths, **options)
