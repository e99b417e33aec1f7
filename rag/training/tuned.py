"""Tunes the reader's weights on a person's own question set, and says whether that paid.

The shipped reader goes on learning from the set's answers and from the best-ranked passages
without one; both readers are then put to the questions held out. The new one is kept only where
it finds more right sentences than chance would, and tells edited sentences apart as before.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import MissingDependency, ModelInvalid
from rag.evaluation.bootstrap import paired_mean_p
from rag.evaluation.items import Question
from rag.evaluation.sets import open_set
from rag.measuring import own_index
from rag.models import LocalModel
from rag.opened import Index
from rag.reading import NO_READER
from rag.reading.minilm import MiniLMReader
from rag.settings import Settings
from rag.training.held_out import Measured, measured
from rag.training.own import Task, questions_of, split, tasks_of

if TYPE_CHECKING:
    from rag.indexing import Progress as IndexProgress
    from rag.models import Progress as Fetching

SIGNIFICANT = 0.1  # the p-value above which a difference may be chance
SUPPORT_MAY_LOSE = 0.02
SOURCE = "own"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class TunedReader:
    """The result: the folder with the new reader, and both readers' figures."""

    folder: Path
    learned_from: int
    examples: int
    held_out: int
    before: Measured
    after: Measured

    @property
    def p(self) -> float:
        """How often chance alone would move the right first sentences as far."""
        import numpy as np

        return paired_mean_p(np.array(self.after.firsts) - np.array(self.before.firsts))

    @property
    def chance(self) -> bool:
        """Whether chance alone may have moved the right first sentences as far."""
        return self.p > SIGNIFICANT

    @property
    def better(self) -> bool:
        """Whether the new reader is to be kept."""
        lost = (self.before.support or 0.0) - (self.after.support or 0.0)
        more = self.after.first > self.before.first and not self.chance
        return more and lost <= SUPPORT_MAY_LOSE


def tune_set(
    set_path: Path,
    index: Path | None,
    settings: Settings,
    cache: Path,
    *,
    passes: int = 3,
    seed: int = 13,
    progress: Progress | None = None,
    indexing: Callable[[IndexProgress], None] | None = None,
    fetching: Fetching | None = None,
) -> TunedReader:
    """What tuning the reader of the settings on a set gives; the work lies in a folder of `cache`.

    `index` None indexes the set's own documents once, as `rag eval` does. Raises as `tune_reader`;
    `SetInvalid` for a set with problems or one that is too small.
    """
    from rag.models import resolve

    if settings.reader == NO_READER:
        raise ModelInvalid(
            "the reader 'none' has no weights to train: name the shipped one, rag-reader-minilm, "
            "with --reader"
        )
    model = resolve(settings.reader, "reader", settings, fetching)
    _require(model)
    place = index or own_index(set_path, settings, indexing, fetching)
    with Index(place, settings, progress=fetching) as opened:
        chosen = open_set(
            set_path, "reading", opened.documents(), lambda name: opened.document(name).text
        )
        questions = [item for item in chosen if isinstance(item, Question)]
        tasks = tasks_of(
            questions,
            lambda question, scope: opened.search(question, settings.read_k, scope=scope),
            partial(progress, "searching") if progress else None,
        )
        digest = opened.digest
    learn, held = split(tasks)
    key = (chosen.digest, digest, model.sha256, str(passes), str(seed))
    return tune_reader(
        learn,
        held,
        model,
        work_folder(cache, *key),
        passes=passes,
        seed=seed,
        threads=settings.cores,
        progress=progress,
    )


