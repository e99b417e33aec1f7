from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from rag.reading.minilm import INPUTS, OUTPUTS, MiniLMReader
from rag.training.export import export, parameters, shrink
from rag.training.network import build

TEXTS = ["The king Henry built Rome in 45.", "A river near Paris.", ""]


@pytest.fixture(scope="module")
def folder(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tokenizers import Tokenizer

    out = tmp_path_factory.mktemp("forms")
    network = build(base, 5)
    size = Tokenizer.from_file(str(base / "tokenizer.json")).get_vocab_size()
    digest = export(network, out / "float32.onnx", vocabulary=size, notes={"seed": "5"})
    assert digest == hashlib.sha256((out / "float32.onnx").read_bytes()).hexdigest()
    for form in ("float16", "int8"):
        shrink(out / "float32.onnx", out / f"{form}.onnx", form)
    return out


def test_the_file_computes_what_the_network_does(base: Path, folder: Path) -> None:
    import onnxruntime
    import torch

    ids = torch.tensor([[2, 5, 6, 3, 7, 8, 9, 3], [2, 9, 3, 8, 3, 0, 0, 0]])
    mask = (ids != 0).long()
    types = torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 0, 0, 0]])
    with torch.no_grad():
        expected = build(base, 5).eval()(ids, mask, types)
    session = onnxruntime.InferenceSession(str(folder / "float32.onnx"))
    feeds = dict(zip(INPUTS, (ids.numpy(), mask.numpy(), types.numpy()), strict=True))
    for made, wanted in zip(session.run(list(OUTPUTS), feeds), expected, strict=True):
        assert made.shape == tuple(wanted.shape)
        assert np.allclose(made, wanted.numpy(), atol=1e-5)


@pytest.mark.parametrize("form", ["float16", "int8"])
def test_a_small_form_is_smaller_and_reads_nearly_the_same(
    base: Path, folder: Path, form: str
) -> None:
    whole, small = (
        MiniLMReader(folder / f"{name}.onnx", base / "tokenizer.json", name=name, sha256="")
        for name in ("float32", form)
    )
    assert (folder / f"{form}.onnx").stat().st_size < (folder / "float32.onnx").stat().st_size
    for one, other in zip(whole.read("Who?", TEXTS), small.read("Who?", TEXTS), strict=True):
        assert other.null_score == pytest.approx(one.null_score, abs=0.02)
        assert other.answerable == pytest.approx(one.answerable, abs=0.02)


def test_an_unknown_form_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="int3"):
        shrink(folder / "float32.onnx", tmp_path / "x.onnx", "int3")


@pytest.mark.parametrize("form", ["float32", "float16", "int8"])
def test_the_weights_can_be_read_back_to_train_on(base: Path, folder: Path, form: str) -> None:
    state = build(base, 5).state_dict()
    found = parameters(folder / f"{form}.onnx")
    assert {name for name in state if "position_ids" not in name} == set(found)
    for name, values in found.items():
        assert np.allclose(values, state[name].numpy(), atol=2e-3), name
    assert build(base, 6, folder / f"{form}.onnx") is not None
