"""``python -m rag.training.heads``: fits the head that judges candidates by a model's inner state.

    python -m rag.training.heads OUT --model NAME --layer 18 SET=INDEX ...
    python -m rag.training.heads OUT --model NAME --layer 18 --fit FILE

The first form takes the questions of evaluation sets through retrieval and reading, as an answer
does, shows the candidates that would be judged to the model, and appends its state behind the layer
to OUT (``rows.jsonl``, ``states.f16``); stopped at any time, it goes on when it is started again.
For a share of the answerable questions (``--hidden``) what holds the answer is left out of what is
read: their candidates are then as wrong as those of questions that have no answer. A candidate that
holds an accepted answer outside of the gold spans counts neither as right nor as wrong.

The second form fits a logistic regression on the states, with an L2 penalty, prints its figures
over five folds of documents and writes the head.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.answering.candidate import Candidate
from rag.answering.candidates import find_candidates
from rag.answering.deciding import MOST_JUDGED, judged_text, weighed
from rag.calibration import auroc, for_answers, log_loss
from rag.errors import RagError, SetInvalid, SettingsInvalid
from rag.evaluation.items import Question
from rag.evaluation.sets import open_set
from rag.generation import load_generator
from rag.generation.heads import prompt_digest
from rag.generation.judging import PREFIX, judge_prompt
from rag.generation.protocol import Head
from rag.loading import Models
from rag.narrowing import Narrowing
from rag.opened import Index
from rag.settings import load_settings
from rag.types import Passage, Span
from rag.verification.rules import normalised

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.generation.llama import LlamaGenerator

RETRIEVED, READ = 30, 10
FOLDS = 5
PENALTY = 300.0  # on standardised states


@dataclass(frozen=True, slots=True)
class Rows:
    """What was recorded: states, shape (n, width), and the label and document of each."""

    states: NDArray[np.float32]
    right: list[bool]
    documents: list[str]


def record(options: argparse.Namespace) -> int:
    """Appends candidates with their states to OUT; the number of questions that were added."""
    models = Models(replace(load_settings(), model=options.model))
    generator = load_generator(models.settings)
    options.out.mkdir(parents=True, exist_ok=True)
    _require_same(options, [options.out])
    done = set(_whole(options.out))
    ends = time.monotonic() + options.seconds
    added = 0
    for key, index, question, hidden in _asked(options, models):
        if time.monotonic() > ends:
            break
        if key in done:
            continue
        facts, states = _candidates(index, question, hidden, generator, options.layer)
        with (options.out / "states.f16").open("ab") as file:
            file.write(states.tobytes())
        row = {
            "key": key,
            "set": key.partition(":")[0],
            "model": options.model,
            "layer": options.layer,
            "candidates": facts,
        }
        with (options.out / "rows.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        added += 1
    generator.close()
    models.close()
    return added


def _require_same(options: argparse.Namespace, folders: Sequence[Path]) -> None:
    """Raises `SettingsInvalid` where a folder holds states of another model or layer."""
    for out in folders:
        for row in _lines(out):
            if (row["model"], row["layer"]) != (options.model, options.layer):
                raise SettingsInvalid(
                    f"{out} holds states of {row['model']} behind layer {row['layer']}: go on with "
                    "that model and layer, or name another folder"
                )


def _whole(out: Path) -> list[str]:
    """The keys of the questions in OUT; states whose row was not written are cut off."""
    rows = _lines(out)
    states = out / "states.f16"
    if states.exists():
        count = sum(len(row["candidates"]) for row in rows)
        width = next((c["width"] for row in rows for c in row["candidates"]), 0)
        with states.open("r+b") as file:
            file.truncate(2 * count * width)
    return [row["key"] for row in rows]


def _lines(out: Path) -> list[dict[str, Any]]:
    path = out / "rows.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _asked(
    options: argparse.Namespace, models: Models
) -> Iterator[tuple[str, Index, Question, bool]]:
    """Each question with its key and its index, and whether its answer is to be hidden."""
    for named in options.sets:
        path, _, folder = named.rpartition("=")
        if not path:
            raise SettingsInvalid(f"'{named}' names no index: write SET=INDEX")
        index = Index(folder, models.settings, models=models)
        texts = {name: index.document(name).text for name in index.documents()}
        chosen = open_set(path, "answers", texts, texts.__getitem__, limit=options.limit)
        rng = random.Random(f"{options.seed} {chosen.name}")
        for item in chosen:
            if isinstance(item, Question):
                hidden = item.answerable and rng.random() < options.hidden
                yield f"{chosen.name}:{item.id}", index, item, hidden


def _candidates(
    index: Index, question: Question, hidden: bool, generator: LlamaGenerator, layer: int
) -> tuple[list[dict[str, Any]], NDArray[np.float16]]:
    """The candidates that would be judged: what is known of each, and the states."""
    import numpy as np

    narrow: Narrowing = {"scope": question.scope} if question.scope else {}
    hits = index.search(question.question, RETRIEVED, **narrow)
    if hidden:
        hits = [hit for hit in hits if not _meets(hit.passage, question)]
    read = [replace(hit, rank=rank) for rank, hit in enumerate(hits[:READ], 1)]
    found = find_candidates(question.question, read, index.models.reader, index.document)
    ranked = weighed(question.question, found, for_answers(None))[:MOST_JUDGED]
    candidates = [row.candidate for row in ranked]
    prompts = [judge_prompt(question.question, judged_text(c), c.setting) for c in candidates]
    states = generator.states(prompts, layer)
    texts = [text for answer in question.answers if (text := normalised(answer))]
    facts = []
    for candidate in candidates:
        right = not hidden and question.answerable and _meets(candidate, question)
        holds = any(text in normalised(candidate.text) for text in texts)
        facts.append(
            {
                "document": candidate.document,
                "right": right,
                "unclear": holds and not right,
                "width": states.shape[1],
            }
        )
    return facts, states.astype(np.float16)


def _meets(place: Passage | Candidate, question: Question) -> bool:
    """Whether a passage or a candidate overlaps a span that holds the answer."""
    return any(
        gold.document == place.document
        and gold.start is not None
        and gold.end is not None
        and Span(gold.start, gold.end).overlaps(place.span)
        for gold in question.gold
    )


def load(folders: Sequence[Path]) -> Rows:
    """What was recorded in some folders, without the unclear candidates.

    Raises `SetInvalid` for a folder in which nothing was recorded.
    """
    import numpy as np

    states, right, documents = [], [], []
    for out in folders:
        candidates = [(c, row["set"]) for row in _lines(out) for c in row["candidates"]]
        if not candidates:
            raise SetInvalid(f"nothing was recorded in {out}: name SET=INDEX first, without --fit")
        width = candidates[0][0]["width"]
        kept = np.fromfile(out / "states.f16", np.float16, len(candidates) * width)
        clear = [not c["unclear"] for c, _ in candidates]
        states.append(kept.reshape(-1, width)[clear].astype(np.float32))
        right += [c["right"] for c, _ in candidates if not c["unclear"]]
        documents += [f"{name}/{c['document']}" for c, name in candidates if not c["unclear"]]
    return Rows(np.concatenate(states), right, documents)


def fit_head(rows: Rows, layer: int, penalty: float) -> Head:
    """The head of all rows; its record holds figures over five folds of documents.

    Raises `SetInvalid` where the candidates are all right or all wrong, or of too few documents.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if len(set(rows.right)) < 2 or len(set(rows.documents)) < FOLDS:
        raise SetInvalid(
            f"{sum(rows.right)} of {len(rows.right)} candidates in {len(set(rows.documents))} "
            f"documents are right: a head needs right and wrong ones in at least {FOLDS} "
            "documents; record more questions"
        )
    right, states = np.array(rows.right), rows.states.astype(np.float64)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1 / penalty, max_iter=2000))
    logits = cross_val_predict(
        model,
        states,
        right,
        groups=rows.documents,
        cv=GroupKFold(FOLDS),
        method="decision_function",
    )
    model.fit(states, right)
    weights = model[-1].coef_[0] / model[0].scale_
    intercept = float(model[-1].intercept_[0] - weights @ model[0].mean_)
    chances = (1 / (1 + np.exp(-logits))).tolist()
    figures = {
        "candidates": len(right),
        "right": int(right.sum()),
        "penalty": penalty,
        "auroc": round(auroc(chances, rows.right), 4),
        "log_loss": round(log_loss(chances, rows.right), 4),
    }
    return Head(layer, intercept, tuple(map(float, weights)), figures)


