from __future__ import annotations

from collections.abc import Iterator

import pytest

from rag.errors import QuestionInvalid
from rag.indexing import build_index
from rag.retrieval import Filters, search, search_twice
from rag.settings import Settings
from rag.store import Snapshot, open_snapshot
from rag.testing import FakeEmbedder

TEXTS = {
    "song.txt": "The song Counterparts is by the band Hollow Lantern.",
    "band.txt": "Hollow Lantern has a drummer, Ewart Locke, from the island.",
    **{f"other{i}.txt": f"A song about a ferry, number {i}, was sung there." for i in range(12)},
}
QUESTION = "Who drums for whoever sings the song Counterparts?"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    folder = tmp_path_factory.mktemp("twice")
    (folder / "docs").mkdir()
    for name, text in TEXTS.items():
        (folder / "docs" / name).write_text(text, encoding="utf-8")
    settings = Settings(passage_tokens=32, overlap_tokens=8, threads=1)
    build_index([folder / "docs"], folder / "ix", settings, FakeEmbedder())
    with open_snapshot(folder / "ix") as found:
        yield found


def test_the_second_document_is_found_by_what_the_first_says(snapshot: Snapshot) -> None:
    once = [h.passage.document for h in search(snapshot, FakeEmbedder(), QUESTION, 3)]
    twice = search_twice(snapshot, FakeEmbedder(), QUESTION, 3)
    assert once[0] == "song.txt"
    assert "band.txt" not in once
    assert twice[0].passage.document == "song.txt"
    assert "band.txt" in [h.passage.document for h in twice]


def test_hits_are_ranked_from_1_and_none_stands_twice(snapshot: Snapshot) -> None:
    for k in (1, 2, 5, 50):
        hits = search_twice(snapshot, FakeEmbedder(), QUESTION, k)
        assert len(hits) == min(k, len(TEXTS))
        assert [h.rank for h in hits] == list(range(1, len(hits) + 1))
        assert len({h.passage.id for h in hits}) == len(hits)


def test_both_searches_keep_to_the_filters(snapshot: Snapshot) -> None:
    filters = Filters(path_glob="other*.txt")
    hits = search_twice(snapshot, FakeEmbedder(), QUESTION, 5, filters=filters)
    assert len(hits) == 5
    assert all(h.passage.document.startswith("other") for h in hits)


def test_a_question_that_leaves_no_room_is_searched_once(snapshot: Snapshot) -> None:
    question = "song " * 3999
    once = search(snapshot, FakeEmbedder(), question, 4)
    assert search_twice(snapshot, FakeEmbedder(), question, 4) == once
    with pytest.raises(QuestionInvalid):
        search_twice(snapshot, FakeEmbedder(), "  ")
