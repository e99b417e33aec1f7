from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from rag.errors import IndexMismatch, QuestionInvalid
from rag.indexing import build_index
from rag.retrieval import Filters, search, search_many
from rag.settings import Settings
from rag.store import Snapshot, open_snapshot
from rag.testing import FakeEmbedder
from rag.types import Hit, Mode

MODES: list[Mode] = ["hybrid", "dense", "lexical"]
TEXTS = {
    "minutes.md": "# Council\n\nThe council agreed to raise spending on training to 3.5 percent.",
    "bericht.txt": "Die Brücke über die Ilse wurde 1987 gebaut. Sie trägt höchstens zwölf Tonnen.",
    "sub/lease.txt": "The tenant may keep one cat. The rent of 940 euros is due each month.",
    "sub/old-lease.txt": "The tenant may keep one cat. The rent of 870 euros is due each month.",
    "notes.html": "<p>The boiler and the lamps are new, the canteen is closed.</p>",
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    folder = tmp_path_factory.mktemp("search")
    for number, (name, text) in enumerate(TEXTS.items()):
        path = folder / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (1000.0 * number, 1000.0 * number))
    settings = Settings(passage_tokens=32, overlap_tokens=8, threads=1)
    build_index([folder / "docs"], folder / "ix", settings, FakeEmbedder())
    with open_snapshot(folder / "ix") as found:
        yield found


def find(snapshot: Snapshot, query: str, k: int = 10, **options: object) -> list[Hit]:
    return search(snapshot, FakeEmbedder(), query, k, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", MODES)
def test_the_right_passage_comes_first_in_every_mode(snapshot: Snapshot, mode: Mode) -> None:
    hits = find(snapshot, "Wann wurde die Brücke über die Ilse gebaut?", mode=mode)
    assert hits[0].passage.document == "bericht.txt"
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(hit.score == round(hit.score, 4) for hit in hits)


def test_lexical_search_needs_no_embedder_and_folds_diacritics(snapshot: Snapshot) -> None:
    hits = search(snapshot, None, "BRUCKEN der Ilse", mode="lexical")
    assert hits[0].passage.document == "bericht.txt"
    assert hits[0].terms == ("brucken", "ilse")
    with pytest.raises(ValueError, match="needs an embedder"):
        search(snapshot, None, "Brücke", mode="dense")


def test_hits_say_where_they_stood_in_both_lists(snapshot: Snapshot) -> None:
    query = "training boiler rent lamps"
    dense = [h.passage.id for h in find(snapshot, query, 100, mode="dense")]
    lexical = [h.passage.id for h in find(snapshot, query, 100, mode="lexical")]
    for hit in find(snapshot, query):
        assert hit.dense_rank == dense.index(hit.passage.id) + 1
        place = hit.passage.id in lexical and lexical.index(hit.passage.id) + 1
        assert (hit.lexical_rank or False) == place


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(path_glob="*.md"), {"minutes.md"}),
        (Filters(path_glob="sub"), {"sub/lease.txt", "sub/old-lease.txt"}),
        (Filters(path_glob="sub/*lease.txt"), {"sub/lease.txt", "sub/old-lease.txt"}),
        (Filters(path_glob="lease*"), {"sub/lease.txt"}),
        (Filters(formats=("md", ".html")), {"minutes.md", "notes.html"}),
        (Filters(formats=("markdown",)), {"minutes.md"}),
        (Filters(since=2000.0, until=3000.0), {"sub/lease.txt", "sub/old-lease.txt"}),
        (Filters(documents=("lease", "bericht.txt")), {"sub/lease.txt", "bericht.txt"}),
        (Filters(path_glob="*.docx"), set()),
    ],
)
def test_filters_apply_before_the_best_are_taken(
    snapshot: Snapshot, mode: Mode, filters: Filters, expected: set[str]
) -> None:
    query = "training boiler rent lamps Brücke council tenant 940"
    hits = find(snapshot, query, 2, mode=mode, filters=filters)
    assert {h.passage.document for h in hits} <= expected
    assert len(hits) == min(2, len(expected))


def test_an_unknown_document_in_the_scope_is_named(snapshot: Snapshot) -> None:
    with pytest.raises(QuestionInvalid, match="'leese'"):
        find(snapshot, "cat", filters=Filters(documents=("leese",)))


@pytest.mark.parametrize("query", ["", "   ", "\n\t", "\0", "\u200b"])
def test_an_empty_query_is_refused(snapshot: Snapshot, query: str) -> None:
    with pytest.raises(QuestionInvalid, match="empty"):
        find(snapshot, query)


def test_an_enormous_query_is_refused_with_its_size(snapshot: Snapshot) -> None:
    with pytest.raises(QuestionInvalid, match=r"59,999"):
        find(snapshot, "word " * 12_000)
    assert find(snapshot, "cat " * 2000)


def test_marks_alone_find_nothing_lexically(snapshot: Snapshot) -> None:
    assert find(snapshot, "?!", mode="lexical") == []
    assert find(snapshot, "?!", 3)


@pytest.mark.parametrize("k", [0, -1])
def test_a_caller_s_mistake_is_a_value_error(snapshot: Snapshot, k: int) -> None:
    with pytest.raises(ValueError, match="k must be"):
        find(snapshot, "cat", k)
    with pytest.raises(ValueError, match="mode"):
        find(snapshot, "cat", mode="both")


def test_another_embedder_is_an_error_not_a_wrong_answer(snapshot: Snapshot) -> None:
    with pytest.raises(IndexMismatch):
        search(snapshot, FakeEmbedder("other"), "cat")


def test_the_stages_are_timed(snapshot: Snapshot) -> None:
    timings: dict[str, float] = {}
    find(snapshot, "cat", timings_ms=timings)
    assert set(timings) == {"embed", "dense", "lexical", "fuse"}
    assert all(value >= 0 for value in timings.values())


def test_a_letter_with_another_amount_is_not_a_repeat(snapshot: Snapshot) -> None:
    documents = [h.passage.document for h in find(snapshot, "rent of the tenant with a cat", 2)]
    assert sorted(documents) == ["sub/lease.txt", "sub/old-lease.txt"]


QUERIES = ["Is the canteen closed?", "When is the rent due?", "Wann wurde die Brücke gebaut?"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("batch", [1, 2, 256])
def test_many_queries_at_once_find_what_each_finds_alone(
    snapshot: Snapshot, mode: Mode, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["rag.retrieval.search"]  # the package names its function so too
    monkeypatch.setattr(module, "_EMBED_QUERIES", batch)
    filters = [None, Filters(documents=("sub/old-lease.txt",)), Filters(path_glob="*.txt")]
    embedder = None if mode == "lexical" else FakeEmbedder()
    together = list(search_many(snapshot, embedder, QUERIES, 3, mode=mode, filters=filters))
    alone = [
        search(snapshot, embedder, query, 3, mode=mode, filters=wanted)
        for query, wanted in zip(QUERIES, filters, strict=True)
    ]
    assert together == alone
    assert [hit.passage.document for hit in together[1]] == ["sub/old-lease.txt"]


def test_one_bad_query_of_many_is_refused_before_any_is_searched(snapshot: Snapshot) -> None:
    with pytest.raises(QuestionInvalid, match="the query is empty"):
        next(search_many(snapshot, FakeEmbedder(), ["canteen", " "]))
