"""What a run has to do: the files on the disk against the files in the index."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import NoDocuments, UnreadableDocument
from rag.sources.textless import EMPTY
from rag.store import FileEntry, open_snapshot
from rag.store.files import sha256_of

if TYPE_CHECKING:
    from rag.sources import Found

CLOCK_SECONDS = 2.0
"""A file changed this shortly before it was read may have changed again with the same time."""

NO_TEXT = "no text: "
"""What the recorded problem of a file begins with that was found to hold no text."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which files a run looks at: `paths`, and the patterns of the command line."""

    paths: tuple[Path, ...]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the index holds: its roots in order, its files, and by what each was parsed."""

    roots: tuple[Path, ...] = ()
    files: Mapping[str, FileEntry] = field(default_factory=dict)
    parsers: Mapping[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run has to do. Files carry the name that they get in the index.

    `renamed` are files that stay as they are under a new name (old entry, new name); `touched`
    have a new time and the old content. `found` is everything looked at, `names` the name of
    every file of the index by its source. `textless` names the files that hold no text, as far as
    that is known before anything is read; one of `told`, which the run was given as such or which
    held text before, is reported by name if it turns out to hold none. `empty` are those of
    `textless` with nothing in them.
    """

    roots: tuple[Path, ...]
    found: tuple[Found, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    added: tuple[Found, ...] = ()
    changed: tuple[Found, ...] = ()
    renamed: tuple[tuple[FileEntry, str], ...] = ()
    touched: tuple[tuple[FileEntry, float], ...] = ()
    gone: tuple[FileEntry, ...] = ()
    unchanged: int = 0
    problems: tuple[UnreadableDocument, ...] = ()
    textless: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    told: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class Stale:
    """What changed on the disk since the index was made, by the files' names, sorted."""

    changed: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.new or self.missing)


def staleness(index_dir: Path) -> Stale:
    """What changed under the indexed roots since: files changed, new and missing.

    A file that could not be read counts as changed only when it changed since then. Raises
    `IndexNotFound`, `IndexDamaged`.
    """
    with open_snapshot(index_dir) as snapshot:
        known = Known(snapshot.roots(), snapshot.files(), snapshot.parsers())
        patterns = snapshot.patterns()
    scopes = {
        root: Scope((Path(root),), include, exclude)
        for root, (include, exclude) in patterns.items()
    }
    present = tuple(root for root in known.roots if root.exists())
    lost = [f.name for f in known.files.values() if not _within(Path(f.source), present)]
    plan = make_plan(known, Scope(present), settle=True) if present else Plan(known.roots)
    unwanted = _unwanted(plan.added, scopes)
    return Stale(
        changed=tuple(sorted(f.document for f in plan.changed)),
        new=tuple(sorted(f.document for f in plan.added if f.path not in unwanted)),
        missing=tuple(sorted({*(f.name for f in plan.gone if f.problem is None), *lost})),
    )


def _unwanted(added: Sequence[Found], patterns: Mapping[str, Scope]) -> set[Path]:
    """Those new files that the patterns of their root's last run leave out."""
    unwanted: set[Path] = set()
    for root, scope in patterns.items():
        mine = [f.path for f in added if _within(f.path, [Path(root)])]
        if mine and (scope.include or scope.exclude):
            unwanted |= set(mine) - {f.path for f in _walk(scope).found}
    return unwanted


def make_plan(known: Known, scope: Scope, *, settle: bool = False) -> Plan:
    """What has to be done so that the index holds the files under `scope.paths` as they are.

    With `settle` a file that could not be read and did not change since is left alone, otherwise
    it is tried again. Raises `NoDocuments` where nothing is, nor was, under a path.
    """
    paths = _resolved(scope.paths)
    roots = (*known.roots, *(p for p in paths if not _within(p, known.roots)))
    seen = _files_under(known.roots, replace(scope, paths=paths))
    found = seen.found
    everything = (
        _files_under(known.roots, replace(scope, paths=paths, include=(), exclude=())).found
        if scope.include or scope.exclude
        else found
    )
    entries = {Path(entry.source): entry for entry in known.files.values()}
    there = {f.path for f in everything}
    gone = [
        entry
        for path, entry in entries.items()
        if _within(path, paths) and path not in there and not _out_of_reach(path)
    ]
    if paths and not found and not gone and not any(_within(path, paths) for path in entries):
        what = ", ".join(f"'{path}'" for path in scope.paths)
        raise NoDocuments(
            f"nothing to index under {what}: it holds no file that may be read{_but(seen)}; name "
            "a folder with documents"
        )
    return _compare(known, roots, seen, gone, frozenset(paths), settle)


def without(known: Known, remove: Sequence[Path]) -> tuple[Known, tuple[FileEntry, ...]]:
    """`known` without what lies under `remove`, and the files taken out.

    Each of `remove` is a path, or a document's name or the folder in such a name. Raises
    `NoDocuments` for one that names nothing in the index.
    """
    removed: dict[str, FileEntry] = {}
    for path in remove:
        here = [
            entry
            for entry in known.files.values()
            if _within(Path(entry.source), [path.resolve()])
            or f"{entry.name}/".startswith(f"{path.as_posix()}/")
        ]
        if not here:
            raise NoDocuments(
                f"nothing in the index comes from '{path}': `rag status --documents` names all"
            )
        removed.update((entry.name, entry) for entry in here)
    folders = [path.resolve() for path in remove]
    kept = Known(
        tuple(root for root in known.roots if not _within(root, folders)),
        {name: entry for name, entry in known.files.items() if name not in removed},
        known.parsers,
    )
    return kept, tuple(removed.values())


