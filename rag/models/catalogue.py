"""Reads and writes models.txt: stanzas of `key: value` lines. The form stands in its head."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rag.errors import ModelUnavailable, SettingsInvalid
from rag.models.entries import ROLES, ModelEntry, Role
from rag.models.stanza import Line, format_entry, parse_stanza
from rag.settings import user_config_dir

FILE_NAME = "models.txt"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The models that are known, in order; within a role the first one is the default."""

    entries: tuple[ModelEntry, ...]

    def names(self, role: Role | None = None) -> tuple[str, ...]:
        """The names of all models, or of those of one role, in order."""
        return tuple(e.name for e in self.entries if role is None or e.role == role)

    def find(self, name: str, role: Role | None = None) -> ModelEntry | None:
        """The entry of that name (and role), whatever the case of its letters; None without."""
        for entry in self.entries:
            if entry.name.lower() == name.lower() and role in (None, entry.role):
                return entry
        return None

    def get(self, name: str, role: Role | None = None) -> ModelEntry:
        """The entry of that name (and role). Raises `ModelUnavailable` naming the known ones."""
        entry = self.find(name, role)
        if entry is not None:
            return entry
        other = self.find(name)
        kind = role or "model"
        known = ", ".join(self.names(role)) or "none"
        if other is not None:
            raise ModelUnavailable(
                f"model '{name}' has the role {other.role}, asked for was {kind}: choose one of "
                f"{known}"
            )
        raise ModelUnavailable(
            f"no {kind} is called '{name}', and no file or folder of that name is here: choose one "
            f"of {known}, or give the path of your own"
        )


def parse_catalogue(text: str, where: str = FILE_NAME, root: Path | None = None) -> Catalogue:
    """The catalogue in `text`. `root` is the folder that its `file:` sources start from.

    Raises `SettingsInvalid` with every problem, one a line, as `where:LINE: what`.
    """
    entries: list[ModelEntry] = []
    problems: list[str] = []
    for stanza in _stanzas(text):
        entry, found = parse_stanza(stanza, root)
        problems.extend(f"{where}:{line}: {what}" for line, what in found)
        if entry is None:
            continue
        first = next((e for e in entries if e.name.lower() == entry.name.lower()), None)
        if first is not None:
            problems.append(
                f"{where}:{entry.line}: the name '{entry.name}' is already that of the stanza at "
                f"line {first.line}: give it another"
            )
        entries.append(entry)
    if problems:
        raise SettingsInvalid("the catalogue of models has mistakes:\n" + "\n".join(problems))
    return Catalogue(tuple(entries))


def format_catalogue(entries: Iterable[ModelEntry]) -> str:
    """The text of models.txt that reads back as these entries (comments are not kept)."""
    return "\n".join(format_entry(e) for e in entries)


def builtin_path() -> Path:
    """Where the shipped models.txt is: beside the package in a checkout, else in its data."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / FILE_NAME
    if checkout.is_file() and (package.parent / "pyproject.toml").is_file():
        return checkout
    return package / "data" / FILE_NAME


def user_path() -> Path:
    """Where a person's own additions stand: models.txt beside their rag.toml."""
    return user_config_dir() / FILE_NAME


def load_catalogue() -> Catalogue:
    """The shipped catalogue with the person's own stanzas; theirs win and come last.

    Raises `SettingsInvalid` for a file that cannot be read or has mistakes.
    """
    package_parent = Path(__file__).resolve().parent.parent.parent
    entries = {e.name.lower(): e for e in _load(builtin_path(), package_parent).entries}
    own = user_path()
    if own.is_file():
        entries.update((e.name.lower(), e) for e in _load(own, own.parent).entries)
    return Catalogue(tuple(entries.values()))


def _load(path: Path, root: Path) -> Catalogue:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsInvalid(
            f"the catalogue of models {path} cannot be read: {exc}; restore it, or reinstall rag"
        ) from exc
    return parse_catalogue(text, str(path), root)


def _stanzas(text: str) -> Iterable[list[Line]]:
    stanza: list[Line] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if line.startswith("#"):
            continue
        if line:
            stanza.append((number, line))
        elif stanza:
            yield stanza
            stanza = []
    if stanza:
        yield stanza


__all__ = [
    "FILE_NAME",
    "ROLES",
    "Catalogue",
    "builtin_path",
    "format_catalogue",
    "load_catalogue",
    "parse_catalogue",
    "user_path",
]
