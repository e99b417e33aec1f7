"""Ranks contexts for a question by BM25, to find wrong passages that look right."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

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
        scores: dict[int, float] = defaultdict(float)
        for word in sorted(set(_WORD.findall(query.lower()))):
            for number, weight in self._postings.get(word, ()):
                scores[number] += weight
        return sorted(scores, key=lambda number: (-scores[number], number))[:k]
