"""What a summary quotes instead of wording it, and what a quoted sentence cites."""

from __future__ import annotations

from collections.abc import Callable

from rag.summarising import SummaryTools, summarise
from rag.summarising.account import Account
from rag.summarising.gathering import Text
from rag.summarising.units import units_of
from rag.testing import FakeEmbedder, FakeGenerator, FakeReader

TextOf = Callable[[str, str], Text]


def test_a_sentence_that_leans_cites_the_one_that_it_leans_on(
    text_of: TextOf, tools: SummaryTools
) -> None:
    text = "The air filter lies behind the grille. Clean it every two weeks with the vacuum.\n"
    summary = summarise([text_of("manual.txt", text)], tools, about="clean every two weeks")
    (told,) = (s for s in summary.sentences if "Clean it" in s.text)
    cited = [summary.citations[m - 1].quote for m in told.citations]
    assert cited == [
        "The air filter lies behind the grille.",
        "Clean it every two weeks with the vacuum.",
    ]
    assert told.text == " ".join(cited)  # alone it would not say what to clean


def test_what_it_leans_on_may_lean_itself(text_of: TextOf, tools: SummaryTools) -> None:
    text = (
        "The chain ferry was sold in May. It was sold to a museum.\n\n"
        "It lies in the new harbour of the town.\n"
    )
    summary = summarise([text_of("ferry.txt", text)], tools, about="harbour of the town")
    (told,) = (s for s in summary.sentences if "It lies" in s.text)
    cited = [summary.citations[m - 1].quote for m in told.citations]
    assert cited == [
        "The chain ferry was sold in May.",
        "It was sold to a museum.",
        "It lies in the new harbour of the town.",
    ]
    assert told.text == " ".join(cited)


def test_what_was_just_said_is_not_said_again_for_what_leans_on_it(text_of: TextOf) -> None:
    text = "The ferry was sold in May.\n\nIt lies in the new harbour.\n\n" + "Reeds grow. " * 40
    document, passages = text_of("ferry.txt", text)
    units = units_of(document, passages)
    account = Account(
        {"ferry.txt": document}, standing={(u.document, u.position): u for u in units}
    )
    account.quote(units[0], 0)
    account.quote(units[1], 0)
    assert [s.text for s in account.sentences] == [units[0].text, units[1].text]
    assert account.sentences[1].citations == (1, 2)


def test_what_a_heading_denies_is_told_behind_it(text_of: TextOf) -> None:
    text = (
        "HOUSEHOLD POLICY\n\n1. What is covered\n1.1 Damage to furniture by a fire indoors.\n\n"
        "2. What is not covered\n2.1 Damage to the cellar by a flood or by groundwater.\n"
    )
    generator = FakeGenerator(["Damage to the cellar by a flood or by groundwater is paid."] * 9)
    tools = SummaryTools(FakeEmbedder(dimension=256), FakeReader(), generator)
    summary = summarise([text_of("policy.txt", text)], tools, about="damage to the cellar by flood")
    (told,) = (s for s in summary.sentences if "cellar" in s.text)
    assert told.text.startswith("What is not covered: Damage to the cellar")
    cited = [summary.citations[m - 1].quote for m in told.citations]
    assert cited[0] == "2. What is not covered"


def test_an_answer_in_a_talk_cites_the_question_that_it_leans_on(
    text_of: TextOf, tools: SummaryTools
) -> None:
    lines = [
        "Guest: We came here by train in June.",
        "Host: A horse trailer?",
        "Guest: Yes.",
        "Host: Mm-hmm.",
        "Guest: It was borrowed from the old baker of another village.",
    ]
    text = "\n".join([f"Host: And then, in year {i}?\nGuest: Nothing." for i in range(3)] + lines)
    summary = summarise([text_of("talk.txt", text)], tools, about="borrowed from the baker")
    (told,) = (s for s in summary.sentences if "It was borrowed" in s.text)
    cited = [summary.citations[m - 1].quote for m in told.citations]
    assert cited == ["Host: A horse trailer?", told.text]


def test_a_title_page_is_not_told_and_no_sentence_is_made_of_a_line(text_of: TextOf) -> None:
    generator = FakeGenerator()
    tools = SummaryTools(FakeEmbedder(dimension=256), FakeReader(), generator)
    text = (
        "Merrow Valley Dairy | Annual report 2024\n\n"
        "Date: Tuesday 11 March 2025, 18:30 to 20:50  Place: Net Loft, North Quay  Present: Agnes "
        "Thorburn (chair), Malik Sorensen (treasurer), Dr Wen Baptiste, Col Ferris, Hanna Quill "
        "(harbour master), Tobias Renn (secretary)\n\n## Milk\n\nThe farms delivered "
        "more milk than in the year before.\n\n## Costs\n\n"
        "The price of fodder fell by a tenth in the summer.\n"
    )
    summary = summarise([text_of("report.md", text)], tools, length="long")
    assert "Annual report" not in summary.summary
    assert "Thorburn" not in summary.summary
    assert len(summary.sentences) == 2
    generator.prompts.clear()
    table = summarise(
        [text_of("t.csv", "name,what\nrose,planted here\nshed,painted green\n")], tools
    )
    assert "planted here" in table.summary
    assert generator.prompts == []


GERMAN = (
    "Der Hafenrat traf sich am 13. Mai im alten Zollhaus. Der neue Ponton wird erst im Herbst "
    "geliefert, weil der Preis gestiegen ist. Die Regatta wird auf den 12. Juli verlegt.\n"
)


def test_a_text_in_another_language_stands_in_its_own_words(minutes: Text, text_of: TextOf) -> None:
    generator = FakeGenerator()
    tools = SummaryTools(FakeEmbedder(dimension=256), FakeReader(), generator)
    german = summarise([text_of("hafen.txt", GERMAN)], tools)
    assert generator.prompts == []
    assert "Die Regatta wird auf den 12. Juli verlegt. [" in german.summary
    assert german.removed == ()
    both = summarise([text_of("hafen.txt", GERMAN), minutes], tools, length="long")
    assert {c.document for c in both.citations} == {"hafen.txt", "minutes.md"}
    assert generator.prompts
    assert not any("Regatta" in p.rest for p in generator.prompts)
