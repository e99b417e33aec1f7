"""The shipped coefficients can be made again from recorded runs."""

from __future__ import annotations

import json
from dataclasses import replace
from math import log
from pathlib import Path

import pytest

from rag.calibration import Calibrated, load
from rag.errors import RunInvalid
from rag.evaluation.runs import read_head
from rag.fitting.__main__ import main
from rag.fitting.confidence import (
    Outcome,
    _sure,
    balanced_threshold,
    figures_of,
    fit_answers,
)
from rag.fitting.places import wholes_fitted
from rag.fitting.recorded import Example, Whole, examples_of, half_of, wholes_of


def examples(count: int) -> list[Example]:
    """The judge is right nine times of ten; the reader's score is a hint."""
    found = []
    for i in range(count):
        right = i % 2 == 0
        fooled = i % 10 == 3
        judge = 2.0 if right != fooled else -2.0
        first = {"judge": judge + (i % 5) / 5, "margin": 5.0 + right}
        other = {"judge": -2.0 - (i % 3) / 3, "margin": 4.0}
        found.append(Example((first, other), (right, False), right, f"{i // 4}.txt", "run"))
    return found


def outcomes(run: str, right: list[float], wrong: list[float]) -> list[Outcome]:
    """Right answers to answerable questions, wrong ones to others, at these probabilities."""
    return [
        *(Outcome(score, True, True, run) for score in right),
        *(Outcome(score, False, False, run) for score in wrong),
    ]


def suffices(thresholds: dict[str, float]) -> float:
    """The logit of a pair at which it is believed."""
    odds = log(thresholds["answer"] / (1 - thresholds["answer"]))
    return (odds - thresholds["pair_intercept"]) / thresholds["pair_judge"]


def test_the_fit_tells_right_from_wrong_and_is_calibrated() -> None:
    fitted = fit_answers(examples(200), ["judge", "margin"], penalty=1.0)
    assert fitted.figures["auroc"] > 0.85
    assert fitted.figures["calibration_error"] < 0.15
    assert fitted.model.weights["judge"] > 0
    assert 0 < fitted.thresholds["answer"] < 1
    assert fitted.figures["right_of_shown"] > 0.7
    assert fitted.figures["answered"] > 0.7


def test_the_word_on_passages_makes_the_confidence_better() -> None:
    def told(e: Example) -> Example:
        first = {**e.rows[0], "within": 1.5 if e.right[0] else -1.5}
        return replace(e, rows=(first, *e.rows[1:]))

    without = fit_answers(examples(200), ["judge", "margin"], penalty=1.0)
    fitted = fit_answers([told(e) for e in examples(200)], ["judge", "margin"], penalty=1.0)
    assert "within_judge" not in without.thresholds
    assert fitted.thresholds["within_judge"] > 0
    assert fitted.figures["log_loss"] < without.figures["log_loss"]
    assert fitted.model.weights == without.model.weights


def test_judging_ends_where_no_right_candidate_is_passed_over() -> None:
    model = Calibrated("m", 0.0, {"judge": 1.0}, choice={"judge": 1.0})

    def asked(first: float, right: bool) -> Example:
        """The reader prefers a candidate that the model likes so much; the other one more."""
        rows = ({"judge": first, "margin": 6.0}, {"judge": -3.0 if right else 3.0, "margin": 4.0})
        return Example(rows, (right, not right))

    clear = [asked(1.0, right=True)] * 20
    assert _sure(model, clear) == 0.6
    assert _sure(model, [*clear, asked(1.0, right=False)]) == 0.75  # its first one lies at 0.73
    assert _sure(model, [*clear, asked(2.5, right=False)]) == 0.95  # at 0.92
    backwards = [replace(e, rows=e.rows[::-1], right=e.right[::-1]) for e in clear]
    assert _sure(model, [*backwards, asked(1.0, right=False)]) == 0.75


def test_the_threshold_parts_right_from_wrong() -> None:
    cut = balanced_threshold(outcomes("a", [0.8, 0.7, 0.6], [0.3, 0.2, 0.1]))
    assert 0.3 < cut <= 0.6


