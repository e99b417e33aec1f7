from __future__ import annotations

import os
import time

from hypothesis import given
from hypothesis import strategies as st

from rag.generation.states import States


@given(head=st.text(max_size=40), tokens=st.integers(0, 4000), state=st.binary(max_size=200))
def test_what_was_saved_is_loaded(tmp_path_factory, head, tokens, state) -> None:
    states = States(tmp_path_factory.mktemp("states"), "model 2")
    assert states.load(head) is None
    states.save(head, tokens, state)
    assert states.load(head) == (tokens, state)


def test_another_key_or_prefix_has_no_state(tmp_path) -> None:
    States(tmp_path, "model 2").save("a", 3, b"state")
    assert States(tmp_path, "model 4").load("a") is None
    assert States(tmp_path, "model 2").load("b") is None


@given(at=st.integers(0, 60), bit=st.integers(0, 7))
def test_a_damaged_file_counts_as_absent(tmp_path_factory, at, bit) -> None:
    folder = tmp_path_factory.mktemp("states")
    states = States(folder, "k")
    states.save("a", 3, b"0123456789abcdefgh")
    (file,) = folder.iterdir()
    data = bytearray(file.read_bytes())
    data[at % len(data)] ^= 1 << bit
    file.write_bytes(bytes(data))
    assert states.load("a") is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    states = States(blocked, "k")
    states.save("a", 3, b"state")
    assert states.load("a") is None


def test_old_states_go(tmp_path) -> None:
    states = States(tmp_path, "k")
    for number in range(40):
        states.save(str(number), 1, b"s")
    assert len(list(tmp_path.iterdir())) <= 24
    assert states.load("39") is not None


def test_what_a_killed_run_left_half_written_goes_after_an_hour(tmp_path) -> None:
    left, writing = tmp_path / "a.state.17.part", tmp_path / "b.state.18.part"
    for file in (left, writing):
        file.write_bytes(b"half")
    ago = time.time() - 3700
    os.utime(left, (ago, ago))
    States(tmp_path, "k").save("a", 1, b"s")
    assert (left.exists(), writing.exists()) == (False, True)
