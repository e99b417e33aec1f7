from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.verification import findings, is_verbatim
from rag.verification.rules import content_words, coverage

DIFFERENT = [
    ("The lease runs for five years.", "The lease runs for ten years.", "number"),
    ("The lease runs for 5 years.", "The lease runs for ten years.", "number"),
    ("It takes five days.", "It takes 5 weeks.", "unit"),
    ("The fee is 20 dollars.", "The fee is €20.", "unit"),
    ("The share is 2.5 %.", "The share is 3.5 %.", "number"),
    ("It opened in March 2024.", "It opened in May 2024.", "month"),
    ("The plan was agreed.", "The plan was not agreed.", "negation"),
    ("The plan was not agreed.", "The plan was agreed by all members.", "negation"),
    ("Dogs are permitted.", "Dogs aren't permitted, but one cat may be kept.", "negation"),
    ("The board can sell the boat.", "The board cannot sell the boat.", "negation"),
    ("Ms Smith abstained.", "Ms Adeyemi abstained.", "name"),
    ("The trial was held in Oslo.", "The trial was held in Bergen.", "name"),
    ("The rate fell to 3.5 %.", "The rate rose to 3.5 %.", "opposite"),
    ("The gate opens at six.", "The gate closes at six.", "opposite"),
    ("The low was 5 degrees.", "The low was -5 degrees on Monday.", "number"),
    ("Profit was -3 million.", "Profit was 3 million.", "number"),
    (
        "The temperature fell to 5 degrees.",
        "At night the temperature fell to -5 degrees.",
        "number",
    ),
    (
        "The result was down at 5 million euros.",
        "The result was down at -5 million euros.",
        "number",
    ),
    ("The maximum is 12 tonnes.", "The minimum is twelve tonnes.", "opposite"),
]
FOLLOWS = [
    ("One cat may be kept.", "Dogs are not permitted, but one cat may be kept."),
    ("It costs 1000 euros.", "The cost is €1,000."),
    ("The rate rose to 3.5 per cent.", "The rate was raised to 3.5 % of payroll."),
    ("In March 2024 it opened.", "It opened on 2024-03-01."),
    ("Forty crates were delivered.", "40 crates were delivered to Hall 6."),
    ("The lease runs for ten years.", "The lease runs for 10 years."),
    ("Adeyemi's vote was missing.", "The vote of Ms Adeyemi was missing."),
    ("The council agreed to raise spending.", "“The council agreed to raise spending”, it says."),
    ("The plan was not agreed.", "The plan wasn't agreed."),
    ("Sales fell by 5 % in March.", "Sales in March: -5 %"),
    ("Sales in March: −5 %", "Sales fell by 5 % in March."),
    (
        "There was a loss of about 3 million euros.",
        "Profit: -3 million euros, about the loss told.",
    ),
    ("Sales were 5 % lower in March.", "Sales in March: -5 %, lower than in May"),
    ("Pride was called a sin.", "The bishop called it a sin, this pride."),
]


@pytest.mark.parametrize(("sentence", "cited", "kind"), DIFFERENT)
def test_what_the_source_does_not_say_is_found(sentence, cited, kind) -> None:
    assert kind in [f.kind for f in findings(sentence, cited)]


@pytest.mark.parametrize(("sentence", "cited"), FOLLOWS)
def test_what_follows_from_the_source_has_no_findings(sentence, cited) -> None:
    assert findings(sentence, cited) == []


def test_a_title_may_supply_a_name_but_no_number() -> None:
    cited = "It was opened in 1911."
    assert findings("The Marne bridge was opened in 1911.", cited) != []
    assert findings("The Marne bridge was opened in 1911.", cited, ["Marne bridge 1912"]) == []
    assert findings("The Marne bridge was opened in 1912.", cited, ["Marne bridge 1912"]) != []


@pytest.mark.parametrize(
    ("inner", "outer", "stands"),
    [
        ("was agreed", "The plan was agreed.", True),
        ("agreed", "The plan was disagreed.", False),
        ("The  plan\nwas agreed", "“The plan was agreed”", True),
        ("", "anything", False),
        ("15", "It cost 150.", False),
    ],
)
def test_verbatim_is_whole_words_without_regard_to_spaces(inner, outer, stands) -> None:
    assert is_verbatim(inner, outer) is stands


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("The roof was mended in May.", True),
        ("On 3 May the roof was mended.", True),
        ("May 2025 was wet.", True),
        ("since May, when it rained", True),
        ("the roof was mended in\nMay by Ada Moss", True),
        ("April, May", True),
        ("1. Dogs\n\nMay be kept.", False),
        ("May I keep a dog?", False),
        ("You may keep a dog.", False),
        ("It is agreed. May it last.", False),
    ],
)
def test_the_month_of_may_is_a_word_that_carries_meaning(text, held) -> None:
    assert ("may" in content_words(text)) == held


def test_coverage_is_the_share_of_content_words() -> None:
    assert coverage("The green boat sank", "A boat sank in the harbour") == pytest.approx(2 / 3)
    assert coverage("", "text") == 0.0


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_text_makes_the_rules_fail(sentence, cited) -> None:
    findings(sentence, cited)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=100), st.text(max_size=50))
def test_what_stands_in_the_source_is_never_found_against(sentence, before) -> None:
    cited = f"{before}\n{sentence}\n"
    if is_verbatim(sentence, cited):
        assert findings(sentence, cited) == []
