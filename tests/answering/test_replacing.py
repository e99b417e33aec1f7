from __future__ import annotations

import pytest

from rag.answering import ask
from rag.answering.candidate import Candidate
from rag.answering.candidates import find_candidates
from rag.answering.replacing import changed_since, replaced
from rag.types import Phrase, Span

CONTRACT = (
    "The total liability of the seller is limited to 250,000 pounds. Risk passes on unloading."
)


@pytest.mark.parametrize(
    "change",
    [
        "In clause 3 the amount of 250,000 pounds is replaced by 400,000 pounds.",
        "The cap now stands at £400,000 instead of £250,000.",
        "The parties raise the sum from 250,000 pounds to 400,000 pounds.",
    ],
)
def test_an_amendment_that_names_the_value_alone_is_cited_first(make, change) -> None:
    texts = {"contract.txt": CONTRACT, "amendment.txt": f"{change} All else remains unchanged."}
    answer = ask("To what is the total liability of the seller limited?", make(texts))
    assert [c.document for c in answer.citations] == ["amendment.txt", "contract.txt"]
    assert answer.citations[0].quote == change
    assert any("amendment.txt changes" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("note.txt", "The price of 250,000 pounds is paid in advance, 400,000 pounds later."),
        ("note.txt", "The stock of 250,000 bolts was increased to 400,000 bolts."),
        ("note.txt", "The amount of 300,000 pounds is replaced by 400,000 pounds."),
        ("2019-03-02-note.txt", "The amount of 250,000 pounds is replaced by 400,000 pounds."),
    ],
)
def test_another_matter_or_an_earlier_document_changes_nothing(make, name, other) -> None:
    texts = {"2024-05-01-contract.txt": CONTRACT, name: other}
    answer = ask("To what is the total liability of the seller limited?", make(texts))
    assert [c.document for c in answer.citations] == ["2024-05-01-contract.txt"]
    assert not answer.notes


def test_a_date_is_no_amount(make) -> None:
    texts = {
        "policy.txt": "The insurance runs from 1 September 2024 to 31 August 2025.",
        "lease.txt": "The rent may be raised on 1 September 2024 and again in 2026.",
    }
    answer = ask("From when to when does the insurance run?", make(texts))
    assert [c.document for c in answer.citations] == ["policy.txt"]
    assert not answer.notes


BUILDING = "The new hall of the rowing club opens on 1 August 2025. Entrance is free on that day."


@pytest.mark.parametrize(
    "change",
    [
        "In paragraph 2 the date of 1 August 2025 is replaced by 20 September 2025.",
        "The hall opens on 20 September instead of 1 August.",
        "The opening of the hall is moved from August 1, 2025 to September 20, 2025.",
        "The deadline 2025-08-01 is extended to 2025-09-20.",
    ],
)
def test_an_amended_date_is_cited_first(make, change) -> None:
    texts = {"plan.txt": BUILDING, "amendment.txt": f"{change} All else remains unchanged."}
    answer = ask("On what date does the hall of the rowing club open?", make(texts))
    assert [c.document for c in answer.citations] == ["amendment.txt", "plan.txt"]
    assert any("amendment.txt" in note for note in answer.notes)


@pytest.mark.parametrize(
    "other",
    [
        "On 1 August 2025 Mr Lind moved to Hamburg, and on 3 May 2026 he came back.",
        "The hall was painted on 1 August 2025 and again on 3 May 2026.",
        "The date of 1 August 2024 is replaced by 20 September 2024.",
        "The date of 2 August is replaced by 20 September.",
    ],
)
def test_another_day_or_matter_moves_no_date(make, other) -> None:
    texts = {"plan.txt": BUILDING, "note.txt": other}
    answer = ask("On what date does the hall of the rowing club open?", make(texts))
    assert [c.document for c in answer.citations] == ["plan.txt"]
    assert not answer.notes


GARAGE = "The owner lets garage 14 to the tenant. The rent of the garage is 85 a month."
LETTER = "Thank you for painting the garage. I have to {} from 1 April 2025."


