"""Any sentence-transformers model as an `Embedder`: a folder, or an entry of models.txt."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rag.errors import MissingDependency, ModelInvalid
from rag.models.local import LocalModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH_TEXTS = 32


class SentenceTransformerEmbedder:
    """An `Embedder` over sentence-transformers; torch is imported at the first use.

    Vectors are made on the processor, at full precision, each batch of one token count: padding
    would let a vector depend on its neighbours in the last digits.
    """

    def __init__(self, model: LocalModel, threads: int) -> None:
        self.name = model.name
        self.sha256 = model.sha256
        self._local = model
        self._threads = threads

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._local.entry.dimension or int(self._model.get_embedding_dimension())

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text count."""
        return self._local.entry.max_tokens or int(self._model.max_seq_length or 512)

    @property
    def query_prefix(self) -> str:
        """What is put before a query."""
        return self._local.entry.query_prefix

    @property
    def passage_prefix(self) -> str:
        """What is put before a passage."""
        return self._local.entry.passage_prefix

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The unit vector of a query, shape (dimension,), float32."""
        vector: NDArray[np.float32] = self.embed_queries([text])[0]
        return vector

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The unit vectors of queries, shape (n, dimension), float32, in order."""
        return self._embed([self.query_prefix + text for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The unit vectors of passages, shape (n, dimension), float32, in order."""
        return self._embed([self.passage_prefix + text for text in texts])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, without the special ones around it."""
        if not texts:
            return []
        encoded = self._model.tokenizer(
            list(texts), add_special_tokens=False, truncation=False, verbose=False
        )
        return [len(ids) for ids in encoded["input_ids"]]

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        by_length: dict[int, list[int]] = {}
        for i, count in enumerate(self.count_tokens(texts)):
            by_length.setdefault(min(count, self.max_tokens), []).append(i)
        for group in (by_length[length] for length in sorted(by_length)):
            # An empty prompt: the prefix of models.txt is there already.
            vectors[group] = self._model.encode(
                [texts[i] for i in group],
                prompt="",
                batch_size=_BATCH_TEXTS,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return vectors

    @cached_property
    def _model(self) -> Any:
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ImportError as exc:
            raise MissingDependency(
                f"sentence-transformers cannot be imported ({exc}): "
                "run `pip install sentence-transformers`"
            ) from exc
        torch.set_num_threads(self._threads)
        try:
            model = SentenceTransformer(
                str(self._local.folder), device="cpu", local_files_only=True
            )
        except Exception as exc:
            raise ModelInvalid(
                f"embedder '{self.name}': {self._local.folder} cannot be loaded by "
                f"sentence-transformers: {exc}; give a folder that it saved"
            ) from exc
        if self._local.entry.max_tokens:
            model.max_seq_length = self._local.entry.max_tokens
        return model
