"""An index as it was at one commit, whatever a writer does meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING

from rag.errors import IndexDamaged, RagError
from rag.store import analysis, catalogue, coding, files, schema
from rag.store.arrays import Arrays, Limit, read_arrays
from rag.store.catalogue import FileEntry, SegmentEntry
from rag.store.dense import DenseSegments
from rag.store.lexical import Word, best_scores, scores_at
from rag.store.postings import read_term
from rag.store.stored_passages import read_passages
from rag.types import Document, Passage

if TYPE_CHECKING:
    import sqlite3

    import numpy as np
    from numpy.typing import NDArray


_LOOKUP = 500
_DECIMALS = 6  # scores equal so far are equal


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document as a list shows it. `format` is its parser's name without the version."""

    row: int
    path: str
    sha256: str
    format: str
    bytes: int
    modified: float
    passages: int
    title: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Matches:
    """Positions of passages, best first, with their scores."""

    positions: tuple[int, ...]
    scores: tuple[float, ...]


class Snapshot:
    """An open index, a context manager. A passage is named by its position, an int from 0.

    Positions hold for one snapshot only. Safe to use from several threads.
    """

    def __init__(self, index_dir: Path, db: sqlite3.Connection) -> None:
        self.path = index_dir
        self._db = db
        self._lock = RLock()
        self._asked: tuple[str, tuple[Word, ...]] = ("", ())
        self.meta, values = catalogue.read_meta(db)
        self.digest = str(values.get("digest", ""))
        self._patterns = {
            root: (tuple(include), tuple(exclude))
            for root, (include, exclude) in dict(values.get("patterns", {})).items()
        }
        self.segments: tuple[SegmentEntry, ...] = tuple(catalogue.read_segments(db))
        self._vectors = DenseSegments(index_dir, self.segments)

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets the snapshot go; it cannot be used afterwards."""
        self._vectors.close()
        with self._lock:
            self._asked = ("", ())
            self._db.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        import sqlite3

        with self._lock, catalogue.database_errors(self.path):
            try:
                yield self._db
            except sqlite3.ProgrammingError as exc:
                raise RagError(f"the index {self.path} was closed: open it again") from exc

    # Documents

    @cached_property
    def _documents(self) -> dict[str, DocumentInfo]:
        with self._reading() as db:
            found = db.execute(
                "SELECT d.row, d.path, d.sha256, d.parser, f.bytes, d.modified, d.passages, "
                "d.title, d.language FROM document d JOIN file f ON f.row = d.file ORDER BY d.path"
            ).fetchall()
        return {r[1]: DocumentInfo(r[0], r[1], r[2], r[3].partition("/")[0], *r[4:]) for r in found}

    def documents(self) -> tuple[DocumentInfo, ...]:
        """Every document, sorted by path."""
        return tuple(self._documents.values())

    def document(self, path: str) -> Document:
        """The document of that path with its whole text. Raises `KeyError` where there is none."""
        info = self._documents[path]
        with self._reading() as db:
            return catalogue.read_document(db, info.row)

    def files(self) -> dict[str, FileEntry]:
        """The files behind the documents, by name; also those that could not be read."""
        with self._reading() as db:
            return catalogue.read_files(db)

    def source(self, path: str) -> Path:
        """The file that a document was read from. Raises `KeyError`."""
        with self._reading() as db:
            (source,) = db.execute(
                "SELECT f.source FROM document d JOIN file f ON f.row = d.file WHERE d.row = ?",
                (self._documents[path].row,),
            ).fetchone()
        return Path(coding.decode_path(source))

    def roots(self) -> tuple[Path, ...]:
        """The indexed roots, the first one first."""
        with self._reading() as db:
            return tuple(Path(root) for root in catalogue.read_roots(db))

    def parsers(self) -> dict[str, set[str]]:
        """By which parsers (`name/version`) each file was read, by the file's name."""
        with self._reading() as db:
            return catalogue.read_parsers(db)

    def patterns(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """The include and exclude patterns of the last run over each root, by its path."""
        return self._patterns

    # Sizes

    @property
    def document_count(self) -> int:
        """The number of documents."""
        return len(self._documents)

    @cached_property
    def passage_count(self) -> int:
        """The number of passages."""
        with self._reading() as db:
            (count,) = db.execute("SELECT coalesce(sum(passages), 0) FROM document").fetchone()
        return int(count)

    @property
    def size_bytes(self) -> int:
        """The bytes of the catalogue and of the segments that this snapshot lists."""
        return schema.catalogue_path(self.path).stat().st_size + sum(s.bytes for s in self.segments)

    @property
    def search_kind(self) -> str:
        """How vectors are searched: `exact` or `approximate`."""
        return "approximate" if any(s.kind != "flat" for s in self.segments) else "exact"

    # Passages

    @cached_property
    def _arrays(self) -> Arrays:
        with self._reading() as db:
            return read_arrays(db, self.path)

    @cached_property
    def _limits(self) -> list[Limit]:
        return self._vectors.limits(self._arrays.alive)

    def mask(self, documents: Callable[[DocumentInfo], bool]) -> NDArray[np.bool_]:
        """Which positions (n,) belong to a document that `documents` accepts."""
        import numpy as np

        rows = [d.row for d in self.documents() if documents(d)]
        chosen: NDArray[np.bool_] = np.isin(self._arrays.documents, rows)
        return chosen & self._arrays.alive

    def passages_at(self, positions: Sequence[int]) -> list[Passage]:
        """The passages at these positions, in the order given."""
        rows = [int(self._arrays.rows[p]) for p in positions]
        return self._passages(rows)

    def passages_of(self, path: str) -> list[Passage]:
        """The passages of a document, in its order. Raises `KeyError`."""
        info = self._documents[path]
        with self._reading() as db:
            (first,) = db.execute(
                "SELECT first_passage FROM document WHERE row = ?", (info.row,)
            ).fetchone()
        return self._passages(range(first, first + info.passages))

    def ids_at(self, positions: Sequence[int]) -> list[str]:
        """The ids of the passages at these positions, in the order given."""
        rows = [int(self._arrays.rows[p]) for p in positions]
        with self._reading() as db:
            found: dict[int, str] = {}
            for at in range(0, len(rows), _LOOKUP):
                part = rows[at : at + _LOOKUP]
                marks = ",".join("?" * len(part))
                found.update(
                    db.execute(f"SELECT row, id FROM passage WHERE row IN ({marks})", part)
                )
        return [found[row] for row in rows]

    def _passages(self, rows: Sequence[int]) -> list[Passage]:
        with self._reading() as db:
            found = read_passages(db, rows)
        if not all(row in found for row in rows):
            raise IndexDamaged(
                f"a passage of the index {self.path} is missing: run `rag doctor --deep`"
            )
        return [found[row] for row in rows]

    # Search

    def warm(self) -> None:
        """Begins to load what a first dense search needs, in a thread of its own."""
        self._vectors.warm()

    def dense(
        self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> Matches:
        """The `k` passages whose vectors have the highest inner product with `vector`.

        `allowed` (from `mask`) limits the search to some positions before the best are taken.
        """
        limits = self._limits if allowed is None else self._vectors.limits(allowed)
        return self._best(*self._vectors.search(vector, k, limits), k)

    def lexical(self, query: str, k: int, allowed: NDArray[np.bool_] | None = None) -> Matches:
        """The `k` passages with the highest BM25 score for the words of a query.

        Statistics are of the whole index, whatever `allowed` leaves of it.
        """
        arrays = self._arrays
        found, scores = best_scores(self._words(query), arrays.lengths, arrays.living, k, allowed)
        return self._best(found, scores, k)

    def dense_scores(
        self, vector: NDArray[np.float32], positions: Sequence[int]
    ) -> NDArray[np.float64]:
        """The inner products (n,) of `vector` with the passages at these positions."""
        import numpy as np

        asked = np.asarray(positions, dtype=np.int64)
        return np.round(self._vectors.scores(vector, asked), _DECIMALS)

    def lexical_scores(self, query: str, positions: Sequence[int]) -> NDArray[np.float64]:
        """The BM25 scores (n,) of the passages at these positions, 0 where no word is met."""
        import numpy as np

        asked = np.asarray(positions, dtype=np.int64)
        arrays = self._arrays
        scores = scores_at(self._words(query), arrays.lengths, arrays.living, asked)
        return np.round(scores, _DECIMALS)

    def matched_terms(self, query: str, positions: Sequence[int]) -> list[tuple[str, ...]]:
        """For each position, the words of the query that its passage holds."""
        import numpy as np

        asked = np.asarray(positions, dtype=np.int64)
        held = [(word.word, (word.at(asked) >= 0).tolist()) for word in self._words(query)]
        return [tuple(word for word, there in held if there[i]) for i in range(len(asked))]

    def holders(self, text: str) -> dict[str, frozenset[str]]:
        """For each word of a text, the documents in whose passages it stands."""
        import numpy as np

        paths = {info.row: info.path for info in self.documents()}
        return {
            word.word: frozenset(
                paths[row] for row in np.unique(self._arrays.documents[word.positions]).tolist()
            )
            for word in self._words(text)
        }

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of the documents, sorted."""
        with self._reading() as db:
            found = db.execute("SELECT DISTINCT language FROM document").fetchall()
        return tuple(sorted(language for (language,) in found))

    def _words(self, query: str) -> tuple[Word, ...]:
        """The words of a query; those of the last one are kept."""
        asked, words = self._asked  # once: another thread may ask meanwhile
        if asked == query:
            return words
        bases, base = [], 0
        for segment in self.segments:
            bases.append((segment.number, base))
            base += segment.passages
        found = []
        arrays = self._arrays
        for word, forms in analysis.query_terms(query, self.languages):
            with self._reading() as db:
                positions, counts = read_term(db, forms, bases)
            if arrays.living < len(arrays.alive):
                alive = arrays.alive[positions]
                positions, counts = positions[alive], counts[alive]
            found.append(Word(word, positions, counts))
        words = tuple(found)
        self._asked = query, words
        return words

    def _best(self, positions: NDArray[np.int64], scores: NDArray[np.float64], k: int) -> Matches:
        """The `k` best, ordered by (-score, passage id); equal to 6 decimals is equal."""
        import numpy as np

        scores = np.round(scores, _DECIMALS)
        if len(scores) > k:
            least = np.partition(scores, len(scores) - k)[len(scores) - k]
            kept = scores >= least
            positions, scores = positions[kept], scores[kept]
        order = np.argsort(-scores, kind="stable")
        if (np.diff(scores[order]) == 0).any():  # names are looked up only where they decide
            ids = self.ids_at(positions.tolist())
            order = np.array(sorted(order.tolist(), key=lambda i: (-scores[i], ids[i])))
        order = order[:k]
        return Matches(tuple(positions[order].tolist()), tuple(scores[order].tolist()))


def open_snapshot(index_dir: Path) -> Snapshot:
    """The index in a folder as it is now.

    The catalogue's and the segments' sizes are checked, their content is not (see `check`).
    Raises `IndexNotFound`, `IndexDamaged`, `IndexMismatch`.
    """
    db = catalogue.open_for_reading(index_dir)
    try:
        with catalogue.database_errors(index_dir):
            db.execute("BEGIN")
            snapshot = Snapshot(index_dir, db)
        for segment in snapshot.segments:
            files.check_size(index_dir / schema.SEGMENTS / segment.file, segment.bytes)
    except BaseException:
        db.close()
        raise
    return snapshot
