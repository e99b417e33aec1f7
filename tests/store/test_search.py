"""Dense and lexical search against brute force in plain Python."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.indexing import IndexReport
from rag.passages import passage_input
from rag.store import Snapshot, analysis, open_snapshot
from rag.store.postings import K1, B
from rag.testing import FakeEmbedder

WORDS = ["harbour", "lamp", "boiler", "rent", "cat", "bridge", "tonne", "ferry", "cape", "island"]


@pytest.fixture
def snapshot(docs: Path, build: Callable[..., IndexReport], tmp_path: Path) -> Snapshot:
    """Sixty passages over several segments, some of them dead."""
    chance = random.Random(7)
    for step, count in enumerate((48, 16, 5, 2)):
        for i in range(count):
            text = " ".join(chance.choices(WORDS, k=12))
            (docs / f"{step}-{i}.txt").write_text(f"The {text} {step * 100 + i}.\n")
        if step > 1:
            (docs / f"0-{step}.txt").unlink()
        build()
    found = open_snapshot(tmp_path / "ix")
    assert len(found.segments) > 1
    return found


def everything(snapshot: Snapshot) -> dict[str, str]:
    return {
        p.id: passage_input(p) for d in snapshot.documents() for p in snapshot.passages_of(d.path)
    }


def by_id(snapshot: Snapshot, positions: tuple[int, ...]) -> list[str]:
    return [p.id for p in snapshot.passages_at(positions)]


@pytest.mark.parametrize("query", ["ferry to the island", "boiler", "rent of the cat, 17"])
def test_dense_search_is_exact(snapshot: Snapshot, query: str) -> None:
    embedder = FakeEmbedder()
    vector = embedder.embed_query(query)
    found = snapshot.dense(vector, 10)
    inputs = everything(snapshot)
    scores = np.round(embedder.embed_passages(list(inputs.values())).astype("f8") @ vector, 6)
    expected = sorted(zip(-scores, inputs, strict=True))[:10]
    assert by_id(snapshot, found.positions) == [i for _, i in expected]
    assert found.scores == pytest.approx([-s for s, _ in expected], abs=2e-6)


@pytest.mark.parametrize(
    "query", ["ferries to an island", "boilers", "the", "nothing of that kind"]
)
def test_lexical_search_is_bm25(snapshot: Snapshot, query: str) -> None:
    found = snapshot.lexical(query, 100)
    languages = {d.path: d.language for d in snapshot.documents()}
    passages = [p for d in snapshot.documents() for p in snapshot.passages_of(d.path)]
    bags = [Counter(analysis.terms(passage_input(p), languages[p.document])) for p in passages]
    mean = sum(map(Counter.total, bags)) / len(bags)
    asked = analysis.query_terms(query, snapshot.languages)
    expected = {}
    for passage, bag in zip(passages, bags, strict=True):
        score = 0.0
        for _, forms in asked:
            holding = sum(any(form in other for form in forms) for other in bags)
            count = sum(bag[form] for form in forms)
            idf = math.log(1 + (len(bags) - holding + 0.5) / (holding + 0.5))
            score += idf * count * (K1 + 1) / (count + K1 * (1 - B + B * bag.total() / mean))
        if score:
            expected[passage.id] = score
    order = sorted(expected, key=lambda i: (-round(expected[i], 6), i))
    assert by_id(snapshot, found.positions) == order
    assert found.scores == pytest.approx([expected[i] for i in order], abs=2e-6)


def test_a_limit_applies_before_the_best_are_taken(snapshot: Snapshot) -> None:
    vector = FakeEmbedder().embed_query("ferry")
    mask = snapshot.mask(lambda d: d.path.startswith("1-"))
    for found in (snapshot.dense(vector, 8, mask), snapshot.lexical("ferry island cape", 8, mask)):
        names = {p.document for p in snapshot.passages_at(found.positions)}
        assert len(found.positions) == 8
        assert all(name.startswith("1-") for name in names)


def test_no_more_than_there_is(snapshot: Snapshot) -> None:
    vector = FakeEmbedder().embed_query("ferry")
    assert len(snapshot.dense(vector, 10_000).positions) == snapshot.passage_count
    none = snapshot.mask(lambda _: False)
    assert snapshot.dense(vector, 5, none).positions == ()
    assert snapshot.lexical("ferry", 5, none).positions == ()


def test_matched_terms_are_the_query_s_words(snapshot: Snapshot) -> None:
    found = snapshot.lexical("ferries zeppelin", 3)
    assert snapshot.matched_terms("ferries zeppelin", found.positions) == [("ferries",)] * 3


def test_removed_passages_are_not_found(docs: Path, snapshot: Snapshot) -> None:
    names = {p.document for p in snapshot.passages_at(snapshot.lexical("the", 1000).positions)}
    assert "0-2.txt" not in names
    assert "0-4.txt" in names


def test_scores_of_some_positions_are_those_of_a_search(snapshot: Snapshot) -> None:
    vector = FakeEmbedder().embed_query("ferry to the island")
    dense = snapshot.dense(vector, 1000)
    assert snapshot.dense_scores(vector, dense.positions).tolist() == list(dense.scores)
    lexical = snapshot.lexical("ferry to the island", 1000)
    scores = dict(zip(lexical.positions, lexical.scores, strict=True))
    found = snapshot.lexical_scores("ferry to the island", dense.positions)
    assert found.tolist() == [scores.get(p, 0.0) for p in dense.positions]
