"""What several documents have in common, and how their sentences relate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rag.summarising import SummaryTools, summarise
from rag.summarising.account import Account
from rag.summarising.collection import Collection
from rag.summarising.differing import Relation, relations
from rag.summarising.gathering import Text
from rag.summarising.selecting import Pool
from rag.summarising.themes import Theme, themes_of
from rag.summarising.units import units_of
from rag.testing import FakeEmbedder

TextOf = Callable[[str, str], Text]

HARBOUR = "The harbour pontoon is moored by the harbour master at the harbour quay."
MILK = "The dairy farms deliver milk and the dairy pays the farms for the milk."


def pool_of(*texts: Text) -> Pool:
    units = [u for d, p in texts for u in units_of(d, p) if u.kind != "nothing"]
    numbers = {name: i for i, name in enumerate(dict.fromkeys(u.document for u in units))}
    vectors = FakeEmbedder(dimension=256).embed_passages([u.text for u in units])
    sections = [numbers[u.document] for u in units]
    return Pool(units, vectors, sections, [20] * len(numbers), list(numbers))


def test_documents_about_the_same_thing_have_a_theme(text_of: TextOf) -> None:
    pool = pool_of(
        text_of("a.txt", f"{HARBOUR} Lamps shine."),
        text_of("b.txt", MILK),
        text_of("c.txt", f"{HARBOUR} Ropes hang."),
        text_of("d.txt", f"{MILK} Cheese ripens."),
        text_of("e.txt", "Volcanic ash covers remote islands of northern oceans."),
    )
    themes = themes_of(pool)
    assert [t.documents for t in themes] == [("a.txt", "c.txt"), ("b.txt", "d.txt")]
    assert "harbour" in themes[0].words
    assert {"dairy", "milk", "farms"} & set(themes[1].words)
    assert themes[0].name[0].isupper()


def test_one_document_has_no_theme(text_of: TextOf) -> None:
    assert themes_of(pool_of(text_of("a.txt", f"{HARBOUR} {HARBOUR}"))) == []


def related(*texts: Text) -> list[Relation]:
    return relations(pool_of(*texts), {document.path: document for document, _ in texts})


def kinds(*texts: Text) -> list[str]:
    return [r.kind for r in related(*texts)]


LIMIT = "The hotel limit for trips within Europe is 145 euros for each night."


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (LIMIT.replace("145", "165"), ["differ"]),
        (LIMIT.replace("for each night", "a night"), ["agree"]),
        (LIMIT.replace("is 145", "is 165 instead of 145"), ["differ"]),
        ("Breakfast in the hotel is served from seven o'clock by the staff.", []),
    ],
)
def test_how_two_sentences_relate(text_of: TextOf, other: str, expected: list[str]) -> None:
    assert kinds(text_of("a.txt", LIMIT), text_of("b.txt", other)) == expected


def test_what_one_denies_the_other_says(text_of: TextOf) -> None:
    one = text_of("a.txt", "Cats may be kept in the flat by the tenant.")
    other = text_of("b.txt", "Cats may not be kept in the flat by the tenant.")
    assert kinds(one, other) == ["differ"]


def test_of_two_dates_the_earlier_comes_first(text_of: TextOf) -> None:
    later = text_of("2025-03-01.txt", LIMIT.replace("145", "165"))
    (found,) = related(later, text_of("old.txt", f"January 2024\n\n{LIMIT}"))
    assert found.kind == "change"
    assert found.text.startswith("old.txt says “The hotel limit")
    assert ", and later 2025-03-01.txt says “" in found.text
    assert kinds(later, text_of("2025.txt", LIMIT)) == ["differ"]  # which is the later?


OFFER = "The offer for the roof stands until {} September 2025."


def test_a_day_that_is_spoken_of_makes_no_document_later(text_of: TextOf) -> None:
    texts = text_of("a.txt", OFFER.format(15)), text_of("b.txt", OFFER.format(30))
    assert "change" not in kinds(*texts)
    dated = text_of("2025-05-01.txt", OFFER.format(15)), text_of("2025-06-01.txt", OFFER.format(30))
    assert kinds(*dated) == ["change"]


def test_a_day_in_the_name_of_a_document_dates_it_though_it_is_spoken_of(text_of: TextOf) -> None:
    texts = [text_of(f"2025-09-{d}.txt", OFFER.format(d)) for d in (15, 30)]
    assert kinds(*texts) == ["change"]


def test_a_number_at_the_start_of_a_sentence_is_no_number_of_a_section(text_of: TextOf) -> None:
    sold = "{} million litres of milk were sold by the dairy farms."
    texts = text_of("a.txt", sold.format("2.5")), text_of("b.txt", sold.format("3.5"))
    assert kinds(*texts) == ["differ"]
    headed = text_of("a.txt", f"101.2 {LIMIT}"), text_of("b.txt", f"103.4 {LIMIT}")
    assert "differ" not in kinds(*headed)


def test_a_form_that_is_filled_in_anew_is_no_disagreement(text_of: TextOf) -> None:
    texts = [
        text_of(f"{i}.txt", f"The pilot of the plane was {i} years old at that time.")
        for i in range(41, 46)
    ]
    assert related(*texts) == []


def test_a_summary_names_themes_and_relations_with_citations_to_all_sides(
    text_of: TextOf, tools: SummaryTools
) -> None:
    texts = [
        text_of("2024-01-05-a.txt", f"{HARBOUR} {LIMIT}"),
        text_of("2025-01-05-b.txt", f"{HARBOUR} {LIMIT.replace('145', '165')}"),
    ]
    summary = summarise(texts, tools, length="long", form="outline")
    documents = {d.path for d, _ in texts}
    joint = [s for s in summary.sentences if len(s.citations) == 2]
    assert any("have a theme in common" in s.text for s in joint)
    assert any("and later" in s.text for s in joint)
    for sentence in joint:
        assert {summary.citations[m - 1].document for m in sentence.citations} == documents
    assert "What changed from one document to a later one" in summary.summary.split("\n")


@pytest.mark.parametrize(
    ("count", "more"), [(4, ""), (5, ""), (6, " and 1 more"), (12, " and 7 more")]
)
def test_a_theme_of_many_documents_names_those_it_cites_and_counts_the_rest(
    text_of: TextOf, tools: SummaryTools, count: int, more: str
) -> None:
    texts = [text_of(f"{i:02}.txt", f"{HARBOUR} Boat {i} lies there.") for i in range(count)]
    summary = summarise(texts, tools, length="long")
    (told,) = [s for s in summary.sentences if "theme in common" in s.text]
    cited = [summary.citations[m - 1].document for m in told.citations]
    assert len(cited) == min(count, 5)
    names, _, _rest = told.text.partition(" have a theme")
    assert names.removesuffix(more).replace(" and ", ", ").split(", ") == cited
    assert names.endswith(more or cited[-1])


def test_a_theme_cites_the_documents_that_speak_of_it_most(text_of: TextOf) -> None:
    texts = [text_of(f"{i}.txt", f"{HARBOUR} Boat {i} lies there.") for i in range(7)]
    pool = pool_of(*texts)
    theme = Theme(tuple(f"{i}.txt" for i in range(7)), ("harbour", "boat"))
    less = [u if u.document > "1.txt" else replace(u, text="Ropes hang.") for u in pool.units]
    account = Account({d.path: d for d, _ in texts})
    together = Collection((theme,), named=1)
    assert together.tell_theme(account, replace(pool, units=less), "0.txt", set()) == set(
        theme.documents
    )
    assert [c.document for c in account.citations] == [f"{i}.txt" for i in range(2, 7)]


def test_names_of_documents_bring_no_markers_into_the_text(
    text_of: TextOf, tools: SummaryTools
) -> None:
    texts = [text_of("a[7].txt", LIMIT), text_of("b.txt", LIMIT.replace("145", "165"))]
    summary = summarise(texts, tools, length="long")
    assert "[7]" not in summary.summary


def test_what_stands_in_every_document_is_left_to_the_end(
    text_of: TextOf, tools: SummaryTools
) -> None:
    notice = "Dockets released before June are publicly available from the records division."
    own = ("A ferry ran aground near the old lighthouse.", "A glider landed in a field of rye.")
    texts = [
        text_of(f"{i}.txt", f"{notice} {text} {notice}")
        for i, text in enumerate((*own, "A lorry lost its load of bricks on the bridge."))
    ]
    summary = summarise(texts, tools, length="short")
    assert "Dockets" not in summary.summary
    assert "ferry" in summary.summary