def test_a_long_run_does_not_outvote_a_short_one() -> None:
    short = outcomes("short", [0.5] * 4, [0.1] * 4)
    long = outcomes("long", [0.9] * 400, [0.6] * 40)
    assert balanced_threshold([*short, *long]) <= 0.5


def test_halves_share_no_document() -> None:
    found = examples(200)
    halves = [{e.document for e in half_of(found, which)} for which in (0, 1)]
    assert not halves[0] & halves[1]
    assert all(10 < len(half) < 40 for half in halves)


def test_figures_by_hand() -> None:
    some = [
        Outcome(0.9, True, True, "r"),
        Outcome(0.8, False, True, "r"),
        Outcome(0.2, True, True, "r"),
        Outcome(0.1, False, False, "r"),
        Outcome(0.7, False, False, "r"),
    ]
    figures = figures_of(some, 0.5)
    assert figures["answered"] == pytest.approx(2 / 3)
    assert figures["right_of_answered"] == 0.5
    assert figures["right_of_shown"] == pytest.approx(1 / 3)
    assert figures["right_never_abstaining"] == pytest.approx(2 / 3)
    assert figures["abstention_f1"] == pytest.approx(2 * 1 / (2 + 2))


def test_a_calibration_that_judges_everything(tmp_path, capsys) -> None:
    name = "answer-qwen2.5-coder-1.5b-instruct"
    assert main(["--judge-all", str(tmp_path / "all"), "--name", name]) == 0
    path = tmp_path / "all" / f"{name}.json"
    assert capsys.readouterr().out.strip() == str(path)
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["thresholds"]["sure"] == 1.0
    assert written["thresholds"]["within_judge"] > 0
    assert written["weights"] == dict(load(name).weights)


def test_a_test_split_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(
        "rag.evaluation.runs.read_head", lambda run: {"identity": {"split": "test"}}
    )
    assert callable(read_head)
    with pytest.raises(RunInvalid, match="test split"):
        main([str(tmp_path), "--name", "answer-quote"])


def test_a_name_of_another_kind_is_refused(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["runs/dev", "--name", "mine"])
    assert "answer-GENERATOR" in capsys.readouterr().err


def test_a_run_becomes_a_file(tmp_path, monkeypatch, capsys) -> None:
    def record(i: int) -> dict[str, object]:
        right = i % 2 == 0
        name = f"{i}.txt"
        spans = [{"document": name, "start": 0, "end": 5}] if right else []
        signals = {"margin": 6.0 + (i % 3) if right else 4.0 + (i % 4), "rank": 1.0}
        signals["judge"] = signals["margin"] - 5.5
        return {
            "considered": [{"document": name, "start": 2, "end": 9, "signals": signals}],
            "gold": spans,
        }

    monkeypatch.setattr("rag.evaluation.runs.read_head", lambda run: {"identity": {"split": "dev"}})
    monkeypatch.setattr("rag.evaluation.runs.read_records", lambda run: map(record, range(80)))
    output = tmp_path / "answer-quote.json"
    assert main(["runs/dev", "--name", "answer-quote", "--output", str(output)]) == 0
    written = json.loads(output.read_text(encoding="utf-8"))
    assert written["record"]["questions"] == 80
    assert written["record"]["fitted_on"] == ["dev"]
    assert written["weights"]["margin"] > 0
    assert "judge" not in written["weights"]
    assert capsys.readouterr().out == output.read_text(encoding="utf-8")
    judged = "answer-qwen2.5-coder-1.5b-instruct"
    assert main(["runs/dev", "--name", judged, "--output", str(output)]) == 0
    again = json.loads(output.read_text(encoding="utf-8"))
    assert again["weights"]["judge"] > 0
    # Runs hold few pairs: the verdict that suffices for one stays as it is.
    assert suffices(again["thresholds"]) == pytest.approx(
        suffices(load(judged).thresholds), abs=1e-3
    )


