from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.indexing import IndexReport
from rag.store import check_index, open_snapshot, repair_index, vectors
from rag.store.ivf import IvfVectors, cells_for, probes_for
from rag.store.search_faiss import Query
from rag.testing import FakeEmbedder

SIZE, DIMENSION = 3000, 32


@pytest.fixture
def array() -> np.ndarray:
    chance = np.random.default_rng(5)
    centres = chance.normal(size=(60, DIMENSION))
    found = centres[chance.integers(0, 60, SIZE)] + 0.5 * chance.normal(size=(SIZE, DIMENSION))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found.astype(np.float32)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few vectors are many here."""
    monkeypatch.setattr(vectors, "FLAT_LIMIT", 500)
    monkeypatch.setattr(vectors, "FLAT_BESIDE_IVF", 100)
    monkeypatch.setattr("rag.store.ivf._LEAST_PROBES", 12)


def write(target: Path, array: np.ndarray, trained: IvfVectors | None = None) -> IvfVectors:
    part = (vectors.ArrayVectors(array), np.arange(len(array)))
    assert vectors.write_vectors(target, [part], trained) == "ivf"
    found = vectors.open_vectors(target, "ivf")
    assert isinstance(found, IvfVectors)
    return found


def recall(found: IvfVectors, array: np.ndarray, allowed: np.ndarray | None = None) -> float:
    shares = []
    exact = vectors.ArrayVectors(array)
    for query in array[::100]:
        best, _ = exact.search(Query(query), 10, allowed)
        got, scores = found.search(Query(query), 10, allowed)
        assert np.allclose(scores, array[got] @ query, atol=0.02)
        shares.append(len(set(best) & set(got)) / 10)
    return float(np.mean(shares))


@pytest.mark.parametrize(
    ("count", "cells"), [(1000, 64), (100_000, 1024), (1_000_000, 2048), (10_000_000, 8192)]
)
def test_the_number_of_cells_grows_with_the_square_root(count: int, cells: int) -> None:
    assert cells_for(count) == cells


def test_large_segments_are_searched_by_cells(tmp_path: Path, array: np.ndarray, few: None) -> None:
    found = write(tmp_path / "a.faiss", array)
    assert recall(found, array) > 0.95
    assert np.abs(found.take(np.arange(50)) - array[:50]).max() < 0.01


def test_a_narrow_limit_finds_everything_it_leaves(
    tmp_path: Path, array: np.ndarray, few: None
) -> None:
    found = write(tmp_path / "a.faiss", array)
    allowed = np.zeros(SIZE, dtype=bool)
    allowed[::101] = True
    got, _ = found.search(Query(array[7]), 1000, allowed)
    assert sorted(got) == list(range(0, SIZE, 101))
    assert recall(found, array, allowed) > 0.95


def test_a_limit_to_what_lies_far_away_finds_as_many_as_were_asked_for(
    tmp_path: Path, array: np.ndarray, few: None
) -> None:
    found = write(tmp_path / "a.faiss", array)
    query = array[7]
    far = np.argsort(array @ query)[: SIZE // 5]  # too many for a narrow limit
    allowed = np.zeros(SIZE, dtype=bool)
    allowed[far] = True
    in_near_cells = faiss_search(found.index, query, 58, allowed)
    assert len(in_near_cells) < 50
    got, _ = found.search(Query(query), 50, allowed)
    assert len(got) >= 50
    assert allowed[got].all()
    best, _ = vectors.ArrayVectors(array).search(Query(query), 50, allowed)
    assert len(set(best) & set(got)) > 45
    assert len(found.search(Query(query), 1000, allowed)[0]) == len(far)


def test_merging_copies_codes_and_keeps_the_training(
    tmp_path: Path, array: np.ndarray, few: None
) -> None:
    one = write(tmp_path / "a.faiss", array[:2000])
    two = write(tmp_path / "b.faiss", array[2000:], one)
    kept = [np.arange(0, 2000, 2), np.arange(1000)]
    kind = vectors.write_vectors(tmp_path / "c.faiss", [(one, kept[0]), (two, kept[1])], one)
    assert kind == "ivf"
    merged = vectors.open_vectors(tmp_path / "c.faiss", "ivf")
    assert isinstance(merged, IvfVectors)
    expected = np.concatenate([array[:2000:2], array[2000:]])
    taken = merged.take(np.arange(2000))
    assert np.array_equal(taken, np.concatenate([one.take(kept[0]), two.take(kept[1])]))
    # What the training did not see may lie outside of its range, a number here and there.
    assert (np.abs(taken - expected) > 0.01).mean() < 0.001
    assert np.abs(taken - expected).max() < 0.2
    assert recall(merged, expected) > 0.95


@pytest.mark.parametrize("allowed_share", [1.0, 0.5, 0.05])
def test_cells_are_looked_up_once_for_files_that_share_centres(
    tmp_path: Path, array: np.ndarray, few: None, allowed_share: float
) -> None:
    one = write(tmp_path / "a.faiss", array[:2000])
    two = write(tmp_path / "b.faiss", array[2000:], one)
    other = write(tmp_path / "c.faiss", array[::-1][:1500])
    chance = np.random.default_rng(3)
    looked_up: list[int] = []
    for vector in array[::150]:
        query = Query(vector)
        for found in (one, two, other):
            index = found.index
            allowed = chance.random(index.ntotal) < allowed_share if allowed_share < 1 else None
            got, _ = found.search(query, 10, allowed)
            assert got.tolist() == faiss_search(index, vector, 18, allowed)
        looked_up.append(len(query._cells))
    assert set(looked_up) == {2}  # one for both files of the first training, one for the other


def faiss_search(
    index: object, vector: np.ndarray, k: int, allowed: np.ndarray | None
) -> list[int]:
    """What FAISS's own search of one file finds, cells and all."""
    import faiss

    probes = probes_for(index.nlist)  # type: ignore[attr-defined]
    options: dict[str, object] = {}
    if allowed is not None:
        bits = np.packbits(allowed, bitorder="little")
        options["sel"] = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
        if allowed.mean() < 0.1:
            probes = index.nlist  # type: ignore[attr-defined]
    params = faiss.SearchParametersIVF(nprobe=probes, **options)
    _, found = index.search(vector[None], k, params=params)  # type: ignore[attr-defined]
    return [i for i in found[0].tolist() if i >= 0]


