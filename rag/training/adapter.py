r"""``python -m rag.training.adapter``: trains a language model's judge: an adapter and its heads.

    python -m rag.training.adapter OUT --model NAME --layer 18 \
        --candidates FOLDER ... --pairs FILE ... --questions FILE ...

The adapter (LoRA, Hu et al. 2021) changes the layers from ``--from-layer`` to ``--layer`` while
candidates and claims are judged; the heads, one for each, read the state behind ``--layer`` at the
last token of the prompt. The constant prefix is computed without the adapter, as it is in use.
Writes ``NAME.gguf`` and ``NAME.json``, which belong into ``rag/data/judging``; stopped at any time,
it goes on when it is started again. ``--start FOLDER/NAME.json`` goes on from another run's judge,
its adapter and heads. A share of the documents is held out (``--held-out``) and
measured at the end.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag.errors import ModelInvalid, SetInvalid
from rag.generation import load_generator
from rag.generation.heads import Kind, head_of, prompt_digest
from rag.generation.judging import CLAIM_PREFIX, PREFIX, claim_prompt, judge_prompt
from rag.models import resolve
from rag.models.cache import sha256_of
from rag.settings import load_settings
from rag.training.adapted import Adapted
from rag.training.candidates import load
from rag.training.judge_loop import Heads, Judge, Plan, Row, measured, say, train
from rag.training.judgements import (
    Judgement,
    drawn,
    of_candidates,
    of_pairs,
    of_questions,
    of_yes_no,
)
from rag.training.script import ends_clearly
from rag.training.sets import Pair, Problems, Question, read_pairs, read_questions

CLAIMS_BY_RULE = 600
PAIRS = {"fever_symmetric": 600, "infotabs": 300, "snli_dev_test": 300, "breaking_nli": 200}
YES_NO = {"fever_symmetric": 300, "snli_dev_test": 250, "breaking_nli": 80}
SWAPPED = 0.3  # of the right candidates, once more under a changed question
WRONG = 2.0  # candidates for each right one, and passages
PROMPTS: tuple[tuple[Kind, tuple[tuple[str, str], ...]], ...] = (
    ("candidate", PREFIX),
    ("claim", CLAIM_PREFIX),
)
MOST_TOKENS = 320  # of a row; longer ones are left out


def judgements(options: argparse.Namespace, problems: Problems) -> list[tuple[Judgement, bool]]:
    """All judgements, and whether each is held out: by documents, or by chance without one."""
    pairs: list[Pair] = [p for path in options.pairs for p in read_pairs(path, problems)]
    questions: list[Question] = []
    for path in options.questions:
        questions += read_questions(path, problems)
    shown = load(options.candidates) if options.candidates else []
    rng = random.Random(options.seed)
    documents = sorted({c.document for c in shown})
    out = set(rng.sample(documents, round(options.held_out * len(documents))))
    made: list[tuple[Judgement, bool]] = []
    for held in (False, True):
        part = [c for c in shown if (c.document in out) == held]
        made += [(j, held) for j in of_candidates(part, SWAPPED, options.seed)]
    others = [
        *of_yes_no(drawn(pairs, YES_NO, options.seed)),
        *of_pairs(drawn(pairs, PAIRS, options.seed + 1)),
        *(of_questions(questions, CLAIMS_BY_RULE, options.seed) if questions else ()),
    ]
    made += [(j, rng.random() < options.held_out) for j in others]
    if not made:
        raise SetInvalid("nothing to train on: name --candidates, --pairs or --questions")
    return made


def tokenised(
    made: Iterable[tuple[Judgement, bool]], options: argparse.Namespace
) -> tuple[list[Row], tuple[list[int], list[int]], str]:
    """The rows that are not too long, both constant prefixes and the model's architecture."""
    generator = load_generator(load_settings({"model": options.model}))
    prefixes: dict[bool, list[int]] = {False: [], True: []}
    rows = []
    for j, held in made:
        prompt = (
            claim_prompt(j.asked, [j.text]) if j.claim else judge_prompt(j.asked, j.text, j.setting)
        )
        prefixes[j.claim], tokens = generator.tokens(prompt)
        if len(tokens) <= MOST_TOKENS:
            rows.append(Row(j.claim, tuple(tokens), j.right, j.source, held, j.passage))
    architecture = generator.architecture
    generator.close()
    return rows, (prefixes[False], prefixes[True]), architecture


def balanced(rows: Sequence[Row], seed: int, passages: int, claims: int | None = None) -> list[Row]:
    """All right candidates, and at most `WRONG` wrong candidates for each right one.

    Of passages the same, but no more than `passages` of them, and no more than `claims` claims.
    """
    rng = random.Random(seed)
    whole = _thinned([r for r in rows if r.passage], rng)
    kept = _at_most(claims, [r for r in rows if r.claim], rng)
    kept += _thinned([r for r in rows if not r.claim and not r.passage], rng)
    return kept + _at_most(passages, whole, rng)


def _at_most(count: int | None, rows: list[Row], rng: random.Random) -> list[Row]:
    return rows if count is None or count >= len(rows) else rng.sample(rows, count)


