"""The real embedder against its reference."""

import subprocess
import sys

import numpy as np
import pytest

from rag.embedding import load_embedder
from rag.embedding.onnx import OnnxEmbedder, _groups
from rag.embedding.protocol import Embedder
from rag.embedding.reference import LEAST_COSINE, TEXTS, least_cosine
from rag.embedding.sentence_transformer import SentenceTransformerEmbedder
from rag.models import resolve
from rag.passages import make_passages, passage_input
from rag.settings import Settings, load_settings
from rag.testing import FakeEmbedder
from rag.types import Document

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings({"embedder": "all-MiniLM-L6-v2", "threads": 2})


@pytest.fixture(scope="module")
def embedder(settings: Settings) -> Embedder:
    return load_embedder(settings)


@pytest.fixture(scope="module")
def reference(settings: Settings) -> Embedder:
    model = resolve(settings.embedder, "embedder", settings)
    return SentenceTransformerEmbedder(model, settings.cores)


def test_the_default_runs_on_onnx_runtime(embedder: Embedder) -> None:
    assert isinstance(embedder, OnnxEmbedder)
    assert (embedder.dimension, embedder.max_tokens) == (384, 256)


def test_vectors_equal_the_reference(embedder: Embedder, reference: Embedder) -> None:
    ours, theirs = embedder.embed_passages(TEXTS), reference.embed_passages(TEXTS)
    assert len(TEXTS) >= 30
    assert ours.dtype == theirs.dtype == np.float32
    assert least_cosine(embedder, reference) >= LEAST_COSINE
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)


def test_both_count_the_same_tokens(embedder: Embedder, reference: Embedder) -> None:
    assert embedder.count_tokens(TEXTS) == reference.count_tokens(TEXTS)
    assert embedder.count_tokens(["word " * 600]) == [600]
    assert embedder.count_tokens([]) == []


def test_a_vector_does_not_depend_on_its_batch(embedder: Embedder) -> None:
    together = embedder.embed_passages(TEXTS * 3)
    for i, text in enumerate(TEXTS):
        alone = embedder.embed_passages([text])[0]
        assert np.array_equal(alone, together[i]), text[:30]
        assert np.array_equal(alone, together[i + 2 * len(TEXTS)]), text[:30]
    assert np.array_equal(embedder.embed_query(TEXTS[3]), together[3])
    assert np.array_equal(embedder.embed_queries(TEXTS), together[: len(TEXTS)])


def test_special_tokens_in_a_text_are_text(embedder: Embedder) -> None:
    assert min(embedder.count_tokens(["[SEP]", "[CLS]", "[MASK]"])) >= 3


def test_a_lone_surrogate_and_nothing_at_all_have_vectors(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(["\ud800", "", " "])
    assert np.isfinite(vectors).all()
    assert embedder.embed_passages([]).shape == (0, 384)


def test_no_passage_is_longer_than_what_the_embedder_sees(embedder: Embedder) -> None:
    text = "\n\n".join(TEXTS)
    document = Document("a.txt", text, "", "t/1")
    for size in (32, 128, 250):
        passages = make_passages(
            document,
            embedder.count_tokens,
            passage_tokens=size,
            overlap_tokens=8,
            max_tokens=embedder.max_tokens,
        )
        counts = embedder.count_tokens([passage_input(p) for p in passages])
        assert max(counts) + 2 <= embedder.max_tokens


def test_a_cold_query_imports_no_torch() -> None:
    code = (
        "import sys; from rag.embedding import load_embedder; "
        "from rag.settings import load_settings; "
        "load_embedder(load_settings()).embed_query('rent'); "
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_embedders_of_other_dimensions_are_not_compared(embedder: Embedder) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        least_cosine(embedder, FakeEmbedder(dimension=8))


def test_groups_hold_one_length_and_every_text_once() -> None:
    lengths = [5, 3, 5, 256, 3, 3] + [256] * 40
    groups = _groups(lengths)
    assert sorted(i for g in groups for i in g) == list(range(len(lengths)))
    assert all(len({lengths[i] for i in g}) == 1 for g in groups)
    assert max(sum(lengths[i] for i in g) for g in groups) <= 4096


def test_the_shipped_graph_is_what_the_script_writes(settings: Settings) -> None:
    pytest.importorskip("onnx")
    from importlib.resources import files

    import onnx

    from rag.embedding.graph import build_graph

    weights = resolve(settings.embedder, "embedder", settings).files["model.safetensors"]
    shipped = files("rag").joinpath("data/embedding/minilm-l6.onnx").read_bytes()
    assert onnx.load_from_string(build_graph(weights)) == onnx.load_from_string(shipped)
    assert len(shipped) < 50_000
