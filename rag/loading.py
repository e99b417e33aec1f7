"""The models that the settings name, each loaded when it is first needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rag.settings import Settings

if TYPE_CHECKING:
    from rag.embedding.protocol import Embedder
    from rag.generation.protocol import Generator
    from rag.models import Progress
    from rag.reading.protocol import Reader


class Models:
    """Embedder, reader and generator, loaded on first use and kept. Safe between threads.

    `progress` is told of a download, where a model has to be fetched first.
    """

    def __init__(self, settings: Settings, progress: Progress | None = None) -> None:
        self.settings = settings
        self._progress = progress
        # One each, so that two can be loaded at once; a reader may need the embedder.
        self._embedder_lock = threading.Lock()
        self._reader_lock = threading.Lock()
        self._generator_lock = threading.Lock()
        self._embedder: Embedder | None = None
        self._reader: Reader | None = None
        self._generator: Generator | None = None

    @property
    def embedder(self) -> Embedder:
        """The embedder. Raises `ModelUnavailable` or `ModelInvalid`."""
        with self._embedder_lock:
            if self._embedder is None:
                from rag.embedding import load_embedder

                with _timed("embedder", self.settings.embedder):
                    self._embedder = load_embedder(self.settings, progress=self._progress)
            return self._embedder

    @property
    def reader(self) -> Reader:
        """The reader; the one without training needs the embedder too."""
        with self._reader_lock:
            if self._reader is None:
                from rag.reading import load_reader

                with _timed("reader", self.settings.reader):
                    self._reader = load_reader(
                        self.settings.reader,
                        self.settings,
                        lambda: self.embedder,
                        progress=self._progress,
                    )
            return self._reader

    @property
    def generator(self) -> Generator:
        """The language model. Raises `MissingDependency` without llama-cpp-python."""
        with self._generator_lock:
            if self._generator is None:
                from rag.generation import load_generator

                with _timed("generator", self.settings.model):
                    self._generator = load_generator(self.settings, progress=self._progress)
            return self._generator

    def close(self) -> None:
        """Frees the language model; the others are freed with the last reference to them."""
        with self._generator_lock, self._reader_lock, self._embedder_lock:
            if self._generator is not None:
                self._generator.close()
            self._generator = self._reader = self._embedder = None


def in_background(load: Callable[[], object]) -> None:
    """Begins to load something in a thread of its own; an error is left to who needs it next.

    What the threads share is imported before: of a package that one imports while another imports
    a part of it, Python reports a deadlock, or one of them sees a half.
    """
    import numpy  # noqa: F401

    import rag.embedding
    import rag.models
    import rag.reading  # noqa: F401

    def run() -> None:
        with suppress(Exception):
            load()

    threading.Thread(target=run, daemon=True).start()


def note(message: str, *values: object) -> None:
    """Writes a line to the log: what was done and how long it took, never a text."""
    import logging  # not needed to import rag, and not free

    logging.getLogger("rag").debug(message, *values)


@contextmanager
def _timed(role: str, name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    note("%s %s loaded in %.0f ms", role, name, (time.perf_counter() - began) * 1000)
