"""Writes the ONNX graph of the embedder without its weights: `python -m rag.embedding.graph FILE`.

The graph is that of a BERT encoder as all-MiniLM-L6-v2 has it (6 layers, 12 heads, 384 wide),
with mean pooling and normalisation inside. Its weights are *external data*: the graph names the
tensors of `model.safetensors` and the bytes at which each begins, so that neither torch nor a
second copy of the weights is needed. Needs the package `onnx` (extra `train`); `rag` itself only
reads the file, which ships as package data.

Architecture: Devlin et al. 2019, https://arxiv.org/abs/1810.04805; pooling: Reimers and Gurevych
2019, https://arxiv.org/abs/1908.10084. Inputs: `input_ids`, int64 (batch, tokens), all rows of
one length, so that no mask is needed. Output: `vector`, float32 (batch, 384), of length 1.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

LAYERS, HEADS, WIDTH, INNER = 6, 12, 384, 1536
EPSILON = 1e-12
OPSET = 20
"""Gelu is an operator since opset 20, LayerNormalization since 17."""


def tensor_places(weights: Path) -> dict[str, tuple[list[int], int, int]]:
    """Each float32 tensor of a safetensors file: its shape, first byte in the file, and length.

    The format: 8 bytes, the length of a JSON header (little-endian), the header, then the data;
    https://huggingface.co/docs/safetensors.
    """
    with weights.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
    return {
        name: (entry["shape"], 8 + size + entry["data_offsets"][0],
               entry["data_offsets"][1] - entry["data_offsets"][0])
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F32"
    }  # fmt: skip


class _Graph:
    """Nodes and initialisers under construction."""

    def __init__(self, places: dict[str, tuple[list[int], int, int]], location: str) -> None:
        self.places = places
        self.location = location
        self.nodes: list[Any] = []
        self.initialisers: dict[str, Any] = {}

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Adds an operator; the name of its output."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def weight(self, name: str) -> str:
        """A tensor of the safetensors file, by reference."""
        from onnx import TensorProto

        shape, offset, length = self.places[name]
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        entries = {"location": self.location, "offset": str(offset), "length": str(length)}
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=value)
        self.initialisers[name] = tensor
        return name

    def integers(self, name: str, values: list[int]) -> str:
        """A small constant."""
        from onnx import TensorProto, helper

        self.initialisers[name] = helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        return name

    def number(self, name: str, value: float) -> str:
        """A small constant."""
        from onnx import TensorProto, helper

        self.initialisers[name] = helper.make_tensor(name, TensorProto.FLOAT, [], [value])
        return name


def _float(name: str, value: float) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor(name, TensorProto.FLOAT, [1], [value])


def _linear(graph: _Graph, value: str, layer: str, name: str) -> str:
    # Gemm takes the weights as they lie in the file, (out, in), and adds the bias itself.
    inputs = [value, graph.weight(f"{layer}.weight"), graph.weight(f"{layer}.bias")]
    return graph.node("Gemm", inputs, name, transB=1)


def _norm(graph: _Graph, value: str, residual: str, layer: str, name: str) -> str:
    inputs = [value, residual, graph.weight(f"{layer}.weight"), graph.weight(f"{layer}.bias")]
    return graph.node(
        "SkipLayerNormalization", inputs, name, domain="com.microsoft", epsilon=EPSILON
    )


def _embeddings(graph: _Graph) -> str:
    """Word, position and token-type embeddings, added and normalised: (batch * tokens, width)."""
    words = graph.node(
        "Gather", [graph.weight("embeddings.word_embeddings.weight"), "input_ids"], "words"
    )
    shape = graph.node("Shape", ["input_ids"], "shape", start=1, end=2)
    positions = graph.node(
        "Slice",
        [graph.weight("embeddings.position_embeddings.weight"), graph.integers("zero", [0]), shape,
         "zero"],
        "positions",
    )  # fmt: skip
    kinds = graph.node(
        "Slice",
        [graph.weight("embeddings.token_type_embeddings.weight"), "zero",
         graph.integers("one", [1]), "zero"],
        "kinds",
    )  # fmt: skip
    base = graph.node("Add", [positions, kinds], "base")
    summed = graph.node("Add", [words, base], "summed")
    layer = "embeddings.LayerNorm"
    inputs = [summed, graph.weight(f"{layer}.weight"), graph.weight(f"{layer}.bias")]
    normed = graph.node("LayerNormalization", inputs, "embedded", epsilon=EPSILON)
    return graph.node("Reshape", [normed, graph.integers("rows", [-1, WIDTH])], "hidden")


def _layer(graph: _Graph, hidden: str, shape: str, number: int) -> str:
    """One encoder layer over rows of (batch * tokens, width)."""
    layer, n = f"encoder.layer.{number}", f"l{number}"
    parts = []
    for part in ("query", "key", "value"):
        rows = _linear(graph, hidden, f"{layer}.attention.self.{part}", f"{n}.{part}.rows")
        parts.append(graph.node("Reshape", [rows, shape], f"{n}.{part}"))
    attended = graph.node(
        "MultiHeadAttention", parts, f"{n}.attended", domain="com.microsoft", num_heads=HEADS
    )
    rows = graph.node("Reshape", [attended, "rows"], f"{n}.attended.rows")
    mixed = _linear(graph, rows, f"{layer}.attention.output.dense", f"{n}.mixed")
    hidden = _norm(graph, mixed, hidden, f"{layer}.attention.output.LayerNorm", f"{n}.normed")
    inner = _linear(graph, hidden, f"{layer}.intermediate.dense", f"{n}.inner")
    inner = graph.node("Gelu", [inner], f"{n}.gelu", approximate="none")
    outer = _linear(graph, inner, f"{layer}.output.dense", f"{n}.outer")
    return _norm(graph, outer, hidden, f"{layer}.output.LayerNorm", f"{n}.hidden")


def build_graph(weights: Path, location: str = "model.safetensors") -> bytes:
    """The serialised graph for the weights in a safetensors file; it holds none of them.

    `location` is the name under which the graph looks for the file, in the folder that the
    session is told. Raises `KeyError` where a tensor of the architecture is missing.
    """
    from onnx import TensorProto, helper

    graph = _Graph(tensor_places(weights), location)
    hidden = _embeddings(graph)
    sizes = graph.node("Shape", ["input_ids"], "sizes")
    shape = graph.node("Concat", [sizes, graph.integers("width", [WIDTH])], "unflat", axis=0)
    for number in range(LAYERS):
        hidden = _layer(graph, hidden, shape, number)
    tokens = graph.node("Reshape", [hidden, shape], "tokens")
    # The mean is a product with ones: ReduceMean adds up a batch of one in another order, and a
    # vector must not depend on its batch, not in the last bit. Its scale falls out below.
    count = graph.node("Concat", ["one", "shape"], "count", axis=0)
    ones = graph.node("ConstantOfShape", [count], "ones", value=_float("fill", 1.0))
    total = graph.node("MatMul", [ones, tokens], "total")
    total = graph.node("Squeeze", [total, "one"], "total.flat")
    length = graph.node("ReduceL2", [total, "one"], "length", keepdims=1)
    length = graph.node("Max", [length, graph.number("least", 1e-12)], "length.positive")
    graph.node("Div", [total, length], "vector")
    made = helper.make_graph(
        graph.nodes,
        "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", WIDTH])],
        list(graph.initialisers.values()),
    )
    model = helper.make_model(
        made,
        ir_version=10,
        producer_name="rag",
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)],
    )
    data: bytes = model.SerializeToString()
    return data


def main(arguments: list[str]) -> int:
    """0 when the graph was written: `WEIGHTS FILE`, the safetensors file and where to write."""
    weights, target = map(Path, arguments)
    target.write_bytes(build_graph(weights))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
