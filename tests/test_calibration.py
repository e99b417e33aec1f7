from __future__ import annotations

import json
from dataclasses import replace
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.calibration import (
    Calibrated,
    auroc,
    believed,
    best_threshold,
    calibration_error,
    fit,
    fit_choice,
    for_answers,
    load,
    log_loss,
    logit,
    parse,
    sigmoid,
    to_json,
    within_fitted,
)


def test_an_unknown_generator_gets_the_generic_coefficients_marked() -> None:
    generic = for_answers("somebodys-own-model")
    assert not generic.calibrated
    assert generic.weights == load("answer-generic").weights


def test_the_reader_alone_has_its_own() -> None:
    assert for_answers(None).calibrated
    assert "judge" not in for_answers(None).weights


def test_an_unknown_kind_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="no calibration"):
        load("weather-generic")


def test_probability_by_hand() -> None:
    model = Calibrated("m", 0.0, {"a": 1.0})
    assert model.probability({}) == 0.5
    assert model.probability({"a": 2.0, "unknown": 9.0}) == pytest.approx(0.8808, abs=1e-4)


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.floats(-1e9, 1e9)))
def test_a_probability_is_strictly_between_0_and_1(signals) -> None:
    assert 0 < Calibrated("m", 3.0, {"a": 2.0, "b": -1.0}).probability(signals) < 1


def test_fitting_finds_the_signal_and_ignores_noise() -> None:
    rows = [{"x": float(i % 10), "noise": float((i * 7919) % 13)} for i in range(400)]
    labels = [row["x"] + (i * 31 % 3 - 1) > 4.5 for i, row in enumerate(rows)]
    model = fit(rows, labels, ["x", "noise"])
    assert model.weights["x"] > 0.5
    assert abs(model.weights["noise"]) < 0.1
    scores = [model.probability(r) for r in rows]
    assert auroc(scores, labels) > 0.95
    assert calibration_error(scores, labels) < 0.05
    assert sum(scores) == pytest.approx(sum(labels), abs=0.5)  # of any maximum likelihood fit


def test_fitting_needs_both_labels() -> None:
    with pytest.raises(ValueError, match="both labels"):
        fit([{"x": 1.0}], [True], ["x"])


def test_a_calibration_survives_its_file() -> None:
    model = fit([{"x": 0.0}, {"x": 1.0}, {"x": 2.0}], [False, True, True], ["x"])
    again = parse(
        "m", json.loads(to_json(model, {"answer": 0.4}, {"on": "a set"})), calibrated=True
    )
    assert again.probability({"x": 1.5}) == pytest.approx(model.probability({"x": 1.5}), abs=1e-4)
    assert again.threshold("answer", 0.5) == 0.4
    assert again.threshold("other", 0.5) == 0.5
    assert again.record == {"on": "a set"}


@pytest.mark.parametrize(
    ("scores", "labels", "area"),
    [
        ([0.1, 0.9], [False, True], 1.0),
        ([0.9, 0.1], [False, True], 0.0),
        ([0.5, 0.5], [False, True], 0.5),
        ([0.2, 0.6, 0.4, 0.8], [False, False, True, True], 0.75),
        ([0.2], [True], 0.5),
    ],
)
def test_auroc_by_hand(scores, labels, area) -> None:
    assert auroc(scores, labels) == area


def test_calibration_error_by_hand() -> None:
    assert calibration_error([0.75, 0.75, 0.75, 0.75], [True, True, True, False]) == 0.0
    assert calibration_error([0.95, 0.95], [False, False]) == pytest.approx(0.95)
    assert calibration_error([], []) == 0.0


def test_log_loss_by_hand() -> None:
    assert log_loss([0.5, 0.5], [True, False]) == pytest.approx(0.6931, abs=1e-4)
    assert log_loss([], []) == 0.0


def test_the_threshold_weighs_refusals_but_keeps_enough_answers() -> None:
    scores = [0.1, 0.2, 0.3, 0.6, 0.7, 0.9]
    labels = [False, False, True, False, True, True]
    assert best_threshold(scores, labels) == 0.7
    assert best_threshold(scores, labels, answered_at_least=0.9) == 0.3
    assert best_threshold([], []) == 0.5


def test_a_choice_uses_what_differs_within_a_group_alone() -> None:
    groups = []
    for level in range(6):  # `level` says that a group has an answer, `near` which it is
        rows = [{"near": float(i == level % 3) + 0.1 * i, "level": float(level)} for i in range(3)]
        groups.append((rows, [i == level % 3 for i in range(3)]))
    weights = fit_choice(groups, ["near", "level"])
    assert weights["near"] > 1
    assert weights["level"] == pytest.approx(0.0, abs=1e-6)
    model = replace(fit([{"level": 0.0}, {"level": 1.0}], [False, True], ["level"]), choice=weights)
    for rows, right in groups:
        assert max(zip(map(model.preference, rows), right, strict=True))[1]


def test_without_groups_that_tell_the_probability_chooses() -> None:
    assert (
        fit_choice([([{"x": 1.0}], [True]), ([{"x": 1.0}, {"x": 2.0}], [True, True])], ["x"]) == {}
    )
    model = fit([{"x": 0.0}, {"x": 1.0}], [False, True], ["x"])
    assert model.preference({"x": 0.7}) == model.probability({"x": 0.7})


def test_the_word_on_a_passage_counts_with_that_on_its_sentence() -> None:
    thresholds = {"within_intercept": -0.5, "within_own": 0.5, "within_judge": 1.0}
    model = Calibrated("own", 0.0, {"judge": 1.0}, thresholds)
    assert believed(model, {"judge": 1.0}) == model.probability({"judge": 1.0})
    chance = believed(model, {"judge": 1.0, "within": 2.0})
    assert chance == pytest.approx(1 / (1 + exp(-(-0.5 + 0.5 * 1.0 + 2.0))))
    # A sentence that says next to nothing is at most twice as likely in a passage that answers.
    low = model.probability({"judge": -3.0})
    assert believed(model, {"judge": -3.0, "within": 9.0}) == pytest.approx(2 * low)
    without = replace(model, thresholds={})
    assert believed(without, {"judge": 1.0, "within": 9.0}) == model.probability({"judge": 1.0})


def test_the_word_on_a_passage_is_fitted_where_it_was_given() -> None:
    model = Calibrated("own", 0.0, {"judge": 1.0})
    rows = [{"judge": float(i % 3), "within": 2.0 if i % 2 else -2.0} for i in range(60)]
    labels = [bool(i % 2) != (i % 10 == 0) for i in range(60)]
    found = within_fitted(model, rows, labels)
    assert found["within_judge"] > 0.5
    assert abs(found["within_own"]) < found["within_judge"]
    silent = [{"judge": 1.0}] * 30
    assert within_fitted(model, [*rows, *silent], [*labels, *[True] * 30]) == found
    assert within_fitted(model, silent, [True, False] * 15) == {}


@given(st.floats(0.001, 0.999))
def test_a_probability_is_that_of_its_logit(p) -> None:
    assert sigmoid(logit(p)) == pytest.approx(p)


@pytest.mark.parametrize("edge", [1e-6, 1e-4])
def test_a_logit_is_bounded_at_the_edge_and_a_probability_never_0_or_1(edge) -> None:
    assert (logit(0.0, edge), logit(1.0, edge)) == (logit(edge, edge), logit(1 - edge, edge))
    assert 0 < sigmoid(-1e9) == sigmoid(-30) < sigmoid(30) == sigmoid(1e9) < 1
