"""What models there are, what is on this machine, and whether it is still what it should be."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rag.errors import ModelInvalid, RagError
from rag.models import cache
from rag.models.catalogue import Catalogue, load_catalogue
from rag.models.entries import ModelEntry, Role
from rag.models.local import LocalModel
from rag.models.memory import fits, memory_bytes
from rag.models.own import own_model
from rag.models.resolve import check_file, is_fetched, locate
from rag.settings import Settings, expanded


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model of the catalogue, or a person's own, and how it stands with this machine.

    `present`: every file is here. `size_bytes` is what is or would be on disk (an estimate for
    entries that were not tested, 0 unknown). `fits`: this machine's memory holds it (True where
    either is unknown). `recommended`: the first tested model of its role that fits. `chosen`: the
    settings name it. `folder`: where its files are or would be.
    """

    entry: ModelEntry
    present: bool
    size_bytes: int
    fits: bool
    recommended: bool
    chosen: bool
    folder: Path

    @property
    def name(self) -> str:
        """The model's name."""
        return self.entry.name

    @property
    def role(self) -> Role:
        """What the model is for."""
        return self.entry.role

    @property
    def licence(self) -> str:
        """The model's licence; empty for a person's own."""
        return self.entry.licence

    @property
    def tested(self) -> bool:
        """Whether the model was run with this program."""
        return self.entry.tested

    @property
    def note(self) -> str:
        """A remark for the person who chooses; may be empty."""
        return self.entry.note


@dataclass(frozen=True, slots=True)
class ModelProblem:
    """A file of a model that is not what it should be; `removed` if it was therefore deleted."""

    model: str
    file: str
    path: Path
    problem: str
    removed: bool = False


def list_models(settings: Settings, catalogue: Catalogue | None = None) -> list[ModelStatus]:
    """Every model of the catalogue in its order, then the person's own that the settings name.

    Raises `SettingsInvalid` for mistakes in models.txt.
    """
    known = catalogue or load_catalogue()
    memory = memory_bytes()
    best: dict[Role, str] = {}
    for entry in known.entries:
        if entry.tested and fits(entry, memory):
            best.setdefault(entry.role, entry.name)
    found = [
        ModelStatus(
            entry=entry,
            present=all(locate(entry, file) is not None for file in entry.files),
            size_bytes=_size(entry),
            fits=fits(entry, memory),
            recommended=best.get(entry.role) == entry.name,
            chosen=entry.name.lower() == _named(settings)[entry.role].lower(),
            folder=cache.model_dir(entry.name),
        )
        for entry in known.entries
    ]
    for model in _own(settings, known):
        if isinstance(model, LocalModel):
            own, size = model.entry, model.entry.size_bytes
            found.append(ModelStatus(own, True, size, fits(own, memory), False, True, model.folder))
    return found


def verify(
    names: Iterable[str] | None, settings: Settings, catalogue: Catalogue | None = None
) -> list[ModelProblem]:
    """What is wrong with the models' files, each read whole; empty if nothing is.

    `names` chooses models, and of those a missing file is a problem too; None takes every model
    that has a file here, and the person's own that the settings name. A wrong fetched file is
    removed. Raises `ModelUnavailable` for an unknown name.
    """
    known = catalogue or load_catalogue()
    if names is not None:
        return [p for name in names for p in _verify_entry(known.get(name))]
    here = [e for e in known.entries if any(locate(e, f) for f in e.files)]
    problems = [p for entry in here for p in _verify_entry(entry)]
    return problems + [m for m in _own(settings, known) if isinstance(m, ModelProblem)]


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


def _verify_entry(entry: ModelEntry) -> list[ModelProblem]:
    folder = cache.model_dir(entry.name)
    problems: list[ModelProblem] = []
    changes: dict[str, cache.Verified | None] = {}
    with cache.locked(folder):
        for file in entry.files:
            path = locate(entry, file)
            if path is None:
                missing = cache.file_path(folder, file.name)
                advice = f"{file.name} is not here: run `rag models pull {entry.name}`"
                problems.append(ModelProblem(entry.name, file.name, missing, advice))
                continue
            try:
                changes[file.name] = check_file(entry, file, path)
            except ModelInvalid as exc:
                gone = is_fetched(entry, path) and not path.exists()
                problems.append(ModelProblem(entry.name, file.name, path, str(exc), gone))
        with suppress(OSError):
            cache.update_record(folder, changes)
    return problems


def _named(settings: Settings) -> dict[Role, str]:
    return {
        "embedder": settings.embedder,
        "reader": settings.reader,
        "generator": settings.model,
    }


def _own(settings: Settings, known: Catalogue) -> list[LocalModel | ModelProblem]:
    """The models that the settings name by path, or what is wrong with them."""
    found: list[LocalModel | ModelProblem] = []
    for role, name in _named(settings).items():
        path = expanded(name)
        if known.find(name, role) is not None or not name or not path.exists():
            continue
        try:
            found.append(own_model(path, role))
        except RagError as exc:
            found.append(ModelProblem(name, path.name, path, str(exc)))
    return found


def _size(entry: ModelEntry) -> int:
    found = [locate(entry, file) for file in entry.files]
    if all(found):
        with suppress(OSError):
            return sum(path.stat().st_size for path in found if path)
    return entry.size_bytes or sum(f.size_bytes or 0 for f in entry.files)
