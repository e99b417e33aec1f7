"""Which documents a question names, when many are of one form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.indexing import build_index
from rag.retrieval import Filters, Subject, subject_of, with_subject
from rag.settings import Settings
from rag.store import Snapshot, open_snapshot
from rag.testing import FakeEmbedder
from rag.types import Hit, Passage, Span
from rag.verification.quantities import days

TOWNS = ("Marlow", "Tessen", "Quarrel")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    folder = tmp_path_factory.mktemp("subject")
    (folder / "docs").mkdir()
    for number, town in enumerate(TOWNS, start=1):
        text = (
            f"Inspection report\n\nBridge at {town}, file BR{number}07.\n\nWidth: {number} metres."
        )
        (folder / "docs" / f"report-{number}-vale.txt").write_text(text, encoding="utf-8")
    (folder / "docs" / "list.txt").write_text("Bridges: Marlow and Tessen.", encoding="utf-8")
    build_index([folder / "docs"], folder / "ix", Settings(threads=1), FakeEmbedder())
    with open_snapshot(folder / "ix") as found:
        yield found


def test_a_name_and_a_code_tell_which_document_is_meant(snapshot: Snapshot) -> None:
    subject = subject_of(snapshot, "How wide is the bridge at Quarrel?")
    assert subject.documents == ("report-3-vale.txt",)
    assert subject.words == ("quarrel",)
    assert subject.share("report-1-vale.txt") == 0.0
    assert subject_of(snapshot, "How wide is BR207?").documents == ("report-2-vale.txt",)


def test_a_document_that_holds_a_part_of_the_names_has_a_part(snapshot: Snapshot) -> None:
    subject = subject_of(snapshot, "Is BR107 at Marlow?")
    assert subject.documents == ("report-1-vale.txt",)
    assert 0.0 < subject.share("list.txt") < 0.5
    assert subject.share("report-3-vale.txt") == 0.0


@pytest.mark.parametrize(
    "question",
    [
        "how wide is the bridge?",  # no name
        "Quarrel",  # a first word begins with a capital anyway
        "How wide is the bridge at Nowhere?",  # held by none
        "How wide was it in 2024, if I ask?",  # a year and a pronoun
    ],
)
def test_what_tells_nothing_apart_is_no_subject(snapshot: Snapshot, question: str) -> None:
    subject = subject_of(snapshot, question)
    assert subject == Subject()
    assert subject.documents == ()
    assert subject.share("list.txt") == 1.0


def test_a_name_in_the_path_counts_as_a_whole_word(snapshot: Snapshot) -> None:
    held = subject_of(snapshot, "What do the Vale reports say?").documents
    assert held == ("report-1-vale.txt", "report-2-vale.txt", "report-3-vale.txt")
    assert subject_of(snapshot, "What do the Val reports say?").documents == ()


def test_a_files_name_is_a_name(snapshot: Snapshot) -> None:
    assert subject_of(snapshot, "how wide, in report-2-vale?").documents == ("report-2-vale.txt",)
    assert subject_of(snapshot, "how wide, in report-2-valence?") == Subject()
    assert subject_of(snapshot, "what is on the list?") == Subject()  # a word as any other


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("who was absent on 10 June 2025?", True),
        ("Who was absent on June 10th, 2025?", True),
        ("Who was absent on the 10th of June 2025?", True),
        ("Who was absent on 11 June 2025?", False),
        ("Who was absent on 31 June 2025, or on 10 Jam 2025?", False),
        ("Who was absent in June 2025?", False),
    ],
)
def test_a_day_in_a_files_name_names_it(tmp_path, question: str, found: bool) -> None:
    (tmp_path / "docs").mkdir()
    for day in ("2025-04-08", "2025-06-10"):
        (tmp_path / "docs" / f"{day}-board.txt").write_text(f"Board, {day}.", encoding="utf-8")
    build_index([tmp_path / "docs"], tmp_path / "ix", Settings(threads=1), FakeEmbedder())
    with open_snapshot(tmp_path / "ix") as snapshot:
        dates = [day.iso for day in days(question) if day.year]
        named = subject_of(snapshot, question, dates).documents
    assert named == (("2025-06-10-board.txt",) if found else ())


def test_only_documents_that_are_searched_count(snapshot: Snapshot) -> None:
    filters = Filters(documents=("report-2-vale", "report-3-vale"))
    subject = subject_of(snapshot, "How wide is the bridge at Marlow or Tessen?", filters=filters)
    assert subject.documents == ("report-2-vale.txt",)


def hits(names: list[str]) -> list[Hit]:
    whole = Span(0, 1)
    return [
        Hit(Passage(n, n, whole, "x", (whole,)), rank, 1.0 / rank)
        for rank, n in enumerate(names, start=1)
    ]


@given(st.permutations("abcdefghij"), st.integers(0, 6), st.integers(1, 12))
def test_half_of_what_is_read_stays_the_best(order: list[str], within: int, count: int) -> None:
    best, inside = hits(list("abcdefghij")), hits(order[:within])
    read = with_subject(best, inside, count)
    names = [hit.passage.id for hit in read]
    assert len(names) == len(set(names)) == min(count, 10)
    assert names[: count - count // 2] == list("abcdefghij")[: count - count // 2]
    assert set(order[:within][: count // 2]) <= set(names)
    assert [hit.rank for hit in read] == list(range(1, len(read) + 1))
