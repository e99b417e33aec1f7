import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag.embedding.protocol import Embedder
from rag.testing import FakeEmbedder


def test_it_is_an_embedder() -> None:
    embedder: Embedder = FakeEmbedder(dimension=8)
    assert embedder.embed_passages([]).shape == (0, 8)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5), st.sampled_from([8, 13, 64]))
def test_vectors_are_unit_and_do_not_depend_on_the_batch(texts: list[str], size: int) -> None:
    embedder = FakeEmbedder(dimension=size)
    vectors = embedder.embed_passages(texts)
    assert vectors.shape == (len(texts), size)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(vectors[-1], embedder.embed_passages(texts[-1:])[0])
    assert np.array_equal(vectors[0], embedder.embed_query(texts[0]))
    assert np.array_equal(vectors, embedder.embed_queries(texts))


def test_texts_that_share_words_are_nearer() -> None:
    query, near, far = FakeEmbedder().embed_passages(
        ["the spending target", "a spending target was agreed", "cats sleep all day"]
    )
    assert query @ near > query @ far
