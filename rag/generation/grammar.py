"""A GBNF grammar of llama.cpp that follows what is written."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Grammar:
    """A GBNF grammar that follows the tokens it is shown."""

    def __init__(self, lib: Any, vocabulary: Any, text: str) -> None:
        self._lib = lib
        self._sampler = lib.llama_sampler_init_grammar(vocabulary, text.encode(), b"root")
        if not self._sampler:
            raise ValueError(f"not a GBNF grammar: {text[:80]!r}")

    def choose(self, scores: NDArray[np.float32]) -> int:
        """The best token that the grammar allows.

        The best token of all is tried alone first: a grammar costs time for each word it is
        asked about, and there are 152,000.
        """
        import numpy

        best = int(scores.argmax())
        if self._allowed([best]):
            return best
        for count in (64, 4096, len(scores)):
            order = numpy.argsort(-scores, kind="stable")[:count].tolist()
            if kept := self._allowed(order):
                return kept[0]
        return best

    def _allowed(self, tokens: Sequence[int]) -> list[int]:
        data = (self._lib.llama_token_data * len(tokens))()
        for slot, token in zip(data, tokens, strict=True):
            slot.id = token
            slot.logit = 1.0
        array = self._lib.llama_token_data_array(data, len(tokens), -1, False)
        self._lib.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return [slot.id for slot in data if slot.logit > 0.0]

    def accept(self, token: int) -> None:
        """Moves the grammar on by a token it allowed."""
        self._lib.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Frees the grammar."""
        if self._sampler:
            self._lib.llama_sampler_free(self._sampler)
            self._sampler = None