def test_a_later_change_without_the_old_value_is_cited_beside_it(make) -> None:
    texts = {"lease.txt": GARAGE, "2025-01-10-letter.txt": LETTER.format("raise the rent by 7")}
    answer = ask("What is the rent of the garage?", make(texts))
    assert [c.document for c in answer.citations] == ["lease.txt", "2025-01-10-letter.txt"]
    assert any("which of the two is later, they do not say" in note for note in answer.notes)
    texts["2024-01-10-lease.txt"] = texts.pop("lease.txt")
    answer = ask("What is the rent of the garage?", make(texts))
    assert any("is later than 2024-01-10-lease.txt" in note for note in answer.notes)


def test_an_event_that_was_moved_has_a_new_day(make) -> None:
    texts = {
        "2025-04-08-board.md": "Open day. The open day takes place on 28 June, at noon.",
        "2025-06-10-board.md": "Open day. As the hall is let, the open day is moved to 5 July.",
    }
    question, workshop = "When does the open day take place?", make(texts)
    hits = workshop.search(question, 10)
    found = find_candidates(question, hits, workshop.reader, workshop.document)
    first = next(c for c in found if "28 June" in c.text)
    change = changed_since(question, first, hits, workshop.document)
    assert change is not None
    assert "moved to 5 July" in change.text


@pytest.mark.parametrize(
    ("question", "name", "letter"),
    [
        (
            "What was the rent of the garage?",
            "2025-01-10-letter.txt",
            LETTER.format("raise the rent by 7"),
        ),
        (
            "What is the rent of the garage?",
            "letter.txt",
            "Thank you for painting the garage. I have to raise the rent by 7.",
        ),
        (
            "What is the rent of the garage?",
            "2025-01-10-letter.txt",
            LETTER.format("change the lock"),
        ),
        (
            "What is the rent of the garage?",
            "2025-01-10-letter.txt",
            "The rent of the hall is raised to 300.",
        ),
    ],
)
def test_what_is_asked_of_the_past_or_changed_elsewhere_stands(
    make, question, name, letter
) -> None:
    answer = ask(question, make({"lease.txt": GARAGE, name: letter}))
    assert [c.document for c in answer.citations] == ["lease.txt"]


def test_a_digit_of_the_answer_is_no_value_of_it(make) -> None:
    texts = {
        "lease.txt": "The deposit of 250 euros is held for 5 days.",
        "letter.txt": "The term of 5 days is replaced by 9 days.",
    }
    hits = make(texts).search("deposit", 5)
    first = next(h for h in hits if h.passage.document == "lease.txt")
    text = texts["lease.txt"]
    at = text.index("250 euros")
    phrase = Phrase("250 euros", "lease.txt", Span(at, at + 9))
    span = Span(0, len(text))
    candidate = Candidate("lease.txt", span, text, phrase, 1.0, 1.0, 1.0, first)
    assert replaced(candidate, hits, make(texts).document) is None


LEASE = (
    '2022-05-01\n\nMr Emil Lund ("the Tenant")\n\nFor the flat at 14 Tanner Row.\n\n'
    "An advance of 165 a month is paid for heating. No cats may be kept in the Flat.\n"
)
ADVANCE = "What is the advance for heating at 14 Tanner Row?"
NEW = "From 1 April 2025 the advance is 190 a month."


@pytest.mark.parametrize(
    ("name", "letter", "found"),
    [
        ("2025-02-20-b.txt", f"Dear Mr Lund,\n\n{NEW}", True),
        ("2025-02-20-b.txt", f"Dear Mr Brol,\n\n{NEW}", False),
        ("2025-02-20-b.txt", f"Dear Sir,\n\n{NEW}", False),
        ("2021-02-20-b.txt", f"Dear Mr Lund,\n\n{NEW}", False),  # an earlier one
        ("2025-02-20-b.txt", "Dear Mr Lund,\n\nFrom 1 April 2025 I pay 980 a month.", False),
    ],
)
def test_a_letter_to_those_whom_the_document_names_tells_its_new_value(
    make, name, letter, found
) -> None:
    shop = make({"lease.txt": LEASE, name: letter})
    hits = shop.search(ADVANCE, 9)
    candidates = find_candidates(ADVANCE, hits, shop.reader, shop.document)
    first = next(c for c in candidates if "165" in c.text)
    change = changed_since(ADVANCE, first, hits, shop.document)
    assert (change is not None and change.text == NEW) is found
