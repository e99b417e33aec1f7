"""An index that an earlier version made: whatever this version does, it opens, answers and grows.

`index_of_format_1.tar.gz` was written in November 2026 by the first version with this format, with
the fake embedder and passages of 32 tokens; one segment in cells, one flat, one passage removed.
A later format gets a file of its own here, and this one stays.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from rag.indexing import build_index
from rag.settings import Settings
from rag.store import check_index, open_snapshot
from rag.testing import FakeEmbedder

SETTINGS = Settings(passage_tokens=32, overlap_tokens=8, threads=1)
DIGEST = "3381da1a51be43bad400fb8c3bc3acca0152f75f0e9193765fafc56638833ed3"
NAMES = ["bericht.txt", "harbour.md", "late.txt", "sub/lista.csv"]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with tarfile.open(Path(__file__).with_name("index_of_format_1.tar.gz")) as archive:
        if hasattr(tarfile, "data_filter"):  # since Python 3.11.4
            archive.extractall(tmp_path, filter="data")
        else:
            archive.extractall(tmp_path)
    return tmp_path / "index"


def test_an_old_index_opens_whole(old: Path) -> None:
    assert check_index(old, deep=True) == []
    with open_snapshot(old) as snapshot:
        assert snapshot.digest == DIGEST
        assert [d.path for d in snapshot.documents()] == NAMES
        assert [(s.kind, s.passages) for s in snapshot.segments] == [("ivf", 79), ("flat", 1)]
        assert snapshot.passage_count == 79  # of one passage only the vector is left
        for name in NAMES:
            text = snapshot.document(name).text
            assert all(p.text == p.span.of(text) for p in snapshot.passages_of(name))


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("A lighthouse stands on the cape.", "late.txt"),
        ("Brücken über der Ilse", "bericht.txt"),
        ("cuota de Ana Muñoz", "sub/lista.csv"),
        ("naive rate of a berth", "harbour.md"),
    ],
)
def test_an_old_index_answers(old: Path, query: str, document: str) -> None:
    with open_snapshot(old) as snapshot:
        vector = FakeEmbedder().embed_query(query)
        for found in (snapshot.lexical(query, 1), snapshot.dense(vector, 1)):
            assert [p.document for p in snapshot.passages_at(found.positions)] == [document]


def test_an_old_index_grows_and_is_rebuilt(old: Path, tmp_path: Path) -> None:
    docs = tmp_path / "more"
    docs.mkdir()
    (docs / "new.txt").write_text("The dredger works at low tide.")
    report = build_index([docs], old, SETTINGS, FakeEmbedder())
    assert (report.added, report.documents, report.embedded) == (("more/new.txt",), 5, 1)
    assert check_index(old, deep=True) == []
    build_index([], old, SETTINGS, FakeEmbedder(), remove=[Path("more/new.txt")])
    with open_snapshot(old) as snapshot:
        assert snapshot.digest == DIGEST
    build_index([docs], old, SETTINGS, FakeEmbedder(), rebuild=True)
    assert check_index(old, deep=True) == []
    with open_snapshot(old) as snapshot:
        assert [d.path for d in snapshot.documents()] == sorted([*NAMES, "more/new.txt"])
