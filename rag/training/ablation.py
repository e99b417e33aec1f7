"""``python -m rag.training.ablation``: short runs of one length, each without one ingredient.

    python -m rag.training.ablation OUT --steps 250 [--only NAME ...] -- ARGUMENTS OF rag.training

The arguments after ``--`` are those of the full run (its OUT left out); its shares are scaled by
``--scale``, so that the stream is not much longer than the budget. Each run begins from the base
weights, or from the reader that ``--start`` names. Where that has seen everything already, leaving
something out understates what it gives; the run "answered questions alone" makes a start that has
seen none of the ingredients (``OUT/answered_questions_alone/reader.onnx``). A run that is done is
not repeated and one that was stopped goes on where it stood; OUT/ablation.json and OUT/ablation.md
hold what is done so far. ``--group "NAME=A,B"`` adds a run without the sets A and B. Measured on
the development documents: ``--evaluate FOLDER --splits FILE``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rag.reading.minilm import MiniLMReader
from rag.training.__main__ import arguments_of, made_stream, read_all
from rag.training.among import among_figures
from rag.training.evaluate import reading_figures, swap_figures, swap_pairs
from rag.training.export import export
from rag.training.features import Features, encode, load_tokenizer
from rag.training.files import whole
from rag.training.loop import Plan, train
from rag.training.mixture import CLAIM, Example, Recipe
from rag.training.network import build
from rag.training.script import ends_clearly
from rag.training.sets import Problems, Question, read_folder

ANSWERS = "answered questions alone"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to train: what is left out of the full recipe.

    ``sources`` are sets that give no examples (their contexts still serve as wrong passages), and
    ``parts`` kinds of examples made from them, by the ending of their source; ``asked`` keeps the
    unanswerable questions that people put; ``halved`` shows the first half of the stream twice
    instead of the whole of it once; ``seed`` is added to the run's own; ``plan`` names fields of
    the plan that differ.
    """

    name: str
    sources: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    claims: bool = True
    embedded: bool = True
    asked: bool = True
    halved: bool = False
    seed: int = 0
    plan: tuple[tuple[str, float], ...] = ()


def variants(
    sources: Sequence[str], groups: Mapping[str, Sequence[str]] | None = None
) -> list[Variant]:
    """All variants: the full one, one for each ingredient, one for each group and each set."""
    return [
        Variant("full"),
        Variant("full, another seed", seed=1),
        Variant("without wrong passages", parts=("passage",)),
        Variant("wrong passages by words alone", embedded=False),
        Variant("without swapped questions", parts=("swap",)),
        Variant("without cut contexts", parts=("cut",)),
        Variant("without unanswerable questions put by people", asked=False),
        Variant("without claims", claims=False),
        Variant("without a claim made by rule", parts=("claim", "sentence")),
        Variant("without the answerable head", plan=(("answerable_weight", 0.0),)),
        Variant("without the shared norm", plan=(("shared_norm_weight", 0.0),)),
        Variant("half the examples, seen twice", halved=True),
        Variant("embeddings frozen", plan=(("embedding_rate", 0.0),)),
        Variant("three layers", plan=(("layers", 3),)),
        Variant(ANSWERS, parts=("passage", "swap", "cut", "missing"), claims=False, asked=False),
        *[Variant(f"without {n}", sources=tuple(g)) for n, g in (groups or {}).items()],
        *[Variant(f"without {source}", sources=(source,)) for source in sources],
    ]


