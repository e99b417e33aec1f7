"""Deterministic fakes that depend on what they are given: for tests, of this project and yours."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TOKEN = re.compile(r"\w+|[^\w\s]")


class FakeEmbedder:
    """An embedder without a model: the unit vector of a text's hashed words.

    Texts that share words are near each other, each text has its own vector, and the same text
    always has the same one. A token is a word or a punctuation mark; tokens beyond `max_tokens`
    (less two) are not seen, as with a real embedder. `calls` counts the texts embedded.
    """

    def __init__(
        self,
        name: str = "fake-embedder",
        dimension: int = 64,
        max_tokens: int = 256,
        query_prefix: str = "",
        passage_prefix: str = "",
    ) -> None:
        self.name = name
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.query_prefix = query_prefix
        self.passage_prefix = passage_prefix
        self.sha256 = hashlib.sha256(f"{name}/{dimension}".encode()).hexdigest()
        self.calls = 0

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The unit vector of a query, shape (dimension,)."""
        return self._vector(self.query_prefix + text)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The unit vectors of passages, shape (n, dimension), in order."""
        import numpy as np

        self.calls += len(texts)
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._vector(self.passage_prefix + text) for text in texts])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of words and punctuation marks of each text."""
        return [len(_TOKEN.findall(text)) for text in texts]

    def _vector(self, text: str) -> NDArray[np.float32]:
        import numpy as np

        vector = np.zeros(self.dimension, dtype=np.float64)
        tokens = _TOKEN.findall(text.lower())[: self.max_tokens - 2]
        for token in tokens or [""]:
            vector += _direction(token, self.dimension)
        length = float(np.linalg.norm(vector))
        if length == 0.0:
            vector, length = _direction("", self.dimension), float(self.dimension) ** 0.5
        return np.asarray(vector / length, dtype=np.float32)


@lru_cache(maxsize=65_536)
def _direction(token: str, dimension: int) -> NDArray[np.float64]:
    """A token's own direction, of signs only: nearly at right angles to every other token's."""
    import numpy as np

    bits = hashlib.shake_128(token.encode("utf-8", "surrogatepass")).digest((dimension + 7) // 8)
    signs = np.unpackbits(np.frombuffer(bits, dtype=np.uint8))[:dimension]
    return signs.astype(np.float64) * 2.0 - 1.0
