from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering import ask
from rag.answering.candidate import Candidate, agreement
from rag.answering.candidates import find_candidates
from rag.answering.deciding import judged_text
from rag.testing import FakeReader
from rag.types import Hit, Passage, Phrase, Span


def candidate(text: str, start: int, end: int) -> Candidate:
    whole = Span(10, 10 + len(text))
    passage = Passage("p", "a.txt", whole, text, (whole,))
    phrase = Phrase(text[start:end], "a.txt", Span(10 + start, 10 + end))
    return Candidate("a.txt", whole, text, phrase, 1.0, 0.0, 0.0, Hit(passage, 1, 1.0))


@given(st.text(st.sampled_from("ab cd,.\n"), min_size=1, max_size=400), st.data())
def test_an_excerpt_holds_the_phrase_and_is_bounded(text, data) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, min(len(text), start + 20)))
    excerpt = candidate(text, start, end).excerpt(80)
    assert len(excerpt) <= 84 or excerpt == text
    assert text[start:end].strip() in excerpt
    assert excerpt.removeprefix("… ").removesuffix(" …") in text


def test_a_short_text_is_its_own_excerpt() -> None:
    assert candidate("The rent is 940 euros.", 12, 15).excerpt(80) == "The rent is 940 euros."


def test_candidates_do_not_overlap_and_are_no_questions(make) -> None:
    texts = {
        "a.txt": "How much is the rent? The rent is 940 euros. The rent is due in May.",
        "b.txt": "The rent is 940 euros.",
    }
    workshop = make(texts)
    hits = workshop.search("How much is the rent?", 10)
    found = find_candidates("How much is the rent?", hits, FakeReader(), workshop.document)
    assert [c.text for c in found] == ["The rent is 940 euros.", "The rent is due in May."]


def test_no_hits_give_no_candidates(make) -> None:
    assert find_candidates("How much?", [], FakeReader(), make({}).document) == []


def test_agreement_counts_the_same_phrase_elsewhere() -> None:
    one, same = candidate("It is 940 now.", 6, 9), candidate("That costs 940.", 11, 14)
    other = candidate("It is 17.", 6, 8)
    assert agreement([one, same, other], one) == 0.5
    assert agreement([one, same, other], other) == 0.0


def test_the_questions_own_words_are_no_answer_and_a_heading_is_none_to_yes_or_no(make) -> None:
    workshop = make({"a.md": "Open day.\nIt is held on 13 July.", "b.md": "The open day is free."})
    for question, expected in (("When is the open day?", False), ("Is there an open day?", True)):
        hits = workshop.search(question, 10)
        found = find_candidates(question, hits, FakeReader(), workshop.document)
        assert ("Open day." in [c.text for c in found]) is expected


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("No dogs are allowed in the hall.", "How many dogs are allowed in the hall?"),
        ("All members may use the hall.", "Which members may use the hall?"),
        ("The hall was painted in May.", "When was the hall painted?"),
    ],
)
def test_a_word_for_none_or_all_or_a_month_may_be_all_that_answers(make, text, question) -> None:
    answer = ask(question, make({"rules.txt": text}), quote_only=True)
    assert [c.quote for c in answer.citations] == [text]


def test_the_names_of_a_tables_columns_are_no_answer(make) -> None:
    workshop = make({"stops.md": "| Place | Day |\n|---|---|\n| Over Wick | Friday |\n"})
    hits = workshop.search("On which day is it in Over Wick?", 10)
    found = find_candidates(
        "On which day is it in Over Wick?", hits, FakeReader(), workshop.document
    )
    assert [c.text for c in found] == ["| Over Wick | Friday |"]


def test_a_line_of_names_takes_no_place_where_something_else_is_asked(make) -> None:
    head = "Dunmore, 15 September 2026\nAnn Lee\n\n"
    texts = {"letter.txt": f"{head}The salary of Ann Lee is raised to 4,100 euros."}
    workshop = make(texts)

    def lines(question: str) -> set[str]:
        hits = workshop.search(question, 10)
        found = find_candidates(question, hits, FakeReader(), workshop.document)
        return {c.text for c in found}

    assert "Ann Lee" not in lines("What is the salary of Ann Lee?")
    assert "Dunmore, 15 September 2026" not in lines("What is the salary of Ann Lee in 2026?")
    assert "Dunmore, 15 September 2026" in lines("When did Dunmore raise the salary?")
    assert "Ann Lee" in lines("Whose salary is raised?")


def test_a_label_is_no_answer_but_a_list_with_its_label_may_be_one(make) -> None:
    shop = make({"course.txt": "Required textbook:\n\nTidal life by Fenwick.\n"})
    found = find_candidates(
        "Is there a required textbook?", shop.search("textbook", 3), shop.reader, shop.document
    )
    assert [c.text for c in found] == ["Tidal life by Fenwick."]
    assert found[0].setting.endswith("Required textbook")
    shop = make({"course.txt": "Required tools:\n- a lens\n- boots\n"})
    found = find_candidates(
        "What are the required tools?", shop.search("tools", 3), shop.reader, shop.document
    )
    assert "Required tools:\n- a lens\n- boots" in [c.text for c in found]


PRICES = {
    "boats.txt": "Boat: Kayak | Price: 25\nBoat: Canoe | Price: 30\nBoat: Raft | Price: 55\n",
    "note.txt": "The cheapest boat leaks.\n",
}


def test_the_row_with_the_most_or_least_stands_for_its_table(make) -> None:
    shop = make(PRICES)
    question = "Which boat is the cheapest?"
    found = find_candidates(question, shop.search("boat price", 9), shop.reader, shop.document)
    rows = [c for c in found if c.document == "boats.txt"]
    assert [(c.text, c.rank, c.ranked_of) for c in rows] == [
        ("Boat: Kayak | Price: 25", "lowest Price", 3)
    ]
    assert rows[0].phrase.text == "25"
    assert "(lowest of all). The lowest Price of all." in judged_text(rows[0])
    plain = find_candidates(
        "What does the raft cost?", shop.search("raft", 9), shop.reader, shop.document
    )
    assert not any(c.rank for c in plain)


def test_a_row_that_no_hit_holds_is_found_in_its_table(make) -> None:
    rows = "\n".join(f"Boat: B{i} | Price: {100 - i}" for i in range(1, 9))
    shop = make({"boats.txt": rows})
    hits = [h for h in shop.search("boat", 9) if "B8" not in h.passage.text]
    found = find_candidates("Which boat is the cheapest?", hits, shop.reader, shop.document)
    assert found[0].text == "Boat: B8 | Price: 92"
    assert found[0].hit.passage.text == found[0].text
    assert found[0].span.of(rows) == found[0].text
