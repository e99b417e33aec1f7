"""What a wording may not do to what it was made from."""

from __future__ import annotations

import pytest

from rag.summarising.fidelity import leans, objections
from rag.summarising.units import Unit
from rag.types import Span


def said(*lines: str) -> list[Unit]:
    """Units of a transcript or a text: `Chair: words` has a speaker, `words` has none."""
    units = []
    for i, line in enumerate(lines):
        speaker, _, text = line.rpartition(": ")
        units.append(Unit("a.txt", Span(i * 10, i * 10 + 9), text, i, "sentence", speaker))
    return units


TALK = said(
    "Marketing: Maybe the price could be twenty five Euros",
    "Designer: The case is made of rubber and the battery lasts two years",
    "Chair: We meet again on Monday",
)


@pytest.mark.parametrize(
    "wording",
    [
        "The Designer said that the case is made of rubber, and the battery lasts two years.",
        "The Designer said that the case is made of rubber.",
        "Marketing suggested that the price could be twenty five Euros.",
        "The Designer described a case of rubber, and the Chair said they meet again on Monday.",
    ],
)
def test_what_the_lines_say_may_be_worded(wording: str) -> None:
    assert objections(wording, TALK) == []


@pytest.mark.parametrize(
    ("wording", "reason"),
    [
        ("Marketing said that the case is made of rubber.", "others than the Marketing"),
        ("The price is twenty five Euros.", "less sure"),
        ("Marketing aims for a price of twenty five Euros, maybe.", "'aims'"),
        ("The team agreed on a case made of rubber.", "'agreed'"),
        ("The case is made of rubber due to the battery.", "adds a reason"),
        ("The Designer said that the rubber battery lasts two years.", ""),
        ("It is made of rubber.", "'It' means"),
        ("The Chair will meet again on Monday.", "of themselves"),
        ("The Chair said that they meet again on Monday.", ""),
        ("The case survives heavy impacts and dirty kitchens.", "not in the source"),
    ],
)
def test_what_they_do_not_say_is_objected_to(wording: str, reason: str) -> None:
    found = objections(wording, TALK)
    assert any(reason in objection for objection in found) == bool(reason), found


def test_words_of_two_sentences_are_not_joined() -> None:
    lines = said("The project starts in May", "The tool costs four crowns")
    assert any("joins two" in o for o in objections("The project tool costs four crowns.", lines))
    together = said("The project tool starts in May", "The tool costs four crowns")
    assert objections("The project tool costs four crowns.", together) == []


def test_a_reason_that_is_given_may_be_told() -> None:
    lines = said("The harbour closes because the crane broke")
    assert objections("The harbour closes because the crane broke down.", lines) == []


def test_initials_are_a_person_and_no_thing() -> None:
    lines = said("EL: When I began it was the old chain ferry", "NF: The ferry is gone now")
    assert objections("The EL was the old chain ferry.", lines)
    assert objections("NF is the ferry that is gone now.", lines)
    assert objections("EL said that it was the old chain ferry.", lines) == []


def test_what_could_not_be_done_is_no_doubt() -> None:
    lines = said("The board could not name a date for the delivery")
    assert objections("The board had no date for the delivery to name.", lines) == []
    assert objections(
        "The board did name a date for the delivery.", said("The board could name it")
    )


def test_other_languages_are_judged_by_their_words_alone() -> None:
    lines = said("Der Hafen wird am vierten Juni eröffnet")
    assert objections("Am vierten Juni wird der Hafen eröffnet.", lines) == []
    assert objections("Bürgermeister und Anwohner feiern gemeinsam.", lines)


@pytest.mark.parametrize(
    "text",
    [
        "It was sold in May.",
        "This was the pilot's second incident.",
        "But they never came.",
        "Clean it every two weeks.",
        "Castell will ask him for a price.",
        "If it rains it is held in the hall.",
        "When they came, the hall was shut.",
        "I take it that this makes your forty-three.",
        "That was the end of the ferry.",
        "Their boat lay beside the quay.",
        "That boat lay beside the quay.",
    ],
)
def test_a_sentence_that_only_the_one_before_explains(text: str) -> None:
    assert leans(text)


