"""Evaluation of the product as it stands: a set, the index it is asked of, and the models."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import SetInvalid
from rag.evaluation import Product, Report, run_evaluation
from rag.evaluation.product import STAGES, Stage
from rag.evaluation.sets import document_folders
from rag.library import update
from rag.loading import Models
from rag.opened import Index
from rag.settings import Settings, cache_dir, load_settings
from rag.types import Answer, Hit, ModelInfo, Summary

if TYPE_CHECKING:
    from rag.indexing import Progress as IndexProgress
    from rag.models import Progress as Fetching

SHAPING = ("passage_tokens", "overlap_tokens", "retrieve_k", "read_k", "evidence_tokens", "seed")


def evaluate(
    set_path: Path | str,
    index: Index | Path | str | None = None,
    *,
    stage: Stage = "answers",
    settings: Settings | None = None,
    limit: int | None = None,
    seed: int = 0,
    split: str | None = None,
    baseline: Path | str | None = None,
    skip_invalid: bool = False,
    run_dir: Path | str | None = None,
    workers: int = 1,
    judge: bool = False,
    progress: Callable[[int, int], None] | None = None,
    indexing: Callable[[IndexProgress], None] | None = None,
    fetching: Fetching | None = None,
) -> Report:
    """The report of a stage over a set, recorded in a run folder.

    `index` is an open index or its folder; None indexes the set's own documents once, in the
    cache. With `judge` the language model is asked too in the support stage, as it is when an
    answer is checked; otherwise reader and rules judge alone. `workers` is the number of questions
    at a time; the figures do not depend on it, seconds do. `progress` is told of questions,
    `indexing` of the set's own documents, `fetching` of a download.

    Raises `SetInvalid` for a set with problems or without documents, `RunInvalid` for a run folder
    or baseline of something else, `ValueError` for an unknown stage.
    """
    if stage not in STAGES:
        raise ValueError(f"stage {stage!r} is not one of {', '.join(STAGES)}")
    folder = Path(set_path)
    opened = index if isinstance(index, Index) else None
    settings = settings or (opened.settings if opened else load_settings())
    models = (
        opened.models
        if opened
        else Models(shared_out(settings, 1 if judge else workers, stage), fetching)
    )
    try:
        if opened is None and stage != "support":
            if index is None or isinstance(index, Index):
                place = own_index(folder, settings, indexing, fetching)
            else:
                place = Path(index)
            opened = Index(place, models.settings, models=models)
        return run_evaluation(
            folder,
            product_of(stage, models, opened, judge=judge and stage == "support"),
            stage=stage,
            limit=limit,
            seed=seed,
            split=split,
            baseline=baseline,
            skip_invalid=skip_invalid,
            run_dir=run_dir,
            workers=workers,
            progress=progress,
        )
    finally:
        if opened is not None and opened is not index:
            opened.close()
        if not isinstance(index, Index):
            models.close()


def shared_out(settings: Settings, workers: int, stage: Stage) -> Settings:
    """The settings with the cores shared out among the workers of a stage.

    Two questions at a time with a thread each take less processor time than one with two threads,
    since neither waits for the other. A number of threads that was chosen stays, and so does that
    of the stages whose time is the language model's: it takes one question at a time.
    """
    if workers <= 1 or settings.threads or stage in ("answers", "summaries"):
        return settings
    return replace(settings, threads=max(1, settings.cores // workers))


def own_index(
    folder: Path,
    settings: Settings,
    progress: Callable[[IndexProgress], None] | None = None,
    fetching: Fetching | None = None,
) -> Path:
    """The folder, in the cache, of an up-to-date index of a set's own documents."""
    if not folder.is_dir():
        raise SetInvalid(f"evaluation set '{folder}' is not a folder: give the set's folder")
    key = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    place = cache_dir() / "eval" / f"{folder.resolve().name}-{key}"
    folders = document_folders(folder, place / "documents")
    if not folders:
        raise SetInvalid(
            f"evaluation set '{folder}' has no docs/ folder: add the documents, or name an index "
            "that holds them with --index DIR"
        )
    update(folders, place / "index", settings=settings, progress=progress, fetching=fetching)
    return place / "index"


def product_of(
    stage: Stage, models: Models, index: Index | None, *, judge: bool = False
) -> Product:
    """What a stage needs of the models and the index, as plain calls.

    With `judge`, support is judged by the language model too where the rest leaves it unsure.
    """
    used = _models_of(stage, models, judge)
    shaping = {name: getattr(models.settings, name) for name in SHAPING}

    def support(claim: str, evidence: Sequence[str]) -> float:
        from rag.verification.judged import judged_support
        from rag.verification.support import check

        if judge:
            return judged_support(claim, evidence, models.reader, models.generator).score
        return check(claim, evidence, models.reader).score

    thresholds = _thresholds(stage, models.settings, used)
    if index is None:
        return Product(models=used, settings=shaping, thresholds=thresholds, support=support)
    opened = index

    def search(question: str, k: int, scope: Sequence[str] | None) -> list[Hit]:
        return opened.search(question, k, scope=scope)

    def search_many(
        questions: Sequence[str], k: int, scopes: Sequence[Sequence[str] | None]
    ) -> list[list[Hit]]:
        return list(opened.search_many(questions, k, scopes=scopes))

    def ask(question: str, scope: Sequence[str] | None, quote: bool) -> Answer:
        return opened.ask(question, scope=scope, quote=quote)

    def summarise(doc: str, query: str | None) -> Summary:
        return opened.summarise([doc], about=query)

    return Product(
        documents=opened.documents(),
        document_text=lambda name: opened.document(name).text,
        index_digest=opened.digest,
        models=used,
        settings=shaping,
        thresholds=thresholds,
        search=search,
        search_many=search_many,
        ask=ask,
        support=support,
        summarise=summarise,
    )


def _models_of(stage: Stage, models: Models, judge: bool) -> dict[str, ModelInfo]:
    needed: dict[Stage, tuple[str, ...]] = {
        "retrieval": ("embedder",),
        "reading": ("embedder", "reader"),
        "answers": ("embedder", "reader", "generator"),
        "support": ("reader",),
        "summaries": ("embedder", "reader", "generator"),
    }
    found = {}
    for role in (*needed[stage], *(("generator",) if judge else ())):
        model = getattr(models, role)
        found[role] = ModelInfo(model.name, model.sha256)
    return found


def _thresholds(
    stage: Stage, settings: Settings, used: Mapping[str, ModelInfo]
) -> dict[str, float]:
    """The thresholds in force: what counts as an answer, as supported, as weakly supported."""
    from rag.tuning import load_own
    from rag.verification.support import SUPPORTED, WEAK

    thresholds = {"support": SUPPORTED, "weak": WEAK}
    if stage in ("reading", "answers"):
        generator = used.get("generator")
        in_force = load_own(settings.calibration, generator.name if generator else None)
        thresholds["confidence"] = in_force.threshold("answer", 0.5)
    return thresholds