def tune_reader(
    learn: Sequence[Task],
    held: Sequence[Task],
    model: LocalModel,
    work: Path,
    *,
    passes: int = 3,
    seed: int = 13,
    threads: int = 0,
    progress: Progress | None = None,
) -> TunedReader:
    """The reader trained on from `model` in the folder `work`, and what it gives.

    Called again after it was stopped, it goes on. Raises `ModelInvalid` for a reader of another
    kind, `MissingDependency` without the extra `train`.
    """
    _require(model)
    import torch

    if threads:
        torch.set_num_threads(threads)
    report: Progress = progress or (lambda what, done, total: None)
    folder = work / "reader"
    if not (folder / "reader.onnx").exists():
        _train(learn, model, work, folder, passes, seed, report)
    figures = []
    for what, weights, tokens in (
        ("measuring before", model.weights, model.files["tokenizer.json"]),
        ("measuring after", folder / "reader.onnx", folder / "tokenizer.json"),
    ):
        reader = MiniLMReader(weights, tokens, name=model.name, sha256="", threads=threads)
        figures.append(measured(reader, held, partial(report, what)))
    examples = int(json.loads((work / "examples.json").read_text(encoding="utf-8"))["examples"])
    return TunedReader(folder, len(learn), examples, len(held), figures[0], figures[1])


def keep(tuned: TunedReader, target: Path, record: Mapping[str, Any]) -> Path:
    """The folder `target`, after the new reader was written there with a record beside it.

    An older reader there is replaced, other files stay. The folder of the training run is removed.
    """
    target.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dict(record), indent=1, ensure_ascii=False) + "\n"
    (tuned.folder / "record.json").write_text(text, encoding="utf-8")
    for name in ("tokenizer.json", "reader.onnx", "record.json"):
        part = target / f"{name}.part"
        shutil.copyfile(tuned.folder / name, part)
        os.replace(part, target / name)
    shutil.rmtree(tuned.folder.parent, ignore_errors=True)
    return target


def work_folder(cache: Path, *parts: str) -> Path:
    """The folder of a training run in the cache, by everything that decides its result."""
    return cache / "training" / hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()[:16]


def _require(model: LocalModel) -> None:
    if model.entry.kind != "minilm":
        raise ModelInvalid(
            f"the reader '{model.name}' cannot be trained further: only readers in the form of the "
            "shipped one can. Name one with --reader, or tune the confidence alone: leave --weights"
        )
    try:
        import onnx
        import torch
        import transformers
    except ImportError as exc:
        raise MissingDependency(
            f"training the reader needs {exc.name}, which is not installed: "
            "`pip install 'rag[train]'`"
        ) from exc
    del onnx, torch, transformers


def _train(
    learn: Sequence[Task],
    model: LocalModel,
    work: Path,
    folder: Path,
    passes: int,
    seed: int,
    report: Progress,
) -> None:
    """Writes the new reader to `folder`; what is done so far lies in `work`."""
    import torch

    from rag.training.export import export, shrink
    from rag.training.features import Features, encode, load_tokenizer
    from rag.training.loop import Plan, train
    from rag.training.mixture import Recipe
    from rag.training.network import build
    from rag.training.stream import build_stream

    work.mkdir(parents=True, exist_ok=True)
    tokens = model.files["tokenizer.json"]
    examples = work / "examples.npz"
    if not examples.exists():
        report("making examples", 0, 1)
        shares = {SOURCE: [1.0] * passes}
        recipe = Recipe(wrong_passage=0.3)
        stream = build_stream(questions_of(learn, SOURCE), (), shares, recipe, seed)
        features, _ = encode(stream, tokens)
        text = json.dumps({"examples": len(features)})
        (work / "examples.json").write_text(text, encoding="utf-8")
        features.save(examples)
        report("making examples", 1, 1)
    plan = Plan(
        seed=seed, rate=5e-5, embedding_rate=1e-5, warmup_steps=10, cool_step=11, batch_tokens=2048
    )
    final = train(
        Features.load(examples),
        None,
        work,
        plan,
        start=model.weights,
        save_seconds=60.0,
        say=lambda line: None,
        progress=lambda done, total: report("training, step", done, total),
    )
    network = build(None, seed, model.weights)
    network.load_state_dict(torch.load(final, weights_only=True))
    size = load_tokenizer(tokens).get_vocab_size()
    made = work / "made"
    made.mkdir(exist_ok=True)
    export(network, work / "float32.onnx", vocabulary=size, notes={"seed": str(seed)})
    shrink(work / "float32.onnx", made / "reader.onnx", "int8")
    shutil.copyfile(tokens, made / "tokenizer.json")
    for heavy in ("state.pt", "final.pt", "float32.onnx"):
        (work / heavy).unlink(missing_ok=True)
    os.replace(made, folder)
