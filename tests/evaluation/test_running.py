from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import ir_measures
import pytest
from ir_measures import RR, R, nDCG

from rag.errors import QuestionInvalid, RunInvalid, SetInvalid
from rag.evaluation import rescore, run_evaluation
from rag.evaluation.report import Report
from rag.evaluation.runs import choose_run_dir, read_head, read_records
from rag.types import ModelInfo

STAGES = ("retrieval", "reading", "answers")


@pytest.fixture
def folder(world: ModuleType, tmp_path: Path) -> Path:
    return world.write_set(tmp_path / "council", world.QUESTIONS)


def run(world: ModuleType, folder: Path, run_dir: Path, stage: str = "answers", **more: Any):
    product = more.pop("product", None) or world.product()
    return run_evaluation(folder, product, stage=stage, run_dir=run_dir, **more)


def without_times(report: Report) -> dict[str, Any]:
    metrics = report.to_json()["metrics"]
    return {name: m for name, m in metrics.items() if not name.startswith("seconds")}


@pytest.mark.parametrize("stage", STAGES)
def test_the_json_is_the_contract_s(
    world: ModuleType, folder: Path, tmp_path: Path, stage: str
) -> None:
    report = run(world, folder, tmp_path / "run", stage)
    content = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert list(content) == ["set", "stage", "n", "metrics", "by_type", "run", "baseline"]
    assert (content["set"], content["stage"], content["n"]) == ("council", stage, 8)
    assert content["baseline"] is None
    assert content["run"] == str(tmp_path / "run")
    assert content["metrics"]["recall@10"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 6}
    for measure in content["metrics"].values():
        assert list(measure) == ["mean", "low", "high", "n"]
        assert measure["low"] <= measure["mean"] <= measure["high"]
    assert ("contains" in content["metrics"]) == (stage != "retrieval")


def test_the_folder_holds_everything(world: ModuleType, folder: Path, tmp_path: Path) -> None:
    report = run(world, folder, tmp_path / "run")
    names = {p.name for p in (tmp_path / "run").iterdir()} - {".lock"}
    assert names == {
        "run.json",
        "questions.jsonl",
        "retrieval.trec",
        "qrels.trec",
        "report.html",
    }
    head = read_head(tmp_path / "run")
    assert head["complete"] is True
    assert head["metrics"] == report.to_json()["metrics"]
    assert head["identity"]["models"]["reader"]["name"] == "fake"


@pytest.mark.parametrize("stage", STAGES)
def test_figures_are_recomputed_from_the_folder_alone(
    world: ModuleType, folder: Path, tmp_path: Path, stage: str
) -> None:
    report = run(world, folder, tmp_path / "run", stage)
    again = rescore(tmp_path / "run")
    assert again.metrics == report.metrics
    assert again.over_answered == report.over_answered
    assert again.trivial == report.trivial


class Stopped(KeyboardInterrupt):
    pass


def stopping(world: ModuleType, after: int) -> Any:
    """A product that is interrupted at one of its calls."""
    calls: Iterator[int] = iter(range(1000))

    def ask(question: str, scope: Sequence[str] | None, quote: bool) -> Any:
        if next(calls) == after:
            raise Stopped
        return world.ask(question, scope, quote)

    return world.product(ask=ask)


@pytest.mark.parametrize("after", [0, 3, 7])
@pytest.mark.parametrize("workers", [1, 3])
def test_an_interrupted_run_goes_on_and_ends_with_the_same_figures(
    world: ModuleType, folder: Path, tmp_path: Path, after: int, workers: int
) -> None:
    whole = run(world, folder, tmp_path / "whole")
    with pytest.raises(Stopped):
        run(world, folder, tmp_path / "cut", product=stopping(world, after), workers=workers)
    kept = len(list(read_records(tmp_path / "cut")))
    assert kept == after if workers == 1 else kept <= after
    seen: list[tuple[int, int]] = []
    rest = run(world, folder, tmp_path / "cut", progress=lambda d, t: seen.append((d, t)))
    assert seen == [(done, 8) for done in range(kept, 9)]
    assert without_times(rest) == without_times(whole)
    assert rest.trivial == whole.trivial