def whole(i: int, place: float, right: bool) -> dict[str, object]:
    """A question that no sentence sufficed for, with a passage judged whole."""
    name = f"{i}.txt"
    sentence = {"document": name, "start": 2, "end": 9, "signals": {"judge": -2.0, "margin": 1.0}}
    passage = {"document": name, "start": 0, "end": 90, "signals": {"place": place}}
    lesser = {"document": name, "start": 100, "end": 190, "signals": {"place": place - 1.0}}
    gold = [{"document": name, "start": 40, "end": 50}] if right else []
    return {"considered": [sentence, lesser, passage], "gold": gold, "answerable": right}


def test_passages_judged_whole_are_fitted_by_themselves(tmp_path, monkeypatch) -> None:
    told = [whole(i, (i % 7) / 2 - (1.5 if i % 3 else 3.0), right=i % 3 != 0) for i in range(60)]
    monkeypatch.setattr("rag.evaluation.runs.read_head", lambda run: {"identity": {"split": "dev"}})
    monkeypatch.setattr("rag.evaluation.runs.read_records", lambda run: told)
    name, output = "answer-qwen2.5-coder-1.5b-instruct", tmp_path / "fitted.json"
    assert main(["runs/dev", "--name", name, "--passages", "--output", str(output)]) == 0
    written, before = json.loads(output.read_text(encoding="utf-8")), load(name)
    assert written["weights"] == dict(before.weights)
    assert written["thresholds"]["answer"] == before.thresholds["answer"]
    assert written["thresholds"]["place_judge"] > 0
    assert written["record"]["passages"] == {"questions": 60, "right": 40, "fitted_on": ["dev"]}
    sure = whole(99, -5.0, right=True)  # its sentence suffices, no passage had to
    sure["considered"][0]["signals"] = {"judge": 9.0, "within": 9.0}
    monkeypatch.setattr("rag.evaluation.runs.read_records", lambda run: [*told, sure])
    again = tmp_path / "again.json"
    assert main(["runs/dev", "--name", name, "--passages", "--output", str(again)]) == 0
    assert again.read_text(encoding="utf-8") == output.read_text(encoding="utf-8")
    monkeypatch.setattr("rag.evaluation.runs.read_records", lambda run: told[:10])
    assert main(["runs/dev", "--name", name, "--passages", "--output", str(output)]) == 0
    few = json.loads(output.read_text(encoding="utf-8"))
    assert few["thresholds"] == pytest.approx(dict(before.thresholds))
    assert few["record"]["passages"] == before.record["passages"]  # nothing was fitted


def test_what_a_passage_found_is_no_example_of_a_candidate(monkeypatch) -> None:
    quoted = {"document": "1.txt", "start": 40, "end": 60, "signals": {"judge": 1.0, "place": 0.5}}
    record = whole(1, 0.5, right=True)
    found = {**record, "considered": [quoted, *record["considered"]]}
    monkeypatch.setattr("rag.evaluation.runs.read_head", lambda run: {"identity": {"split": "dev"}})
    monkeypatch.setattr("rag.evaluation.runs.read_records", lambda run: [found])
    [example] = examples_of(Path("run"), judged=True)
    assert [row["judge"] for row in example.rows] == [-2.0]
    assert "within" not in example.rows[0]
    assert wholes_of(Path("run")) == [Whole(0.5, True, "1.txt", "run")]
    missed = {**found, "gold": [{"document": "1.txt", "start": 70, "end": 80}]}
    monkeypatch.setattr("rag.evaluation.runs.read_records", lambda run: [missed])
    assert wholes_of(Path("run")) == [Whole(0.5, False, "1.txt", "run")]


def test_of_passages_a_long_run_does_not_outvote_a_short_one() -> None:
    short = [Whole(1.0 + i % 3, i % 4 != 0, "a", "short") for i in range(20)]
    short += [Whole(-3.0 + i % 3, False, "a", "short") for i in range(20)]
    long = [Whole(1.0 + i % 3, False, "b", "long") for i in range(400)]
    both = wholes_fitted([*short, *long])
    assert both == pytest.approx(wholes_fitted([*short, *long[:40]]), abs=0.15)
    assert both["place_judge"] < wholes_fitted(short)["place_judge"]
