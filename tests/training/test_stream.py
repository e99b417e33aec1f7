from __future__ import annotations

from dataclasses import replace

from rag.training.mixture import CLAIM, QUESTION, Maker, Recipe, chosen_answer, plain
from rag.training.sets import AnswerText, Pair, Question
from rag.training.stream import build_stream, census

ALWAYS = Recipe(1.0, 1.0, 1.0, 1.0, 1.0)
CITIES = ("Rome", "London", "Paris", "Vienna", "Madrid", "Lisbon")


def _questions() -> list[Question]:
    out = []
    for number, city in enumerate(CITIES):
        year = 1800 + 7 * number
        context = (
            f"The bridge of {city} was built in {year} by many masons. It stands near the river "
            f"and carries two roads of the city. King Henry {number + 2} of the old line paid for "
            f"it with taxes on wine. The second bridge came much later, after the long war ended."
        )
        asked = f"When was the bridge of {city} built?"
        answer = AnswerText(str(year), context.index(str(year)))
        out.append(Question(asked, context, (answer,), "bridges", "made"))
        out.append(Question(f"When did {city} burn?", context, (), "bridges", "made"))
    return out


def _pairs() -> list[Pair]:
    return [Pair(f"Claim {i}.", f"Evidence {i}.", i % 3, "pairs") for i in range(12)]


def test_the_same_seed_gives_the_same_stream_and_another_seed_another() -> None:
    one, two, other = (
        build_stream(_questions(), _pairs(), {"made": [1, 0.5]}, ALWAYS, seed) for seed in (3, 3, 4)
    )
    assert one == two
    assert one != other


def test_shares_say_how_often_a_set_is_used() -> None:
    stream = build_stream(_questions(), _pairs(), {"made": [2.0], "pairs": [0.5, 0.25]}, ALWAYS, 1)
    counts = census(stream)
    assert counts["made/question/1"] + counts["made/question/0"] == 24
    assert sum(count for name, count in counts.items() if name.startswith("pairs/")) == 9


def test_every_answerable_example_points_at_its_answer() -> None:
    stream = build_stream(_questions(), [], {"made": [3.0]}, ALWAYS, 2)
    pointed = [e for e in stream if e.mode == QUESTION and e.label == 1]
    assert pointed
    for example in pointed:
        city = example.first.split()[5]
        assert example.second[example.start : example.end] == str(1800 + 7 * CITIES.index(city))


def test_no_unanswerable_example_holds_the_answer_it_was_parted_from() -> None:
    stream = build_stream(_questions(), [], {"made": [3.0]}, ALWAYS, 2)
    kinds = set()
    for example in stream:
        if example.mode != QUESTION or example.label == 1:
            continue
        kind = example.source.partition(":")[2]
        kinds.add(kind)
        assert (example.start, example.end) == (-1, -1)
        if kind in ("passage", "cut"):
            year = 1800 + 7 * CITIES.index(example.first.split()[5])
            assert str(year) not in example.second
        if kind == "swap":
            assert example.first not in {q.question for q in _questions()}
    assert kinds == {"", "passage", "cut", "swap"}


def test_a_question_and_its_wrong_passage_are_neighbours_of_one_unit() -> None:
    stream = build_stream(_questions(), [], {}, ALWAYS, 5)
    units = [e.unit for e in stream if e.unit >= 0]
    assert units
    for unit in set(units):
        places = [i for i, e in enumerate(stream) if e.unit == unit]
        assert [stream[i].label for i in places] == [1, 0]
        assert places[1] == places[0] + 1
        assert stream[places[0]].first == stream[places[1]].first


def test_claims_are_true_of_their_evidence_or_edited_or_parted_from_it() -> None:
    stream = build_stream(_questions(), [], {"made": [3.0]}, ALWAYS, 6)
    claims = [e for e in stream if e.mode == CLAIM and e.source == "made:claim"]
    assert {e.label for e in claims} == {0, 1, 2}
    true = {e.first for e in claims if e.label == 0}
    assert "The bridge of Rome was built in 1800." in true
    assert not true & {e.first for e in claims if e.label == 1}
    for example in claims:
        if example.label == 2:
            assert example.first.rsplit(" ", 1)[1].rstrip(".") not in example.second


def test_without_claims_only_questions_are_made() -> None:
    maker = Maker(_questions(), ALWAYS, 1)
    assert {e.mode for e in maker.of_question(_questions()[0], claims=False)} == {QUESTION}


def test_most_votes_choose_the_answer_and_the_middle_length_breaks_ties() -> None:
    base = Question("Who?", "Anna Smith of York", (), "g", "s")
    a, b, c = AnswerText("Anna", 0), AnswerText("Anna Smith", 0), AnswerText("Anna Smith of", 0)
    assert chosen_answer(replace(base, answers=(a, c, a))) == a
    assert chosen_answer(replace(base, answers=(c, a, b))) == b


def test_answers_move_along_when_a_context_is_detokenised() -> None:
    context = "It was `` good '' , they said ."
    start = context.index("they")
    made = plain(Question("Who ?", context, (AnswerText("they said .", start),), "g", "s"))
    assert made.context == 'It was " good ", they said.'
    assert made.question == "Who?"
    answer = made.answers[0]
    assert made.context[answer.start :][: len(answer.text)] == answer.text == "they said."
