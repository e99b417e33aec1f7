"""A GGUF language model in torch, with a low-rank adapter that can be trained and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import MissingDependency, ModelInvalid
from rag.training.loop import has_bfloat16

if TYPE_CHECKING:
    import torch

# The matrices of a layer: their names in torch and in GGUF files.
MATRICES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}

ARCHITECTURES = ("llama", "qwen2", "qwen3")


class Adapted:
    """The lower layers of a model, `first` to `last` of them (from 0) with an adapter.

    The weights of the model are frozen, in bfloat16 where the processor computes in it (elsewhere
    float32 is several times as fast); those of the adapter are float32, its second matrices 0 at
    first. Raises `ModelInvalid` for an architecture whose matrices may be laid out otherwise, and
    for layers that the model does not have; `MissingDependency` without the extra
    `train`.
    """

    def __init__(
        self, path: Path, architecture: str, first: int, last: int, rank: int, scale: float
    ) -> None:
        _require(architecture)
        import torch
        from transformers import AutoModelForCausalLM, GgufConfig

        model = AutoModelForCausalLM.from_pretrained(
            path.parent,
            gguf_file=path.name,
            dtype=torch.bfloat16 if has_bfloat16("cpu") else torch.float32,
            quantization_config=GgufConfig(dequantize=True),
            attn_implementation="eager",  # with few rows and a mask it was never slower than sdpa
        ).model
        model.requires_grad_(False)
        model.layers = model.layers[: last + 1]
        model.norm = torch.nn.Identity()  # the state behind a layer is read as it is
        self._model = model
        self._architecture = architecture
        self.rank, self.scale = rank, scale
        self.width = int(model.config.hidden_size)
        self._on = True
        self._pairs: dict[str, tuple[torch.nn.Parameter, torch.nn.Parameter]] = {}
        for number in range(first, last + 1):
            for name, short in MATRICES.items():
                try:
                    linear = model.layers[number].get_submodule(name)
                except (AttributeError, IndexError) as exc:
                    raise ModelInvalid(f"{path.name}: no {name} in layer {number}") from exc
                self._pairs[f"blk.{number}.{short}.weight"] = self._adapt(linear)

    def _adapt(self, linear: Any) -> tuple[torch.nn.Parameter, torch.nn.Parameter]:
        import torch
        from torch.nn.functional import linear as product

        a = torch.nn.Parameter(torch.empty(self.rank, linear.in_features))
        torch.nn.init.kaiming_uniform_(a, a=5**0.5)  # as Hu et al. begin
        b = torch.nn.Parameter(torch.zeros(linear.out_features, self.rank))

        def add(_: Any, given: tuple[torch.Tensor], out: torch.Tensor) -> torch.Tensor:
            if not self._on:
                return out
            low = product(given[0], a.to(out.dtype))
            return out + self.scale * product(low, b.to(out.dtype))

        linear.register_forward_hook(add)
        return a, b

    def parameters(self) -> list[torch.nn.Parameter]:
        """What is trained."""
        return [matrix for pair in self._pairs.values() for matrix in pair]

    def weights(self) -> dict[str, torch.Tensor]:
        """The adapter's matrices by their names in its file: (rank, in) and (out, rank)."""
        found = {}
        for name, (a, b) in self._pairs.items():
            found[f"{name}.lora_a"], found[f"{name}.lora_b"] = a.detach(), b.detach()
        return found

    def restore(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Takes back what `weights` gave."""
        import torch

        with torch.no_grad():
            for name, (a, b) in self._pairs.items():
                a.copy_(weights[f"{name}.lora_a"])
                b.copy_(weights[f"{name}.lora_b"])

    def read(self, path: Path) -> None:
        """Takes the matrices of an adapter that `write` wrote.

        Raises `ModelInvalid` where it is none, or of other layers, another rank or another model.
        """
        import gguf
        import torch

        try:
            tensors = gguf.GGUFReader(path).tensors
        except (ValueError, OSError, IndexError) as exc:
            raise ModelInvalid(f"{path}: no adapter can be read there ({exc})") from exc
        found = {t.name: torch.tensor(t.data).float() for t in tensors}
        own = self.weights()
        if {n: m.shape for n, m in found.items()} != {n: m.shape for n, m in own.items()}:
            raise ModelInvalid(f"{path}: an adapter of other layers, another rank or another model")
        self.restore({n: self._turned(n, m, back=True) for n, m in found.items()})

    def prefix(self, tokens: Sequence[int]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """The keys and values of a constant prefix in each layer, without the adapter."""
        import torch

        self._on = False
        with torch.no_grad():
            cache = self._model(torch.tensor([list(tokens)]), use_cache=True).past_key_values
        self._on = True
        return [(layer.keys, layer.values) for layer in cache.layers[: len(self._model.layers)]]

    def states(
        self, prefix: Sequence[tuple[torch.Tensor, torch.Tensor]], rows: Sequence[Sequence[int]]
    ) -> torch.Tensor:
        """The state behind the last layer at the end of each row, shape (rows, width), float32."""
        import torch
        from transformers import DynamicCache

        cache = DynamicCache()
        for number, (keys, values) in enumerate(prefix):
            shape = (len(rows), *keys.shape[1:])
            cache.update(keys.expand(shape), values.expand(shape), number)
        longest = max(map(len, rows))
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        mask = torch.ones(len(rows), prefix[0][0].shape[2] + longest, dtype=torch.long)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor(row)
            mask[number, mask.shape[1] - longest + len(row) :] = 0
        out = self._model(ids, attention_mask=mask, past_key_values=cache, use_cache=True)
        ends = torch.tensor([len(row) - 1 for row in rows])
        found: torch.Tensor = out.last_hidden_state[torch.arange(len(rows)), ends].float()
        return found

    def write(self, path: Path) -> None:
        """Writes the adapter as llama.cpp reads it, its matrices in float16."""
        import gguf
        import numpy as np

        writer = gguf.GGUFWriter(path, self._architecture)
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, self.scale * self.rank)
        for name, matrix in self.weights().items():
            turned = self._turned(name, matrix)
            writer.add_tensor(name, turned.numpy().astype(np.float16))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    def _turned(self, name: str, matrix: torch.Tensor, back: bool = False) -> torch.Tensor:
        """Rows of queries and keys in the order of GGUF files: both halves of a head by turns.

        `back` from there. Only models of the kind `llama` are kept so.
        """
        if self._architecture != "llama" or not name.endswith("lora_b"):
            return matrix
        config = self._model.config
        heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
        count = heads.get(name.split(".")[2])
        if count is None:
            return matrix
        parts = (count, -1, 2, self.rank) if back else (count, 2, -1, self.rank)
        return matrix.reshape(parts).swapaxes(1, 2).reshape(matrix.shape)


def _require(architecture: str) -> None:
    # Known before the hour of training, not after it.
    if architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise ModelInvalid(f"an adapter of a '{architecture}' model is not known; known: {known}")
    if not all(map(find_spec, ("gguf", "accelerate"))):
        raise MissingDependency(
            "training a judge needs gguf and accelerate: install them with "
            "`pip install 'rag[train]'`"
        )
