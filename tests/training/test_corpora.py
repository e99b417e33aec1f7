from __future__ import annotations

import json

import pytest

from rag.evaluation.sets import open_set
from rag.training.corpora import books_of, books_of_tables, main, write
from rag.training.sets import AnswerText, Question
from rag.training.tables import Table

MILL = "The mill at Thorn was built by Ada Moss in 1790."
LOCK = "The lock was rebuilt in 1840. Nobody was hurt."


def asked(question: str, context: str, *answers: str, group: str = "Thorn & Lock") -> Question:
    found = tuple(AnswerText(a, context.index(a)) for a in answers)
    return Question(question, context, found, group, "own")


QUESTIONS = [
    asked("Who built the mill?", MILL, "Ada Moss"),
    asked("When was the lock rebuilt?", LOCK, "1840", "in 1840"),
    asked("Who rebuilt the lock?", LOCK),
    asked("Who built it?", MILL, "Ada Moss", group="Thorn / Lock"),
]


def test_each_group_becomes_a_document_with_its_contexts_once() -> None:
    books = books_of(QUESTIONS)
    assert [book.name for book in books] == ["Thorn_Lock", "Thorn_Lock_"]
    assert books[0].text.count(MILL) == books[0].text.count(LOCK) == 1
    assert len(books[0].questions) == 3


def test_gold_spans_hold_the_answers() -> None:
    book = books_of(QUESTIONS)[0]
    for row in book.questions:
        spans = {book.text[g["start"] : g["end"]] for g in row["gold"]}
        assert spans == set(row["answers"])
    assert not book.questions[2]["answerable"]


def test_a_context_that_is_too_long_is_left_out() -> None:
    assert books_of([asked("Who?", MILL + " More." * 1000, "Ada Moss")]) == []


def test_tables_give_questions_whose_gold_is_the_cell() -> None:
    tables = [
        Table(f"Ship {n}", (("Length", f"{n} m"), ("Owner", f"Firm {n}"), ("Crew", f"{n}")), "t")
        for n in range(11, 31)
    ]
    books = books_of_tables(tables, 5)
    assert {book.name.startswith("List_of_") for book in books} == {True, False}
    for book in books:
        for row in book.questions:
            (gold,) = row["gold"]
            number = next(w for w in row["question"].replace("?", "").split() if w[:2].isdigit())
            assert number[:2] in book.text[gold["start"] : gold["end"]]


def test_the_set_is_one_that_evaluation_reads(tmp_path) -> None:
    assert write(tmp_path / "own", books_of(QUESTIONS)) == 4
    texts = {p.name: p.read_text("utf-8") for p in (tmp_path / "own" / "docs").iterdir()}
    found = open_set(tmp_path / "own", "answers", texts, texts.__getitem__)
    assert found.invalid == 0
    assert [item.question for item in found] == [q.question for q in QUESTIONS]


def test_broken_lines_are_counted_and_the_rest_is_kept(tmp_path, capsys) -> None:
    row = {"question": "Who built the mill?", "context": MILL, "group": "g", "answerable": True}
    good = {**row, "answers": [{"text": "Ada Moss", "start": MILL.index("Ada")}]}
    bad = {**row, "answers": [{"text": "Ada Moss", "start": 2}]}
    path = tmp_path / "own.jsonl"
    path.write_text(f"{json.dumps(good)}\n{json.dumps(bad)}\n", encoding="utf-8")
    assert main([str(tmp_path / "out"), "--questions", str(path)]) == 4
    told = capsys.readouterr()
    assert "1 questions" in told.out
    assert "skipped 1" in told.err


def test_a_file_that_is_not_there_is_named(tmp_path, capsys) -> None:
    assert main([str(tmp_path / "out"), "--questions", str(tmp_path / "none.jsonl")]) > 0
    assert "none.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_makes_the_same_questions(seed) -> None:
    tables = [Table(f"T {n}", (("A", "1"), ("B", "2"), ("C", "3")), "t") for n in range(9)]
    first, again = books_of_tables(tables, seed), books_of_tables(tables, seed)
    assert [b.questions for b in first] == [b.questions for b in again]
