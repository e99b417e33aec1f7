"""An open index: what it holds, and everything that can be asked of it.

An `Index` is a snapshot of the store together with the models it has needed so far. Models are
loaded when they are first needed and freed by `close`. Nothing prints, nothing is global, and an
index may be used from several threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from rag.errors import DocumentNotFound, RagError
from rag.loading import Models, in_background, note
from rag.narrowing import Narrowing, filters_of
from rag.settings import Settings, load_settings

if TYPE_CHECKING:
    from rag.answering import Event
    from rag.embedding.protocol import Embedder
    from rag.models import Progress
    from rag.retrieval import Subject
    from rag.store import Snapshot
    from rag.types import Answer, Document, Hit, Mode, Summary

PathLike = str | Path
_TOLD_BY = 6  # words: of fewer, and of rows of a table, the language is a guess


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What an index holds, and what changed on disk since: names of documents.

    `unreadable` are the files that could not be read when they were indexed, with the reason.
    """

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
    unreadable: tuple[tuple[str, str], ...] = ()


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
        note("opened %s, digest %s", self.path, self.snapshot.digest)
        self._own_models = models is None
        self.models = models or Models(self.settings, progress)
        self._checked = False
        self._same: dict[str, list[str]] | None = None

    def __repr__(self) -> str:
        try:
            holds = f"{self.snapshot.document_count} documents"
        except RagError:
            holds = "closed"
        return f"<rag.Index {str(self.path)!r}: {holds}>"

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
        """A document with its text: by its path in the index, its unique stem, or its file.

        Raises `DocumentNotFound` with the nearest names where there is none.
        """
        with suppress(KeyError):
            return self.snapshot.document(name)
        return self.snapshot.document(self._named(name))

    def _named(self, name: str) -> str:
        """The document that a person means by a stem, a file's path, or Windows' separators."""
        names = self.documents()
        if (plain := name.replace("\\", "/").removeprefix("./")) in names:
            return plain
        stems = [n for n in names if n.rsplit("/", 1)[-1].rsplit(".", 1)[0] == name]
        if len(stems) == 1:
            return stems[0]
        file = Path(name).absolute()
        for known in names:  # only of the same file name is the place looked up
            if known.rsplit("/", 1)[-1] == file.name and self.snapshot.source(known) == file:
                return known
        import difflib

        near = stems or difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        hint = f"near are {', '.join(near)}" if near else "`rag status --documents` lists them"
        raise DocumentNotFound(f"no document '{name}' in the index {self.path}; {hint}")

    def label_at(self, name: str, start: int) -> str | None:
        """The name that a document's own format gives to a place, such as `Staff!A3:C3`."""
        return self.document(name).place_at(start)

    def file_of(self, name: str) -> Path | None:
        """The file that a document was read from, if it is still there."""
        try:
            path = self.snapshot.source(name)
        except KeyError:
            return None
        return path if path.is_file() else None

    def copies_of(self, name: str) -> list[str]:
        """The other documents that are the same file, byte for byte, sorted.

        Each place of a file is a document of its own, with passages to search for and to cite;
        only embedding them is done once.
        """
        if self._same is None:
            same: dict[tuple[str, str], list[str]] = {}
            for info in self.snapshot.documents():
                same.setdefault((info.sha256, info.format), []).append(info.path)
            self._same = {p: paths for paths in same.values() if len(paths) > 1 for p in paths}
        return [path for path in self._same.get(name, ()) if path != name]

    def _begin(self) -> None:
        """Loads what a search needs in a thread of its own, while a reader is loaded."""
        if not self._checked:
            in_background(lambda: self.embedder)

    def status(self) -> IndexStatus:
        """What is indexed, by what, how large, and what changed on disk since."""
        from rag.indexing import staleness
        from rag.indexing.planning import NO_TEXT
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
            unreadable=tuple(
                (file.name, file.problem)
                for file in self.snapshot.files().values()
                if file.problem is not None and not file.problem.startswith(NO_TEXT)
            ),
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
        self, query: str, k: int = 10, *, mode: Mode = "hybrid", **narrow: Unpack[Narrowing]
    ) -> list[Hit]:
        """The best `k` passages, best first; fewer only where fewer match the filters.

        `narrow` is any of `path`, `formats`, `since`, `until`, `scope` (see `rag.Narrowing`).
        Raises `QuestionInvalid` for an empty query, `ValueError` for a `k` below 1 or an unknown
        mode.
        """
        return list(self.find(query, k, mode=mode, **narrow).hits)

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
            filters = [filters_of({"scope": scope}) for scope in scopes]
        return search_many(self.snapshot, embedder, queries, k, mode=mode, filters=filters)

    def find(
        self, query: str, k: int = 10, *, mode: Mode = "hybrid", **narrow: Unpack[Narrowing]
    ) -> Found:
        """As `search`, with the milliseconds each stage took."""
        from rag.retrieval.search import check_query, search

        began = time.perf_counter()
        query = check_query(_words(query))
        filters = filters_of(narrow)
        embedder = None if mode == "lexical" else self.embedder
        timings = {"load": (time.perf_counter() - began) * 1000}
        hits = search(
            self.snapshot, embedder, query, k=k, mode=mode, filters=filters, timings_ms=timings
        )
        timings["total"] = (time.perf_counter() - began) * 1000
        note("search, %s: %d hits; %s", mode, len(hits), _in_words(timings))
        return Found(query, mode, tuple(hits), timings)

    def ask(
        self,
        question: str,
        *,
        quote: bool = False,
        k: int | None = None,
        on_event: Callable[[Event], None] | None = None,
        **narrow: Unpack[Narrowing],
    ) -> Answer:
        """The answer to a question, every sentence cited and checked.

        With `quote` the reader answers alone, by a quotation, without the language model. `k` is
        how many passages are retrieved. `on_event` is told of the checked quotation and of each
        checked sentence as soon as it stands. `narrow` is as in `search`. Raises
        `QuestionInvalid` for a question that is empty or far too long, `MissingDependency` where
        there is no llama-cpp-python and no `quote`.
        """
        from rag.answering import Workshop, ask
        from rag.retrieval import search, subject_of
        from rag.tuning import load_own
        from rag.verification.quantities import days

        filters = filters_of(narrow)
        self._begin()

        def retrieve(text: str, count: int) -> list[Hit]:
            return search(self.snapshot, self.embedder, text, k=count, filters=filters)

        def within(text: str, count: int, documents: Collection[str]) -> list[Hit]:
            some = replace(filters, paths=frozenset(documents))
            return search(self.snapshot, self.embedder, text, k=count, filters=some)

        def subject(text: str) -> Subject:
            named = [day.iso for day in days(text) if day.year]
            return subject_of(self.snapshot, text, named, filters)

        generator = None if quote else self.models.generator
        workshop = Workshop(
            search=retrieve,
            document=cache(self.document),  # a question asks for each many times
            reader=self.models.reader,
            generator=generator,
            index_digest=self.digest,
            calibration=load_own(self.settings.calibration, generator.name if generator else None),
            subject=subject,
            within=within,
        )
        answer = ask(
            _words(question),
            workshop,
            retrieve_k=self.settings.retrieve_k if k is None else k,
            read_k=self.settings.read_k,
            evidence_tokens=self.settings.evidence_tokens,
            seed=self.settings.seed,
            quote_only=quote,
            on_event=on_event,
        )
        note(
            "ask: %s, confidence %.4f; %d hits, %d candidates, %d removed; tokens %d and %d; %s",
            answer.status,
            answer.confidence,
            len(answer.hits),
            len(answer.considered),
            len(answer.removed),
            answer.prompt_tokens,
            answer.completion_tokens,
            _in_words(answer.timings_ms),
        )
        if note_on_language := self._language_note(question, answer):
            return replace(answer, notes=(*answer.notes, note_on_language))
        return answer

    def _language_note(self, question: str, answer: Answer) -> str | None:
        """A remark where the reader was trained on English alone and what it read is not."""
        from rag.models import load_catalogue
        from rag.reading import looks_english

        entry = load_catalogue().find(self.models.reader.name, "reader")
        if entry is None or entry.languages != ("en",):
            return None
        read = [c.quote for c in answer.citations] or [h.passage.text for h in answer.hits[:1]]
        if not looks_english(question):
            what = "the question does not look English"
        elif not all(
            len(text.split()) < _TOLD_BY or "|" in text or looks_english(text) for text in read
        ):
            what = "the text found does not look English"
        else:
            return None
        return (
            f"{what}, the language that the reader was trained on: "
            "`rag search` finds passages in other languages more surely"
        )

    def summarise(self, paths: Sequence[PathLike] = (), **options: Any) -> Summary:
        """The cited summary of documents (none named: of the whole index).

        `options` as in `rag.summarising.from_paths.summarise_paths`: `about`, `length`, `format`,
        `extractive`, `progress`, `on_event`.
        """
        from rag.summarising.from_paths import summarise_paths

        return summarise_paths(paths, self.models, self.settings, stored=self.snapshot, **options)


def _in_words(timings_ms: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.0f} ms" for name, value in timings_ms.items())


def _words(given: str) -> str:
    """What was asked. Raises `TypeError` where it is no text at all."""
    if not isinstance(given, str):
        raise TypeError(f"a query or question is a str, not {given!r}")
    return given
