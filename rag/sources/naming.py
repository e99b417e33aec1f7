"""The names of documents: paths relative to the roots that a person gave."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path


def name_documents(roots: Sequence[Path], files: Iterable[Path]) -> dict[Path, str]:
    """The name in all output of each of `files`, from the roots in the order an index has them.

    A file belongs to the first root that holds it (or is it). Names are relative to the root with
    `/`; those of the first root carry no prefix, those of each further root its folder's name, and
    where that is taken `name-2`, `name-3`. Roots that are single files stand for the folder they
    lie in. All paths are absolute; a file under no root is named by its own name. Give all files of
    the index: the names are a function of roots and files alone, not of the history.
    """
    known = list(files)
    present = set(known)
    bases: list[Path] = []
    for root in roots:
        base = root.parent if root in present else root
        if base not in bases:
            bases.append(base)
    single = {root: root.parent for root in roots if root in present}
    owners = {file: _owner(file, roots, single) or file.parent for file in known}
    prefixes = _prefixes(bases, owners)
    return {
        file: prefixes.get(base, "") + relative_name(file, base) for file, base in owners.items()
    }


def relative_name(file: Path, base: Path) -> str:
    """The path of `file` below `base`, `/`-separated, in Unicode's composed form."""
    relative = file.relative_to(base).as_posix()
    # A name that is not UTF-8 on disk cannot be printed as it is; bytes are told from each other.
    printable = os.fsencode(relative).decode("utf-8", errors="backslashreplace")
    return unicodedata.normalize("NFC", printable)


def _owner(file: Path, roots: Sequence[Path], single: dict[Path, Path]) -> Path | None:
    for root in roots:
        if file == root:
            return single.get(root, root.parent)
        if root not in single and file.is_relative_to(root):
            return root
    return None


def _prefixes(bases: Sequence[Path], owners: dict[Path, Path]) -> dict[Path, str]:
    if not bases:
        return {}
    prefixes = {bases[0]: ""}
    taken = {
        relative_name(file, base).split("/", 1)[0]
        for file, base in owners.items()
        if base == bases[0]
    }
    for base in bases[1:]:
        wanted = relative_name(base, base.parent) if base.name else "root"
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted}-{number}", number + 1
        taken.add(name)
        prefixes[base] = f"{name}/"
    return prefixes
