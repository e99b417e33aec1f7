from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rag.errors import RunInvalid, SettingsInvalid
from rag.evaluation import Measure, rescore, run_evaluation
from rag.evaluation.fit import cross_validate, log_odds, propose
from rag.evaluation.gate import Condition, check, parse_fail_under


@pytest.fixture
def folder(world: ModuleType, tmp_path: Path) -> Path:
    return world.write_set(tmp_path / "s", world.QUESTIONS)


def test_a_run_against_itself_has_not_moved(
    world: ModuleType, folder: Path, tmp_path: Path
) -> None:
    run_evaluation(folder, world.product(), stage="reading", run_dir=tmp_path / "a")
    report = rescore(tmp_path / "a", tmp_path / "a")
    assert report.baseline is not None
    assert report.baseline.n == 8
    for change in report.baseline.changes.values():
        assert (change.difference, change.p) == (0.0, 1.0)
        assert change.better in (0, None)
    assert set(report.baseline.changes) == set(report.metrics)


def test_what_got_worse_is_counted(world: ModuleType, folder: Path, tmp_path: Path) -> None:
    def silent(question: str, scope: Any, quote: bool) -> Any:
        answer = world.ask(question, scope, quote)
        return answer if "rent" in question else world.ask("zzz", scope, quote)

    run_evaluation(folder, world.product(), stage="reading", run_dir=tmp_path / "a")
    report = run_evaluation(
        folder,
        world.product(ask=silent),
        stage="reading",
        run_dir=tmp_path / "b",
        baseline=tmp_path / "a" / "run.json",
    )
    assert report.baseline is not None
    change = report.baseline.changes["answered"]
    assert (change.before, change.after) == (1.0, pytest.approx(2 / 6))
    assert (change.better, change.worse, change.same) == (0, 4, 2)
    assert change.p == pytest.approx(2 / 2**4)
    content = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert content["baseline"]["metrics"]["answered"]["worse"] == 4


def test_a_baseline_of_another_set_stage_or_sample_is_refused(
    world: ModuleType, folder: Path, tmp_path: Path
) -> None:
    def go(run: str, where: Path = folder, stage: str = "reading", **more: Any) -> None:
        run_evaluation(where, world.product(), stage=stage, run_dir=tmp_path / run, **more)

    go("a", limit=1, seed=1)
    with pytest.raises(RunInvalid, match="is of another stage"):
        go("b", stage="retrieval", baseline=tmp_path / "a")
    other = world.write_set(tmp_path / "t", world.QUESTIONS)
    with pytest.raises(RunInvalid, match="is of another set"):
        go("c", other, baseline=tmp_path / "a")
    seed = next(s for s in range(2, 50) if _only_id(world, folder, s) != _only_id(world, folder, 1))
    with pytest.raises(RunInvalid, match="shares no question"):
        go("d", limit=1, seed=seed, baseline=tmp_path / "a")
    world.write_set(folder, world.QUESTIONS[:-1])
    with pytest.raises(RunInvalid, match="another content of the set"):
        go("e", baseline=tmp_path / "a")


def _only_id(world: ModuleType, folder: Path, seed: int) -> str:
    from rag.evaluation.sets import open_set

    return next(iter(open_set(folder, "reading", world.DOCUMENTS, limit=1, seed=seed))).id


def test_conditions_are_parsed_or_refused() -> None:
    assert parse_fail_under("recall@5=0.9") == Condition("recall@5", 0.9)
    for wrong in ("recall@5", "recall@5=", "recall@5=x", "recall@5=nan", "=0.5", "recal=0.5"):
        with pytest.raises(SettingsInvalid, match="fail-under"):
            parse_fail_under(wrong)


def test_the_gate_names_the_figure() -> None:
    metrics = {"contains": Measure(0.8, 0.7, 0.9, 10), "seconds_p95": Measure(2.0, 1.0, 3.0, 10)}

    def failures(*texts: str) -> list[str]:
        return [str(f) for f in check(metrics, map(parse_fail_under, texts))]

    assert failures("contains=0.8", "seconds_p95=2") == []
    assert failures("contains=0.81") == ["contains is 0.8000, it has to be at least 0.81"]
    assert failures("seconds_p95=1") == ["seconds_p95 is 2.0000, it has to be at most 1"]
    assert failures("rouge1=0.1") == [
        "rouge1 is not defined in this run, it has to be at least 0.1"
    ]


def write_run(folder: Path, rows: list[dict[str, Any]], split: str | None = "dev") -> Path:
    folder.mkdir()
    identity = {"set": "s", "stage": "support", "split": split, "seed": 0, "thresholds": {}}
    head = {"format_version": 1, "complete": True, "identity": identity}
    (folder / "run.json").write_text(json.dumps(head))
    (folder / "questions.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    return folder


def claims(n: int) -> list[dict[str, Any]]:
    """Claims whose scores are overconfident: said 0.95 or 0.05, true in 7 of 10."""
    return [
        {
            "id": str(i),
            "seconds": 0.1,
            "support": 0.95 if i % 2 else 0.05,
            "supported": bool(i % 2) == (i % 10 < 7),
        }
        for i in range(n)
    ]


def test_a_proposal_mends_overconfidence_and_says_what_it_stands_on(tmp_path: Path) -> None:
    proposal = propose(write_run(tmp_path / "run", claims(400)))
    assert proposal.n == 400
    assert proposal.ece < 0.06 < proposal.before["ece"]
    assert proposal.log_loss < proposal.before["log_loss"]
    assert 0 < proposal.weights["log_odds"] < 1
    assert "on 400 items of s, split dev" in str(proposal)
    assert "nothing was changed" in str(proposal)
    assert proposal.to_json()["fitted_on"] == {"set": "s", "split": "dev", "n": 400}


def test_a_proposal_needs_enough_items_and_no_test_split(tmp_path: Path) -> None:
    with pytest.raises(RunInvalid, match="10 usable items"):
        propose(write_run(tmp_path / "few", claims(10)))
    with pytest.raises(RunInvalid, match="stands on the test split"):
        propose(write_run(tmp_path / "test", claims(400), "test"))


def test_rare_outcomes_stand_in_every_fold(tmp_path: Path) -> None:
    rows = claims(60)
    for number, row in enumerate(rows):
        row["supported"] = number in (7, 8)
    proposal = propose(write_run(tmp_path / "run", rows))
    assert proposal.positive == 2
    rows[8]["supported"] = False
    with pytest.raises(RunInvalid, match="60 usable items, 1 of them true"):
        propose(write_run(tmp_path / "one", rows))


def test_an_item_is_scored_by_weights_that_did_not_see_it() -> None:
    rows = [{"log_odds": float(i % 7)} for i in range(40)]
    labels = [i % 7 > 3 for i in range(40)]
    before = cross_validate(rows, labels)
    changed = [*rows[:39], {"log_odds": 500.0}]
    after = cross_validate(changed, labels)
    same = [i for i in range(40) if before[i] == after[i]]
    assert same, "items of the fold that was left out stay as they are"
    assert 39 not in same


def test_log_odds_are_those_of_the_recorded_probability() -> None:
    assert log_odds({"confidence": 0.5}) == {"log_odds": 0.0}
    assert log_odds({}) is None
