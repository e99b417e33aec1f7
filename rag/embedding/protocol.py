"""What an embedder is: text -> unit vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns texts into unit vectors. A vector never depends on what else is in its batch."""

    @property
    def name(self) -> str:
        """The embedder's name, as in models.txt, or its folder's name."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the weights."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text count; what lies beyond is not seen."""

    @property
    def query_prefix(self) -> str:
        """What is put before a query."""

    @property
    def passage_prefix(self) -> str:
        """What is put before a passage."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The unit vector of a query, shape (dimension,)."""

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The unit vectors of queries, shape (n, dimension), in order, as `embed_query` gives."""

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The unit vectors of passages, shape (n, dimension), in order."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, without the special ones around it."""
