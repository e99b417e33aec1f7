from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.annotation import (
    Annotation,
    Pick,
    pick_passage,
    pick_sentences,
    pick_words,
    question_id,
    read_questions,
)
from rag.errors import QuestionInvalid, SetInvalid
from rag.evaluation.sets import open_set
from rag.types import Hit, Passage, Span

TEXT = "Preface. The rent is 940 euros.\nIt is due on  Friday. No dogs."
PASSAGE = Passage("p", "lease.txt", Span(9, 54), TEXT[9:54], (Span(9, 31), Span(32, 53)))
HIT = Hit(PASSAGE, 1, 0.5)


def open_annotation(folder: Path, *questions: str) -> Annotation:
    path = folder.parent / "QUESTIONS.txt"
    path.write_text("# mine\n\n" + "\n".join(questions) + "\n", encoding="utf-8")
    return Annotation(folder, read_questions(path), lambda name: {"lease.txt": TEXT}[name])


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]


def test_questions_are_read_one_a_line_and_once(tmp_path: Path) -> None:
    path = tmp_path / "q.txt"
    path.write_text("\ufeffHow much?\n\n# no\n  When?  \nHOW  much?\n", encoding="utf-8")
    assert [q.question for q in read_questions(path)] == ["How much?", "When?"]
    assert question_id("How much?") == question_id("HOW  much?") != question_id("When?")
    path.write_text("# nothing\n")
    with pytest.raises(QuestionInvalid, match="holds no question"):
        read_questions(path)
    with pytest.raises(QuestionInvalid, match="cannot be read"):
        read_questions(tmp_path / "gone.txt")


def test_picks_are_the_documents_own_characters() -> None:
    whole = pick_passage(HIT)
    assert whole.span.of(TEXT) == whole.quote == PASSAGE.text
    second = pick_sentences(HIT, [2])
    assert second.quote == "It is due on  Friday."
    both = pick_sentences(HIT, [2, 1])
    assert both.span == Span(9, 53)
    words = pick_words(HIT, "due on friday")
    assert words is not None
    assert words.quote == "due on  Friday" == words.span.of(TEXT)
    assert pick_words(HIT, "dogs") is None
    assert pick_words(HIT, "  ") is None
    with pytest.raises(ValueError, match="numbered 1 to 2"):
        pick_sentences(HIT, [3])


def test_decisions_make_a_set_that_is_valid(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    work = open_annotation(folder, "How much is the rent?", "When is it due?", "Is a cat allowed?")
    rent, due, cat = work.pending()
    words = pick_words(HIT, "940 euros")
    assert words is not None
    work.answer(rent, [words, words], [" 940 euros ", ""])
    work.answer(due, [pick_sentences(HIT, [2]), words], every=True)
    work.unanswerable(cat)
    assert work.pending() == []
    assert work.done == 3
    items = list(open_set(folder, "answers", ["lease.txt"], lambda name: TEXT))
    assert [(i.answerable, i.answers, len(i.gold), i.gold_mode) for i in items] == [
        (True, ("940 euros",), 1, "any"),
        (True, (), 2, "all"),
        (False, (), 0, "any"),
    ]


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    questions = ("First?", "Second?", "Third?")
    work = open_annotation(tmp_path / "set", *questions)
    first, second, _ = work.pending()
    work.unanswerable(first)
    work.put_off(second)
    again = open_annotation(tmp_path / "set", *questions, "Fourth?")
    assert [q.question for q in again.pending()] == ["Third?", "Fourth?", "Second?"]
    again.unanswerable(second)
    assert json.loads((tmp_path / "set" / "annotation.json").read_text()) == {"put_off": []}


def test_a_line_cut_off_by_a_crash_is_asked_again(tmp_path: Path) -> None:
    work = open_annotation(tmp_path / "set", "First?", "Second?")
    for question in work.pending():
        work.unanswerable(question)
    path = tmp_path / "set" / "questions.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    again = open_annotation(tmp_path / "set", "First?", "Second?")
    assert [q.question for q in again.pending()] == ["Second?"]
    again.unanswerable(again.pending()[0])
    assert [r["question"] for r in rows(tmp_path / "set")] == ["First?", "Second?"]


def test_an_existing_set_is_extended_also_without_a_final_newline(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "questions.jsonl").write_text('{"id": "mine"}')
    work = open_annotation(folder, "First?")
    work.unanswerable(work.pending()[0])
    assert [r["id"] for r in rows(folder)] == ["mine", question_id("First?")]


def test_undo_takes_back_the_last_decision(tmp_path: Path) -> None:
    work = open_annotation(tmp_path / "set", "First?", "Second?")
    first, second = work.pending()
    assert work.undo() is None
    work.unanswerable(first)
    work.unanswerable(second)
    assert work.undo() == second
    assert [r["question"] for r in rows(tmp_path / "set")] == ["First?"]
    work.answer(second, [pick_passage(HIT)])
    assert rows(tmp_path / "set")[-1]["answerable"] is True


def test_wrong_decisions_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    work = open_annotation(tmp_path / "set", "First?")
    (first,) = work.pending()
    with pytest.raises(ValueError, match="no span was picked"):
        work.answer(first, [])
    with pytest.raises(ValueError, match="is not 'other words'"):
        work.answer(first, [Pick("lease.txt", Span(0, 4), "other words")])
    assert not (tmp_path / "set" / "questions.jsonl").exists()
    work.unanswerable(first)
    with pytest.raises(ValueError, match="decided already"):
        work.unanswerable(first)


def test_a_damaged_set_is_an_error_with_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "questions.jsonl").write_text('{"id": "a"}\nnonsense\n')
    with pytest.raises(SetInvalid, match=r"questions.jsonl:2: not a question"):
        open_annotation(folder, "First?")
    (folder / "questions.jsonl").write_text("")
    (folder / "annotation.json").write_text("nonsense")
    with pytest.raises(SetInvalid, match=r"annotation.json cannot be read"):
        open_annotation(folder, "First?")
