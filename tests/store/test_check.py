from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import RagError
from rag.indexing import IndexReport
from rag.store import check_index, open_snapshot, repair_index
from rag.testing import FakeEmbedder


def test_a_whole_index_has_no_problems(index: Path) -> None:
    assert check_index(index) == []
    assert check_index(index, deep=True) == []


def test_a_flipped_byte_anywhere_is_found(
    docs: Path, index: Path, build: Callable[..., IndexReport]
) -> None:
    (docs / "long.txt").write_text(
        " ".join(f"Sentence number {i} stands here." for i in range(300))
    )
    build()
    chance = random.Random(3)
    content = _dump(index)
    assert content
    missed = []
    for path in sorted(index.rglob("*")):
        if path.suffix not in (".sqlite", ".faiss"):
            continue
        whole = path.read_bytes()
        for _ in range(100):
            at = chance.randrange(len(whole))
            altered = bytearray(whole)
            altered[at] ^= 1 << chance.randrange(8)
            path.write_bytes(altered)
            # A byte that holds nothing (free space in a page) may change: the content stays.
            means = path.suffix == ".faiss" or _dump(index) != content
            if means and not check_index(index, deep=True):
                missed.append((path.name, at))
        path.write_bytes(whole)
    assert missed == []
    assert check_index(index, deep=True) == []


def _dump(index: Path) -> list[str] | None:
    """Everything the catalogue holds; None where that cannot be read."""
    db = sqlite3.connect(index / "catalogue.sqlite")
    try:
        version = [str(db.execute(f"PRAGMA {p}").fetchone()) for p in ("user_version", "encoding")]
        return version + list(db.iterdump())
    except (sqlite3.Error, UnicodeDecodeError):
        return None
    finally:
        db.close()


def test_a_torn_segment_is_found_without_reading_it(index: Path) -> None:
    (segment,) = (index / "segments").iterdir()
    segment.write_bytes(segment.read_bytes()[:-1])
    (problem,) = check_index(index)
    assert segment.name in problem


@pytest.mark.parametrize("harm", ["missing", "torn", "altered"])
def test_vectors_are_made_again_from_the_text(index: Path, harm: str) -> None:
    vector = FakeEmbedder().embed_query("Who may keep a cat?")
    with open_snapshot(index) as snapshot:
        before = snapshot.dense(vector, 5).scores
    (segment,) = (index / "segments").iterdir()
    raw = segment.read_bytes()
    if harm == "missing":
        segment.unlink()
    else:
        segment.write_bytes(raw[:-5] if harm == "torn" else raw[:-5] + b"12345")
    (done,) = repair_index(index, FakeEmbedder)
    assert segment.name in done
    assert check_index(index, deep=True) == []
    with open_snapshot(index) as snapshot:
        assert snapshot.dense(vector, 5).scores == before


def test_postings_are_made_again_from_the_text(index: Path) -> None:
    with open_snapshot(index) as snapshot:
        before = snapshot.lexical("tenant cat Brücke", 5).scores
    db = sqlite3.connect(index / "catalogue.sqlite")
    db.execute("UPDATE posting SET counts = x'ff' WHERE term = 'tenant'")
    db.commit()
    db.close()
    (problem,) = check_index(index, deep=True)
    assert "postings" in problem
    (done,) = repair_index(index, FakeEmbedder)
    assert "postings" in done
    assert check_index(index, deep=True) == []
    with open_snapshot(index) as snapshot:
        assert snapshot.lexical("tenant cat Brücke", 5).scores == before


def test_nothing_to_repair_asks_for_no_embedder(index: Path) -> None:
    def never() -> FakeEmbedder:
        raise AssertionError("no embedder is needed")

    assert repair_index(index, never) == []


def test_a_damaged_catalogue_cannot_be_repaired_but_rebuilt(
    index: Path, build: Callable[..., IndexReport]
) -> None:
    with open_snapshot(index) as snapshot:
        digest = snapshot.digest
    catalogue = index / "catalogue.sqlite"
    catalogue.write_bytes(catalogue.read_bytes()[:5000])
    assert check_index(index)
    with pytest.raises(RagError, match="--rebuild"):
        repair_index(index, FakeEmbedder)
    with pytest.raises(RagError, match="--rebuild"):
        build()
    assert build(rebuild=True).documents == 3
    with open_snapshot(index) as snapshot:
        assert snapshot.digest == digest
