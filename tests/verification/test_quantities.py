from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.verification.quantities import days, months, quantities, without_days


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1,000", "1000", ""),
        ("1 000 euros", "1000", "euro"),
        ("€1,000", "1000", "euro"),
        ("1000 €", "1000", "euro"),
        ("$3bn", "3000000000", "dollar"),
        ("€2.5 million", "2500000", "euro"),
        ("3.5 %", "3.5", "percent"),
        ("3.5 percent", "3.5", "percent"),
        ("3.5 per cent", "3.5", "percent"),
        ("3,5 %", "3.5", "percent"),
        ("five years", "5", "year"),
        ("five-year", "5", "year"),
        ("ninety days", "90", "day"),
        ("twenty-five", "25", ""),
        ("two hundred and thirty", "230", ""),
        ("a million", "1000000", ""),
        ("three thousand four hundred", "3400", ""),
        ("12 km", "12", "kilometre"),
        ("a dozen", "12", ""),
        ("-5 °C", "-5", "degree"),
        ("it was \u22125 degrees", "-5", "degree"),
        ("(-5)", "-5", ""),
        ("| -1,200 |", "-1200", ""),
        ("-€5", "-5", "euro"),
        ("€-5", "-5", "euro"),
        ("minus 5 degrees", "-5", "degree"),
        ("minus twelve degrees", "-12", "degree"),
        ("room A-5", "5", ""),
        ("- 5 apples", "5", ""),
    ],
)
def test_a_number_and_its_unit(text, value, unit) -> None:
    found = quantities(text)
    assert [(q.value, q.unit) for q in found] == [(Decimal(value), unit)]


@pytest.mark.parametrize("text", ["one of them", "a second opinion", "no number here", ""])
def test_what_is_no_number(text) -> None:
    assert quantities(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "2019-2020",
        "3 -5",
        "3 - 5",
        "3\u20135",
        "9am -5pm",
        "10% -15%",
        "5 m -10 m",
        "Take:\n-250 g",
    ],
)
def test_a_dash_between_numbers_is_no_sign(text) -> None:
    assert all(q.value > 0 for q in quantities(text))


def test_numbers_that_follow_each_other_stay_apart() -> None:
    assert [q.value for q in quantities("ten, twenty and 30")] == [30, 10, 20]


def test_months_by_word_and_in_a_date() -> None:
    assert months("from March to 2025-09-01, and he may go") == {3, 9}
    assert months("In May it rains.") == {5}


@given(st.integers(0, 10**9))
def test_grouping_does_not_change_a_number(number) -> None:
    assert quantities(f"{number:,}")[0].value == quantities(str(number))[0].value == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on 1 August 2025", [(1, 8, 2025)]),
        ("from August 1st to 3rd of September", [(1, 8, 0), (3, 9, 0)]),
        ("2025-08-01 and 1\nAugust, 2026", [(1, 8, 2025), (1, 8, 2026)]),
        ("5 Points, 12 March", [(12, 3, 0)]),
        ("August 2025", []),
        ("May 45, invoice 7781-20-33 or 2024-02-45", []),
    ],
)
def test_the_days_that_a_text_names(text, expected) -> None:
    assert [(d.day, d.month, d.year) for d in days(text)] == expected


def test_a_text_without_its_days_keeps_its_other_numbers() -> None:
    left = without_days("20 pupils came on 12 May 2020, 5 on 2020-05-13")
    assert [q.value for q in quantities(left)] == [20, 5]
    assert not quantities(without_days("from 1 May to 11 May, May 1 and May 12"))


def test_a_day_without_a_year_may_be_that_of_any() -> None:
    bare, one, other = days("1 August, 1 August 2024, 1 August 2025")
    assert bare.may_be(one)
    assert other.may_be(bare)
    assert not one.may_be(other)
