"""The default embedder: the all-MiniLM-L6-v2 weights on ONNX Runtime, without torch.

The graph ships with the package and holds no weights; ONNX Runtime maps them from the verified
`model.safetensors`. Texts run in groups of one token count, so that nothing is ever padded and a
vector cannot depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from rag.errors import MissingDependency, ModelInvalid
from rag.models.local import LocalModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = "model.safetensors"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The only weights that the graph fits: it names their bytes by offset."""

_GRAPH = "data/embedding/minilm-l6.onnx"
_FOLDER_OPTION = "session.model_external_initializers_file_folder_path"
_RUN_TOKENS = 4096  # tokens in one run: more is no faster, and memory stays flat
_ENCODE_TEXTS = 2048  # texts tokenised at once


class OnnxEmbedder:
    """An `Embedder`. The files are read in the background; the first use waits for them.

    Raises `MissingDependency` where onnxruntime or tokenizers cannot be imported, and
    `ModelInvalid` at the first use where the files cannot be loaded. Safe to call from several
    threads.
    """

    def __init__(self, model: LocalModel, threads: int) -> None:
        self.name = model.name
        self.sha256 = model.sha256
        self.dimension = model.entry.dimension or 384
        self.max_tokens = model.entry.max_tokens or 256
        self.query_prefix = model.entry.query_prefix
        self.passage_prefix = model.entry.passage_prefix
        # Imported here, not in the pool: two threads that import numpy at once can break it.
        runtime, tokenizers = _libraries()
        pool = ThreadPoolExecutor(2, thread_name_prefix="rag-embedder")
        self._session: Future[Any] = pool.submit(_open_session, runtime, model, threads)
        self._tokenizer: Future[Any] = pool.submit(_open_tokenizer, tokenizers, model)
        pool.shutdown(wait=False)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The unit vector of a query, shape (dimension,), float32."""
        vector: NDArray[np.float32] = self.embed_queries([text])[0]
        return vector

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The unit vectors of queries, shape (n, dimension), float32, in order."""
        return self._embed([self.query_prefix + text for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The unit vectors of passages, shape (n, dimension), float32, in order."""
        if self.passage_prefix:
            texts = [self.passage_prefix + text for text in texts]
        return self._embed(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, without the special ones around it."""
        encode = self._tokenizer.result().encode_batch_fast
        return [len(e) for e in encode(_encodable(texts), add_special_tokens=False)]

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        session = self._session.result()
        for begin in range(0, len(texts), _ENCODE_TEXTS):
            rows = self._encode(texts[begin : begin + _ENCODE_TEXTS])
            for group in _groups([len(row) for row in rows]):
                tokens = np.array([rows[i] for i in group], dtype=np.int64)
                vectors[[begin + i for i in group]] = session.run(None, {"input_ids": tokens})[0]
        return vectors

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        rows = [e.ids for e in self._tokenizer.result().encode_batch_fast(_encodable(texts))]
        return [
            row if len(row) <= self.max_tokens else [*row[: self.max_tokens - 1], row[-1]]
            for row in rows
        ]


def _groups(lengths: Sequence[int]) -> list[list[int]]:
    """The positions of equal lengths together, in runs of at most `_RUN_TOKENS` tokens."""
    groups: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        last = groups[-1] if groups else None
        fits = last and lengths[last[0]] == lengths[i]
        if last and fits and (len(last) + 1) * lengths[i] <= _RUN_TOKENS:
            last.append(i)
        else:
            groups.append([i])
    return groups


def _encodable(texts: Sequence[str]) -> list[str]:
    # The tokenizer takes UTF-8; a lone surrogate has none.
    return [t if t.isascii() else t.encode("utf-8", "replace").decode("utf-8") for t in texts]


def _libraries() -> tuple[Any, Any]:
    try:
        import onnxruntime
        import tokenizers
    except ImportError as exc:
        raise MissingDependency(
            f"{exc.name or 'onnxruntime'} cannot be imported ({exc}): "
            "run `pip install onnxruntime tokenizers`"
        ) from exc
    return onnxruntime, tokenizers


def _open_session(onnxruntime: Any, model: LocalModel, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry(_FOLDER_OPTION, str(model.files[WEIGHTS].parent))
    graph = files("rag").joinpath(_GRAPH).read_bytes()
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as exc:
        raise ModelInvalid(
            f"embedder '{model.name}': {model.files[WEIGHTS]} cannot be loaded: {exc}; "
            f"run `rag models verify {model.name}`"
        ) from exc


def _open_tokenizer(tokenizers: Any, model: LocalModel) -> Any:
    path = model.files.get("tokenizer.json")
    if path is None:
        raise ModelInvalid(f"embedder '{model.name}' has no tokenizer.json in {model.folder}")
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    except Exception as exc:
        raise ModelInvalid(
            f"embedder '{model.name}': {path} is not a tokenizer: {exc}; "
            f"run `rag models verify {model.name}`"
        ) from exc
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.encode_special_tokens = True  # '[SEP]' in a document is text, not a token
    return tokenizer
