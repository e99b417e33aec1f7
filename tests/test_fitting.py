"""The shipped coefficients can be made again from recorded runs."""

from __future__ import annotations

import json

import pytest

from rag.errors import RunInvalid
from rag.evaluation.runs import read_head
from rag.fitting import Example, fit_answers, main


def examples(count: int) -> list[Example]:
    """The judge is right nine times of ten; the reader's score is a hint."""
    found = []
    for i in range(count):
        right = i % 2 == 0
        fooled = i % 10 == 3
        judge = 2.0 if right != fooled else -2.0
        first = {"judge": judge + (i % 5) / 5, "reader": 5.0 + right}
        other = {"judge": -2.0 - (i % 3) / 3, "reader": 4.0}
        found.append(Example((first, other), (right, False)))
    return found


def test_the_fit_tells_right_from_wrong_and_is_calibrated() -> None:
    fitted = fit_answers(examples(200), ["judge", "reader"], penalty=1.0)
    assert fitted.figures["auroc"] > 0.85
    assert fitted.figures["calibration_error"] < 0.15
    assert fitted.model.weights["judge"] > 0
    assert 0 < fitted.thresholds["answer"] < 1
    assert fitted.figures["right_of_answered"] > fitted.figures["right_of_all"]


def test_a_test_split_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(
        "rag.evaluation.runs.read_head", lambda run: {"identity": {"split": "test"}}
    )
    assert callable(read_head)
    with pytest.raises(RunInvalid, match="test split"):
        main([str(tmp_path), "--name", "answer-quote"])


def test_a_run_becomes_a_file(tmp_path, monkeypatch, capsys) -> None:
    def record(i: int) -> dict[str, object]:
        right = i % 2 == 0
        spans = [{"document": "a", "start": 0, "end": 5}] if right else []
        signals = {"reader": 6.0 + (i % 3) if right else 4.0 + (i % 4), "margin": 1.0}
        return {
            "considered": [{"document": "a", "start": 2, "end": 9, "signals": signals}],
            "gold": spans,
        }

    monkeypatch.setattr("rag.evaluation.runs.read_head", lambda run: {"identity": {"split": "dev"}})
    monkeypatch.setattr("rag.evaluation.runs.read_records", lambda run: map(record, range(80)))
    output = tmp_path / "answer-quote.json"
    assert main(["runs/dev", "--name", "answer-quote", "--output", str(output)]) == 0
    written = json.loads(output.read_text(encoding="utf-8"))
    assert written["record"]["questions"] == 80
    assert written["record"]["fitted_on"] == ["dev"]
    assert written["weights"]["reader"] > 0
    assert "judge" not in written["weights"]
    assert capsys.readouterr().out == output.read_text(encoding="utf-8")