def _compare(
    known: Known,
    roots: tuple[Path, ...],
    seen: _Seen,
    gone: Sequence[FileEntry],
    named: frozenset[Path],
    settle: bool,
) -> Plan:
    entries = {Path(entry.source): entry for entry in known.files.values()}
    staying = entries.keys() - {Path(entry.source) for entry in gone}
    names = _names(roots, staying | {f.path for f in seen.found})
    current = _current_parsers()
    added, changed, touched, unchanged = [], [], [], 0
    textless = [file.document for file in seen.textless]
    empty = [file.document for file in seen.textless if not file.size_bytes]
    found = [replace(file, document=names[file.path]) for file in seen.found]
    for file in found:
        entry = entries.get(file.path)
        if entry is None:
            added.append(file)
        elif (
            _is_changed(file, entry, settle or _is_textless(entry, named))
            or known.parsers.get(entry.name, set()) - current
        ):
            changed.append(file)
        else:
            if _is_textless(entry, named):
                textless.append(file.document)
                if is_empty(entry.problem):
                    empty.append(file.document)
            else:
                unchanged += 1
            if file.modified != entry.modified or entry.checked - CLOCK_SECONDS <= file.modified:
                touched.append((entry, file.modified))
    rereading = {f.path for f in changed}
    renamed = tuple(
        (entries[path], names[path])
        for path in sorted(staying - rereading)
        if names[path] != entries[path].name
    )
    return Plan(
        roots=roots,
        found=tuple(found),
        names={str(path): name for path, name in names.items()},
        added=tuple(added),
        changed=tuple(changed),
        renamed=renamed,
        touched=tuple(touched),
        gone=tuple(gone),
        unchanged=unchanged,
        problems=tuple(seen.problems),
        textless=tuple(textless),
        empty=tuple(empty),
        told=named | {f.path for f in changed if entries[f.path].problem is None},
    )


def _is_textless(entry: FileEntry, named: frozenset[Path]) -> bool:
    """Whether a file was found to hold no text, and is not one that the person asks about now."""
    known = entry.problem is not None and entry.problem.startswith(NO_TEXT)
    return known and Path(entry.source) not in named


def is_empty(problem: str | None) -> bool:
    """Whether a file's problem is that nothing stands in it."""
    return problem is not None and problem.removeprefix(NO_TEXT).startswith(EMPTY)


def _is_changed(file: Found, entry: FileEntry, settle: bool) -> bool:
    if entry.problem is not None and not settle:
        return True
    if file.size_bytes != entry.bytes:
        return True
    if file.modified == entry.modified < entry.checked - CLOCK_SECONDS:
        return False
    if entry.problem is not None:
        return file.modified != entry.modified
    try:
        return sha256_of(file.path) != entry.sha256
    except OSError:
        return True


def _names(roots: Sequence[Path], files: Iterable[Path]) -> dict[Path, str]:
    from rag.sources import name_documents

    return name_documents(roots, sorted(files))


@cache
def _current_parsers() -> frozenset[str]:
    from rag.sources import parser_versions

    return frozenset(f"{name}/{version}" for name, version in parser_versions().items())


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a walk came upon: files to read, folders that cannot be, files without text."""

    found: list[Found] = field(default_factory=list)
    problems: list[UnreadableDocument] = field(default_factory=list)
    textless: list[Found] = field(default_factory=list)


def _but(seen: _Seen) -> str:
    return f" ({len(seen.textless)} files hold no text, such as pictures)" if seen.textless else ""


def _walk(scope: Scope) -> _Seen:
    from rag.sources import walk

    seen = _Seen()
    seen.found.extend(
        walk(
            scope.paths,
            include=scope.include,
            exclude=scope.exclude,
            hidden=scope.hidden,
            problems=seen.problems,
            textless=seen.textless,
        )
    )
    return seen


def _files_under(roots: Sequence[Path], scope: Scope) -> _Seen:
    """The files under the scope's paths; a path inside a root is walked from that root.

    So that the root's ignore files count, whichever part of it is looked at.
    """
    inside = [p for p in scope.paths if p not in roots and _within(p, roots)]
    walked = [next((r for r in roots if p in inside and _within(p, [r])), p) for p in scope.paths]
    seen = _walk(replace(scope, paths=tuple(dict.fromkeys(walked))))
    kept = [f for f in seen.found if _within(f.path, scope.paths)]
    textless = [
        f for f in seen.textless if f.path not in scope.paths and _within(f.path, scope.paths)
    ]
    bare = tuple(p for p in inside if not any(_within(f.path, [p]) for f in kept))
    if bare:  # hidden or ignored from its root, but named by the person
        more = _walk(replace(scope, paths=bare))
        return _Seen(kept + more.found, seen.problems + more.problems, textless + more.textless)
    return _Seen(kept, seen.problems, textless)


def _resolved(paths: Sequence[Path]) -> tuple[Path, ...]:
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        what = ", ".join(f"'{path}'" for path in missing)
        raise NoDocuments(
            f"no such file or folder: {what}; check the spelling, or take what was indexed from "
            "there out of the index with `rag index --remove PATH`"
        )
    kept: list[Path] = []
    for path in sorted({p.resolve() for p in paths}, key=lambda p: p.parts):
        if not _within(path, kept):
            kept.append(path)
    return tuple(kept)


def _within(path: Path, folders: Iterable[Path]) -> bool:
    return any(path == folder or folder in path.parents for folder in folders)


def _out_of_reach(path: Path) -> bool:
    """Whether a file may still be there, in a folder that cannot be looked into now."""
    for folder in path.parents:
        try:
            with os.scandir(folder):
                return False
        except PermissionError:
            return True
        except OSError:
            continue
    return False
