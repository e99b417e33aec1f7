from __future__ import annotations

import random

import pytest

from rag.errors import SetInvalid
from rag.evaluation.items import Gold, Question
from rag.training.own import WRONG, Task, questions_of, split, tasks_of
from rag.types import Hit
from tests.training.conftest import TEXT, hit, task


def test_an_answer_is_shown_in_its_passage_and_the_best_passages_without_it() -> None:
    made = questions_of([task(1)], "own")
    assert [q.answers[0].text for q in made if q.answers] == ["Ada Moss"]
    right = made[0]
    start = right.answers[0].start
    assert right.context[start : start + 8] == "Ada Moss"
    assert [q.context for q in made[1:]] == [f"Other text {n}." for n in range(WRONG)]


def test_a_passage_that_holds_the_answer_elsewhere_is_no_wrong_one() -> None:
    given = task(1)
    also = (hit("y", "Ada Moss built more.", 1), *given.hits)
    texts = [q.context for q in questions_of([Task(*_fields(given)[:5], also)], "own")]
    assert "Ada Moss built more." not in texts


def test_a_question_without_an_answer_gives_wrong_passages_alone() -> None:
    made = questions_of([task(1, answerable=False, answers=())], "own")
    assert len(made) == WRONG
    assert not any(q.answers for q in made)


def test_the_words_that_answer_are_preferred_to_the_whole_gold() -> None:
    sentence = Gold("d1", 0, 48, TEXT[:48], document="d1")
    given = task(1)
    wide = Task(given.id, given.question, True, ("1790",), (sentence,), given.hits)
    assert questions_of([wide], "own")[0].answers[0].text == "1790"
    mute = Task(given.id, given.question, True, ("in her day",), (sentence,), given.hits)
    assert questions_of([mute], "own")[0].answers[0].text == TEXT[:48]


def test_questions_about_one_place_stand_on_one_side_whatever_their_order() -> None:
    tasks = [task(number // 2) for number in range(600)]
    learn, held = split(tasks)
    assert not {t.gold[0].document for t in learn} & {t.gold[0].document for t in held}
    random.Random(1).shuffle(tasks)
    again = split(tasks)
    assert {t.id for t in again[1]} == {t.id for t in held}
    assert 0.2 < len(held) / len(tasks) < 0.5


@pytest.mark.parametrize("count", [0, 20, 80])
def test_a_set_too_small_to_tell_is_refused_with_its_numbers(count: int) -> None:
    with pytest.raises(SetInvalid, match=r"too small to train.*needed are 60 and 30"):
        split([task(number) for number in range(count)])


def test_each_question_is_searched_for_in_its_scope_and_graded_ones_are_left_out() -> None:
    asked: list[tuple[str, object]] = []

    def search(question: str, scope: object) -> list[Hit]:
        asked.append((question, scope))
        return [hit("a", f"{question} {scope}", 1)]

    items = [
        Question("1", "One?", True, ("x",), (Gold("a", document="a"),), "any", scope=("a",)),
        Question("2", "Two?", True, (), (Gold("a", document="a"),), "graded"),
        Question("3", "Three?", False, (), (), "any"),
    ]
    seen: list[tuple[int, int]] = []
    made = tasks_of(items, search, lambda done, total: seen.append((done, total)))
    assert asked == [("One?", ("a",)), ("Three?", None)]
    assert [t.hits[0].passage.text for t in made] == ["One? ('a',)", "Three? None"]
    assert seen == [(1, 2), (2, 2)]


def _fields(given: Task) -> tuple[object, ...]:
    return tuple(getattr(given, name) for name in Task.__slots__)
