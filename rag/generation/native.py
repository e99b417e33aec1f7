"""llama.cpp behind a few plain calls: one model, one context, one sequence.

The only module that touches `llama_cpp`. The context holds one sequence at a time, so the cells of
the attention cache are always laid out alike: a constant prefix first, the rest behind it. That is
what makes an answer the same whether the model is warm or cold. Prefixes that were decoded once
are kept as bytes outside the context (28 KB a token for a 1.5B model) and copied back.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import MissingDependency, ModelInvalid
from rag.generation.tap import Tap

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INSTALL = "pip install llama-cpp-python"
_BATCH_TOKENS = 256  # bounds the compute buffers: a row of scores is 0.6 MB for 152,000 words
_quiet: Any = None  # the C log callback must outlive every model
_load_lock = threading.Lock()


def library() -> Any:
    """The low-level llama.cpp bindings, silenced.

    Raises `MissingDependency` with the install line where they cannot be imported.
    """
    global _quiet
    # Waiting threads that spin take the cores from whoever else has work: on a busy machine a
    # judgement took 2.1 times as long and 2.5 times the processor time; alone, not waiting so
    # costs at most 4 %. Read when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import llama_cpp.llama_cpp as bindings
    except (ImportError, OSError, RuntimeError) as exc:
        raise MissingDependency(
            f"llama-cpp-python cannot be imported ({exc}), so no language model can word an "
            f"answer: install it with `{INSTALL}`, or ask with --quote"
        ) from exc
    if _quiet is None:
        # A C function, which ignores what it is called with: an interrupt that came while a
        # callback in Python runs would be swallowed there.
        _quiet = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, bindings.llama_log_callback)
        bindings.llama_log_set(_quiet, ctypes.c_void_p(0))
    return bindings


class Native:
    """One loaded model with one context; not safe for two threads at once (the caller locks)."""

    def __init__(self, path: Path, *, threads: int, gpu_layers: int, context_tokens: int) -> None:
        self._lib = library()
        self._path = path
        self._model: Any = None
        self._context: Any = None
        _check_magic(path)
        with _load_lock:
            self._lib.llama_backend_init()
            self._model = self._load(gpu_layers)
        self._vocabulary = self._lib.llama_model_get_vocab(self._model)
        self.adds_beginning = bool(self._lib.llama_vocab_get_add_bos(self._vocabulary))
        self.words = int(self._lib.llama_vocab_n_tokens(self._vocabulary))
        self.context_tokens = min(
            context_tokens, int(self._lib.llama_model_n_ctx_train(self._model)) or context_tokens
        )
        self.width = int(self._lib.llama_model_n_embd(self._model))
        self._tap = Tap(self._lib, self.width)
        self._context = self._open(threads)
        self._memory = self._lib.llama_get_memory(self._context)
        self._batch = self._lib.llama_batch_init(_BATCH_TOKENS, 0, 1)
        self.position = 0
        self._adapters: dict[Path, Any] = {}
        self._adapted: Path | None = None

    def _load(self, gpu_layers: int) -> Any:
        parameters = self._lib.llama_model_default_params()
        parameters.n_gpu_layers = gpu_layers
        _without_mapping(self._lib, parameters)
        _without_amx(self._lib, parameters)
        model = self._lib.llama_model_load_from_file(str(self._path).encode(), parameters)
        if not model:
            raise ModelInvalid(
                f"{self._path} is not a GGUF model that llama.cpp can load: fetch it again with "
                "`rag models pull`, or give another with --model"
            )
        return model

    def _open(self, threads: int) -> Any:
        parameters = self._lib.llama_context_default_params()
        parameters.n_ctx = self.context_tokens
        parameters.n_batch = parameters.n_ubatch = _BATCH_TOKENS
        parameters.n_seq_max = 1
        parameters.n_threads = parameters.n_threads_batch = max(1, threads)
        parameters.no_perf = True
        self._tap.put_into(parameters)
        if hasattr(parameters, "n_outputs_max"):  # since 0.3.3x: only one row is ever read
            parameters.n_outputs_max = 1
        context = self._lib.llama_init_from_model(self._model, parameters)
        if not context:
            self.close()
            raise ModelInvalid(
                f"{self._path}: no context of {self.context_tokens} tokens can be opened (too "
                "little memory?): close other programs or choose a smaller model with --model"
            )
        return context

    def metadata(self, key: str) -> str | None:
        """A text value of the GGUF file, such as `tokenizer.chat_template`; None without it."""
        size = 1 << 16
        buffer = ctypes.create_string_buffer(size)
        length = self._lib.llama_model_meta_val_str(self._model, key.encode(), buffer, size)
        if length < 0:
            return None
        if length >= size:
            buffer = ctypes.create_string_buffer(length + 1)
            self._lib.llama_model_meta_val_str(self._model, key.encode(), buffer, length + 1)
        return buffer.value.decode("utf-8", "replace")

    def piece_of_special(self, which: str) -> str:
        """The text of the `bos` or `eos` token; empty where the vocabulary has none."""
        token = getattr(self._lib, f"llama_vocab_{which}")(self._vocabulary)
        return self.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def tokens(self, text: str, *, special: bool, beginning: bool = False) -> list[int]:
        """The tokens of a text; with `special`, template tokens in it are read as such."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        buffer = (self._lib.llama_token * room)()
        add = beginning and self.adds_beginning
        count = self._lib.llama_tokenize(
            self._vocabulary, data, len(data), buffer, room, add, special
        )
        return list(buffer[: max(0, count)])

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes a token stands for; they may end in the middle of a character."""
        buffer = ctypes.create_string_buffer(256)
        length = self._lib.llama_token_to_piece(
            self._vocabulary, token, buffer, len(buffer), 0, special
        )
        return buffer.raw[: max(0, length)]

    def ends(self, token: int) -> bool:
        """Whether the token ends a turn."""
        return bool(self._lib.llama_vocab_is_eog(self._vocabulary, token))

    def cut(self, position: int) -> None:
        """Forgets everything from `position` on."""
        self._lib.llama_memory_seq_rm(self._memory, 0, position, -1)
        self.position = position

    def feed(self, tokens: Sequence[int], layer: int | None = None) -> None:
        """Decodes tokens behind what is there; afterwards `scores` holds the last one's row.

        With `layer`, nothing above that layer is computed, and afterwards `state` holds the last
        token's state behind it; then all from these tokens on has to be cut before others follow.
        """
        self._tap.want(layer)
        if self.position + len(tokens) > self.context_tokens:
            raise ModelInvalid(
                f"{self._path.name}: {self.position + len(tokens)} tokens do not fit into its "
                f"context of {self.context_tokens}: ask a shorter question or choose a model "
                "with a longer context"
            )
        for begin in range(0, len(tokens), _BATCH_TOKENS):
            self._decode(
                tokens[begin : begin + _BATCH_TOKENS], begin + _BATCH_TOKENS >= len(tokens)
            )

    def adapt(self, adapter: Path | None) -> None:
        """From now on, compute with an adapter (None: as the model is).

        Raises `ModelInvalid` for a file that is no adapter of this model, `MissingDependency` where
        llama-cpp-python knows no adapters.
        """
        if adapter == self._adapted:
            return
        try:
            handle = self._adapter(adapter) if adapter else None
            handles = (self._lib.llama_adapter_lora_p_ctypes * 1)(handle)
            scales = (ctypes.c_float * 1)(1.0)
            count = 1 if handle else 0
            self._lib.llama_set_adapters_lora(self._context, handles, count, scales)
        except AttributeError as exc:
            raise MissingDependency(
                f"this llama-cpp-python knows no adapters ({exc}): "
                "`pip install -U llama-cpp-python`, or ask with --quote"
            ) from exc
        self._adapted = adapter

    def _adapter(self, path: Path) -> Any:
        if path not in self._adapters:
            handle = self._lib.llama_adapter_lora_init(self._model, str(path).encode())
            if not handle:
                raise ModelInvalid(
                    f"{path} is no adapter of {self._path.name}: name the model as in models.txt, "
                    "or install rag again"
                )
            self._adapters[path] = handle  # freed with the model
        return self._adapters[path]

    def _decode(self, tokens: Sequence[int], last: bool) -> None:
        batch = self._batch
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i] = token
            batch.pos[i] = self.position + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = 0
            batch.logits[i] = 0
        batch.logits[len(tokens) - 1] = 1 if last else 0
        code = self._lib.llama_decode(self._context, batch)
        self._tap.check()  # an interrupt that came in the middle
        if code != 0:
            self.cut(0)
            raise ModelInvalid(
                f"{self._path.name}: llama.cpp could not decode {len(tokens)} tokens (code {code}):"
                " try fewer --gpu-layers or another model"
            )
        self.position += len(tokens)

    @property
    def state(self) -> NDArray[np.float32]:
        """The state of the last token fed with a `layer`, shape (width,).

        Raises `ModelInvalid` where the model has no such layer.
        """
        if self._tap.state is None:
            raise ModelInvalid(f"{self._path.name}: no layer of it could be read")
        return self._tap.state

    def scores(self) -> NDArray[np.float32]:
        """The scores of the next token, shape (words,); valid until the next `feed`."""
        import numpy

        row = self._lib.llama_get_logits_ith(self._context, -1)
        return numpy.ctypeslib.as_array(row, shape=(self.words,))

    def snapshot(self) -> bytes:
        """The state of the sequence as bytes, for `restore`."""
        size = self._lib.llama_state_seq_get_size(self._context, 0)
        buffer = (ctypes.c_uint8 * size)()
        written = self._lib.llama_state_seq_get_data(self._context, buffer, size, 0)
        return bytes(memoryview(buffer)[:written])

    def restore(self, state: bytes, position: int) -> bool:
        """Replaces the sequence by a snapshot that ended at `position`; False if it does not fit.

        Afterwards the sequence is empty where it did not fit.
        """
        self._lib.llama_memory_clear(self._memory, False)
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        taken = self._lib.llama_state_seq_set_data(self._context, buffer, len(state), 0)
        self.position = position if taken else 0
        return bool(taken)

    def build(self) -> str:
        """What shapes a snapshot beside the model: library, processor features and host."""
        import platform

        import llama_cpp

        features = self._lib.llama_print_system_info() or b""
        return f"{llama_cpp.__version__} {features.decode('ascii', 'replace')} {platform.node()}"

    def clear(self) -> None:
        """Forgets the whole sequence."""
        self._lib.llama_memory_clear(self._memory, False)
        self.position = 0

    def close(self) -> None:
        """Frees the context and the model; calling it again does nothing."""
        if self._context:
            self._lib.llama_batch_free(self._batch)
            self._lib.llama_free(self._context)
            self._context = None
        if self._model:
            self._lib.llama_model_free(self._model)
            self._model = None


def _check_magic(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as exc:
        raise ModelInvalid(
            f"the model file {path} cannot be read ({exc.strerror}): give another with --model"
        ) from exc
    if magic != b"GGUF":
        raise ModelInvalid(
            f"{path} is not a GGUF file (it begins with {magic!r}): give the path of a .gguf "
            "model with --model, or one of the names that `rag models` lists"
        )


def _without_amx(lib: Any, parameters: Any) -> None:
    # Compiled by some compilers, llama.cpp's kernels for AMX end the process with an illegal
    # instruction (llama.cpp, pull request 26954). Weights get to them by extra buffer types alone,
    # and without those a prompt was read as fast.
    if b"AMX_INT8 = 1" in (lib.llama_print_system_info() or b""):
        parameters.use_extra_bufts = False


def _without_mapping(lib: Any, parameters: Any) -> None:
    # Repacked weights live beside the mapped file, so that mapping holds the model twice.
    if hasattr(parameters, "load_mode"):
        parameters.load_mode = lib.LLAMA_LOAD_MODE_NONE
    else:
        parameters.use_mmap = False
