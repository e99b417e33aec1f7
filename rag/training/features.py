"""Token ids, labels and batches of the examples: made once, kept as arrays, seeded."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.training.files import whole
from rag.training.mixture import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_TOKENS = 320
MAX_FIRST_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Features:
    """All examples as flat arrays.

    ``ids`` holds the tokens of all examples one after another, ``offsets`` (n + 1,) where each
    begins, ``seconds`` (n,) the index of the first token of the second text within its example,
    ``starts`` and ``ends`` (n,) token positions of the answer (0, the CLS token, for none),
    ``modes``, ``labels``, ``units`` (n,) as in ``Example``.
    """

    ids: NDArray[np.uint16]
    offsets: NDArray[np.int64]
    seconds: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    modes: NDArray[np.int8]
    labels: NDArray[np.int8]
    units: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.modes)

    def save(self, path: Path) -> None:
        """Writes the arrays to one ``.npz`` file, which is there once it is whole."""
        import numpy as np

        with whole(path) as part, part.open("wb") as file:
            np.savez(file, **{name: getattr(self, name) for name in self.__slots__})

    @staticmethod
    def load(path: Path) -> Features:
        """The arrays of a file that ``save`` wrote."""
        import numpy as np

        with np.load(path) as arrays:
            return Features(**{name: arrays[name] for name in Features.__slots__})


def encode(examples: Sequence[Example], tokenizer_path: Path) -> tuple[Features, int]:
    """The features of the examples, in order, and how many were dropped.

    Dropped is what is longer than ``MAX_TOKENS`` with its answer beyond the end, or whose
    answer falls on no token.
    """
    import numpy as np

    tokenizer = load_tokenizer(tokenizer_path)
    special = (tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]"))
    rows: list[tuple[list[int], int, int, int, Example]] = []
    dropped = 0
    for begin in range(0, len(examples), 2000):
        part = examples[begin : begin + 2000]
        firsts = tokenizer.encode_batch([e.first for e in part], add_special_tokens=False)
        seconds = tokenizer.encode_batch([e.second for e in part], add_special_tokens=False)
        for example, first, second in zip(part, firsts, seconds, strict=True):
            row = _row(example, first, second, special)
            if row is None:
                dropped += 1
            else:
                rows.append((*row, example))
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row[0]) for row in rows], out=offsets[1:])
    flat = np.fromiter((i for row in rows for i in row[0]), np.uint16, int(offsets[-1]))
    return Features(
        flat,
        offsets,
        np.array([row[1] for row in rows], np.int32),
        np.array([row[2] for row in rows], np.int32),
        np.array([row[3] for row in rows], np.int32),
        np.array([row[4].mode for row in rows], np.int8),
        np.array([row[4].label for row in rows], np.int8),
        np.array([row[4].unit for row in rows], np.int64),
    ), dropped


def load_tokenizer(path: Path) -> Any:
    """The tokenizer of ``tokenizer.json``, with its truncation and padding switched off."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _row(
    example: Example, first: Any, second: Any, special: tuple[int, int]
) -> tuple[list[int], int, int, int] | None:
    cls, sep = special
    head = [cls, *first.ids[:MAX_FIRST_TOKENS], sep]
    room = MAX_TOKENS - len(head) - 1
    body = second.ids[:room]
    if not body:
        return None
    start = end = 0
    if example.start >= 0:
        inside = [
            i
            for i, (a, b) in enumerate(second.offsets)
            if a < example.end and example.start < b and b > a
        ]
        if not inside or inside[-1] >= room:
            return None
        start, end = len(head) + inside[0], len(head) + inside[-1]
    return [*head, *body, sep], len(head), start, end


def batches(features: Features, batch_tokens: int, seed: int) -> list[list[int]]:
    """The batches of one pass over the features, in their final order.

    Neighbours in length stand in one batch (padded size at most ``batch_tokens``), within
    stretches of the stream, so that the order of the stream is kept roughly; examples of one
    unit stay together. The same arguments give the same list.
    """
    rng = random.Random(seed)
    lengths = (features.offsets[1:] - features.offsets[:-1]).tolist()
    units: list[list[int]] = []
    where: dict[int, int] = {}
    for index, unit in enumerate(features.units.tolist()):
        if unit >= 0 and unit in where:
            units[where[unit]].append(index)
            continue
        if unit >= 0:
            where[unit] = len(units)
        units.append([index])
    out: list[list[int]] = []
    stretch = 2400
    for begin in range(0, len(units), stretch):
        part = units[begin : begin + stretch]
        part.sort(key=lambda unit: max(lengths[i] for i in unit))
        out += _filled(part, lengths, batch_tokens, rng)
    return out


def _filled(
    units: list[list[int]], lengths: list[int], batch_tokens: int, rng: random.Random
) -> list[list[int]]:
    made: list[list[int]] = []
    current: list[int] = []
    longest = 0
    for unit in units:
        longer = max(longest, *(lengths[i] for i in unit))
        if current and longer * (len(current) + len(unit)) > batch_tokens:
            made.append(current)
            current, longer = [], max(lengths[i] for i in unit)
        current += unit
        longest = longer
    if current:
        made.append(current)
    rng.shuffle(made)
    return made
