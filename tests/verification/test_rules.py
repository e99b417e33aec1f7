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
    ("The meeting begins at 9 am.", "The meeting begins at 9 pm.", "number"),
    ("The meeting begins at 14:30.", "The meeting begins at 2.30 am.", "number"),
    ("It opens at 8:00.", "It opens at 20:00.", "number"),
    ("It was signed on 12 March 2025.", "Signed on 12 May 2025, it began in March.", "number"),
    (
        "The lease ends on 1 March 2024.",
        "It begins on 2 March 2024, ends on 1 March 2026.",
        "number",
    ),
    ("The lease runs for one year.", "The lease runs for two years.", "number"),
    ("The second option won.", "The third option won.", "number"),
    ("The share is 3", "The share is 3.5 %.", "number"),
    ("It cost 5.", "It cost 5 million.", "number"),
    ("It cost 1½ euros.", "It cost 1 euro.", "number"),
    ("The dose is 5 mg.", "The dose is 5 g.", "unit"),
    ("The fee is EUR 5.", "The fee is USD 5.", "unit"),
    ("The rent is 1,200 euros a month.", "The rent is 1,200 euros a year.", "unit"),
    ("Room B is free.", "Room C is free.", "name"),
    ("Flat 3A is let.", "Flat 3B is let.", "name"),
    ("Clause 4(a) applies.", "Clause 4(b) applies.", "name"),
    ("J. Smith was elected.", "K. Smith was elected.", "name"),
    ("John Smith was elected.", "Jane Smith was elected.", "name"),
    ("Write to anna@x.org.", "Write to berta@x.org.", "name"),
    ("The contract is valid.", "The contract is invalid.", "opposite"),
    ("He is able to come.", "He is unable to come.", "opposite"),
    ("The office is not closed.", "The office is not open.", "opposite"),
    ("More than 5 people may come.", "No more than 5 people may come.", "opposite"),
    ("Sales were up 5 %.", "Sales were down 5 %.", "opposite"),
    ("The lease ends on 5 May.", "The lease begins on 5 May.", "opposite"),
    ("Ms Lee voted for the plan.", "Ms Lee voted against the plan.", "opposite"),
    (
        "The board took the offer.",
        "The board declined the offer.",
        "negation",
    ),
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
    ("It begins at 14:30.", "It begins at 2.30 pm."),
    ("It begins at 2 p.m.", "It begins at 14:00."),
    ("It begins at 9.30 am on Monday.", "Mon 5 May, 09:30: it begins"),
    ("It is open from 9 am to 5 pm.", "It is open from 9:00 to 17:00."),
    ("It was signed on 2025-03-12.", "It was signed on 12 March 2025."),
    ("It was signed on 12 March 2025.", "It was signed on 12/03/2025."),
    ("It was signed on 12 March 2025.", "It was signed on 12.03.2025."),
    ("The fair begins on 10 May 2025.", "Fair: 10-12 May 2025, begins at noon"),
    ("It was signed on 12 March.", "SIGNED ON 12 MARCH 2025"),
    ("It ran from 2019 to 2021.", "It ran 2019-21."),
    ("The budget is 1.5m pounds.", "The budget is £1,500,000."),
    ("The budget is 1.5 million.", "The budget is one and a half million pounds."),
    ("It is half a million.", "It is 500,000."),
    ("It takes 1.5 hours.", "It takes 1½ hours."),
    ("It uses 5 kWh.", "It uses 5 kilowatt hours."),
    ("The rent is 1,200 euros.", "Rent: 1.200,00 EUR"),
    ("It costs EUR 5.", "It costs €5."),
    ("The term is 1 year.", "The term is one year."),
    ("The term is one year.", "The term is twelve months."),
    ("The rent is €1,200 a month.", "Rent: 14,400 a year, that is €1,200 per month"),
    ("Flat 3A is let.", "Flat 3a is let."),
    ("J. Smith signed.", "John Smith signed it."),
    ("Chairman Lee opened it.", "Anna Lee, chairman, opened it."),
    ("Pets are forbidden.", "No pets are allowed."),
    ("Pets are not allowed.", "Pets are forbidden."),
    ("The plan was not approved.", "The plan was rejected."),
    ("He couldn't attend.", "He was unable to attend."),
    ("Sales declined by 3 %.", "Sales fell by 3 %."),
    ("Invoice 14 was paid.", "Invoice No. 14 was paid."),
    ("The rent is due by 5 May at the latest.", "The rent is due no later than 5 May."),
    ("At most 5 people may come.", "No more than five people may come."),
    ("The fund pays schools and clubs.", "The fund pays not only schools but also clubs."),
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
        ("It cost 15", "It cost 15.5 euros.", False),
        ("It cost 15.", "It cost 15 thousand.", False),
        ("5 degrees", "It was -5 degrees.", False),
        ("agreed", "The plan was not agreed.", False),
        ("It cost 15.", "It cost 15. Then it rained.", True),
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
