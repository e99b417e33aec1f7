"""Bringing an index up to date: read what changed, cut, embed what is new, store, commit.

A file that is gone is dropped. One that can no longer be read is reported, and its old text
dropped too, since it no longer stands there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.embedding.protocol import Embedder
from rag.errors import IndexDamaged, IndexMismatch, NoDocuments, NoText, UnreadableDocument
from rag.indexing.planning import NO_TEXT, Known, Plan, Scope, is_empty, make_plan, without
from rag.indexing.report import IndexReport, none_readable, report_of
from rag.settings import Settings
from rag.store import FileEntry, Meta, NewPassage, Writer, holds_index, open_snapshot, open_writer
from rag.store.content import key_of
from rag.types import Document

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.sources import Found

_BATCH_PASSAGES = 512
_SLICE_PASSAGES = 128
_COMMIT_PASSAGES = 8192
_COMMIT_SECONDS = 15.0

_Result = list[Document] | UnreadableDocument


@dataclass(frozen=True, slots=True)
class _Cut:
    document: Document
    passages: list[NewPassage]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `files` of `total_files` are read; `document` is the one at hand."""

    files: int
    total_files: int
    passages: int
    embedded: int
    document: str


def build_index(
    paths: Sequence[Path],
    index_dir: Path,
    settings: Settings,
    embedder: Embedder,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    hidden: bool = False,
    rebuild: bool = False,
    dry_run: bool = False,
    remove: Sequence[Path] = (),
    progress: Callable[[Progress], None] | None = None,
) -> IndexReport:
    """What was done to bring the index in `index_dir` up to date with the files under `paths`.

    What is gone under `paths` is dropped, and nothing else; files that `include` and `exclude`
    leave out stay as they are. `remove` names files, folders or documents that are taken out of
    the index and of every file of it, whether they still exist or not. `rebuild` makes everything
    anew in one step: `paths`, and the roots known before. `dry_run` only reports.
    Raises `NoDocuments`, `IndexMismatch` (not with `rebuild`), `IndexBusy`, `IndexDamaged`,
    `RagError` for a folder that cannot be written. Interrupted at any instant, the index holds
    whole documents, as they were before or as they are now.
    """
    started = time.monotonic()
    meta = Meta.of(embedder, settings)
    scope = Scope(tuple(map(Path, paths)), tuple(include), tuple(exclude), hidden)
    if not (paths or remove or rebuild):
        raise ValueError("build_index needs paths, remove or rebuild")
    if dry_run or not holds_index(index_dir):
        # Before anything is made: raises where there is nothing to index.
        plan, passages = _outlook(index_dir, meta, scope, remove, rebuild)
        if dry_run:
            return report_of(plan, passages, started)
    # What cannot be read does not say of what it was made: it is given up for named paths alone.
    with open_writer(index_dir, meta, anew=rebuild and bool(paths)) as writer:
        if not rebuild:
            writer.meta.require(meta)
        run = _Run(writer, settings, embedder, progress)
        plan = run.plan(scope, remove, rebuild)
        run.remember(plan, scope)
        run.carry_out(plan, meta=meta if rebuild else None, purge=bool(remove) or rebuild)
        return run.report(plan, started)


def _outlook(
    index_dir: Path, meta: Meta, scope: Scope, remove: Sequence[Path], rebuild: bool
) -> tuple[Plan, int]:
    """The plan of a run, and the index's passages, without the write lock and without writing."""
    if not holds_index(index_dir):
        return _plan(Known(), scope, remove, rebuild), 0
    try:
        with open_snapshot(index_dir) as snapshot:
            if not rebuild:
                snapshot.meta.require(meta)
            known = Known(snapshot.roots(), snapshot.files(), snapshot.parsers())
            return _plan(known, scope, remove, rebuild), snapshot.passage_count
    except (IndexDamaged, IndexMismatch):
        if not rebuild:
            raise
        return _plan(Known(), scope, remove, rebuild), 0


def _plan(known: Known, scope: Scope, remove: Sequence[Path], rebuild: bool) -> Plan:
    known, removed = without(known, remove) if remove else (known, ())
    if rebuild:
        there = tuple(root for root in known.roots if root.exists())
        scope = replace(scope, paths=(*there, *scope.paths))
    plan = make_plan(known, scope)
    if rebuild:
        read = {file.path for file in (*plan.added, *plan.changed)}
        again = tuple(f for f in plan.found if f.path not in read)
        stored = {str(f.path) for f in plan.found} | {e.source for e in plan.gone}
        kept = [(e, plan.names[e.source]) for e in known.files.values() if e.source not in stored]
        plan = replace(
            plan, changed=(*plan.changed, *again), renamed=tuple(kept), touched=(), unchanged=0
        )
    return replace(plan, gone=(*removed, *plan.gone))


