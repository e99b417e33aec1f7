"""The library: one call for everything that the command line does.

Nothing prints, nothing is global; models are loaded when they are first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from rag.loading import Models
from rag.narrowing import Narrowing
from rag.opened import Found, Index, IndexStatus, PathLike
from rag.settings import Settings, load_settings

if TYPE_CHECKING:
    from rag.answering import Event
    from rag.evaluation import Report
    from rag.indexing import IndexReport
    from rag.indexing import Progress as IndexProgress
    from rag.models import Progress
    from rag.receipts import Replay
    from rag.types import Answer, Hit, Mode, Summary

__all__ = [
    "Found",
    "Index",
    "IndexStatus",
    "Narrowing",
    "ask",
    "build",
    "evaluate",
    "open",
    "replay",
    "search",
    "summarise",
    "summarise_paths",
    "update",
]


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
    from rag.summarising.caching import forget_gone

    settings = settings or load_settings()
    named = [paths] if isinstance(paths, str | Path) else list(paths)
    report = build_index(
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
    if not dry_run:
        forget_gone(index_dir)  # no sentence about a document outlives it
    return report


def open(index_dir: PathLike = "index", *, settings: Settings | None = None) -> Index:
    """The open index in a folder. Raises `IndexNotFound` or `IndexDamaged`."""
    return Index(index_dir, settings)


def search(
    query: str, index: Index, k: int = 10, *, mode: Mode = "hybrid", **narrow: Unpack[Narrowing]
) -> list[Hit]:
    """The best `k` passages for a query; everything else as in `Index.search`."""
    return _opened(index).search(query, k, mode=mode, **narrow)


def ask(
    question: str,
    index: Index,
    *,
    quote: bool = False,
    k: int | None = None,
    on_event: Callable[[Event], None] | None = None,
    **narrow: Unpack[Narrowing],
) -> Answer:
    """The cited and checked answer to a question; everything as in `Index.ask`."""
    return _opened(index).ask(question, quote=quote, k=k, on_event=on_event, **narrow)


def _opened(index: object) -> Index:
    if not isinstance(index, Index):
        raise TypeError(
            f"index is {index!r}, not an open index: open it with rag.open(FOLDER), or make it "
            "with rag.build(DOCUMENTS, FOLDER)"
        )
    return index


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

    `options`: `format` (prose, bullets, outline), `extractive`, `progress`, `on_event`; of files
    and folders also `settings`, and `fetching`, which is told of a download.
    """
    from rag.summarising.from_paths import summarise_paths

    if isinstance(what, Index):
        return what.summarise(about=about, length=length, **options)
    settings = options.pop("settings", None) or load_settings()
    models = Models(settings, options.pop("fetching", None))
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
    fetching: Progress | None = None,
    **options: Any,
) -> Summary:
    """The cited summary of what `paths` name, from the index in `index_dir` where it is there.

    `index_dir` None means that there is no index; then every path is read on the fly. `fetching`
    is told of a download of a model.
    """
    if index_dir is None:
        return summarise(paths, settings=settings, fetching=fetching, **options)
    with Index(index_dir, settings, progress=fetching) as index:
        return index.summarise(paths, **options)
