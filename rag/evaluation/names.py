"""Which document of an index a set means by a name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

_ROOTS = ("docs/", "documents/")
_AMBIGUOUS = ""
_MOST_COMPARED = 5000  # names; a comparison with more takes too long for a hint


class DocumentNames:
    """Resolves a path, a file name or a stem to the one document it can mean."""

    def __init__(self, documents: Iterable[str]) -> None:
        self._paths: set[str] = set()
        self._shorter: dict[str, str] = {}
        for path in documents:
            self._paths.add(path)
            for name in self._short_names(path):
                self._shorter[name] = _AMBIGUOUS if name in self._shorter else path

    @staticmethod
    def _short_names(path: str) -> set[str]:
        pure = PurePosixPath(path)
        return {pure.name, pure.stem, str(pure.with_suffix(""))} if pure.name else {path}

    def __len__(self) -> int:
        return len(self._paths)

    def resolve(self, name: str) -> str | None:
        """The document's name in the index; None where there is none, or more than one."""
        for candidate in self._spellings(name):
            if candidate in self._paths:
                return candidate
            if found := self._shorter.get(candidate):
                return found
        return None

    def problem(self, name: str) -> str:
        """Why a name was not resolved, in words."""
        if any(self._shorter.get(c) == _AMBIGUOUS for c in self._spellings(name)):
            return f"document '{name}' could be more than one in the index: give its path"
        return f"document '{name}' is not in the index{self._near(name)}"

    def _near(self, name: str) -> str:
        import difflib

        if len(self._paths) > _MOST_COMPARED:
            return ""
        near = difflib.get_close_matches(name, sorted({*self._paths, *self._shorter}), 1, 0.75)
        return f"; near is '{near[0]}'" if near else ""

    @staticmethod
    def _spellings(name: str) -> tuple[str, ...]:
        plain = name.replace("\\", "/").removeprefix("./")
        cut = next((plain[len(root) :] for root in _ROOTS if plain.startswith(root)), None)
        return (plain,) if cut is None else (plain, cut)
