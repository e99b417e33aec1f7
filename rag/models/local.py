"""A model that is on this machine, ready to be loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.models.entries import ModelEntry, Role


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model's verified files. `entry` holds its dimension, prefixes, context and so on.

    `files` maps each file's name in the model's folder to its path; `sha256` is that of the
    weights. `notes` are remarks for the person, such as that a digest was recorded at first use.
    For a model given by path, `entry` is made from what lies in its folder.
    """

    name: str
    role: Role
    folder: Path
    files: Mapping[str, Path]
    sha256: str
    entry: ModelEntry
    notes: tuple[str, ...] = ()

    @property
    def weights(self) -> Path:
        """The path of the weights."""
        return self.files[self.entry.weights.name]
