"""Readers: they point at answers in a text and say what a text supports."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rag.reading.language import looks_english
from rag.reading.protocol import Entailment, Reader, Reading, SpanScore

if TYPE_CHECKING:
    from rag.embedding.protocol import Embedder
    from rag.models import Progress
    from rag.settings import Settings

NO_READER = "none"

__all__ = [
    "NO_READER",
    "Entailment",
    "Reader",
    "Reading",
    "SpanScore",
    "load_reader",
    "looks_english",
]


def load_reader(
    name_or_path: str,
    settings: Settings,
    embedder: Callable[[], Embedder],
    progress: Progress | None = None,
) -> Reader:
    """The reader of that name in models.txt or at that path, ready to read.

    `none` is the reader without training, which works with the sentence embeddings; `embedder` is
    called when such a reader first needs it. Raises `ModelUnavailable` for a reader that is not
    here and may not or cannot be fetched, `ModelInvalid` for one that is not what it should be,
    `MissingDependency` where the library that runs it is not installed.
    """
    if name_or_path == NO_READER:
        return _untrained(embedder)
    from rag.models import resolve

    model = resolve(name_or_path, "reader", settings, progress)
    if model.entry.kind == "minilm":
        from rag.reading.minilm import MiniLMReader

        return MiniLMReader(
            model.weights,
            model.files["tokenizer.json"],
            name=model.name,
            sha256=model.sha256,
            threads=settings.cores,
        )
    from rag.reading.cross_encoder import load_cross_encoder

    return load_cross_encoder(model, fallback=_untrained(embedder), threads=settings.cores)


def _untrained(embedder: Callable[[], Embedder]) -> Reader:
    from rag.reading.untrained import UntrainedReader

    return UntrainedReader(embedder)
