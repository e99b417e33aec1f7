"""What models there are, what is on this machine, and whether it is still what it should be."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rag.errors import ModelInvalid
from rag.models import cache
from rag.models.catalogue import Catalogue, load_catalogue
from rag.models.entries import ModelEntry
from rag.models.memory import fits, memory_bytes
from rag.models.resolve import check_file, is_fetched, locate
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model of the catalogue and how it stands with this machine.

    `present`: every file is here. `size_bytes` is what is or would be on disk (an estimate for
    entries that were not tested, 0 unknown). `fits_memory` is None where unknown. `recommended`:
    the first tested model of its role that fits. `in_use`: the settings name it.
    """

    entry: ModelEntry
    present: bool
    size_bytes: int
    fits_memory: bool | None
    recommended: bool
    in_use: bool
    folder: Path


@dataclass(frozen=True, slots=True)
class FileCheck:
    """The result of reading one file whole: `problem` is None if it is what it should be."""

    model: str
    file: str
    path: Path
    problem: str | None
    removed: bool = False


def list_models(settings: Settings, catalogue: Catalogue | None = None) -> list[ModelStatus]:
    """Every model of the catalogue with its state, in the catalogue's order."""
    entries = (catalogue or load_catalogue()).entries
    memory = memory_bytes()
    named = {n.lower() for n in (settings.embedder, settings.reader, settings.model)}
    best: dict[str, str] = {}
    for entry in entries:
        if entry.tested and fits(entry, memory) is not False:
            best.setdefault(entry.role, entry.name)
    return [
        ModelStatus(
            entry=entry,
            present=_is_present(entry),
            size_bytes=_size(entry),
            fits_memory=fits(entry, memory),
            recommended=best.get(entry.role) == entry.name,
            in_use=entry.name.lower() in named,
            folder=cache.model_dir(entry.name),
        )
        for entry in entries
    ]


def verify(
    names: Iterable[str] | None = None, catalogue: Catalogue | None = None
) -> list[FileCheck]:
    """Reads every file of the present models whole and compares its SHA-256.

    `names` chooses models (all that have a file here without it); a model asked for by name that
    lacks files gets a `FileCheck` with that problem. A wrong fetched file is removed. Raises
    `ModelUnavailable` for an unknown name.
    """
    known = catalogue or load_catalogue()
    if names is None:
        chosen = [e for e in known.entries if any(locate(e, f) for f in e.files)]
    else:
        chosen = [known.get(name) for name in names]
    return [check for entry in chosen for check in _verify_entry(entry)]


def remove(name: str, catalogue: Catalogue | None = None) -> bool:
    """Whether anything was there to remove: deletes a model's fetched files and partial ones."""
    import shutil

    folder = cache.model_dir((catalogue or load_catalogue()).get(name).name)
    if not folder.is_dir():
        return False
    with cache.locked(folder):
        for child in folder.iterdir():
            if child.name == cache.LOCK_NAME:
                continue
            if child.is_dir() and not child.is_symlink():
                shutil.rmtree(child, ignore_errors=True)
            else:
                child.unlink(missing_ok=True)
    return True


def _verify_entry(entry: ModelEntry) -> list[FileCheck]:
    folder = cache.model_dir(entry.name)
    checks: list[FileCheck] = []
    changes: dict[str, cache.Verified | None] = {}
    with cache.locked(folder):
        for file in entry.files:
            path = locate(entry, file)
            if path is None:
                missing = cache.file_path(folder, file.name)
                advice = f"not on this machine: run `rag models pull {entry.name}`"
                checks.append(FileCheck(entry.name, file.name, missing, advice))
                continue
            try:
                changes[file.name] = check_file(entry, file, path)
                checks.append(FileCheck(entry.name, file.name, path, None))
            except ModelInvalid as exc:
                gone = is_fetched(entry, path) and not path.exists()
                checks.append(FileCheck(entry.name, file.name, path, str(exc), gone))
        with suppress(OSError):
            cache.update_record(folder, changes)
    return checks


def _is_present(entry: ModelEntry) -> bool:
    return all(locate(entry, file) is not None for file in entry.files)


def _size(entry: ModelEntry) -> int:
    found = [locate(entry, file) for file in entry.files]
    if all(found):
        with suppress(OSError):
            return sum(path.stat().st_size for path in found if path)
    return entry.size_bytes or sum(f.size_bytes or 0 for f in entry.files)
