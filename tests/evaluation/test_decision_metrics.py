from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.calibration import reliability, risk_coverage, wilson
from rag.evaluation.decision_metrics import (
    abstention_statistic,
    auroc,
    auroc_statistic,
    ece,
    ece_by_chance,
    everything,
)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_auroc_counts_pairs(items: list[tuple[int, bool]]) -> None:
    positive = [s for s, label in items if label]
    negative = [s for s, label in items if not label]
    found = auroc(np.array([float(s) for s, _ in items]), np.array([float(y) for _, y in items]))
    if not positive or not negative:
        assert np.isnan(found)
        return
    won = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    assert found == pytest.approx(won / (len(positive) * len(negative)))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=20), st.data())
def test_a_resampled_auroc_is_that_of_the_resample(
    items: list[tuple[int, bool]], data: st.DataObject
) -> None:
    scores = np.array([float(s) for s, _ in items])
    labels = np.array([float(y) for _, y in items])
    at = np.array(data.draw(st.lists(st.integers(0, len(items) - 1), min_size=1)))
    assert auroc_statistic(scores, labels)(at) == pytest.approx(
        auroc(scores[at], labels[at]), nan_ok=True
    )


def test_abstention_by_hand() -> None:
    unanswerable = np.array([1.0, 1, 1, 0, 0, 0, 0])
    abstained = np.array([1.0, 1, 0, 1, 0, 0, 0])

    def figure(which: str) -> float:
        return abstention_statistic(unanswerable, abstained, which)(everything(7))

    assert figure("precision") == pytest.approx(2 / 3)
    assert figure("recall") == pytest.approx(2 / 3)
    assert figure("f1") == pytest.approx(2 / 3)


def test_abstention_is_undefined_without_its_denominator() -> None:
    never = abstention_statistic(np.array([1.0, 0.0]), np.zeros(2), "precision")
    assert np.isnan(never(everything(2)))
    all_answerable = abstention_statistic(np.zeros(2), np.ones(2), "recall")
    assert np.isnan(all_answerable(everything(2)))


def test_abstaining_always_where_half_is_unanswerable_gives_two_thirds() -> None:
    f1 = abstention_statistic(np.array([1.0, 0.0]), np.ones(2), "f1")
    assert f1(everything(2)) == pytest.approx(2 / 3)


def test_ece_by_hand() -> None:
    # Bin 0.7-0.8: said 0.75, true 0.5 (2 items); bin 0.1-0.2: said 0.1, true 0 (2 items).
    found = ece(np.array([0.75, 0.75, 0.1, 0.1]), np.array([1.0, 0.0, 0.0, 0.0]))
    assert found == pytest.approx(0.5 * 0.25 + 0.5 * 0.1)
    assert ece(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0.0


def test_ece_by_chance_is_what_true_probabilities_give_and_less_of_more_items() -> None:
    said = np.linspace(0.3, 0.99, 50)
    drawn = [
        ece(said, (np.random.default_rng(seed).random(50) < said).astype(float))
        for seed in range(1, 400)
    ]
    assert ece_by_chance(said) == pytest.approx(np.mean(drawn), abs=0.005)
    assert ece_by_chance(np.repeat(said, 20)) < ece_by_chance(said) / 3
    assert ece_by_chance(np.ones(5)) == 0.0
    assert np.isnan(ece_by_chance(np.array([])))


def test_reliability_bins_hold_every_item() -> None:
    probabilities = np.array([0.05, 0.95, 0.99, 1.0, 1.2])
    curve = reliability(probabilities, np.array([0.0, 1.0, 0.0, 1.0, 1.0]))
    assert [b.n for b in curve] == [1, 4]
    assert curve[1].rate == 0.75
    assert all(b.low <= b.rate <= b.high for b in curve)


def test_wilson_is_the_published_interval() -> None:
    low, high = wilson(0.5, 10)
    assert (low, high) == (pytest.approx(0.2366, abs=1e-4), pytest.approx(0.7634, abs=1e-4))
    assert wilson(0.0, 5)[0] == pytest.approx(0.0, abs=1e-12)


def test_risk_rises_as_less_sure_answers_are_kept() -> None:
    curve = risk_coverage(np.array([0.9, 0.8, 0.8, 0.1]), np.array([1.0, 1.0, 0.0, 0.0]))
    assert [(p.coverage, p.risk, p.threshold) for p in curve] == [
        (0.25, 0.0, 0.9),
        (0.75, pytest.approx(1 / 3), 0.8),
        (1.0, 0.5, 0.1),
    ]
    assert risk_coverage(np.array([]), np.array([])) == []


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=500))
def test_the_curve_ends_at_the_error_of_all(items: list[tuple[int, bool]]) -> None:
    scores = np.array([float(s) for s, _ in items])
    right = np.array([float(r) for _, r in items])
    curve = risk_coverage(scores, right)
    assert curve[-1].coverage == 1.0
    assert curve[-1].risk == pytest.approx(1 - right.mean())
