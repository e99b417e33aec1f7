from __future__ import annotations

import pytest

from rag.answering import ask
from rag.answering.dating import date_beside, date_of, later
from rag.testing import FakeGenerator
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
        ("a.txt", "Amendment to the lease of 14 May 2023, signed on 2 October 2025", "2025-10-02"),
        ("a.txt", "Supplement to the contract of 14 May 2023. Dated: 3 June 2024", "2024-06-03"),
        ("letter.txt", "", ""),
        ("letter.txt", "Invoice 7781-20-33", ""),
        ("letter.txt", "Release 2024.99.77", ""),
        ("scan_2024_03_01.txt", "", "2024-03-01"),
        ("life.txt", "Ann Lee (born 3 May 1991 in Voss) was a cooper.", ""),
        ("life.txt", "Ann Lee (3 May 1991" + " and more" * 50, ""),
    ],
)
def test_the_date_a_document_bears(path, text, date) -> None:
    assert date_of(Document(path, text, "0" * 64, "plain/1")) == date


def test_a_date_far_down_is_not_the_documents_own() -> None:
    text = "A long letter. " * 40 + "It began on 3 March 2011."
    assert date_of(Document("letter.txt", text, "0" * 64, "plain/1")) == ""


def test_a_day_that_the_sentence_speaks_of_is_not_its_documents_date() -> None:
    text = "The offer stands until 30 September 2025."
    assert date_beside(Document("offer.txt", text, "0" * 64, "plain/1"), text) == ""
    assert date_beside(Document("offer.txt", f"3 May 2025\n{text}", "0" * 64, "plain/1"), text) == (
        "2025-05-03"
    )
    dated = Document("2025-09-30-offer.txt", text, "0" * 64, "plain/1")
    assert date_beside(dated, text) == "2025-09-30"
    report = Document("report-2024.txt", f"March 2025\n{text}", "0" * 64, "plain/1")
    assert date_beside(report, text) == "2025-03"  # more than the year in its name


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("2024-03-01", "2023", True),
        ("2023", "2024-03-01", False),
        ("2024", "2024-03-01", None),
        ("2024-03-01", "2024-03", None),
        ("2024-03-01", "", None),
        ("", "", None),
    ],
)
def test_dates_tell_which_is_later_as_far_as_they_go(one, other, expected) -> None:
    assert later(one, other) is expected


EELS = {
    "minutes.txt": "River board, 16 September 2025\n\nThe pass was used by 3,400 eels.",
    "fish.txt": "River board\n\nThe pass was used by few salmon.",
}


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How many eels used the pass in 2025?", True),
        ("How many eels use the pass now?", True),
        ("How many eels used the pass?", False),
    ],
)
def test_the_judge_is_told_the_date_where_a_time_is_asked_for(make, question, told) -> None:
    generator = FakeGenerator()
    ask(question, make(EELS, generator=generator))
    shown = [p.rest for p in generator.prompts if "3,400 eels" in p.rest]
    assert shown
    assert all(("2025-09-16" in text) == told for text in shown)


def test_a_year_that_the_sentence_names_is_not_told_again(make) -> None:
    texts = {"minutes.txt": "River board, 16 September 2025\n\nBy May 2025 it was 3,400 eels."}
    generator = FakeGenerator()
    ask("How many eels had used the new pass in 2025?", make(texts, generator=generator))
    shown = [p.rest for p in generator.prompts if "3,400 eels" in p.rest]
    assert shown
    assert not any("2025-09-16" in text for text in shown)
