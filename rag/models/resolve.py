"""`resolve`: the name or path a person gives -> a model's verified files on this machine."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from rag.errors import ModelInvalid, ModelUnavailable
from rag.models import cache
from rag.models.catalogue import Catalogue, load_catalogue
from rag.models.entries import FileSource, ModelEntry, ModelFile, Role
from rag.models.local import LocalModel
from rag.models.own import guess_role, own_model
from rag.models.progress import Progress
from rag.settings import Settings, expanded


def resolve(
    name_or_path: str,
    role: Role,
    settings: Settings,
    progress: Progress | None = None,
    catalogue: Catalogue | None = None,
) -> LocalModel:
    """The model of that name in models.txt, or the person's own at that path, ready to load.

    What is missing is fetched first, unless `settings.offline`. Raises `ModelUnavailable` for an
    unknown name, for what is not here and may not or cannot be fetched; `ModelInvalid` for a file
    with a wrong digest (a fetched one is removed) or of a wrong kind; `SettingsInvalid` for
    mistakes in models.txt.
    """
    known = catalogue or load_catalogue()
    entry = known.find(name_or_path, role)
    if entry is None:
        path = expanded(name_or_path)
        if name_or_path and path.exists():
            return own_model(path, role)
        if _looks_like_path(name_or_path):
            raise ModelUnavailable(
                f"'{name_or_path}' is neither a {role} of models.txt nor a file or folder here: "
                f"correct the path, or choose one of {', '.join(known.names(role)) or 'none'}"
            )
        entry = known.get(name_or_path, role)
    return _resolve_entry(entry, settings, progress)


def pull(
    name: str,
    settings: Settings,
    progress: Progress | None = None,
    catalogue: Catalogue | None = None,
) -> LocalModel:
    """The model of that name in models.txt, fetched if it is not here, of whatever role.

    The path of a person's own model is checked and returned. Raises as `resolve`.
    """
    known = catalogue or load_catalogue()
    path = expanded(name)
    if known.find(name) is None and name and path.exists():
        return own_model(path, guess_role(path))
    return _resolve_entry(known.get(name), settings, progress)


def _resolve_entry(entry: ModelEntry, settings: Settings, progress: Progress | None) -> LocalModel:
    folder = cache.model_dir(entry.name)
    missing = [f for f in entry.files if locate(entry, f) is None]
    record = cache.read_record(folder)
    notes: list[str] = []
    if missing or not all(_is_verified(entry, f, record) for f in entry.files):
        if missing and settings.offline:
            raise ModelUnavailable(
                f"model '{entry.name}' is not on this machine ({_names(missing)} missing) and "
                f"--offline forbids fetching it: run `rag models pull {entry.name}` with a network"
            )
        with cache.locked(folder):
            # Another process may have brought it while this one waited for the lock.
            missing = [f for f in entry.files if locate(entry, f) is None]
            if missing:
                from rag.models.fetch import fetch_missing

                fetch_missing(entry, missing, folder, progress)
                notes = _first_use_notes(entry, missing)
            _check_present(entry, folder)
        record = cache.read_record(folder)
    files = {f.name: _located(entry, f) for f in entry.files}
    main = entry.weights
    sha256 = main.sha256 or (record[main.name].sha256 if main.name in record else "")
    if not sha256:  # the cache cannot be written: no record
        sha256 = cache.sha256_of(files[main.name])
    root = files[main.name]
    for _ in main.name.split("/"):
        root = root.parent
    return LocalModel(entry.name, entry.role, root, files, sha256, entry, tuple(notes))


def locate(entry: ModelEntry, file: ModelFile) -> Path | None:
    """Where a file of a model is on this machine: fetched, or at a `file:` source; else None."""
    fetched = cache.file_path(cache.model_dir(entry.name), file.name)
    if fetched.is_file():
        return fetched
    for source in file.sources:
        if isinstance(source, FileSource) and entry.root is not None:
            place = cache.file_path(entry.root, source.path)
            if place.is_file():
                return place
    return None


def is_fetched(entry: ModelEntry, path: Path) -> bool:
    """Whether a file lies in the model's cache folder, so that it may be removed and fetched."""
    return path.is_relative_to(cache.model_dir(entry.name))


def check_file(entry: ModelEntry, file: ModelFile, path: Path) -> cache.Verified:
    """What a file is, read whole. Raises `ModelInvalid` if it is not what it should be.

    A wrong fetched file is removed; a person's own or the package's is left alone.
    """
    known = cache.read_record(cache.model_dir(entry.name)).get(file.name)
    try:
        found = cache.measure(path, first_use=file.sha256 is None)
    except OSError as exc:
        raise ModelInvalid(
            f"model '{entry.name}': {path} cannot be read: {exc.strerror or exc}"
        ) from exc
    expected = file.sha256 or (known.sha256 if known and known.first_use else None)
    if expected in (None, found.sha256) and file.size_bytes in (None, found.size_bytes):
        return found
    advice = "reinstall rag"
    if is_fetched(entry, path):
        with suppress(OSError):
            path.unlink()
        advice = f"it was removed; run `rag models pull {entry.name}` to fetch it again"
    raise ModelInvalid(
        f"model '{entry.name}': {path} has SHA-256 {found.sha256} ({found.size_bytes} bytes), "
        f"expected {expected}: {advice}"
    )


def _is_verified(entry: ModelEntry, file: ModelFile, record: dict[str, cache.Verified]) -> bool:
    path = locate(entry, file)
    known = record.get(file.name)
    return (
        path is not None
        and known is not None
        and file.sha256 in (None, known.sha256)
        and known.fits(path)
    )


def _check_present(entry: ModelEntry, folder: Path) -> None:
    record = cache.read_record(folder)
    changes: dict[str, cache.Verified | None] = {}
    for file in entry.files:
        if not _is_verified(entry, file, record):
            changes[file.name] = check_file(entry, file, _located(entry, file))
    if changes:
        with suppress(OSError):  # a cache that cannot be written only costs time at each start
            cache.update_record(folder, changes)


def _located(entry: ModelEntry, file: ModelFile) -> Path:
    path = locate(entry, file)
    if path is None:
        raise ModelUnavailable(
            f"model '{entry.name}': '{file.name}' has just disappeared: run "
            f"`rag models pull {entry.name}`"
        )
    return path


def _first_use_notes(entry: ModelEntry, fetched: list[ModelFile]) -> list[str]:
    unknown = [f for f in fetched if f.sha256 is None]
    if not unknown:
        return []
    record = cache.read_record(cache.model_dir(entry.name))
    return [
        f"models.txt knows no SHA-256 for {entry.name}/{f.name}; the one seen now was recorded and "
        f"holds from here on: {record[f.name].sha256}"
        for f in unknown
        if f.name in record
    ]


def _names(files: list[ModelFile]) -> str:
    return ", ".join(f.name for f in files)


def _looks_like_path(text: str) -> bool:
    separators = {"/", os.sep, os.altsep or "/"}
    return (
        any(s in text for s in separators)
        or text.startswith(("~", "."))
        or (text.lower().endswith(".gguf"))
    )
