from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag.training.features import MAX_TOKENS, Features, batches, encode, load_tokenizer
from rag.training.mixture import Example


def _features(lengths: list[int], units: list[int]) -> Features:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    zeros = np.zeros(len(lengths), np.int32)
    ids = np.zeros(int(offsets[-1]), np.uint16)
    small = zeros.astype(np.int8)
    return Features(ids, offsets, zeros, zeros, zeros, small, small, np.array(units, np.int64))


def test_token_positions_spell_the_answer(base: Path) -> None:
    text = "The king, Henry (of Rome), built 45 near London."
    start = text.index("Henry (of Rome)")
    examples = [
        Example(0, "Who built?", text, start, start + len("Henry (of Rome)"), 1, "s"),
        Example(0, "Who built?", text, -1, -1, 0, "s"),
        Example(1, "Anna built.", text, -1, -1, 2, "s"),
    ]
    features, dropped = encode(examples, base / "tokenizer.json")
    assert dropped == 0
    row = features.ids[: features.offsets[1]]
    tokenizer = load_tokenizer(base / "tokenizer.json")
    spelled = tokenizer.decode(row[features.starts[0] : features.ends[0] + 1].tolist())
    assert spelled.replace(" ", "") == "henry(ofrome)"
    assert features.starts.tolist()[1:] == features.ends.tolist()[1:] == [0, 0]
    assert features.modes.tolist() == [0, 0, 1]
    assert tokenizer.id_to_token(int(row[features.seconds[0] - 1])) == "[SEP]"


def test_an_answer_beyond_the_window_is_dropped_and_counted(base: Path) -> None:
    text = "city " * 400 + "Rome"
    far = Example(0, "Where?", text, len(text) - 4, len(text), 1, "s")
    empty = Example(0, "Where?", "", -1, -1, 0, "s")
    near = Example(0, "Where?", text, 0, 4, 1, "s")
    features, dropped = encode([far, empty, near], base / "tokenizer.json")
    assert dropped == 2
    assert len(features) == 1
    assert features.offsets[1] == MAX_TOKENS


def test_saving_and_loading_gives_the_same_arrays(base: Path, tmp_path: Path) -> None:
    features, _ = encode(
        [Example(0, "Who?", "Henry built.", 0, 5, 1, "s", 4)], base / "tokenizer.json"
    )
    features.save(tmp_path / "f.npz")
    again = Features.load(tmp_path / "f.npz")
    for name in Features.__slots__:
        assert np.array_equal(getattr(features, name), getattr(again, name))


@given(
    st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=80),
    st.integers(0, 5),
)
def test_batches_use_each_example_once_and_keep_units_together(
    drawn: list[tuple[int, bool]], seed: int
) -> None:
    lengths = [length for length, _ in drawn]
    units = [-1] * len(drawn)
    for index, (_, tied) in enumerate(drawn[:-1]):
        if tied and units[index] < 0:
            units[index] = units[index + 1] = index
    features = _features(lengths, units)
    made = batches(features, 128, seed)
    assert sorted(i for batch in made for i in batch) == list(range(len(drawn)))
    assert made == batches(features, 128, seed)
    for batch in made:
        assert len(batch) * max(lengths[i] for i in batch) <= 128
        for i in batch:
            assert all(j in batch for j, unit in enumerate(units) if unit == units[i] >= 0)
