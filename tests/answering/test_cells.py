from __future__ import annotations

import pytest

from rag.answering import ask
from rag.answering.candidates import find_candidates
from rag.answering.cells import asked_cell, asked_person, asks_empty, leaves_open, of_another_row
from rag.testing import FakeReader
from rag.types import Document, Span

HTML = "Hot water at 35 K | Caldera 24: 9.8 l/min | Caldera 30: 12.3 l/min"
SHEET = "Item: Conductor | 2023: 6900 | 2024: 7200 | 2025 (plan): 7400"
TABLE = "| Boat | Day | Week |\n|---|---|---|\n| Kayak | 25 | 90 |\n| Canoe | 30 | 110 |\n"


def cell(question: str, text: str, row: str | None = None) -> str | None:
    start = text.index(row or text)
    span = Span(start, start + len(row or text))
    found = asked_cell(question, Document("a.md", text, "0" * 64, "plain/1"), span)
    return found.of(text) if found else None


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("How much hot water does the Caldera 30 deliver?", HTML, "12.3 l/min"),
        ("How much hot water does the Caldera 24 deliver?", HTML, "9.8 l/min"),
        ("How much hot water do the Caldera 24 and the Caldera 30 deliver?", HTML, None),
        ("How much hot water is there?", HTML, None),
        ("What did the conductor cost in 2023?", SHEET, "6900"),
        ("What is the plan for the conductor in 2025?", SHEET, "7400"),
        ("Which item cost 6900?", SHEET, "Conductor"),
        ("What did the conductor cost?", SHEET, None),
        ("What does it cost in 2023?", "Rent: 2023 is the year it rose.", None),
    ],
)
def test_the_cell_whose_head_the_question_names(question, text, expected) -> None:
    assert cell(question, text) == expected


@pytest.mark.parametrize(
    ("question", "row", "empty"),
    [
        ("What is the serial number?", "Certificate: Normal | Serial Number:", True),
        ("What is the serial number?", "Certificate: Normal | Serial Number: M-55", False),
        ("What is the certificate's serial number?", "Certificate: Normal | Serial Number:", False),
        ("How old is the pilot?", "Serial Number: | Seats:", False),
        ("What is the serial number?", "The serial number: see below.", False),
        (
            "What is the share?",
            "At least 2 % is the share of the members:\npay and training.",
            False,
        ),
    ],
)
def test_a_label_without_a_value_answers_nothing(question, row, empty) -> None:
    assert asks_empty(question, row) is empty


ACCOUNTS = (
    "Holder: Ann | Balance: 5.00 | Opened: 2022 | Rate: 2 %\n"
    "Holder: Åsa | Balance: 0.00 | Opened: 2021\n"
    "Holder: Bo | Balance: 7.00 | Opened: 2020 | Rate: n/a\n"
)
FORM = "Bridge: B-02 | Place: Oxmere\nCrosses: Alm | Inspected: 3 June\nInspector: Bo Lee | Year:\n"
STAFF = "| Name | Job | Pay |\n|---|---|---|\n| Ann | Cook | 25 |\n| Bo | Cleaner | — |\n"


@pytest.mark.parametrize(
    ("question", "text", "row", "left"),
    [
        ("What rate does Åsa have?", ACCOUNTS, "Holder: Åsa", True),
        ("What rate does Bo have?", ACCOUNTS, "Holder: Bo", True),
        ("What rate does Ann have?", ACCOUNTS, "Holder: Ann", False),
        ("What balance does Åsa have?", ACCOUNTS, "Holder: Åsa", False),
        ("Who inspected B-02?", FORM, "Inspector:", False),  # a line of a form, no row of a table
        ("What is the pay of Bo?", STAFF, "| Bo", True),
        ("What is the pay of Ann?", STAFF, "| Ann", False),
        ("What is the job of Bo?", STAFF, "| Bo", False),
    ],
)
def test_a_row_may_leave_open_what_is_asked(question, text, row, left) -> None:
    start = text.index(row)
    span = Span(start, text.index("\n", start))
    assert leaves_open(question, Document("a.md", text, "0" * 64, "plain/1"), span) is left


def test_the_cells_of_a_markdown_table_have_the_heads_above_them() -> None:
    assert cell("What does a canoe cost for a week?", TABLE, "| Canoe | 30 | 110 |") == "110"
    assert cell("What does a canoe cost?", TABLE, "| Canoe | 30 | 110 |") is None


def test_a_candidate_points_at_the_cell_that_is_asked_for(make) -> None:
    workshop = make({"boiler.md": f"{HTML}\n"})
    question = "How much hot water does the Caldera 30 deliver?"
    hits = workshop.search(question, 5)
    first = find_candidates(question, hits, FakeReader(), workshop.document)[0]
    assert first.phrase.text == "12.3 l/min"
    assert first.span.contains(first.phrase.span)


LETTER = (
    "Your son asked whether his band might rehearse in the garage. "
    "I am sorry, but the band cannot rehearse there."
)


def test_a_sentence_that_tells_of_the_question_does_not_answer_yes_or_no(make) -> None:
    workshop = make({"letter.txt": LETTER})

    def texts(question: str) -> list[str]:
        hits = workshop.search(question, 5)
        return [c.text for c in find_candidates(question, hits, FakeReader(), workshop.document)]

    assert not any("asked" in t for t in texts("May the band rehearse in the garage?"))
    assert any("asked" in t for t in texts("Who asked whether the band might rehearse?"))
    assert any("asked" in t for t in texts("Did the son ask whether his band might rehearse?"))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who is the chair of the choir now?", "Ines Calloway"),
        ("Who is the treasurer?", "Hal Moritz"),
        ("Who is the librarian?", None),
        ("Who was there?", None),
    ],
)
def test_the_person_whose_role_stands_in_brackets(question, expected) -> None:
    text = "Present: Ines Calloway (chair), Hal Moritz (treasurer), Tom Abara (from 8 pm)."
    document = Document("a.md", text, "0" * 64, "plain/1")
    found = asked_person(question, document, Span(0, len(text)))
    assert (found.of(text) if found else None) == expected


BUDGET = (
    "Item: Music | 2024: 810 | 2025 (plan): 700\nItem: Concerts | 2024: 3120 | 2025 (plan): 3600"
)


@pytest.mark.parametrize(
    ("question", "another"),
    [
        ("How much is planned for concerts in 2025?", True),
        ("How much is planned for music in 2025?", False),
        ("How much is planned for rent in 2025?", False),
        ("Which item costs more than concerts?", False),
    ],
)
def test_a_row_gives_way_to_the_one_that_the_question_names(question, another) -> None:
    music = Span(0, BUDGET.index("\n"))
    concerts = Span(music.end + 1, len(BUDGET))
    document = Document("a.csv", BUDGET, "0" * 64, "csv/3")
    assert of_another_row(question, document, music, [music, concerts]) is another


def test_a_row_that_holds_but_the_name_asked_about_is_another_ones(make) -> None:
    text = "Name: Eva Lund | Manager: Max Roth\nName: Max Roth | Manager: Ada Moss"
    found = [
        c.text for c in ask("Who is the manager of Max Roth?", make({"a.csv": text})).considered
    ]
    assert found[0].endswith("Ada Moss")
    assert not any(row.startswith("Name: Eva") for row in found)
    assert "Eva" in ask("Is Max Roth the manager of Eva Lund?", make({"a.csv": text})).answer
