from __future__ import annotations

import pytest

from rag.answering import ask
from rag.answering.candidates import find_candidates
from rag.answering.counterparts import asks_two, counterpart, nearness, shared
from rag.testing import FakeGenerator

HEATERS = {
    "loft-heater.md": "# Loft heater\n\nLet the heater cool down for four hours before moving it.",
    "cellar-heater.md": "# Cellar heater\n\nLet the heater cool down for two hours.",
    "bakery.md": "# Bakery\n\nThe bakery opens at 6 and closes at 18 from May on.",
}
CATS = "No cats may be kept in the Flat."


@pytest.mark.parametrize(
    "question",
    [
        "How did the fee change?",
        "Which of the heaters has to cool down longer?",
        "Is the fee higher than the rent?",
        "Does the fee match what was agreed?",
        "By how much did the fee rise?",
        "Was the fence tall enough?",
    ],
)
def test_a_question_of_two_values(question) -> None:
    assert asks_two(question)


@pytest.mark.parametrize(
    "question",
    ["What is the fee?", "Which member is the treasurer?", "Who wrote the letter in September?"],
)
def test_a_question_of_one_value(question) -> None:
    assert not asks_two(question)


def test_the_other_value_of_a_comparison_is_cited_too(make) -> None:
    question = "Which heater has to cool down longer before moving?"
    answer = ask(question, make(HEATERS))
    assert {c.document for c in answer.citations} == {"loft-heater.md", "cellar-heater.md"}
    assert "four hours" in answer.answer
    assert "two hours" in answer.answer


def test_of_two_alike_the_one_of_the_same_numbers_is_nearer() -> None:
    kept = "All 24 sensors have been in the water since 21 August, six days late."
    same = nearness(kept, "M4: all 24 sensors in the water, 18 July")
    assert same > nearness(kept, "M3: first six sensors in the water, 25 April")


def test_one_value_is_asked_for_and_one_is_cited(make) -> None:
    answer = ask("For how long must the loft heater cool down before moving?", make(HEATERS))
    assert [c.document for c in answer.citations] == ["loft-heater.md"]


def test_the_same_value_is_no_other_one(make) -> None:
    texts = {**HEATERS, "cellar-heater.md": "Let the heater cool down for four hours."}
    answer = ask("Which heater has to cool down longer before moving?", make(texts))
    assert [c.document for c in answer.citations] == ["loft-heater.md"]


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("2025-02-20-letter.txt", "I therefore permit you to have one cat in the Flat."),
        ("letter.txt", "I therefore permit you to have one cat in the Flat."),
        ("2025-02-20-letter.txt", "At most two cats may be kept in the Flat."),
    ],
)
def test_what_another_document_says_otherwise_is_cited_and_told(make, name, letter) -> None:
    answer = ask("May cats be kept?", make({"2022-05-01-lease.txt": CATS, name: letter}))
    assert {c.document for c in answer.citations} == {"2022-05-01-lease.txt", name}
    assert any(name in note for note in answer.notes)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("2019-02-20-letter.txt", "I therefore permit you to have one cat in the Flat."),
        ("2025-02-20-letter.txt", "No cats may be kept in the Flat, as you know."),
        ("2025-02-20-letter.txt", "The boiler in the Flat is serviced in May."),
        ("2025-05-01-lease.txt", "One cat may be kept in the Flat."),
    ],
)
def test_an_earlier_word_the_same_and_another_matter_are_not_cited(make, name, other) -> None:
    answer = ask("May cats be kept?", make({"2022-05-01-lease.txt": CATS, name: other}))
    assert [c.document for c in answer.citations] == ["2022-05-01-lease.txt"]
    assert not answer.notes


def test_a_fraction_is_a_value(make) -> None:
    texts = {
        "2025-06-26-summit.txt": "A third of the orders is to be kept for makers inside.",
        "2025-10-10-ministers.txt": "The plan came back: a quarter of orders, for makers inside.",
    }
    answer = ask("Which part of the orders is to be kept for makers inside?", make(texts))
    assert {c.document for c in answer.citations} == set(texts)
    assert answer.notes


def test_what_was_is_not_changed_by_what_is(make) -> None:
    texts = {
        "2022-05-01-lease.txt": CATS,
        "2025-02-20-letter.txt": "I therefore permit you to have one cat in the Flat.",
    }
    answer = ask("What did the lease say of cats being kept?", make(texts))
    assert [c.document for c in answer.citations] == ["2022-05-01-lease.txt"]


def test_half_of_a_comparison_is_no_yes_and_no_no(make) -> None:
    texts = {"report.md": "The premium for organic milk is 10 cents, higher than in May."}
    question = "Is the premium for organic milk higher than before?"
    answer = ask(question, make(texts, generator=FakeGenerator()))
    assert answer.citations
    assert not answer.answer.startswith(("Yes", "No"))


def test_words_that_meet_by_chance_are_not_shared() -> None:
    assert shared("The fair opens on 3 May 2025.", "It closes on 9 May 2025.") == 0.0
    assert shared("Let the heater cool for four hours.", "Let the heater cool for two.") == 1.0


def test_units_alone_are_no_common_matter() -> None:
    rent = "The rent of the north wing goes up by 2.5 per cent a year."
    assert shared(rent, "Overdue sums bear interest at 8 per cent a year.") == 0.0
    assert shared(rent, "The rent of the north wing went up by 4 per cent.") > 0.5


@pytest.mark.parametrize(
    "before", ["", ", the year before by 4 per cent", " to 50 euros a plot, up from 48"]
)
def test_a_sentence_with_both_values_needs_no_other(make, before) -> None:
    texts = {
        "minutes.md": f"The fee for a garden rises by 3 per cent{before}.",
        "letter.md": "The fee for a garden rises by 9 per cent.",
    }
    shop, question = make(texts), "By how much does the fee for a garden rise?"
    hits = shop.search(question, 2)
    found = find_candidates(question, hits, shop.reader, shop.document)
    first = next(c for c in found if c.document == "minutes.md")
    other = counterpart(question, first, [], hits, shop.document)
    assert (other is None) is bool(before)
