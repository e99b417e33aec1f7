"""Verbs of saying: what each rule that takes them needs."""

from __future__ import annotations

import pytest

from rag.summarising import english
from rag.summarising.fidelity import objections
from tests.summarising.test_fidelity import said


def test_the_forms_of_a_verb() -> None:
    assert english.told(["say", "state", "warn"]) == (
        "says",
        "said",
        "states",
        "stated",
        "warns",
        "warned",
    )
    assert english.forms(["argue"]) == ("argue", "arguing", "argues", "argued")


def objected(wording: str, source: str, reason: str) -> bool:
    return any(reason in objection for objection in objections(wording, said(source)))


@pytest.mark.parametrize("form", english.told(english.SAID + english.STRONGER))
def test_whoever_is_said_to_say_it_says_it_in_the_source(form: str) -> None:
    wording = f"Mrs Pym {form} that the lamp in the hall is red."
    assert objected(wording, "The lamp in the hall is red", "nobody says it")
    assert not objected(wording, f"Mrs Pym {form} the lamp in the hall is red", "says it")
    of_another = f"The landlady {form} the lamp in the hall is red"
    assert objected(wording, of_another, "'Mrs Pym' says it")


@pytest.mark.parametrize("word", ["a saying", "a telling sign", "a strange feeling", "adding up"])
def test_what_nobody_need_say_is_not_said(word: str) -> None:
    wording = "Mrs Pym said that the lamp in the hall is red."
    assert objected(wording, f"Mrs Pym and {word}, the lamp in the hall is red", "nobody says it")


@pytest.mark.parametrize("form", english.told(english.HELD + english.HELD_BY_SEVERAL))
def test_what_somebody_holds_is_no_fact(form: str) -> None:
    source = f"The farmer {form} that fourteen hectares were lost"
    assert objected("Fourteen hectares were lost.", source, "it is only told")
    assert not objected(f"The farmer {form} fourteen hectares lost.", source, "it is only told")


@pytest.mark.parametrize("verb", english.HELD_BY_SEVERAL)
def test_what_several_hold_is_no_fact(verb: str) -> None:
    assert objected(
        "Fourteen hectares were lost.", f"Farmers {verb} fourteen hectares were lost", "only told"
    )


@pytest.mark.parametrize(
    ("form", "free"),
    [
        *((form, True) for form in english.told(english.SAID + english.DESCRIBED)),
        *((form, False) for form in ("claimed", "warned", "reminded", "feared", "hoped")),
    ],
)
def test_a_word_of_saying_is_free_where_it_says_no_more_than_that(form: str, free: bool) -> None:
    wording = f"Mrs Pym {form} a lamp."
    assert objected(wording, "Mrs Pym, a lamp", "not in the source") != free


def test_a_pronoun_of_a_later_sentence_may_stand_for_another() -> None:
    units = said("The board has a lamp", "The boat in the harbour is theirs")
    found = objections("The board has a lamp and the boat is theirs.", units)
    assert any("stand for something else" in objection for objection in found)
