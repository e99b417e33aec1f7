"""Text -> unit vectors. Two embedders behind one Protocol; neither opens a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.embedding.protocol import Embedder

if TYPE_CHECKING:
    from rag.models.progress import Progress
    from rag.settings import Settings

__all__ = ["Embedder", "load_embedder"]


def load_embedder(settings: Settings, progress: Progress | None = None) -> Embedder:
    """The embedder that the settings name, from models.txt or a folder; fetched if need be.

    The weights that the shipped graph fits run on ONNX Runtime, all others on
    sentence-transformers. Raises `ModelUnavailable` and `ModelInvalid` as `rag.models.resolve`.
    """
    from rag.embedding.onnx import WEIGHTS, WEIGHTS_SHA256, OnnxEmbedder
    from rag.models import resolve

    model = resolve(settings.embedder, "embedder", settings, progress)
    if model.sha256 == WEIGHTS_SHA256 and {WEIGHTS, "tokenizer.json"} <= set(model.files):
        return OnnxEmbedder(model, settings.cores)
    from rag.embedding.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(model, settings.cores)
