from __future__ import annotations

import pytest

from rag.answering import ask
from rag.answering.disagreeing import date_of
from rag.types import Document


@pytest.mark.parametrize(
    ("path", "text", "date"),
    [
        ("letters/2024-06-03-rent.txt", "Dear Ms Farrant", "2024-06-03"),
        ("letter.txt", "Harbour Trust, 13 May 2025\n\nDear members", "2025-05-13"),
        ("letter.txt", "Posted on May 13, 2025.", "2025-05-13"),
        ("letter.txt", "As of March 2025 the rent is higher.", "2025-03"),
        ("report-2023.md", "# Report\n\nIn 1999 it was less.", "2023"),
        ("letter.txt", "The bridge was built in 1987.", ""),
        ("letter.txt", "", ""),
    ],
)
def test_the_date_a_document_bears(path, text, date) -> None:
    assert date_of(Document(path, text, "0" * 64, "plain/1")) == date


def test_a_date_far_down_is_not_the_documents_own() -> None:
    text = "A long letter. " * 40 + "It began on 3 March 2011."
    assert date_of(Document("letter.txt", text, "0" * 64, "plain/1")) == ""


def test_what_is_said_of_another_named_thing_is_no_disagreement(make) -> None:
    texts = {
        "dx-30.txt": "The filter of the DX-30 lasts 3 months in daily use.",
        "dx-40.txt": "The filter of the DX-40 lasts 6 months in daily use.",
    }
    answer = ask("How long does the filter of the DX-40 last?", make(texts))
    assert [c.document for c in answer.citations] == ["dx-40.txt"]
    assert not answer.notes


def test_a_later_document_is_not_passed_over(make) -> None:
    texts = {
        "2023-04-02-board.txt": "The gateway is paid for by the board alone, Mr Teale said.",
        "2024-05-06-report.txt": "For the gateway the firm is paid two thirds by Marrow Ltd.",
        "undated.txt": "The gateway is paid.",
    }
    answer = ask("Who paid for the gateway?", make(texts))
    assert {c.document for c in answer.citations} == {
        "2023-04-02-board.txt",
        "2024-05-06-report.txt",
    }
    assert any("2024-05-06-report.txt is later" in note for note in answer.notes)
    assert answer.citations[0].document == "2024-05-06-report.txt"
