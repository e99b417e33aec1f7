from __future__ import annotations

from itertools import product as all_signs

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.evaluation.bootstrap import (
    mean_interval,
    paired_mean_p,
    paired_statistic_p,
    statistic_interval,
)
from rag.evaluation.decision_metrics import auroc_statistic, mean_statistic


def test_intervals_cover_the_true_rate_about_95_times_in_100() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for trial in range(400):
        sample = (rng.random(150) < 0.7).astype(float)
        low, high = mean_interval(sample, seed=trial, resamples=500)
        covered += low <= 0.7 <= high
    assert 0.91 <= covered / 400 <= 0.98


def test_few_and_many_distinct_values_give_one_interval() -> None:
    rng = np.random.default_rng(1)
    few = rng.integers(0, 5, 400).astype(float)
    many = few + rng.normal(0, 1e-6, 400)
    assert mean_interval(few) == pytest.approx(mean_interval(many), abs=0.03)


def test_the_general_interval_agrees_with_that_of_the_mean() -> None:
    values = np.random.default_rng(2).random(300)
    general = statistic_interval(mean_statistic(values), 300)
    assert general == pytest.approx(mean_interval(values), abs=0.01)


def test_intervals_are_seeded() -> None:
    values = np.random.default_rng(3).random(50)
    assert mean_interval(values, 1) == mean_interval(values, 1) != mean_interval(values, 2)


def test_an_undefined_resample_is_left_out() -> None:
    scores, labels = np.array([0.1, 0.9]), np.array([0.0, 1.0])
    assert statistic_interval(auroc_statistic(scores, labels), 2) == (1.0, 1.0)


@settings(deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9))
def test_the_exact_p_value_counts_all_signs(differences: list[int]) -> None:
    observed = abs(sum(differences))
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in all_signs((1, -1), repeat=len(differences))
    ]
    expected = sum(s >= observed for s in sums) / len(sums)
    assert paired_mean_p(np.array(differences, dtype=float)) == pytest.approx(expected)


def test_known_p_values() -> None:
    assert paired_mean_p(np.zeros(100)) == 1.0
    assert paired_mean_p(np.ones(4)) == pytest.approx(2 / 16)
    # 30 better, 10 worse: the sign test gives 0.0022 (two-sided binomial).
    p = paired_mean_p(np.array([1.0] * 30 + [-1.0] * 10 + [0.0] * 60))
    assert p == pytest.approx(0.0022, abs=0.0012)
    assert paired_mean_p(np.array([1.0, -1.0] * 30)) == 1.0


def test_p_values_are_uniform_where_nothing_differs() -> None:
    rng = np.random.default_rng(9)
    found = [paired_mean_p(rng.normal(0, 1, 40), seed=i, tosses=400) for i in range(200)]
    assert 0.01 <= np.mean(np.array(found) < 0.05) <= 0.1


def test_the_test_of_a_statistic_finds_a_difference_and_none() -> None:
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, 200).astype(float)
    good, bad = labels + rng.normal(0, 0.5, 200), rng.normal(0, 1, 200)
    both = np.concatenate([labels, labels])
    differ = auroc_statistic(np.concatenate([good, bad]), both)
    assert paired_statistic_p(differ, 200) < 0.01
    same = auroc_statistic(np.concatenate([good, good]), both)
    assert paired_statistic_p(same, 200) == 1.0
