"""The whole stream of a run: which set is used how often, in one seeded order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

from rag.training.mixture import Example, Maker, Recipe, of_pair, plain
from rag.training.sets import Pair, Question
from rag.training.tables import Table, TableMaker
from rag.training.vectors import Vectors
from rag.training.windows import tokens_about

MAX_EVIDENCE_TOKENS = 260
Item = Question | Pair | Table


def build_stream(
    questions: Sequence[Question],
    pairs: Sequence[Pair],
    shares: Mapping[str, Sequence[float]],
    recipe: Recipe,
    seed: int,
    *,
    tables: Sequence[Table] = (),
    vectors: Vectors | None = None,
) -> list[Example]:
    """The examples of all passes, in training order.

    ``shares`` gives for each source the share of it that each pass uses ("squad2": [1, 1, 1]);
    values above 1 repeat; a source that is not named is used whole in the first pass. Unused
    questions still lend their contexts as wrong passages, ranked by words and by ``vectors`` if
    given. The same arguments give the same list.
    """
    rng = random.Random(seed)
    ready = [plain(question) for question in questions]
    maker = Maker(ready, recipe, seed + 1, vectors)
    table_maker = TableMaker(tables, seed + 2)
    by_source: dict[str, list[Item]] = {}
    everything: list[Item] = [*ready, *pairs, *tables]
    for item in everything:
        by_source.setdefault(item.source, []).append(item)
    drawers = {name: _Drawer(items, rng) for name, items in by_source.items()}
    passes = max((len(values) for values in shares.values()), default=1)
    stream: list[Example] = []
    for number in range(passes):
        part: list[list[Example]] = []
        for name in sorted(by_source):
            values = shares.get(name, (1.0,))
            share = values[number] if number < len(values) else 0.0
            for item in drawers[name].draw(round(share * len(by_source[name]))):
                if isinstance(item, Question):
                    part.append(maker.of_question(item))
                elif isinstance(item, Table):
                    part.append(table_maker.of_table(item))
                elif tokens_about(item.evidence) <= MAX_EVIDENCE_TOKENS:
                    part.append([of_pair(item)])
        stream += _mixed(part, rng)
    return stream


def census(stream: Sequence[Example]) -> dict[str, int]:
    """How many examples of which source, mode and label the stream holds."""
    counts = Counter(f"{e.source}/{'claim' if e.mode else 'question'}/{e.label}" for e in stream)
    return dict(sorted(counts.items()))


class _Drawer:
    """Deals a set's items out in random order, and starts again when all were dealt."""

    def __init__(self, items: list[Item], rng: random.Random) -> None:
        self._items = items
        self._rng = rng
        self._left: list[Item] = []

    def draw(self, count: int) -> list[Item]:
        out: list[Item] = []
        while len(out) < count:
            if not self._left:
                self._left = list(self._items)
                self._rng.shuffle(self._left)
            out.append(self._left.pop())
        return out


def _mixed(made: list[list[Example]], rng: random.Random) -> list[Example]:
    """All examples in random order; those of one unit stay neighbours."""
    loose: list[list[Example]] = []
    for examples in made:
        tied = [e for e in examples if e.unit >= 0]
        if tied:
            loose.append(tied)
        loose += [[e] for e in examples if e.unit < 0]
    rng.shuffle(loose)
    return [e for unit in loose for e in unit]
