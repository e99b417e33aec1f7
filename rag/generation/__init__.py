"""Language models: what they are asked, and llama.cpp that runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.generation.protocol import Completion, Generator, Prompt
from rag.settings import Settings, cache_dir

if TYPE_CHECKING:
    from rag.generation.llama import LlamaGenerator
    from rag.models import Progress

__all__ = ["Completion", "Generator", "Prompt", "load_generator"]


def load_generator(settings: Settings, *, progress: Progress | None = None) -> LlamaGenerator:
    """The language model that the settings name, ready to be asked.

    `progress` is told of its download, where it has to be fetched first. Raises
    `MissingDependency` where llama-cpp-python is not installed, `ModelUnavailable` where the model
    is not here and may not be fetched, `ModelInvalid` where its file is no GGUF model.
    """
    from rag.generation.llama import LlamaGenerator
    from rag.generation.native import library
    from rag.models import resolve

    library()
    model = resolve(settings.model, "generator", settings, progress)
    return LlamaGenerator(
        model.weights,
        name=model.name,
        sha256=model.sha256,
        threads=settings.cores,
        gpu_layers=settings.gpu_layers,
        chat_template=model.entry.chat_template,
        states=cache_dir() / "states",
    )
