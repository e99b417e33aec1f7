from __future__ import annotations

import random

from rag.training.mixture import QUESTION, Recipe
from rag.training.sets import Pair
from rag.training.stream import build_stream, census
from rag.training.tables import TableMaker, asked, tables_of

BOXES = (
    "Henry Ash\nBorn: 3 May 1901, York\nOccupation: Mason\nCountry: England\nHeight: 1.80 m",
    "Anna Birch\nBorn: 9 June 1920, Bath\nOccupation: Painter\nCountry: Wales\nSpouse(s): Tom Oak",
    "The Long Road\nDirected by: Mary Elm\nCountry: France\nBudget: $2 million\nStarring: Jo Fir",
)


def _pairs() -> list[Pair]:
    return [Pair(f"Claim {n}.", BOXES[n % 3], n % 3, "boxes") for n in range(6)]


def test_each_table_is_read_once_and_text_without_rows_is_none() -> None:
    tables = tables_of([*_pairs(), Pair("A claim.", "Only a sentence: short.", 0, "boxes")])
    assert [table.title for table in tables] == ["Henry Ash", "Anna Birch", "The Long Road"]
    assert tables[0].rows[1] == ("Occupation", "Mason")
    assert {table.source for table in tables} == {"boxes_tables"}


def test_answers_are_the_cell_that_the_question_names() -> None:
    tables = tables_of(_pairs())
    maker = TableMaker(tables, 1)
    values = {table.title: {value for _, value in table.rows} for table in tables}
    shapes = set()
    for table in tables * 60:
        example = maker.of_table(table)[0]
        assert (example.mode, example.label) == (QUESTION, 1)
        title = next(title for title in values if title in example.first)
        assert example.second[example.start : example.end] in values[title]
        shapes.add(example.second.splitlines()[-1].count("|"))
    assert {0, 1, 2} < shapes  # key: value, key | value, | key | value | and wider ones


def test_an_unanswerable_question_names_a_thing_or_a_key_that_is_not_shown() -> None:
    tables = tables_of(_pairs())
    maker = TableMaker(tables, 2)
    found = [e for table in tables * 60 for e in maker.of_table(table) if e.label == 0]
    assert found
    rows = {table.title: dict(table.rows) for table in tables}
    for example in found:
        assert (example.start, example.end) == (-1, -1)
        assert example.source == "boxes_tables:missing"
        title = next(title for title in rows if title in example.first)
        for key, value in rows[title].items():
            if title in example.second and example.first in _questions_for(title, key):
                assert value not in example.second


def _questions_for(title: str, key: str) -> set[str]:
    return {asked(title, key, random.Random(seed)) for seed in range(60)}


def test_a_question_speaks_of_its_key_in_words() -> None:
    assert "When was Anna Birch born?" in _questions_for("Anna Birch", "Born")
    assert "Who directed The Long Road?" in _questions_for("The Long Road", "Directed by")
    assert "What is the area code of York?" in _questions_for("York", "Area code(s)")
    assert not any("born of" in text.lower() for text in _questions_for("Anna Birch", "Born"))


def test_tables_are_a_source_of_the_stream() -> None:
    tables = tables_of(_pairs())
    stream = build_stream([], [], {"boxes_tables": [2.0]}, Recipe(), 3, tables=tables)
    assert census(stream)["boxes_tables/question/1"] == 6
