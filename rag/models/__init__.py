"""models.txt -> verified files on this machine. Nothing here prints; only fetching connects."""

from __future__ import annotations

from rag.models.catalogue import Catalogue, load_catalogue
from rag.models.entries import ModelEntry, ModelFile, Role
from rag.models.inventory import ModelProblem, ModelStatus, list_models, remove, verify
from rag.models.local import LocalModel
from rag.models.memory import memory_bytes
from rag.models.progress import Progress
from rag.models.resolve import pull, resolve

__all__ = [
    "Catalogue",
    "LocalModel",
    "ModelEntry",
    "ModelFile",
    "ModelProblem",
    "ModelStatus",
    "Progress",
    "Role",
    "list_models",
    "load_catalogue",
    "memory_bytes",
    "pull",
    "remove",
    "resolve",
    "verify",
]
