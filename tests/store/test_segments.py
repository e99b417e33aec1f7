from __future__ import annotations

import pytest

from rag.store import segments


@pytest.mark.parametrize(
    ("sizes", "merged"),
    [
        ([], []),
        ([100], [100]),
        ([100, 50], [50]),
        ([100, 51], [100, 51]),
        ([400, 90, 50, 30], [90, 50, 30]),
        ([300, 90, 50, 30], [300, 90, 50, 30]),
        ([700_000, 600_000], [600_000]),
        ([1_000_000, 30_000, 20_000], [30_000, 20_000]),
    ],
)
def test_the_newest_segments_are_merged_while_the_next_is_not_much_larger(
    sizes: list[int], merged: list[int]
) -> None:
    found = segments._tail([(number, size, 0) for number, size in enumerate(sizes)])
    assert [size for _, size, _ in found] == merged


def test_only_the_living_count() -> None:
    assert len(segments._tail([(1, 100, 60), (2, 30, 0)])) == 2
    assert len(segments._tail([(1, 100, 0), (2, 30, 0)])) == 1
