from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.shape import (
    answer_type,
    asks_denied,
    asks_several,
    compared,
    fits_type,
    parts_of,
    posed,
    shape_of,
    tells_time,
)


@pytest.mark.parametrize(
    ("question", "shape"),
    [
        ("How much is the rent?", "single"),
        ("Who wrote the letter?", "single"),
        ("Are dogs permitted?", "yes_no"),
        ("Aren't dogs permitted?", "yes_no"),
        ("Shall we give notice?", "yes_no"),
        ("Do you know whether dogs are permitted?", "yes_no"),
        ("Do you know when the lease ends?", "single"),
        ("Could you find out who pays?", "single"),
        ("May I ask how many dogs there are?", "count"),
        ("Did they know when the lease ends?", "single"),
        ("Can I list the flat?", "yes_no"),
        ("Can you tell me about the final exam?", "single"),
        ("Could you give some details on the garden?", "single"),
        ("Can you tell me whether dogs are permitted?", "yes_no"),
        ("Can you give notice in May?", "yes_no"),
        ("Does the lease end in May?", "yes_no"),
        ("Is the rent due on the first or the third day?", "comparison"),
        ("Were Otto Brahm and Lena Falk both directors?", "yes_no"),
        ("Which of the two is older?", "comparison"),
        ("Who was born first, Otto Brahm or Lena Falk?", "comparison"),
        ("How many crates were delivered?", "count"),
        ("What are the duties of the tenant?", "list"),
    ],
)
def test_the_shape_of_an_answer(question, shape) -> None:
    assert shape_of(question) == shape


@pytest.mark.parametrize(
    ("question", "kind", "fits", "fits_not"),
    [
        ("When was it built?", "time", "in 1987", "of stone"),
        ("In what year did it open?", "time", "1911", "the chapel"),
        ("How much is the rent?", "number", "€940", "the tenant"),
        ("Who abstained?", "person", "Ms Adeyemi", "nobody"),
    ],
)
def test_what_an_answer_looks_like(question, kind, fits, fits_not) -> None:
    assert answer_type(question) == kind
    assert fits_type(kind, fits) == 1.0
    assert fits_type(kind, fits_not) == 0.0


def test_an_open_kind_says_nothing() -> None:
    assert answer_type("Why did it close?") == "any"
    assert fits_type("any", "whatever") == 0.5


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "How much is the rent and when is it due?",
            ("How much is the rent?", "when is the rent due?"),
        ),
        (
            "When was the bridge built and what did it cost?",
            ("When was the bridge built?", "what did the bridge cost?"),
        ),
        (
            "Where was Lena Falk born, and who taught her to sing?",
            ("Where was Lena Falk born?", "who taught her to sing?"),
        ),
        ("Who is the landlord? Who is the tenant?", ("Who is the landlord?", "Who is the tenant?")),
        (
            "What lies between the mill and where it ends?",
            ("What lies between the mill and where it ends?",),
        ),
        ("Which cats and dogs are allowed?", ("Which cats and dogs are allowed?",)),
        (
            "What was the mileage rate in the policy and what is it since April?",
            ("What was the mileage rate in the policy?", "what is the mileage rate since April?"),
        ),
        (
            "Who had the ferry contract at first, and who got it in the end?",
            ("Who had the ferry contract at first?", "who got the ferry contract in the end?"),
        ),
        (
            "What did the lease say about cats, and what did the owner write?",
            ("What did the lease say about cats?", "what did the owner write about cats?"),
        ),
        (
            "How many farms took part in 2023 and in 2024?",
            ("How many farms took part in 2023?", "How many farms took part in 2024?"),
        ),
        (
            "What is the fee for adults and for children?",
            ("What is the fee for adults?", "What is the fee for children?"),
        ),
        (
            "How did the fee differ in May and in June?",
            ("How did the fee differ in May and in June?",),
        ),
        (
            "Tell me when the bridge was built and who paid for the arches?",
            ("Tell me when the bridge was built?", "who paid for the arches?"),
        ),
        (
            "The empire held land in Africa, in Asia and which other continent?",
            ("The empire held land in Africa, in Asia and which other continent?",),
        ),
    ],
)
def test_the_parts_of_a_question(question, parts) -> None:
    assert parts_of(question) == parts


@given(st.text(max_size=200))
def test_a_question_has_one_to_three_parts(question) -> None:
    assert 1 <= len(parts_of(question)) <= 3


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Which is heavier, the DX-30 or the DX-40?", ("the DX-30", "the DX-40")),
        ("Were Otto Brahm and Lena Falk both directors?", ("Otto Brahm", "Lena Falk")),
        ("Who is older, Otto Brahm or Lena Falk?", ("Otto Brahm", "Lena Falk")),
        ("How did the rent change between June and October?", ("June", "October")),
    ],
)
def test_the_two_things_that_are_compared(question, names) -> None:
    pair = compared(question)
    assert pair is not None
    assert tuple(c.name for c in pair) == names
    for own, other in (pair, pair[::-1]):
        assert own.name in own.question
        assert other.name not in own.question


@pytest.mark.parametrize(
    "question",
    ["How much is the rent?", "Who are Otto Brahm and Lena Falk?", "Is it open or closed?"],
)
def test_a_question_that_compares_no_names(question) -> None:
    assert compared(question) is None


@pytest.mark.parametrize(
    ("question", "so"),
    [
        ("Which medicines does she take?", True),
        ("What other tools are there?", True),
        ("What do we need to bring?", True),
        ("List the tools.", True),
        ("Which medicine was stopped?", False),
        ("What class is it?", False),
        ("What was decided?", False),
        ("In what years was he there?", False),
    ],
)
def test_some_questions_ask_for_several_things(question, so) -> None:
    assert asks_several(question) is so


@pytest.mark.parametrize(
    ("text", "so"),
    [
        ("We leave at 6:50.", True),
        ("It closed in 1987.", True),
        ("In May it rains.", True),
        ("On Friday.", True),
        ("Ticket ABC-2026-04 is closed.", False),
        ("Version 3.12 has 2,000 users.", False),
    ],
)
def test_a_text_tells_a_time_by_a_day_a_month_a_year_or_an_hour(text, so) -> None:
    assert tells_time(text) is so


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("notice period tenant", "What is the notice period tenant?"),
        ("Rye flour price per tonne", "What is the rye flour price per tonne?"),
        ("DX-30 weight?", "What is the DX-30 weight?"),
        ("Dogs allowed on balcony", "Are dogs allowed on balcony?"),
        ("breakfast included", "Is breakfast included?"),
        ("maximum luggage allowed", "What is the maximum luggage allowed?"),
        ("items not covered", "What is the items not covered?"),
        ("deposit", "deposit"),
        ("when lease ends", "when lease ends"),
        ("the lease is over in May", "the lease is over in May"),
        ("tell me about the lease", "tell me about the lease"),
        ("Kosten der Garage", "Kosten der Garage"),
        ("rent, deposit, notice", "rent, deposit, notice"),
        ("What is the rent?", "What is the rent?"),
        ("", ""),
    ],
)
def test_words_of_a_search_box_are_posed_as_a_question(typed, asked) -> None:
    assert posed(typed) == asked
    assert posed(posed(typed)) == asked


def test_a_question_that_denies_gets_no_yes_before_its_answer() -> None:
    assert asks_denied("Aren't dogs allowed?")
    assert asks_denied("Can’t I keep a dog?")
    assert not asks_denied("Are dogs allowed that don't bark?")
    assert posed("aren't dogs allowed") == "aren't dogs allowed"