class _Run:
    """One run over an open writer: its embedder, its counters, what waits to be embedded."""

    def __init__(
        self,
        writer: Writer,
        settings: Settings,
        embedder: Embedder,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._writer = writer
        self._settings = settings
        self._embedder = embedder
        self._progress = progress
        (self._prefix_tokens,) = embedder.count_tokens([embedder.passage_prefix])
        self._waiting: list[tuple[FileEntry, list[_Cut]]] = []
        self._waiting_passages = 0
        self._last_commit = time.monotonic()
        self._one_commit = False
        self._skipped: list[UnreadableDocument] = []
        self._textless: list[str] = []
        self._empty: list[str] = []
        self._told: frozenset[Path] = frozenset()
        self._counts = Progress(0, 0, 0, 0, "")

    def plan(self, scope: Scope, remove: Sequence[Path], rebuild: bool) -> Plan:
        """What has to be done, under the write lock."""
        writer = self._writer
        roots = tuple(Path(root) for root in writer.roots())
        return _plan(Known(roots, writer.files(), writer.parsers()), scope, remove, rebuild)

    def remember(self, plan: Plan, scope: Scope) -> None:
        """Notes the roots, and with which patterns those were walked that the run names."""
        roots = [str(root) for root in plan.roots]
        self._writer.set_roots(roots)
        walked = {str(path.resolve()) for path in scope.paths}
        self._writer.set_patterns(
            {root: (scope.include, scope.exclude) for root in roots if root in walked}
        )

    def carry_out(self, plan: Plan, *, meta: Meta | None, purge: bool) -> None:
        """Does what is planned; with `meta` everything anew in one step."""
        writer = self._writer
        self._skipped += plan.problems
        self._textless += plan.textless
        self._empty += plan.empty
        self._told = plan.told
        read = [*plan.added, *plan.changed]
        self._counts = replace(self._counts, total_files=len(read))
        if meta:
            self._one_commit = True
            moved = [(entry, name, writer.stored(entry.name)) for entry, name in plan.renamed]
            writer.reset(meta)
            for entry, name, documents in moved:
                self._take(*_renamed(entry, name, documents))
        elif plan.renamed:
            self._rename(plan.renamed)
        for entry, modified in plan.touched:
            writer.touch_file(entry.name, modified, time.time())
        for file, result in self._read(read):
            self._take_read(file, result)
        self._store()
        if not writer.totals()[0] and (self._skipped or self._textless):
            raise NoDocuments(none_readable(self._skipped, self._textless, self._empty))
        for entry in plan.gone:
            writer.drop_file(entry.source)
        writer.finish(purge=purge)

    def _rename(self, renamed: Sequence[tuple[FileEntry, str]]) -> None:
        """Gives files and their documents new names, also where they take each other's.

        One after the other, so that their texts are never in memory together, and without a commit
        on the way, so that no reader misses a document.
        """
        writer, self._one_commit = self._writer, True
        aside = [replace(entry, name=writer.set_aside(entry.name)) for entry, _ in renamed]
        for entry, (_, name) in zip(aside, renamed, strict=True):
            documents = writer.stored(entry.name)
            writer.park(entry.name)
            self._take(*_renamed(entry, name, documents))
        self._store()
        self._one_commit = False

    def _read(self, found: Sequence[Found]) -> Iterator[tuple[Found, _Result]]:
        """Each file with its documents, or with the reason why it has none."""
        from rag.sources import read_files

        if not found:
            return
        by_name = {file.document: file for file in found}
        current: Found | None = None
        documents: list[Document] = []
        for item in read_files(found, self._settings, self._settings.cores):
            file = by_name[_owner(item.path, by_name)]
            if current is not None and file is not current:
                yield current, documents
                documents = []
            current = file
            if isinstance(item, UnreadableDocument):
                if item.path == file.document:
                    yield file, item
                    current = None
                else:
                    self._skipped.append(item)
            else:
                documents.append(item)
        if current is not None:
            yield current, documents

    def _take_read(self, file: Found, result: _Result) -> None:
        entry = FileEntry(
            row=0,
            name=file.document,
            source=str(file.path),
            bytes=file.size_bytes,
            modified=file.modified,
            checked=time.time(),
            sha256="" if isinstance(result, UnreadableDocument) else result[0].sha256,
            problem=_problem(result),
        )
        if isinstance(result, UnreadableDocument):
            if isinstance(result, NoText) and file.path not in self._told:
                self._textless.append(file.document)
                if is_empty(result.reason):
                    self._empty.append(file.document)
            else:
                self._skipped.append(result)
            self._take(entry, [])
        else:
            self._take(entry, result)
        self._count(files=self._counts.files + 1, document=file.document)

    def _take(self, entry: FileEntry, documents: Iterable[Document]) -> None:
        cut = [self._cut(document) for document in documents]
        self._waiting.append((entry, cut))
        self._waiting_passages += sum(len(c.passages) for c in cut)
        if self._waiting_passages >= _BATCH_PASSAGES:
            self._store()

    def _cut(self, document: Document) -> _Cut:
        from rag.passages import make_passages, passage_input

        passages = make_passages(
            document,
            self._embedder.count_tokens,
            passage_tokens=self._settings.passage_tokens,
            overlap_tokens=self._settings.overlap_tokens,
            max_tokens=self._embedder.max_tokens,
            prefix_tokens=self._prefix_tokens,
        )
        texts = [passage_input(passage) for passage in passages]
        return _Cut(
            document,
            [NewPassage(p, t, key_of(t)) for p, t in zip(passages, texts, strict=True)],
        )

    def _store(self) -> None:
        """Embeds and stores what waits; commits when it is time."""
        import numpy as np

        texts = {p.key: p.input for _, cuts in self._waiting for c in cuts for p in c.passages}
        vectors = self._vectors(texts)
        for entry, cuts in self._waiting:
            file = self._writer.put_file(entry)
            for cut in cuts:
                found = [vectors[p.key] for p in cut.passages]
                empty = np.empty((0, self._embedder.dimension), dtype=np.float32)
                stacked = np.stack(found) if found else empty
                self._writer.add_document(file, cut.document, cut.passages, stacked)
        self._count(passages=self._counts.passages + self._waiting_passages)
        self._waiting, self._waiting_passages = [], 0
        self._commit_if_due()

    def _vectors(self, texts: dict[bytes, str]) -> dict[bytes, NDArray[np.float32]]:
        """The vectors of passages, by key: known ones looked up, new ones made."""
        vectors = self._writer.known_vectors(texts)
        new = [key for key in texts if key not in vectors]
        made: dict[bytes, NDArray[np.float32]] = {}
        for at in range(0, len(new), _SLICE_PASSAGES):
            keys = new[at : at + _SLICE_PASSAGES]
            try:
                rows = self._embedder.embed_passages([texts[key] for key in keys])
            except KeyboardInterrupt:
                self._keep(made)
                raise
            made.update(zip(keys, rows, strict=True))
            self._count(embedded=self._counts.embedded + len(keys))
            if len(new) > _BATCH_PASSAGES and self._due():
                self._keep(made)
        return vectors | made

    def _keep(self, made: dict[bytes, NDArray[np.float32]]) -> None:
        if not self._one_commit:
            self._writer.keep_vectors(made)
            self._commit()

    def _due(self) -> bool:
        return time.monotonic() - self._last_commit >= _COMMIT_SECONDS

    def _commit_if_due(self) -> None:
        many = self._writer.pending_passages >= _COMMIT_PASSAGES
        if self._one_commit and many:
            self._writer.flush()
        elif not self._one_commit and (many or self._due()):
            self._commit()

    def _commit(self) -> None:
        self._writer.commit()
        self._last_commit = time.monotonic()

    def _count(self, **changes: int | str) -> None:
        self._counts = replace(self._counts, **changes)  # type: ignore[arg-type]
        if self._progress:
            self._progress(self._counts)

    def report(self, plan: Plan, started: float) -> IndexReport:
        """What the run did."""
        documents, passages = self._writer.totals()
        report = report_of(plan, passages, started)
        unread = {*(problem.path for problem in self._skipped), *self._textless}
        return replace(
            report,
            added=tuple(n for n in report.added if n not in unread),
            changed=tuple(n for n in report.changed if n not in unread),
            skipped=tuple(self._skipped),
            documents=documents,
            embedded=self._counts.embedded,
            textless=tuple(sorted(self._textless)),
            empty=tuple(sorted(self._empty)),
        )


def _problem(result: _Result) -> str | None:
    if not isinstance(result, UnreadableDocument):
        return None
    return f"{NO_TEXT if isinstance(result, NoText) else ''}{result.reason}"


def _renamed(
    entry: FileEntry, name: str, documents: Iterable[Document]
) -> tuple[FileEntry, list[Document]]:
    """A file's entry and documents under a new name."""
    moved = [replace(d, path=name + d.path[len(entry.name) :], _lines=[]) for d in documents]
    return replace(entry, name=name), moved


def _owner(path: str, names: Container[str]) -> str:
    """The file that a document belongs to: itself, or the mail it is attached to."""
    while path not in names and "/" in path:
        path = path.rpartition("/")[0]
    return path
