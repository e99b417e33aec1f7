"""The vectors of training texts: embedded once, kept in the folder of the run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.training.files import whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.embedding import Embedder
    from rag.training.sets import Question


@dataclass(frozen=True, slots=True)
class Vectors:
    """Unit vectors by text: ``matrix[rows[text]]``, float32, shape (n, dimension)."""

    rows: dict[str, int]
    matrix: NDArray[np.float32]


def texts_of(questions: Iterable[Question], sources: frozenset[str]) -> list[str]:
    """The distinct contexts and answerable questions of the named sources, sorted."""
    found: set[str] = set()
    for question in questions:
        if question.source in sources:
            found.add(question.context)
            if question.answers:
                found.add(question.question)
    return sorted(found)


def embed(texts: Sequence[str], embedder: Embedder, cache: Path) -> Vectors:
    """The vectors of ``texts``; read from ``cache`` (.npz) where it holds the same.

    Questions are embedded as passages are: the prefixes of the embedder, if it has any, are those
    of passages.
    """
    import numpy as np

    digest = hashlib.sha256("\0".join([embedder.sha256, *texts]).encode("utf-8", "replace"))
    if cache.exists():
        with np.load(cache) as kept:
            if str(kept["digest"]) == digest.hexdigest():
                return Vectors(_numbered(texts), kept["matrix"])
    matrix = embedder.embed_passages(texts)
    with whole(cache) as part, part.open("wb") as file:
        np.savez(file, matrix=matrix, digest=np.array(digest.hexdigest()))
    return Vectors(_numbered(texts), matrix)


def _numbered(texts: Sequence[str]) -> dict[str, int]:
    return {text: number for number, text in enumerate(texts)}