@pytest.mark.parametrize("lost", [1, 400])
def test_a_torn_last_line_is_done_again(
    world: ModuleType, folder: Path, tmp_path: Path, lost: int
) -> None:
    whole = run(world, folder, tmp_path / "whole")
    with pytest.raises(Stopped):
        run(world, folder, tmp_path / "cut", product=stopping(world, 5))
    path = tmp_path / "cut" / "questions.jsonl"
    path.write_bytes(path.read_bytes()[:-lost])
    assert without_times(run(world, folder, tmp_path / "cut")) == without_times(whole)


def test_workers_change_no_figure(world: ModuleType, folder: Path, tmp_path: Path) -> None:
    one = run(world, folder, tmp_path / "one")
    four = run(world, folder, tmp_path / "four", workers=4)
    assert without_times(one) == without_times(four)
    assert [r["id"] for r in four.rows] == [r["id"] for r in one.rows]


@pytest.mark.parametrize(("workers", "batch"), [(1, 256), (1, 3), (3, 256), (3, 6)])
def test_a_batch_search_gives_the_figures_of_single_ones(
    world: ModuleType,
    folder: Path,
    tmp_path: Path,
    workers: int,
    batch: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rag.evaluation.stages.BATCH", batch)

    def search_many(questions: Any, k: int, scopes: Any) -> Any:
        if any("chess" in q for q in questions):
            raise QuestionInvalid("no chess here")
        return [world.search(q, k, s) for q, s in zip(questions, scopes, strict=True)]

    single = run(world, folder, tmp_path / "single", "retrieval")
    product = world.product(search=None, search_many=search_many)
    many = run(world, folder, tmp_path / "many", "retrieval", product=product, workers=workers)
    assert without_times(single) == without_times(many)
    assert many.failed == 1
    assert [r["outcome"] for r in many.rows if r["id"] == "chess"] == ["error"]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1, "limit": 3},
        {"product": "digest"},
        {"product": "model"},
        {"product": "settings"},
        {"stage": "reading"},
    ],
)
def test_another_run_is_refused(
    world: ModuleType, folder: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    with pytest.raises(Stopped):
        run(world, folder, tmp_path / "cut", product=stopping(world, 2))
    before = (tmp_path / "cut" / "questions.jsonl").read_bytes()
    products = {
        "digest": world.product(index_digest="other"),
        "model": world.product(models={"reader": ModelInfo("fake", "1")}),
        "settings": world.product(settings={"read_k": 3}),
    }
    if "product" in change:
        change = {"product": products[change["product"]]}
    with pytest.raises(RunInvalid, match="is of another evaluation"):
        run(world, folder, tmp_path / "cut", **change)
    assert (tmp_path / "cut" / "questions.jsonl").read_bytes() == before


def test_a_finished_run_is_never_written_over(
    world: ModuleType, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(world, folder, tmp_path / "run")
    with pytest.raises(RunInvalid, match="is finished"):
        run(world, folder, tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    first, second = (run_evaluation(folder, world.product(), stage="reading") for _ in "12")
    assert second.run.name == f"{first.run.name}-2"
    assert first.run.parent == Path("eval/runs")
    identity = read_head(first.run)["identity"]
    assert choose_run_dir(first.run.parent, identity).name == f"{first.run.name}-3"


def test_a_run_of_another_version_or_damaged_is_refused(
    world: ModuleType, folder: Path, tmp_path: Path
) -> None:
    run(world, folder, tmp_path / "run")
    head = tmp_path / "run" / "run.json"
    content = json.loads(head.read_text())
    head.write_text(json.dumps(content | {"format_version": 99}))
    with pytest.raises(RunInvalid, match="format version 99, this program reads 1"):
        rescore(tmp_path / "run")
    head.write_text("{")
    with pytest.raises(RunInvalid, match="cannot be read"):
        rescore(tmp_path / "run")
    with pytest.raises(RunInvalid, match="is not a recorded run"):
        rescore(tmp_path / "nowhere")
    head.write_text(json.dumps(content))
    (tmp_path / "run" / "questions.jsonl").write_text('{"no": "id"}\n')
    with pytest.raises(RunInvalid, match=r"questions.jsonl:1 is not a record"):
        rescore(tmp_path / "run")


def test_two_writers_cannot_share_a_folder(world: ModuleType, folder: Path, tmp_path: Path) -> None:
    def ask(question: str, scope: Any, quote: bool) -> Any:
        with pytest.raises(RunInvalid, match="another evaluation is writing"):
            run(world, folder, tmp_path / "run")
        raise Stopped

    with pytest.raises(Stopped):
        run(world, folder, tmp_path / "run", product=world.product(ask=ask))
    run(world, folder, tmp_path / "run")


def test_a_full_disk_loses_nothing(
    world: ModuleType, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    whole = run(world, folder, tmp_path / "whole")
    with pytest.raises(Stopped):
        run(world, folder, tmp_path / "run", product=stopping(world, 4))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(RunInvalid, match="the disk is full"):
            run(world, folder, tmp_path / "run")
    assert without_times(run(world, folder, tmp_path / "run")) == without_times(whole)


def test_nothing_runs_before_set_and_baseline_are_checked(
    world: ModuleType, folder: Path, tmp_path: Path
) -> None:
    asked: list[str] = []

    def ask(question: str, scope: Any, quote: bool) -> Any:
        asked.append(question)
        return world.ask(question, scope, quote)

    product = world.product(ask=ask)
    with pytest.raises(RunInvalid, match="is not a recorded run"):
        run(world, folder, tmp_path / "run", product=product, baseline=tmp_path / "gone")
    with pytest.raises(SetInvalid):
        run(world, folder, tmp_path / "run", product=replace(product, documents=()))
    with pytest.raises(ValueError, match="workers is 0"):
        run(world, folder, tmp_path / "run", product=product, workers=0)
    with pytest.raises(ValueError, match="seed is -1"):
        run(world, folder, tmp_path / "run", product=product, seed=-1)
    with pytest.raises(ValueError, match="needs a call"):
        run(world, folder, tmp_path / "run", product=replace(product, ask=None))
    assert not asked
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("stage", STAGES)
def test_trec_files_give_the_same_figures(
    world: ModuleType, folder: Path, tmp_path: Path, stage: str
) -> None:
    report = run(world, folder, tmp_path / "run", stage)
    found = ir_measures.calc_aggregate(
        [R @ 5, RR @ 10, nDCG @ 10],
        ir_measures.read_trec_qrels(str(tmp_path / "run" / "qrels.trec")),
        ir_measures.read_trec_run(str(tmp_path / "run" / "retrieval.trec")),
    )
    assert found[R @ 5] == pytest.approx(report.metrics["recall@5"].mean)
    assert found[RR @ 10] == pytest.approx(report.metrics["mrr@10"].mean)
    assert found[nDCG @ 10] == pytest.approx(report.metrics["ndcg@10"].mean)


def test_rows_fit_a_table(world: ModuleType, folder: Path, tmp_path: Path) -> None:
    report = run(world, folder, tmp_path / "run")
    rows = report.rows
    assert [r["id"] for r in rows] == [q["id"] for q in world.QUESTIONS]
    assert all(not isinstance(v, (list, dict)) for row in rows for v in row.values())
    parrot = next(r for r in rows if r["id"] == "parrot")
    assert parrot["outcome"] in ("false_answer", "rightly_abstained")
    assert "contains" not in parrot


def test_support_and_summaries(world: ModuleType, tmp_path: Path) -> None:
    claims = [
        {
            "id": "1",
            "claim": "The canteen closes",
            "evidence": ["The canteen closes."],
            "supported": True,
        },
        {
            "id": "2",
            "claim": "The canteen burned",
            "evidence": ["The rent is due."],
            "supported": False,
        },
    ]
    folder = world.write_set(tmp_path / "s", claims, "claims.jsonl")
    report = run(world, folder, tmp_path / "support", "support")
    assert report.metrics["support_auroc"].mean == 1.0
    assert report.metrics["support_accuracy"].mean == 1.0
    tasks = [{"id": "1", "doc": "lease", "references": ["The tenant may keep one cat."]}]
    world.write_set(folder, tasks, "summaries.jsonl")
    report = run(world, folder, tmp_path / "summaries", "summaries")
    assert report.metrics["rouge1"].mean == 1.0
    assert report.trivial["rouge1"] == {"copy the beginning": 1.0}
    assert report.metrics["coverage"].mean == pytest.approx(1 / 3)
    assert "recall@1" not in report.metrics
    for stage in ("support", "summaries"):
        assert rescore(tmp_path / stage).metrics
        assert "<h1>" in (tmp_path / stage / "report.html").read_text()
