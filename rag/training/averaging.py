"""``python -m rag.training.averaging``: one reader whose weights are the mean of several.

    python -m rag.training.averaging OUT --base FOLDER --readers A.onnx B.onnx... [--form int8]

For readers trained one from the other, or from one beginning: the mean of unrelated ones is no
reader. OUT then holds ``float32.onnx`` and ``reader.onnx``, stored in the form asked for.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.errors import ModelInvalid
from rag.training.export import FORMS, export, parameters, shrink
from rag.training.features import load_tokenizer
from rag.training.network import build
from rag.training.script import ends_clearly


def mean_of(readers: Sequence[Path]) -> dict[str, Any]:
    """The mean of each weight over the reader files, float32 arrays by parameter name.

    Raises ``ModelInvalid`` if the files do not hold the same weights in the same shapes.
    """
    held: list[Mapping[str, Any]] = [parameters(path) for path in readers]
    shapes = [{name: values.shape for name, values in weights.items()} for weights in held]
    for path, shape in zip(readers, shapes, strict=True):
        if shape != shapes[0]:
            raise ModelInvalid(
                f"{path} is not the same network as {readers[0]}: their weights differ in shape. "
                "Average readers of one base only."
            )
    share = 1.0 / len(held)
    return {name: sum(share * weights[name] for weights in held) for name in held[0]}


@ends_clearly
def main(arguments: list[str] | None = None) -> int:
    """0, after writing both files and printing the SHA-256 of ``reader.onnx``."""
    import torch

    parser = argparse.ArgumentParser(prog="python -m rag.training.averaging")
    parser.add_argument("out", type=Path)
    parser.add_argument("--base", type=Path, required=True, help="encoder and tokenizer.json")
    parser.add_argument("--readers", type=Path, nargs="+", required=True)
    parser.add_argument("--form", choices=FORMS, default="int8")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    network = build(options.base, 0)
    weights = {
        k: torch.from_numpy(v.astype("float32")) for k, v in mean_of(options.readers).items()
    }
    network.load_state_dict(weights, strict=False)
    size = load_tokenizer(options.base / "tokenizer.json").get_vocab_size()
    export(network, options.out / "float32.onnx", vocabulary=size)
    digest = shrink(options.out / "float32.onnx", options.out / "reader.onnx", options.form)
    print(f"{options.out / 'reader.onnx'}: sha256 {digest}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