def head_json(head: Head, made_of: Sequence[str]) -> str:
    """A head as the text of its file."""
    raw = {
        "layer": head.layer,
        "record": {"made_of": list(made_of), "prompt": prompt_digest(PREFIX), **head.record},
        "intercept": round(head.intercept, 6),
        "weights": "",
    }
    weights = ", ".join(f"{w:.5g}" for w in head.weights)  # a line each would be long to look at
    return json.dumps(raw, indent=1).replace('"weights": ""', f'"weights": [{weights}]') + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Records, or fits and writes the head."""
    parser = argparse.ArgumentParser(prog="python -m rag.training.heads", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("out", type=Path, help="folder of what is recorded; continued if it exists")
    parser.add_argument("sets", nargs="*", metavar="SET=INDEX")
    parser.add_argument("--model", required=True, help="the generator's name, as in models.txt")
    parser.add_argument("--layer", type=int, required=True, help="from 0; none above is computed")
    parser.add_argument("--hidden", type=float, default=0.4, help="share of answerable questions")
    parser.add_argument("--limit", type=int, help="questions of each set")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after that long")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--with", nargs="*", type=Path, default=[], dest="more", metavar="OUT")
    parser.add_argument("--penalty", type=float, default=PENALTY, help="on standardised states")
    parser.add_argument("--fit", type=Path, metavar="FILE", help="write the head")
    options = parser.parse_args(arguments)
    try:
        if options.fit:
            folders = [options.out, *options.more]
            _require_same(options, folders)
            sets = sorted({row["set"] for out in folders for row in _lines(out)})
            head = fit_head(load(folders), options.layer, options.penalty)
            options.fit.write_text(head_json(head, sets), encoding="utf-8")
            sys.stdout.write(f"{json.dumps(dict(head.record))}\n")
        else:
            sys.stdout.write(f"{record(options)} questions recorded\n")
    except RagError as exc:
        sys.stderr.write(f"{exc}\n")
        return exc.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
