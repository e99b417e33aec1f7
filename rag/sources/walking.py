"""The files under what a person named, in a fixed order."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import NoDocuments, UnreadableDocument
from rag.settings import CATALOGUE_NAME
from rag.sources.naming import name_documents, relative_name
from rag.sources.textless import is_textless

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

INDEX_MARKER = ".rag-index"
IGNORE_FILES = (".gitignore", ".ragignore")
_NEVER = frozenset({".git", ".hg", ".svn"})


@dataclass(frozen=True, slots=True)
class Found:
    """A file to be read: `document` is its name in all output, `modified` seconds since 1970."""

    root: Path
    path: Path
    document: str
    size_bytes: int
    modified: float


@dataclass(frozen=True, slots=True)
class _Rules:
    folder: str
    spec: GitIgnoreSpec


def walk(
    paths: Sequence[Path],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    hidden: bool = False,
    problems: list[UnreadableDocument] | None = None,
    textless: list[Found] | None = None,
) -> list[Found]:
    """The files under `paths`, sorted, each once.

    Folders are walked to the bottom. `.gitignore` and `.ragignore` in a root and below it are
    honoured, the deepest last; `include` and `exclude` are patterns as in those files. Symbolic
    links are never followed (one that stays inside leads to what is found anyway), hidden files and
    folders are skipped unless `hidden`, an index's own folder always is. A file that holds no text
    by its nature (a picture, an archive) is left out unless it is itself one of `paths`, and
    appended to `textless`, named by its path below its root. A folder that may not be read is
    appended to `problems`. Raises `NoDocuments` naming every path that does not exist, and
    `ValueError` for an `include` or `exclude` that is no pattern.
    """
    roots = _roots(paths)
    wanted, unwanted = _asked(include), _asked(exclude)
    seen: set[Path] = set()
    entries: list[tuple[Path, Path, os.stat_result]] = []
    named = {Path(path).resolve() for path in paths}
    for root in roots:
        for path, info in _files(root, hidden, [] if problems is None else problems):
            if path in seen:
                continue
            relative = path.relative_to(root).as_posix() if path != root else path.name
            if wanted is not None and not wanted.match_file(relative):
                continue
            if unwanted is not None and unwanted.match_file(relative):
                continue
            seen.add(path)
            if is_textless(path) and path not in named:
                if textless is not None:
                    name = relative_name(path, root)
                    textless.append(Found(root, path, name, info.st_size, info.st_mtime))
                continue
            entries.append((root, path, info))
    names = name_documents(roots, [path for _, path, _ in entries])
    return [
        Found(root, path, names[path], info.st_size, info.st_mtime) for root, path, info in entries
    ]


def _roots(paths: Sequence[Path]) -> list[Path]:
    missing = [str(path) for path in paths if not Path(path).exists()]
    if missing:
        what = ", ".join(f"'{path}'" for path in missing)
        raise NoDocuments(f"no such file or folder: {what}; check the spelling, then try again")
    kept: list[Path] = []
    for root in sorted({Path(path).resolve() for path in paths}, key=lambda p: p.parts):
        if not any(root.is_relative_to(earlier) for earlier in kept):
            kept.append(root)
    return kept


def _asked(patterns: Sequence[str]) -> GitIgnoreSpec | None:
    if wrong := next((pattern for pattern in patterns if not _is_pattern(pattern)), None):
        raise ValueError(f"'{wrong}' is no pattern of file names: write one such as '*.txt'")
    return _spec(patterns)


def _spec(patterns: Sequence[str]) -> GitIgnoreSpec | None:
    if not patterns:
        return None
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)


def _is_pattern(line: str) -> bool:
    try:
        _spec([line])
    except (ValueError, re.error):  # a `!` alone, or a range such as [z-a]
        return False
    return True


def _files(
    root: Path, hidden: bool, problems: list[UnreadableDocument]
) -> Iterator[tuple[Path, os.stat_result]]:
    if root.is_file():
        yield root, root.stat()
        return
    # A stack of folders, deepest name last, so that the order is that of sorted paths.
    stack: list[tuple[str, tuple[_Rules, ...]]] = [("", ())]
    while stack:
        relative, rules = stack.pop()
        try:
            entries = sorted(os.scandir(root / relative), key=lambda entry: entry.name)
        except OSError as exc:
            reason = f"the folder cannot be read ({exc.strerror or exc})"
            problems.append(UnreadableDocument(relative or str(root), reason))
            continue
        names = {entry.name for entry in entries}
        if CATALOGUE_NAME in names or INDEX_MARKER in names:
            continue
        rules = (*rules, *_rules(root, relative, names))
        below = []
        for entry in entries:
            path = f"{relative}/{entry.name}" if relative else entry.name
            info = _status(entry)
            if info is None or _skipped(entry, info, hidden):
                continue
            if stat.S_ISDIR(info.st_mode):
                if not _ignored(f"{path}/", rules):
                    below.append((path, rules))
            elif stat.S_ISREG(info.st_mode) and not _ignored(path, rules):
                yield root / path, info
        stack.extend(reversed(below))


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None


def _skipped(entry: os.DirEntry[str], info: os.stat_result, hidden: bool) -> bool:
    if stat.S_ISLNK(info.st_mode) or entry.name in _NEVER:
        return True
    # Windows marks hidden files, and folders that lead elsewhere (junctions), by an attribute.
    marks = getattr(info, "st_file_attributes", 0)
    if marks & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0) and entry.is_dir():
        return True
    return not hidden and (
        entry.name.startswith(".") or bool(marks & getattr(stat, "FILE_ATTRIBUTE_HIDDEN", 0))
    )


def _rules(root: Path, relative: str, names: set[str]) -> Iterator[_Rules]:
    for name in IGNORE_FILES:
        if name not in names:
            continue
        try:
            text = (root / relative / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        # As for git, a line that is no pattern matches nothing.
        spec = _spec([line for line in text.splitlines() if _is_pattern(line)])
        if spec is not None:
            yield _Rules(f"{relative}/" if relative else "", spec)


def _ignored(path: str, rules: Sequence[_Rules]) -> bool:
    ignored = False
    for rule in rules:
        verdict = rule.spec.check_file(path[len(rule.folder) :]).include
        if verdict is not None:
            ignored = verdict
    return ignored
