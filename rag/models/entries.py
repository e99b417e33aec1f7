"""What the catalogue says of a model, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Role = Literal["embedder", "reader", "generator"]
Pooling = Literal["mean", "cls", "last"]
ReaderKind = Literal["minilm", "qa", "nli"]

ROLES: tuple[Role, ...] = ("embedder", "reader", "generator")


@dataclass(frozen=True, slots=True)
class HubSource:
    """A file of a repository on the Hugging Face hub, at a revision."""

    repository: str
    revision: str
    path: str

    def __str__(self) -> str:
        return f"hub:{self.repository}@{self.revision}/{self.path}"


@dataclass(frozen=True, slots=True)
class WheelPart:
    """A file inside a wheel of the package index: `package==version` and the path in the zip."""

    package: str
    version: str
    path: str

    @property
    def requirement(self) -> str:
        """The requirement to ask the package index for."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True, slots=True)
class WheelSource:
    """Files inside wheels, joined in order. `text` is the source as it was written."""

    parts: tuple[WheelPart, ...]
    text: str

    def __str__(self) -> str:
        return f"wheel:{self.text}"


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file on this machine, by a path relative to the catalogue's folder."""

    path: str

    def __str__(self) -> str:
        return f"file:{self.path}"


Source = HubSource | WheelSource | FileSource


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model: its name in the model's folder ('/'-separated), and where to get it.

    `sha256` is lower-case hex, None where the catalogue knows none (the digest of the first
    download then holds). `size_bytes` is exact, None where unknown.
    """

    name: str
    sources: tuple[Source, ...]
    sha256: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A stanza of the catalogue: what the model is and what its role needs to know.

    The first of `files` is the weights. `size_bytes` may be an estimate; 0 is unknown.
    `context_tokens`, `dimension` and `max_tokens` are None where the role has no use for them or
    the model's own files say. `root` is the folder that `file:` sources start from, `line` the
    line the stanza begins on.
    """

    name: str
    role: Role
    files: tuple[ModelFile, ...]
    licence: str = ""
    tested: bool = False
    size_bytes: int = 0
    note: str = ""
    languages: tuple[str, ...] = ()
    dimension: int | None = None
    max_tokens: int | None = None
    pooling: Pooling | None = None
    query_prefix: str = ""
    passage_prefix: str = ""
    context_tokens: int | None = None
    chat_template: str | None = None
    kind: ReaderKind | None = None
    root: Path | None = None
    line: int = 0

    @property
    def weights(self) -> ModelFile:
        """The main file: the first one."""
        return self.files[0]