@pytest.mark.parametrize(
    "text",
    [
        "When it rains, the gate is shut.",
        "The pump was sold, and it was old.",
        "That the boat lay beside the quay is known.",
        "Items are cleaned.",
        "Is it ready?",
        "Italy won.",
    ],
)
def test_a_sentence_that_explains_itself(text: str) -> None:
    assert not leans(text)


@pytest.mark.parametrize(
    ("wording", "kept"),
    [
        ("The board expects deliveries of 152 million litres.", False),
        ("The board expects deliveries of 152 million litres for 2025.", True),
        ("The board expects 152 million litres in 2025.", True),
    ],
)
def test_what_holds_of_one_time_is_not_told_of_all(wording: str, kept: bool) -> None:
    units = said("For 2025 the board expects deliveries of 152 million litres")
    found = objections(wording, units)
    assert any("one time only" in objection for objection in found) != kept, found


LETTER = said(
    "I therefore permit you to keep one cat in the flat",
    "Mrs Pym has moved to her son, and the new people have a spaniel",
    'The mayor wrote "I am glad of the bridge" to the paper',
)


@pytest.mark.parametrize(
    ("wording", "reason"),
    [
        ("The flat permits you to keep one cat.", "speaks as 'I'"),
        ("I permit you to keep one cat in the flat.", ""),
        ("The landlady said that Mrs Pym has moved to her son.", "'landlady' says it"),
        ("Mrs Pym said that the new people have a spaniel.", ""),
        ("The new people have a spaniel.", ""),
        ("The mayor wrote to the paper of the bridge.", ""),
    ],
)
def test_who_speaks_in_a_letter_is_not_made_up(wording: str, reason: str) -> None:
    found = objections(wording, LETTER)
    assert any(reason in objection for objection in found) == bool(reason), found


@pytest.mark.parametrize(
    ("wording", "line", "objected"),
    [
        ("The display states that the air is dry.", "The display shows if the air is dry", True),
        ("Dr Holm said that the air is dry.", "According to Dr Holm the air is dry", False),
        ("Dr Holm said that the air is dry.", 'Dr Holm: "the air is dry"', False),
    ],
)
def test_nobody_speaks_who_does_not_speak_in_the_source(
    wording: str, line: str, objected: bool
) -> None:
    units = [Unit("a.txt", Span(0, 9), line, 0, "sentence")]
    found = objections(wording, units)
    assert any("nobody says it" in objection for objection in found) == objected, found


@pytest.mark.parametrize(
    ("wording", "source", "reason"),
    [
        (
            "The patient should check his potassium in one week.",
            "Would you please check his potassium in one week?",
            "'you'",
        ),
        (
            "You should check his potassium in one week.",
            "Please check, should you meet, his potassium in one week.",
            "",
        ),
        (
            "Sessions may be made up on the Friday.",
            "Sessions may be made up on the Friday only.",
            "('only')",
        ),
        (
            "Sessions may only be made up on the Friday.",
            "Sessions may be made up on the Friday only.",
            "",
        ),
        (
            "The hall is open on Monday.",
            "The hall is open on Monday, except in August.",
            "('except')",
        ),
        ("The hall is open on Monday.", "The hall is open on Monday.", ""),
    ],
)
def test_whom_it_asks_and_how_it_is_limited_is_kept(wording, source, reason) -> None:
    found = objections(wording, said(source))
    assert any(reason in objection for objection in found) == bool(reason), found


def test_what_a_speaker_says_to_another_may_be_worded() -> None:
    lines = said("Chair: We meet, as you know, again on Monday in the hall")
    assert objections("The Chair said that they meet again on Monday in the hall.", lines) == []
