import json
import random
from math import log

import pytest

from rag.calibration import Calibrated, for_answers
from rag.errors import SetInvalid, SettingsInvalid
from rag.tuning import load_own, save, tune


def records(n, seed=0, telling=True):
    """Questions whose `margin` says whether the candidate is right, or says nothing."""
    draw = random.Random(seed)
    for number in range(n):
        right = draw.random() < 0.6
        margin = draw.gauss(2.0 if right and telling else -1.0, 1.0)
        candidate = {"document": "a", "start": 0, "end": 9, "signals": {"margin": margin}}
        gold = [{"document": "a", "start": 3, "end": 5}] if right else []
        yield {"id": number, "considered": [candidate], "gold": gold}


BLIND = Calibrated("blind", 0.0, {"margin": 0.0})


def test_a_signal_that_tells_is_learned_and_holds_on_the_questions_held_out():
    result = tune(records(400), BLIND)
    assert result.better
    assert result.fitted_on + result.held_out == 400
    assert result.after.auroc > 0.9 > result.before.auroc
    assert result.fitted.weights["margin"] > 0


def test_the_order_of_the_questions_changes_nothing():
    forward, backward = list(records(200)), list(records(200))[::-1]
    assert tune(forward, BLIND).fitted.weights == pytest.approx(
        tune(backward, BLIND).fitted.weights
    )


@pytest.mark.parametrize("n", [0, 10, 50])
def test_a_set_that_is_too_small_is_refused(n):
    with pytest.raises(SetInvalid, match="too small"):
        tune(records(n), BLIND)


def test_what_was_kept_is_used_again(tmp_path):
    result = tune(records(400), BLIND)
    path = save(result, tmp_path, "some/model", {"set": "own"})
    own = load_own(str(tmp_path), "some/model")
    assert own.weights == pytest.approx(result.fitted.weights, abs=1e-5)
    assert own.threshold("answer", 0.0) == pytest.approx(result.threshold, abs=1e-4)
    assert json.loads(path.read_text())["record"] == {"set": "own"}


def test_what_the_best_candidate_is_chosen_by_stays_as_it_was(tmp_path):
    in_force = Calibrated("blind", 0.0, {"margin": 0.0}, choice={"margin": 2.0})
    result = tune(records(400), in_force)
    save(result, tmp_path, None, {})
    assert load_own(str(tmp_path), None).choice == {"margin": 2.0}


def test_pairs_and_whole_passages_keep_their_coefficients(tmp_path):
    thresholds = {"answer": 0.5, "sure": 0.9, "place_judge": 1.5, "pair_judge": 0.7}
    thresholds |= {"place_intercept": -0.2, "pair_intercept": 0.3}
    in_force = Calibrated("blind", 0.0, {"margin": 0.0}, thresholds)
    result = tune(records(400), in_force)
    save(result, tmp_path, None, {})
    own = dict(load_own(str(tmp_path), None).thresholds)
    answer = own.pop("answer")
    assert answer == pytest.approx(result.threshold, abs=1e-4)
    moved = log(answer / (1 - answer))  # the same verdict suffices as did at 0.5
    assert own == pytest.approx(
        {
            "place_judge": 1.5,
            "pair_judge": 0.7,
            "place_intercept": moved - 0.2,
            "pair_intercept": moved + 0.3,
        },
        abs=1e-3,
    )


def test_the_word_on_passages_is_weighed_anew_where_it_was_in_force(tmp_path):
    told = []
    for record in records(400, telling=False):
        best = record["considered"][0]
        signals = {**best["signals"], "within": 1.0 if record["gold"] else -1.0}
        told.append({**record, "considered": [{**best, "signals": signals}]})
    in_force = Calibrated("blind", 0.0, {"margin": 0.0}, {"answer": 0.5, "within_judge": 0.01})
    result = tune(told, in_force)
    assert result.better
    assert result.after.log_loss < 0.3 < result.before.log_loss
    assert result.fitted.threshold("within_judge", 0.0) > 1
    assert "within_judge" not in tune(told, BLIND).fitted.thresholds


def test_what_a_whole_passage_found_says_nothing_of_the_signals():
    found = [{**r, "considered": [{**r["considered"][0]}]} for r in records(400)]
    for record in found[::4]:
        best = record["considered"][0]
        record["considered"] = [{**best, "signals": {**best["signals"], "place": 1.0}}]
    result = tune(found, BLIND)
    assert result.fitted_on + result.held_out == 300


def test_without_one_of_their_own_the_shipped_one_holds(tmp_path):
    assert load_own("", None) == load_own(str(tmp_path), None) == for_answers(None)


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "answer-quote.json").write_text("{}")
    with pytest.raises(SettingsInvalid, match=r"answer-quote\.json"):
        load_own(str(tmp_path), None)
