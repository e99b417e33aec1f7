from __future__ import annotations

import ctypes
import sys

import numpy as np
import pytest

from rag.errors import MissingDependency
from rag.generation.native import library
from rag.generation.tap import Tap

NAMES = {1: b"l_out-3", 2: b"l_out-13", 3: b"ffn_inp-3"}


class Tensors:
    """Two tokens of width 3, as llama.cpp lays them out."""

    values = np.arange(6, dtype=np.float32)

    def ggml_get_name(self, tensor):
        if tensor == 4:
            raise KeyboardInterrupt
        return NAMES[tensor]

    def ggml_nbytes(self, tensor):
        return self.values.nbytes

    def ggml_backend_tensor_get(self, tensor, target, offset, size):
        ctypes.memmove(target, self.values.ctypes.data + offset, size)


@pytest.fixture
def tap():
    made = Tap(library(), 3)
    made._library = Tensors()
    return made


def test_everything_passes_where_no_layer_is_wanted(tap) -> None:
    assert [tap._called(n, True, 0) for n in NAMES] == [False, False, False]
    assert tap._called(1, False, 0)
    assert tap.state is None


def test_only_the_wanted_layer_is_asked_for_and_ends_the_computation(tap) -> None:
    tap.want(3)
    assert [tap._called(n, True, 0) for n in NAMES] == [True, False, False]
    assert not tap._called(1, False, 0)
    assert tap.state.tolist() == [3, 4, 5]
    tap.want(None)
    assert tap.state is None


def test_an_interrupt_in_the_middle_is_raised_afterwards_and_once(tap) -> None:
    tap.want(3)
    assert not tap._called(4, True, 0)
    with pytest.raises(KeyboardInterrupt):
        tap.check()
    tap.check()


def test_a_library_without_layers_is_told_only_where_one_is_wanted(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp._ggml", None)
    made = Tap(library(), 3)
    made.want(None)
    with pytest.raises(MissingDependency, match="pip install -U llama-cpp-python"):
        made.want(3)