def _thinned(rows: Sequence[Row], rng: random.Random) -> list[Row]:
    right, wrong = [r for r in rows if r.right], [r for r in rows if not r.right]
    return right + rng.sample(wrong, min(len(wrong), round(WRONG * len(right))))


def run(options: argparse.Namespace) -> None:
    """Trains, measures and writes."""
    import torch

    start = _read_start(options.start) if options.start else None
    plan = Plan(
        options.layer,
        options.from_layer,
        options.rank,
        seed=options.seed,
        rate=options.rate,
        start=sha256_of(start[0]) if start else "",
    )
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(plan.seed)
    problems = Problems()
    made = judgements(options, problems)
    rows, prefixes, architecture = tokenised(made, options)
    own = [r for r in rows if not r.held_out]
    learnt = balanced(own, plan.seed, options.passages, options.claims)
    if options.rows is not None and options.rows < len(learnt):
        learnt = random.Random(plan.seed).sample(learnt, options.rows)
    census = Counter(f"{'claim' if r.claim else 'question'} {r.source} {r.right}" for r in learnt)
    say({"skipped": problems.counts, "too long": len(made) - len(rows)})
    say({"rows": len(learnt), "tokens": sum(len(r.tokens) for r in learnt), "census": census})
    weights = resolve(options.model, "generator", load_settings()).weights
    model = Adapted(weights, architecture, plan.first, plan.layer, plan.rank, plan.scale)
    if start:
        model.read(start[0])
    judge = Judge(model, prefixes)
    if not train(
        judge, learnt, options.out, plan, options.seconds, start[1] if start else (None, None)
    ):
        say({"stopped": "the same command goes on"})
        return
    figures = measured(judge, rows)
    say(figures)
    file = options.out / f"{options.model}.gguf"
    judge.model.write(file)
    text = judge_json(judge, plan, file, {"rows": census, "held_out": figures})
    file.with_suffix(".json").write_text(text, encoding="utf-8")


def _read_start(path: Path) -> tuple[Path, Heads]:
    """The adapter and the heads of a judge's file; a head behind another prompt is not taken."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        heads = {
            kind: head_of(raw, kind, path.parent) for kind in ("candidate", "claim") if kind in raw
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ModelInvalid(f"{path}: no judge can be read there; name OUT/NAME.json") from exc
    found: list[tuple[Sequence[float], float] | None] = []
    adapters = [h.adapter for h in heads.values() if h.adapter and h.adapter.is_file()]
    if not adapters:
        raise ModelInvalid(f"{path}: a judge without an adapter; name OUT/NAME.json")
    for kind, prefix in PROMPTS:
        head = heads.get(kind)
        same = head is not None and head.record.get("prompt") == prompt_digest(prefix)
        found.append((head.weights, head.intercept) if head and same else None)
    return adapters[0], found


def judge_json(judge: Judge, plan: Plan, adapter: Path, record: dict[str, Any]) -> str:
    """Both heads as the text of their file."""
    raw: dict[str, Any] = {
        "layer": plan.layer,
        "adapter": {"file": adapter.name, "sha256": sha256_of(adapter)},
        "record": {"plan": asdict(plan), **record},
    }
    lines = {}
    for kind, prefix in PROMPTS:
        weights, intercept = judge.head(kind == "claim")
        raw[kind] = {"prompt": prompt_digest(prefix), "intercept": intercept, "weights": kind}
        lines[kind] = ", ".join(f"{w:.5g}" for w in weights)  # a line each would be long to look at
    text = json.dumps(raw, indent=1)
    for kind, line in lines.items():
        text = text.replace(f'"weights": "{kind}"', f'"weights": [{line}]')
    return text + "\n"


@ends_clearly
def main(arguments: Sequence[str] | None = None) -> int:
    """Trains the judge of a model."""
    parser = argparse.ArgumentParser(prog="python -m rag.training.adapter", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("out", type=Path, help="folder of the run; continued if it exists")
    parser.add_argument("--model", required=True, help="the generator's name, as in models.txt")
    parser.add_argument(
        "--layer", type=int, required=True, help="the last that is computed, from 0"
    )
    parser.add_argument("--from-layer", type=int, default=0, help="the first that is adapted")
    parser.add_argument("--candidates", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--pairs", type=Path, nargs="*", default=[], help=".jsonl[.gz]")
    parser.add_argument("--questions", type=Path, nargs="*", default=[], help=".json, .jsonl[.gz]")
    parser.add_argument("--start", type=Path, help="the .json of a judge to go on from")
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--held-out", type=float, default=0.1, help="share of the documents")
    parser.add_argument("--passages", type=int, default=0, help="at most, among the rows")
    parser.add_argument("--claims", type=int, help="at most, among the rows; without it all")
    parser.add_argument("--rows", type=int, help="draw that many; without it all are used")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after that long")
    parser.add_argument("--seed", type=int, default=13)
    options = parser.parse_args(arguments)
    if not 0 <= options.from_layer <= options.layer:
        parser.error(f"--from-layer {options.from_layer} is not between 0 and --layer")
    run(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
