from __future__ import annotations

import random

import pytest

from rag.training.swaps import KINDS, names, swap

CONTEXT = "In 1862 the Duke of York met Anna Smith in Vienna. In 1871 he sold 40 ships."


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("number", "He sold 40 ships."),
        ("number", "He had seven ships."),
        ("date", "It began in March."),
        ("date", "It began in 1862."),
        ("unit", "It is 12 miles long."),
        ("name", "Then Anna Smith left."),
        ("negation", "The ship was sold."),
        ("negation", "The ship wasn't sold."),
        ("antonym", "It was the first of them."),
    ],
)
def test_a_swap_changes_one_place_by_the_rule_asked_for(kind: str, text: str) -> None:
    for seed in range(10):
        made = swap(text, CONTEXT, random.Random(seed), [kind])
        assert made is not None
        changed, what = made
        assert what == kind
        before, after = text.split(), changed.split()
        kept = sum(word in after for word in before)
        assert changed != text
        assert kept >= len(before) - 2


@pytest.mark.parametrize("kind", KINDS)
def test_no_rule_fits_a_sentence_without_facts(kind: str) -> None:
    assert swap("They sang songs together.", "They sang.", random.Random(0), [kind]) is None


def test_negation_is_undone_where_it_stands() -> None:
    made = swap("It could not be sold.", CONTEXT, random.Random(0), ["negation"])
    assert made == ("It could be sold.", "negation")


def test_a_name_is_taken_from_the_context() -> None:
    found = {
        swap("Then Anna Smith left.", CONTEXT, random.Random(seed), ["name"]) for seed in range(20)
    }
    replaced = {made[0].removeprefix("Then ").removesuffix(" left.") for made in found if made}
    assert replaced <= {"Duke of York", "Vienna"}
    assert replaced


def test_the_same_seed_gives_the_same_swap() -> None:
    text = "In 1862 the Duke of York was in Vienna with 40 ships."
    for seed in range(20):
        one, other = (swap(text, CONTEXT, random.Random(seed)) for _ in range(2))
        assert one == other


def test_names_leave_out_the_capital_that_opens_a_sentence() -> None:
    text = "Ships came. When Anna Smith saw the Danube, In Vienna it rained."
    assert [text[a:b] for a, b in names(text)] == ["Anna Smith", "Danube", "Vienna"]
