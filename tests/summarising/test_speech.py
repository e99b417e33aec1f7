"""Transcripts: speakers, and words that say nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.summarising.speech import only_words_of, tidied, turns_of
from rag.summarising.units import units_of
from tests.summarising.conftest import TRANSCRIPT_LINES, parsed


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Um , the case , we have a few options .", "The case, we have a few options."),
        ("There 's {disfmarker} there 's uh continual noise .", "There's continual noise."),
        ("I I think th the lamp is is red .", "I think the lamp is red."),
        ("So , you know , it costs 20 , um , or 25 .", "It costs 20, or 25."),
        ("No , we should not sell it .", "No, we should not sell it."),
        ("The L_C_D_ is on the T_V_ set .", "The LCD is on the TV set."),
        ("Nothing is left out here.", "Nothing is left out here."),
        ("Nothing is wrong with it, it is old.", "Nothing is wrong with it, it is old."),
        ("I I dialled nine nine nine .", "I dialled nine nine nine."),
        ("We should , we should , we should wait .", "We should wait."),
        ("It is cheap , the the case , the case is red .", "It is cheap, the case is red."),
    ],
)
def test_noise_is_taken_out_and_nothing_else(said: str, left: str) -> None:
    assert tidied(said) == left


@given(st.text(st.sampled_from("ab AB ,.{}'um uh not 1"), max_size=80))
def test_what_is_left_are_words_of_the_source_in_order(said: str) -> None:
    assert only_words_of(tidied(said), said)


def test_words_in_another_order_or_from_elsewhere_are_noticed() -> None:
    assert only_words_of("the red lamp", "The very red, old lamp")
    assert not only_words_of("the lamp red", "The red lamp")
    assert not only_words_of("the blue lamp", "The red lamp")


def test_a_transcript_has_turns_with_their_speakers() -> None:
    document = parsed("talk.txt", "\n".join(TRANSCRIPT_LINES))
    turns = turns_of(document)
    assert turns is not None
    at = document.text.index("solar cell")
    speaker, start, body = turns.at(at) or ("", 0, 0)
    assert speaker == "Designer"
    assert document.text[start:body] == "Designer: "


@pytest.mark.parametrize(
    "text",
    [
        "From: A\nTo: B\nSubject: Rent\n\nDear all,\n\nthe rent rises.\n" * 4,
        "The harbour is open. Note: bring boots.\n\nIt rained.\n" * 4,
        "Chair: one line only.\n\nThe rest is prose that nobody says.\n" * 2,
    ],
)
def test_letters_and_prose_are_no_transcripts(text: str) -> None:
    assert turns_of(parsed("a.txt", text)) is None


def test_interjections_and_questions_are_not_chosen(transcript) -> None:  # type: ignore[no-untyped-def]
    document, passages = transcript
    units = units_of(document, passages)
    sentences = [u for u in units if u.kind == "sentence"]
    assert not any("Okay" in u.text or "How much" in u.text for u in sentences)
    assert {u.speaker for u in sentences} == {"Chair", "Designer"}
    for unit in sentences:
        quote = unit.span.of(document.text)
        assert quote.startswith(f"{unit.speaker}:")
        assert only_words_of(unit.shown, quote)
