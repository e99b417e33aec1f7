from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import ModelInvalid
from rag.training.averaging import main, mean_of
from rag.training.export import export, parameters
from rag.training.features import load_tokenizer
from rag.training.network import build


def _readers(base: Path, folder: Path) -> list[Path]:
    size = load_tokenizer(base / "tokenizer.json").get_vocab_size()
    out = []
    for seed in (1, 2):
        out.append(folder / f"{seed}.onnx")
        export(build(base, seed), out[-1], vocabulary=size)
    return out


def test_each_weight_of_the_mean_lies_midway(base: Path, tmp_path: Path) -> None:
    import numpy as np

    readers = _readers(base, tmp_path)
    one, other = (parameters(path) for path in readers)
    mean = mean_of(readers)
    assert mean.keys() == one.keys()
    assert not np.allclose(one["span.weight"], other["span.weight"])
    for name, values in mean.items():
        np.testing.assert_allclose(values, (one[name] + other[name]) / 2, atol=1e-6)


def test_the_command_writes_a_reader_of_those_weights(base: Path, tmp_path: Path) -> None:
    import numpy as np

    readers = [str(path) for path in _readers(base, tmp_path)]
    out = tmp_path / "mean"
    assert main([str(out), "--base", str(base), "--readers", *readers]) == 0
    made = parameters(out / "float32.onnx")
    expected = mean_of([Path(path) for path in readers])
    np.testing.assert_allclose(made["claim.weight"], expected["claim.weight"], atol=1e-6)
    assert (out / "reader.onnx").exists()


def test_what_is_no_reader_is_refused(base: Path, tmp_path: Path) -> None:
    import onnx
    from onnx import helper

    onnx.save(helper.make_model(helper.make_graph([], "empty", [], [])), str(tmp_path / "x.onnx"))
    with pytest.raises(ModelInvalid, match=r"x\.onnx"):
        mean_of([*_readers(base, tmp_path), tmp_path / "x.onnx"])