def thinned(stream: Sequence[Example], variant: Variant) -> list[Example]:
    """The stream as the variant shows it."""
    kept = [example for example in stream if _stays(example, variant)]
    if not variant.halved:
        return kept
    half = kept[: len(kept) // 2]
    last = max((e.unit for e in half), default=0) + 1
    again = [replace(e, unit=e.unit + last) if e.unit >= 0 else e for e in half]
    return half + again


def _stays(example: Example, variant: Variant) -> bool:
    source, _, part = example.source.partition(":")
    if source in variant.sources or part in variant.parts:
        return False
    if example.mode == CLAIM:
        return variant.claims
    return variant.asked or bool(part) or example.label == 1


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The Markdown table of the rows of ablation.json, with the difference to the full run."""
    names = ("f1", "auroc", "margin", "first", "swaps")
    lines = [
        "| run | answer F1 | answerable AUROC, head | margin | right sentence first of 5 "
        "| edited sentences |",
        "|---|---|---|---|---|---|",
    ]
    full = next((row for row in rows if row["name"] == "full"), None)
    for row in rows:
        cells = []
        for name in names:
            if row[name] is None:
                cells.append("–")
                continue
            gap = f" ({row[name] - full[name]:+.3f})" if full and row is not full else ""
            cells.append(f"{row[name]:.3f}{gap}")
        lines.append(f"| {row['name']} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


@ends_clearly
def main(arguments: list[str] | None = None) -> int:
    """0, after the runs asked for; figures are written after each."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    split = given.index("--") if "--" in given else len(given)
    options = _parser().parse_args(given[:split])
    training = arguments_of([str(options.out), *given[split + 1 :]])
    options.out.mkdir(parents=True, exist_ok=True)
    shares = json.loads(training.shares.read_text(encoding="utf-8")) if training.shares else {}
    groups = {name: sets.split(",") for name, _, sets in (g.partition("=") for g in options.group)}
    chosen = variants(sorted(shares), groups)
    if unknown := set(options.only) - {variant.name for variant in chosen}:
        print(f"no such run: {', '.join(sorted(unknown))}; --list names all", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(variant.name for variant in chosen))
        return 0
    done = _done(options.out)
    for variant in chosen:
        wanted = not options.only or variant.name in options.only
        if wanted and variant.name not in {row["name"] for row in done}:
            done.append(_run(variant, training, shares, options))
            text = json.dumps(done, indent=1)
            with whole(options.out / "ablation.json") as part:
                part.write_text(text, encoding="utf-8")
            (options.out / "ablation.md").write_text(table(done), encoding="utf-8")
            print(json.dumps(done[-1]), flush=True)
    return 0


def _run(
    variant: Variant,
    training: argparse.Namespace,
    shares: dict[str, list[float]],
    options: argparse.Namespace,
) -> dict[str, Any]:
    import torch

    if training.threads:
        torch.set_num_threads(training.threads)
    folder: Path = options.out / variant.name.replace(" ", "_")
    folder.mkdir(exist_ok=True)
    features = _features(variant, training, shares, options)
    plan = Plan(
        seed=training.seed + variant.seed,
        rate=training.rate,
        embedding_rate=training.embedding_rate,
        shared_norm_weight=training.shared_norm,
        last_step=options.steps,
        warmup_steps=min(Plan().warmup_steps, options.steps // 5),
        cool_step=options.steps // 5 if training.start else 0,
        layers=options.layers,
    )
    changes: dict[str, Any] = dict(variant.plan)
    plan = replace(plan, **changes)
    final = train(
        features,
        training.base,
        folder,
        plan,
        start=training.start,
        save_seconds=45.0,
        say=_to_stderr,
    )
    network = build(training.base, plan.seed, layers=plan.layers)
    network.load_state_dict(torch.load(final, weights_only=True))
    tokens = training.base / "tokenizer.json"
    size = load_tokenizer(tokens).get_vocab_size()
    digest = export(network, folder / "reader.onnx", vocabulary=size)
    reader = MiniLMReader(
        folder / "reader.onnx", tokens, name="ablation", sha256=digest, threads=training.threads
    )
    (folder / "state.pt").unlink(missing_ok=True)
    return {"name": variant.name, "steps": options.steps, **_measured(reader, options)}


def _features(
    variant: Variant,
    training: argparse.Namespace,
    shares: dict[str, list[float]],
    options: argparse.Namespace,
) -> Features:
    """The features of the variant's stream; the stream itself is made once and kept in OUT."""
    name = "stream.jsonl" if variant.embedded else "stream_by_words.jsonl"
    kept: Path = options.out / name
    if not kept.exists():
        scaled = {source: [options.scale * v for v in values] for source, values in shares.items()}
        read = read_all(training, Problems())
        stream = made_stream(training, read, scaled, Recipe(), embedded=variant.embedded)
        lines = (json.dumps(asdict(example)) + "\n" for example in stream)
        with whole(kept) as part:
            part.write_text("".join(lines), encoding="utf-8")
    with kept.open(encoding="utf-8") as lines_of:
        stream = [Example(**json.loads(line)) for line in lines_of]
    return encode(thinned(stream, variant), training.base / "tokenizer.json")[0]


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _measured(reader: MiniLMReader, options: argparse.Namespace) -> dict[str, Any]:
    splits = json.loads(options.splits.read_text(encoding="utf-8"))
    names = frozenset(splits[options.evaluate.name]["dev"])
    questions: list[Question] = read_folder(options.evaluate, names, Problems())
    step = max(1, len(questions) // options.questions)
    questions = questions[::step]
    reading = reading_figures(reader, questions)
    every = max(1, len(questions) // max(1, options.choices))
    among = among_figures(reader, questions[::every]) if options.choices else {}
    texts = sorted({question.context for question in questions})
    swaps = swap_figures(reader, swap_pairs(texts, options.swaps, seed=7))
    return {
        "n": reading["n"],
        "answerable_n": reading["answerable_n"],
        "f1": reading["f1"],
        "f1_interval": reading["f1_interval"],
        "auroc": reading["auroc_answerable"],
        "auroc_interval": reading.get("auroc_answerable_interval"),
        "margin": reading["auroc_margin"],
        "first": among.get("first"),
        "swaps": swaps["auroc"],
    }


def _done(out: Path) -> list[dict[str, Any]]:
    path = out / "ablation.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else []
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rag.training.ablation", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("out", type=Path, help="folder of the runs; continued if it exists")
    parser.add_argument("--steps", type=int, default=250, help="of each run")
    parser.add_argument("--scale", type=float, default=0.1, help="of all shares")
    parser.add_argument("--layers", type=int, default=0, help="only the first of the base (0: all)")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="only these runs")
    parser.add_argument("--group", action="append", default=[], metavar="NAME=A,B")
    parser.add_argument("--list", action="store_true", help="print the names of all runs")
    parser.add_argument("--evaluate", type=Path, required=True, help="an evaluation set")
    parser.add_argument("--splits", type=Path, required=True, help="JSON: set -> dev, test")
    parser.add_argument("--questions", type=int, default=400, help="about how many are measured")
    parser.add_argument("--choices", type=int, default=200, help="of them put among five passages")
    parser.add_argument("--swaps", type=int, default=200, help="pairs of edited sentences")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
