"""Runs an evaluation from the set to the report, or rescores a recorded one."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.errors import RunInvalid
from rag.evaluation.breakdown import by_type
from rag.evaluation.compare import check_baseline, compare
from rag.evaluation.metrics import DEFAULT_THRESHOLD, Columns, item_scores, measures, over_answered
from rag.evaluation.product import Product, Stage
from rag.evaluation.report import Report, measures_json
from rag.evaluation.runs import (
    FORMAT_VERSION,
    HEAD_NAME,
    RunWriter,
    choose_run_dir,
    disk_errors,
    read_head,
    read_records,
    run_folder,
    write_json,
)
from rag.evaluation.sets import EvaluationSet, open_set
from rag.evaluation.stages import check_product, records
from rag.evaluation.trec import write_trec
from rag.evaluation.trivial import TrivialScores

Progress = Callable[[int, int], None]
HTML_NAME = "report.html"
RUNS_ROOT = Path("eval") / "runs"


def run_evaluation(
    set_path: Path | str,
    product: Product,
    *,
    stage: Stage,
    limit: int | None = None,
    seed: int = 0,
    split: str | None = None,
    run_dir: Path | str | None = None,
    baseline: Path | str | None = None,
    skip_invalid: bool = False,
    progress: Progress | None = None,
    workers: int = 1,
) -> Report:
    """The report of `stage` over a set, recorded in `run_dir`.

    `run_dir` None means a folder under `eval/runs` named after what is run. A run that was
    interrupted there goes on where it stopped. `progress` is called with (done, total). Raises
    `SetInvalid` for a set with problems, `RunInvalid` for a folder or a baseline of something
    else, and `ValueError` for a limit or a number of workers below 1 or a seed below 0, all before
    any work.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}, it must be at least 1")
    if seed < 0:
        raise ValueError(f"seed is {seed}, it must be at least 0")
    check_product(product, stage)
    chosen = open_set(
        set_path,
        stage,
        product.documents,
        product.document_text,
        split=split,
        limit=limit,
        seed=seed,
        skip_invalid=skip_invalid,
    )
    identity = run_identity(chosen, product, limit, seed)
    if baseline is not None:
        check_baseline(baseline, identity)
    folder = choose_run_dir(RUNS_ROOT, identity) if run_dir is None else Path(run_dir)
    with RunWriter(folder, identity) as writer:
        _record_all(chosen, product, writer, progress, workers)
    return _conclude(folder, baseline, chosen.invalid)


def _record_all(
    chosen: EvaluationSet,
    product: Product,
    writer: RunWriter,
    progress: Progress | None,
    workers: int,
) -> None:
    done, total = writer.done, len(chosen)
    if done > total:
        raise RunInvalid(
            f"run '{writer.path}' holds {done} records for {total} items: remove it to run again"
        )
    if progress is not None:
        progress(done, total)
    for record in records(chosen.from_position(done), product, chosen.stage, workers):
        writer.append(record)
        done += 1
        if progress is not None:
            progress(done, total)


def run_identity(
    chosen: EvaluationSet, product: Product, limit: int | None, seed: int
) -> dict[str, Any]:
    """What makes two runs the same: the items, the product and everything it was set to."""
    from rag import __version__

    return {
        "set": chosen.name,
        "set_digest": chosen.digest,
        "stage": chosen.stage,
        "split": chosen.split,
        "limit": limit,
        "seed": seed,
        "n": len(chosen),
        "index_digest": product.index_digest,
        "models": {
            role: {"name": m.name, "sha256": m.sha256} for role, m in product.models.items()
        },
        "settings": dict(product.settings),
        "thresholds": dict(product.thresholds),
        "rag": __version__,
    }


def rescore(run_dir: Path | str, baseline: Path | str | None = None) -> Report:
    """The report of a recorded run, computed anew from its records: no model, nothing written."""
    return _score(run_folder(run_dir), baseline)


def _score(folder: Path, baseline: Path | str | None) -> Report:
    head = read_head(folder)
    identity = head["identity"]
    stage: Stage = identity["stage"]
    columns, trivial, failed = Columns(), TrivialScores(stage), 0
    types: list[str | None] = []
    threshold = identity["thresholds"].get("support", DEFAULT_THRESHOLD)
    for record in read_records(folder):
        columns.add(record["id"], item_scores(record, stage, threshold))
        trivial.add(record)
        types.append(_interned(record.get("type")))
        failed += "error" in record
    seed = identity["seed"]
    return Report(
        identity["set"],
        stage,
        identity["split"],
        len(columns),
        measures(columns, seed),
        over_answered(columns, seed),
        trivial.figures(),
        folder,
        None if baseline is None else compare(columns, baseline, identity),
        head.get("invalid", 0),
        failed,
        head,
        by_type(columns, types, stage, seed),
    )


def _interned(kind: str | None) -> str | None:
    """The same string once in memory, however many items have it."""
    return None if kind is None else sys.intern(kind)


def _conclude(folder: Path, baseline: Path | str | None, invalid: int) -> Report:
    """Scores the run, writes what belongs beside it, and marks it complete last."""
    from dataclasses import replace

    head = read_head(folder)
    head |= {
        "format_version": FORMAT_VERSION,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "invalid": invalid,
        "machine": _machine(),
        "versions": _versions(),
        "peak_memory_bytes": peak_memory_bytes(),
    }
    report = replace(_score(folder, baseline), head=head, invalid=invalid)
    head |= {
        "failed": report.failed,
        "metrics": measures_json(report.metrics),
        "over_answered": measures_json(report.over_answered),
        "trivial": report.trivial,
        "by_type": {name: measures_json(m) for name, m in report.by_type.items()},
    }
    if report.stage in ("retrieval", "reading", "answers"):
        write_trec(read_records(folder), folder)
    with disk_errors(folder / HTML_NAME):
        from rag.evaluation.report_html import write_html

        write_html(report, folder / HTML_NAME)
    write_json(folder / HEAD_NAME, head | {"complete": True})
    return report


def _machine() -> dict[str, Any]:
    import os

    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }


_PACKAGES = (
    "faiss-cpu",
    "llama-cpp-python",
    "numpy",
    "onnxruntime",
    "rouge-score",
    "sentence-transformers",
    "tokenizers",
    "torch",
)


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **dict(_installed())}


def _installed() -> Iterator[tuple[str, str]]:
    from importlib.metadata import PackageNotFoundError, version

    for name in _PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def peak_memory_bytes() -> int | None:
    """The most memory this process has held so far; None where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
