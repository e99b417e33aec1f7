"""Ranks contexts for a question, to find wrong passages that look right."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.training.vectors import Vectors

_WORD = re.compile(r"\w+")
_K1, _B = 1.2, 0.75  # the usual constants of Robertson and Zaragoza (2009)


class Neighbours:
    """BM25 over a list of contexts, in memory; terms in more than 8 % of them are ignored."""

    def __init__(self, contexts: Sequence[str]) -> None:
        counts = [Counter(_WORD.findall(text.lower())) for text in contexts]
        lengths = [sum(count.values()) for count in counts]
        mean = sum(lengths) / max(1, len(lengths))
        postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, count in enumerate(counts):
            norm = _K1 * (1 - _B + _B * lengths[number] / mean) if mean else _K1
            for word, times in count.items():
                postings[word].append((number, times * (_K1 + 1) / (times + norm)))
        limit = max(50, int(0.08 * len(contexts)))
        total = len(contexts)
        self._postings = {
            word: [
                (n, w * math.log(1 + (total - len(seen) + 0.5) / (len(seen) + 0.5)))
                for n, w in seen
            ]
            for word, seen in postings.items()
            if len(seen) <= limit
        }

    def ranked(self, query: str, k: int) -> list[int]:
        """The numbers of the ``k`` best contexts, best first; ties by number."""
        return [number for number, _ in self.scored(query, k)]

    def scored(self, query: str, k: int) -> list[tuple[int, float]]:
        """The numbers of the ``k`` best contexts with their BM25 scores, best first."""
        scores: dict[int, float] = defaultdict(float)
        for word in sorted(set(_WORD.findall(query.lower()))):
            for number, weight in self._postings.get(word, ()):
                scores[number] += weight
        return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:k]


class HybridNeighbours:
    """BM25 and vectors fused as the project's own retrieval fuses them (``rag.retrieval``).

    A query or context without a vector is ranked by its words alone.
    """

    def __init__(self, contexts: Sequence[str], vectors: Vectors) -> None:
        self._lexical = Neighbours(contexts)
        self._vectors = vectors
        rows = [(n, vectors.rows[text]) for n, text in enumerate(contexts) if text in vectors.rows]
        self._numbers = [number for number, _ in rows]
        self._matrix = vectors.matrix[[row for _, row in rows]]

    def ranked(self, query: str, k: int) -> list[int]:
        """The numbers of the ``k`` best contexts, best first; ties by number."""
        import numpy as np

        from rag.retrieval.fusion import convex
        from rag.store import Matches

        lexical = self._lexical.scored(query, k)
        row = self._vectors.rows.get(query)
        if row is None or not self._numbers:
            return [number for number, _ in lexical]
        scores = self._matrix @ self._vectors.matrix[row]
        best = np.argsort(-scores, kind="stable")[:k].tolist()
        dense = Matches(
            tuple(self._numbers[i] for i in best), tuple(float(scores[i]) for i in best)
        )
        words = Matches(tuple(n for n, _ in lexical), tuple(score for _, score in lexical))
        fused = convex(dense, words)
        return sorted(fused, key=lambda number: (-fused[number], number))[:k]
