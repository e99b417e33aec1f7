"""Writes a trained network as the one ONNX file that ships."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rag.errors import ModelInvalid
from rag.reading.minilm import FORMAT, INPUTS, OUTPUTS

FORMS = ("float32", "float16", "int8")
_HEADS = 12  # of MiniLM, which readers without a note of it are made from
_SMALL = 4096  # tensors of fewer values stay float32: they are nearly all norms and biases


def export(
    network: Any, target: Path, *, vocabulary: int, notes: Mapping[str, str] | None = None
) -> str:
    """The SHA-256 of ``target`` after writing ``network`` to it as float32 ONNX (opset 17).

    The file carries as metadata ``format``, ``vocabulary`` (the number of tokens), ``weights``
    (which parameter each tensor was, for ``parameters``), ``heads`` (of attention) and ``notes``.
    """
    import warnings

    import onnx
    import torch

    network.eval()
    ids = torch.tensor([[1, 2, 3, 4, 3], [1, 3, 3, 2, 3]])
    inputs = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    axes = {name: {0: "batch", 1: "tokens"} for name in (*INPUTS, *OUTPUTS[:2])}
    axes |= {name: {0: "batch"} for name in OUTPUTS[2:]}
    with warnings.catch_warnings():
        # The tracer warns of each constant it sees; the check against torch is the real test.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            inputs,
            str(target),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    model = onnx.load(str(target))
    known = {
        "format": FORMAT,
        "vocabulary": str(vocabulary),
        "weights": _origins(model, network),
        "heads": str(network.encoder.config.num_attention_heads),
    }
    for key, value in {**known, **(notes or {})}.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, str(target))
    return _sha256(target)


def shrink(source: Path, target: Path, form: str) -> str:
    """The SHA-256 of ``target``: ``source`` with its weights stored as ``form``.

    ``float16`` halves the file, ``int8`` quarters it (symmetric, one scale for each output
    column of a matrix and for each row of an embedding table). Either way the weights are
    widened to float32 when the file is loaded; activations stay float32, so that no result
    depends on its batch.
    """
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    if form not in FORMS:
        raise ValueError(f"form must be one of {FORMS}, not {form!r}")
    model = onnx.load(str(source))
    graph = model.graph
    gathered = {node.input[0] for node in graph.node if node.op_type == "Gather"}
    added = []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if form == "float32" or values.dtype != np.float32 or values.size < _SMALL:
            continue
        small = f"{tensor.name}.small"
        graph.initializer.remove(tensor)
        if form == "float16":
            graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), small))
            added.append(
                helper.make_node("Cast", [small], [tensor.name], to=onnx.TensorProto.FLOAT)
            )
            continue
        # Columns of a matrix (in, out) and rows of a table (token, width) keep their own scale.
        axis = 0 if tensor.name in gathered else values.ndim - 1
        others = tuple(i for i in range(values.ndim) if i != axis)
        scale = np.maximum(np.abs(values).max(axis=others), 1e-12) / 127.0
        shape = [-1 if i == axis else 1 for i in range(values.ndim)]
        codes = np.clip(np.rint(values / scale.reshape(shape)), -127, 127).astype(np.int8)
        graph.initializer.append(numpy_helper.from_array(codes, small))
        graph.initializer.append(
            numpy_helper.from_array(scale.astype(np.float32), f"{tensor.name}.scale")
        )
        graph.initializer.append(
            numpy_helper.from_array(np.zeros(scale.shape, np.int8), f"{tensor.name}.zero")
        )
        added.append(
            helper.make_node(
                "DequantizeLinear",
                [small, f"{tensor.name}.scale", f"{tensor.name}.zero"],
                [tensor.name],
                axis=axis,
            )
        )
    for number, node in enumerate(added):
        graph.node.insert(number, node)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))
    return _sha256(target)


def parameters(path: Path) -> dict[str, Any]:
    """The weights of a reader file by parameter name, float32 arrays, to train on from there."""
    import json

    import numpy as np
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(path))
    tensors = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    notes = {entry.key: entry.value for entry in model.metadata_props}
    if notes.get("format") != FORMAT or "weights" not in notes:
        raise ModelInvalid(
            f"the file is not a reader to train on: {path} (format {notes.get('format')!r}). "
            "Start from a folder with an encoder (--base) instead."
        )
    axes = {n.output[0]: n.attribute[0].i for n in model.graph.node if _widens(n)}
    out = {}
    for parameter, (name, turned) in json.loads(notes["weights"]).items():
        values = tensors[name] if name in tensors else tensors[f"{name}.small"]
        if values.dtype == np.int8:
            shape = [-1 if i == axes[name] else 1 for i in range(values.ndim)]
            values = values * tensors[f"{name}.scale"].reshape(shape)
        values = values.astype(np.float32)
        out[parameter] = values.T.copy() if turned else values.copy()
    return out


def heads_of(path: Path) -> int:
    """The number of attention heads of a reader file; 12 where the file does not say."""
    import onnx

    notes = {e.key: e.value for e in onnx.load(str(path), load_external_data=False).metadata_props}
    return int(notes.get("heads", _HEADS))


def _widens(node: Any) -> bool:
    return bool(node.op_type == "DequantizeLinear")


def _origins(model: Any, network: Any) -> str:
    """JSON: parameter name -> [tensor name, whether the tensor is its transpose].

    The exporter renames transposed matrices and keeps one of equal tensors, so that tensors are
    found again by value where the name is gone.
    """
    import json

    import numpy as np
    from onnx import numpy_helper

    tensors = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    found: dict[str, tuple[str, bool]] = {}
    for name, value in network.state_dict().items():
        weight = value.detach().numpy()
        if name in tensors:
            found[name] = (name, False)
            continue
        for other, values in tensors.items():
            for turned in (False, True):
                shown = weight.T if turned else weight
                if shown.shape == values.shape and np.array_equal(shown, values):
                    found[name] = (other, turned)
    return json.dumps(found)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
