"""Worded sentences kept on disk, so that an interrupted run goes on where it stopped.

A wording is found again by a hash of the model and of everything the model was told: a changed
document words anew only what changed. The files hold sentences about the documents, so only their
owner can read them (0600, in a folder of 0700), and they do not outlive the text: each document has
a folder of its own, which goes when the document has left its index or its file is gone, and a
wording goes when a sentence that it was made from no longer stands in the document. `RAG_CACHE`
moves the folder; deleting it loses nothing but time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.leftovers import remove_leftovers

MOST_FILES = 20_000
PRUNED_SHARE = 0.25
LABEL = "document.json"  # in a document's folder: whose wordings these are
HALF_WRITTEN = ".*.new"


@dataclass(frozen=True, slots=True)
class Owner:
    """Where a document is kept: in the index in a folder under a name, or in a file."""

    place: str  # the absolute path of the index's folder, or of the file
    document: str = ""  # empty for a file that was read on the fly

    @property
    def folder(self) -> str:
        """The name of the folder for its wordings."""
        told = f"{self.place}\0{self.document}"
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:24]


class Wordings:
    """A folder of wordings by document and key.

    `owners` says where a document is kept. A folder that cannot be written keeps nothing, silently.
    """

    def __init__(self, folder: Path, owners: Mapping[str, Owner] | None = None) -> None:
        self.folder = folder
        self._owners = dict(owners or {})
        self._puts = 0

    def get(self, document: str, key: str) -> str | None:
        """The text kept under a key; None where there is none, or it cannot be read."""
        try:
            kept = json.loads(self._path(document, key).read_text(encoding="utf-8"))
            return str(kept["text"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, document: str, key: str, text: str, sources: Iterable[str] = ()) -> None:
        """Keeps a text that was made from the sentences `sources`, whole or not at all."""
        path = self._path(document, key)
        try:
            if not path.parent.is_dir():
                path.parent.mkdir(mode=0o700, parents=True)
                self.folder.chmod(0o700)
                _write(path.parent / LABEL, asdict(self._owner(document)))
            _write(path, {"of": [_mark(s) for s in sources], "text": text})
        except (OSError, UnicodeEncodeError):
            return  # a cache that cannot be written only costs time
        self._puts += 1
        if self._puts % 500 == 1:
            self.prune()

    def keep_only(self, document: str, sources: Iterable[str]) -> None:
        """Drops what was made from sentences that are not among a document's `sources` now."""
        there = {_mark(s) for s in sources}
        folder = self.folder / self._owner(document).folder
        remove_leftovers(folder, HALF_WRITTEN)
        for file in sorted(folder.glob("*.txt")):
            try:
                stands = set(json.loads(file.read_text(encoding="utf-8"))["of"]) <= there
            except (OSError, ValueError, KeyError, TypeError):
                stands = False
            if not stands:
                _removed(file)

    def prune(self, most: int = MOST_FILES) -> None:
        """Removes what was left half written, and the oldest where there are more than `most`."""
        remove_leftovers(self.folder, f"*/{HALF_WRITTEN}")
        try:
            files = [(f.stat().st_mtime, f) for f in self.folder.glob("*/*.txt")]
        except OSError:
            return
        if len(files) <= most:
            return
        keep = most - int(most * PRUNED_SHARE)
        for _, file in sorted(files)[: len(files) - keep]:
            _removed(file)

    def _owner(self, document: str) -> Owner:
        return self._owners.get(document) or Owner("", document)

    def _path(self, document: str, key: str) -> Path:
        return self.folder / self._owner(document).folder / f"{key}.txt"


def wordings_folder() -> Path:
    """The folder of this user's wordings, in the cache folder."""
    from rag.settings import cache_dir

    return cache_dir() / "summaries"


def forget_gone(
    index_dir: Path | str | None = None,
    folder: Path | None = None,
    *,
    held: Collection[str] | None = None,
) -> None:
    """Drops the wordings of documents that are gone.

    Gone is a document that the index in `index_dir` does not hold, one of another index whose
    folder is not there, and a file that is not there. Wordings of which nobody knows whose they are
    go too. What cannot be removed stays, silently. `held` names the documents of the index for
    whoever has it open; otherwise it is opened where wordings of its documents are kept.
    """
    folder = folder or wordings_folder()
    index = str(Path(index_dir).absolute()) if index_dir is not None else None
    try:
        kept = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return
    for path in kept:
        owner = _label_of(path)
        if owner and owner.document and owner.place == index:
            held = _documents_of(Path(index)) if held is None else held
            there = owner.document in held
        else:
            there = owner is not None and bool(owner.place) and Path(owner.place).exists()
        if not there:
            shutil.rmtree(path, ignore_errors=True)


def _documents_of(index_dir: Path) -> set[str]:
    from rag.errors import RagError
    from rag.store import open_snapshot

    try:
        with open_snapshot(index_dir) as snapshot:
            return {info.path for info in snapshot.documents()}
    except RagError:
        return set()


def _label_of(folder: Path) -> Owner | None:
    try:
        raw = json.loads((folder / LABEL).read_text(encoding="utf-8"))
        return Owner(str(raw["place"]), str(raw["document"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _mark(sentence: str) -> str:
    return hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _write(path: Path, value: object) -> None:
    # mkstemp makes the file readable by its owner alone.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False)
        os.replace(name, path)
    except BaseException:
        _removed(Path(name))
        raise


def _removed(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return  # open elsewhere (Windows), or not ours: another run will remove it