def test_segments_that_share_centres_find_what_exact_search_finds(
    docs: Path,
    index: Path,
    build: Callable[..., IndexReport],
    few: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rag.store.ivf._LEAST_PROBES", 32)  # these vectors lie in no clusters
    for step, count in enumerate((700, 250)):  # the second stays a segment of its own
        for i in range(count):
            text = f"Ferry {step * 1000 + i} leaves at {i % 24} from pier {i % 7}, lamp {i * 7}."
            (docs / f"{step}-{i}.txt").write_text(text)
        build()
    for i in range(0, 250, 10):
        (docs / f"1-{i}.txt").unlink()
    build()
    with open_snapshot(index) as snapshot:
        assert [s.kind for s in snapshot.segments] == ["ivf", "ivf"]
        alive = np.flatnonzero(snapshot.mask(lambda _: True))
        texts = [p.text for p in snapshot.passages_at(alive.tolist())]
        matrix = FakeEmbedder().embed_passages(texts).astype("f8")
        shares = []
        for i in range(0, 250, 9):
            query = FakeEmbedder().embed_query(f"Ferry {i} leaves from pier {i % 7}, lamp {i * 7}")
            nearest = alive[np.argsort(-(matrix @ query), kind="stable")[:10]]
            shares.append(len({*nearest.tolist()} & {*snapshot.dense(query, 10).positions}) / 10)
    assert np.mean(shares) > 0.95


def test_an_index_grows_into_cells_and_stays_whole(
    docs: Path, index: Path, build: Callable[..., IndexReport], few: None
) -> None:
    for i in range(600):
        (docs / f"{i}.txt").write_text(f"The ferry number {i} leaves at nine, with lamp {i * 7}.")
    build()
    with open_snapshot(index) as snapshot:
        assert snapshot.search_kind == "approximate"
    for i in range(0, 600, 3):
        (docs / f"{i}.txt").unlink()
    (docs / "late.txt").write_text("A lighthouse stands on the cape.")
    build()
    assert check_index(index, deep=True) == []
    query = FakeEmbedder().embed_query("A lighthouse stands on the cape.")
    with open_snapshot(index) as snapshot:
        found = snapshot.passages_at(snapshot.dense(query, 400).positions)
        assert found[0].document == "late.txt"
        names = {p.document for p in found}
        assert not names & {f"{i}.txt" for i in range(0, 600, 3)}
        mask = snapshot.mask(lambda d: d.path == "301.txt")
        (only,) = snapshot.passages_at(snapshot.dense(query, 5, mask).positions)
        assert only.document == "301.txt"
        large = next(s for s in snapshot.segments if s.kind == "ivf")
    path = index / "segments" / large.file
    path.write_bytes(path.read_bytes()[:-9] + b"ninebytes")
    assert repair_index(index, FakeEmbedder)
    assert check_index(index, deep=True) == []
