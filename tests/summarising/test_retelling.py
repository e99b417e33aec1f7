"""Wordings that turn round who did or said what."""

from __future__ import annotations

import pytest

from rag.summarising.fidelity import objections
from rag.summarising.retelling import broken
from tests.summarising.test_fidelity import said

BAKER = said(
    "Ms Adeyemi: My aunt had an oven, and when she retired she gave it to me",
    "Ms Adeyemi: If somebody gave me the old post office for free, perhaps",
    "Ms Adeyemi: I would rather make the rye better",
)


@pytest.mark.parametrize(
    ("wording", "lines", "reason"),
    [
        ("Ms Adeyemi gave her the oven when she retired.", BAKER[:1], "does not do it"),
        ("Ms Adeyemi would give the old post office for free.", BAKER[1:2], "does not do it"),
        ("Ms Adeyemi would rather make the rye better.", BAKER[2:], ""),
        ("Ms Adeyemi would make the rye better.", BAKER[2:], "chooses between two"),
        ("Adeyemi would rather make the rye better.", BAKER[2:], ""),
        ("Ms Adeyemi said that an aunt gave the oven to her.", BAKER[:1], ""),
        (
            "Marketing discussed the buttons and said so.",
            said("Marketing: First I'll discuss the buttons"),
            "still to come",
        ),
        (
            "Marketing said that the buttons will be discussed.",
            said("Marketing: First I'll discuss the buttons"),
            "",
        ),
        (
            "Morgan said that a survey was made.",
            said("Julie Morgan AM: A survey was made"),
            "",
        ),
        (
            "The minister said that there were problems with the programme.",
            said("Mr Scheer: The minister said that there were problems with the programme"),
            "does not name who says it",
        ),
        (
            "Farmers at Milton lost fourteen hectares of barley.",
            said("Farmers at Milton say that they lost fourteen hectares of barley"),
            "it is only told",
        ),
        (
            "Farmers at Milton say that fourteen hectares of barley were lost.",
            said("Farmers at Milton say that they lost fourteen hectares of barley"),
            "",
        ),
        (
            "Marketing wants to look at the remote controls and merge them into one.",
            said(
                "Marketing: I want to look at the remote controls of others",
                "Marketing: Get the good points and merge them into one",
            ),
            "stand for something else",
        ),
    ],
)
def test_a_wording_that_turns_it_round_is_objected_to(
    wording: str,
    lines: list,
    reason: str,  # type: ignore[type-arg]
) -> None:
    found = objections(wording, lines)
    assert any(reason in objection for objection in found) == bool(reason), found


@pytest.mark.parametrize(
    ("wording", "quote", "joins"),
    [
        (
            "The Chair said that they have five minutes to sell the remote controls.",
            "Chair: we're planning to sell these remote controls for {disfmarker} so we've got "
            "five minutes left .",
            True,
        ),
        (
            "The Chair said that they sell remote controls to shops.",
            "Chair: um {disfmarker} yeah {gap} we sell remote controls to shops .",
            False,
        ),
        ("The roof leaks.", "Chair: the roof leaks , and the hall is cold .", False),
    ],
)
def test_what_was_broken_off_is_not_joined(wording: str, quote: str, joins: bool) -> None:
    assert bool(broken(wording, [quote])) == joins
