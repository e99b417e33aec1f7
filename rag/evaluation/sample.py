"""A stratified sample that the seed alone decides."""

from __future__ import annotations

import random
from collections.abc import Hashable, Mapping, Sequence


def sample_positions(strata: Sequence[Hashable], limit: int | None, seed: int) -> list[int]:
    """The positions of a sample of at most `limit`, in order, each stratum in its proportion.

    Shares are rounded by largest remainder (ties: the stratum that comes first in the data). With
    `limit` None or not below the number of items, every position. Raises `ValueError` for a limit
    below 1.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}, it must be at least 1")
    if limit is None or limit >= len(strata):
        return list(range(len(strata)))
    positions: dict[Hashable, list[int]] = {}
    for position, stratum in enumerate(strata):
        positions.setdefault(stratum, []).append(position)
    wanted = _shares({s: len(p) for s, p in positions.items()}, limit, len(strata))
    chosen: list[int] = []
    for number, (stratum, count) in enumerate(wanted.items()):
        chosen.extend(random.Random(f"{seed}/{number}").sample(positions[stratum], count))
    return sorted(chosen)


def _shares(sizes: Mapping[Hashable, int], limit: int, total: int) -> dict[Hashable, int]:
    exact = {s: limit * n / total for s, n in sizes.items()}
    shares = {s: int(e) for s, e in exact.items()}
    order = sorted(exact, key=lambda s: shares[s] - exact[s])
    for stratum in order[: limit - sum(shares.values())]:
        shares[stratum] += 1
    return shares
