"""Reads the state behind one layer of a model while llama.cpp computes, and stops it there.

llama.cpp asks an evaluation callback about every tensor before it computes it; what the callback
wants to see is computed up to there and handed over, and nothing above it is computed if the
callback then says no.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from rag.errors import MissingDependency

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_Callback = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_bool, ctypes.c_void_p)


class Tap:
    """The evaluation callback of one context; everything passes unless a layer is `wanted`.

    `state` is that of the last token behind the wanted layer, shape (width,).
    """

    def __init__(self, bindings: Any, width: int) -> None:
        """`bindings` are the low-level ones of llama-cpp-python, `width` is that of the model."""
        self._library: Any = None
        self._type = dict(bindings.llama_context_params._fields_)["cb_eval"]
        self._callback = _Callback(self._called)  # must outlive the context
        self._name: bytes | None = None
        self._width = width
        self._failure: BaseException | None = None
        self.state: NDArray[np.float32] | None = None

    def put_into(self, parameters: Any) -> None:
        """Makes this the callback of a context that is opened with these parameters."""
        parameters.cb_eval = ctypes.cast(self._callback, self._type)

    def want(self, layer: int | None) -> None:
        """From now on, compute up to `layer` (None: everything).

        Raises `MissingDependency` where llama-cpp-python gives no access to layers.
        """
        if layer is not None and self._library is None:
            self._library = _tensors()
        self._name = None if layer is None else f"l_out-{layer}".encode()
        self.state = None

    def check(self) -> None:
        """Raises what came up while llama.cpp computed: an interrupt, for example."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _called(self, tensor: int, asked: bool, _: int) -> bool:
        # An exception, an interrupt among them, would be lost in here: it is kept for `check`.
        try:
            if self._name is None:
                return not asked
            if asked:
                return bool(self._library.ggml_get_name(tensor) == self._name)
            self._read(tensor)
        except BaseException as exc:  # noqa: BLE001
            self._failure = exc
        return False

    def _read(self, tensor: int) -> None:
        import numpy as np

        state = np.empty(self._width, np.float32)
        end = self._library.ggml_nbytes(tensor)
        self._library.ggml_backend_tensor_get(
            tensor, state.ctypes.data, end - state.nbytes, state.nbytes
        )
        self.state = state


def _tensors() -> Any:
    """The library that holds llama.cpp's tensors, with the three functions used of it."""
    try:
        from llama_cpp._ggml import libggml

        name, size = libggml.ggml_get_name, libggml.ggml_nbytes
        get = libggml.ggml_backend_tensor_get
    except (ImportError, AttributeError, OSError) as exc:
        raise MissingDependency(
            f"this llama-cpp-python gives no access to a model's layers ({exc}): "
            "`pip install -U llama-cpp-python`, or ask with --quote"
        ) from exc
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
    size.restype, size.argtypes = ctypes.c_size_t, [ctypes.c_void_p]
    get.restype = None
    get.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
    return libggml
