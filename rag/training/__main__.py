"""``python -m rag.training``: makes a reader from question sets and claim pairs.

    python -m rag.training OUT --base FOLDER --questions FILE... --pairs FILE...
        [--folder EVALSET --documents A,B,...] [--shares SHARES.json] [--start reader.onnx]

Stopped at any time, the same command continues; with the same arguments it ends with the same
weights. With arguments that make other examples it refuses to; a run may be given another end.
OUT then holds ``examples.npz``, ``made_of.json``, ``census.json``, ``problems.txt``, ``state.pt``,
``final.pt``, ``reader.onnx`` and, where asked for, ``vectors.npz``, ``average.pt`` and
``average.onnx``.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from rag.embedding import load_embedder
from rag.errors import SettingsInvalid
from rag.settings import load_settings
from rag.training.export import FORMS, export, shrink
from rag.training.features import Features, encode, load_tokenizer
from rag.training.loop import Plan, device_of, train
from rag.training.mixture import Example, Recipe, plain
from rag.training.network import build
from rag.training.script import ends_clearly
from rag.training.sets import Pair, Problems, Question, read_folder, read_pairs, read_questions
from rag.training.stream import build_stream, census
from rag.training.tables import tables_of
from rag.training.vectors import Vectors, embed, texts_of


@ends_clearly
def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 done, 4 done but some training items were skipped, 1 nothing was done."""
    options = arguments_of(arguments)

    import torch  # only now: of wrong arguments one is told at once

    if options.threads:
        torch.set_num_threads(options.threads)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    skipped = 0
    if not (out / "examples.npz").exists():
        skipped = _make(options, out)
    elif (out / "made_of.json").exists():
        _require_same(json.loads((out / "made_of.json").read_text("utf-8")), options)
    features = Features.load(out / "examples.npz")
    print(f"{len(features)} examples, {int(features.offsets[-1])} tokens", flush=True)
    plan = replace(
        Plan(),
        seed=options.seed,
        rate=options.rate,
        embedding_rate=options.embedding_rate,
        average=options.average,
        shared_norm_weight=options.shared_norm,
        cool_step=options.cool_step,
        last_step=options.last_step,
        bfloat16=not options.float32,
    )
    if options.only_examples:
        return 4 if skipped else 0
    train(
        features,
        options.base,
        out,
        plan,
        start=options.start,
        device=device_of(options.device),
        save_seconds=options.save_seconds,
        say=_say,
    )
    _write(options, out)
    return 4 if skipped else 0


def _write(options: argparse.Namespace, out: Path) -> None:
    """Exports the final weights as ``reader.onnx``, averaged ones as ``average.onnx``."""
    import torch

    size = load_tokenizer(options.base / "tokenizer.json").get_vocab_size()
    files = [("final.pt", "reader.onnx", "float32.onnx")]
    if options.average:
        files.append(("average.pt", "average.onnx", "average_float32.onnx"))
    for weights, name, whole in files:
        network = build(options.base, options.seed)
        network.load_state_dict(torch.load(out / weights, weights_only=True))
        export(network, out / whole, vocabulary=size, notes={"seed": str(options.seed)})
        digest = shrink(out / whole, out / name, options.form)
        _say(f"{out / name}: {(out / name).stat().st_size} bytes, sha256 {digest}")


def _say(line: str) -> None:
    print(line, flush=True)


def _make(options: argparse.Namespace, out: Path) -> int:
    """Reads all sets and writes the examples; the number of skipped items."""
    problems = Problems()
    read = read_all(options, problems)
    shares = json.loads(options.shares.read_text(encoding="utf-8")) if options.shares else {}
    recipe = replace(Recipe(), wrong_passage=options.wrong_passage)
    features = made_features(options, read, shares, recipe)
    (out / "problems.txt").write_text("".join(f"{x}\n" for x in problems.lines), encoding="utf-8")
    for what, count in sorted(problems.counts.items()):
        print(f"skipped {count}: {what} (see {out / 'problems.txt'})", file=sys.stderr)
    (out / "made_of.json").write_text(json.dumps(_made_of(options), indent=1), encoding="utf-8")
    features.save(out / "examples.npz")
    return sum(problems.counts.values())


def _made_of(options: argparse.Namespace) -> dict[str, str]:
    """The arguments that decide which examples are made, by name."""
    shares = json.loads(options.shares.read_text(encoding="utf-8")) if options.shares else {}
    files = {
        "questions": sorted(path.name for path in options.questions),
        "pairs": sorted(path.name for path in options.pairs),
        "folder": options.folder.name if options.folder else "",
        "documents": options.documents,
        "shares": shares,
        "tables": options.tables,
        "embedded": sorted(options.embedded),
        "seed": options.seed,
        "wrong-passage": options.wrong_passage,
    }
    return {name: json.dumps(value, sort_keys=True) for name, value in files.items()}


def _require_same(before: dict[str, str], options: argparse.Namespace) -> None:
    """Raises ``SettingsInvalid`` where the examples in OUT were made with other arguments."""
    now = _made_of(options)
    other = [f"--{name} {before.get(name)}" for name in now if before.get(name) != now[name]]
    if other:
        raise SettingsInvalid(
            f"{options.out} holds a run whose examples were made with {', '.join(other)}: go on "
            "with the same arguments, or name another folder"
        )


def arguments_of(arguments: list[str] | None) -> argparse.Namespace:
    """The command's arguments, parsed; ends the process with code 2 where they are wrong."""
    return _parser().parse_args(arguments)


def read_all(options: argparse.Namespace, problems: Problems) -> tuple[list[Question], list[Pair]]:
    """All questions and claim pairs that the arguments name, broken ones left out."""
    questions = [q for path in options.questions for q in read_questions(path, problems)]
    if options.folder:
        names = frozenset(options.documents.split(",")) if options.documents else None
        questions += read_folder(options.folder, names, problems)
    return questions, [p for path in options.pairs for p in read_pairs(path, problems)]


def made_features(
    options: argparse.Namespace,
    read: tuple[list[Question], list[Pair]],
    shares: dict[str, list[float]],
    recipe: Recipe,
) -> Features:
    """The features of the stream that ``recipe`` makes; writes ``census.json`` beside it."""
    stream = made_stream(options, read, shares, recipe)
    features, dropped = encode(stream, options.base / "tokenizer.json")
    counts = json.dumps(census(stream), indent=1)
    (options.out / "census.json").write_text(counts, encoding="utf-8")
    if dropped:
        print(f"left out {dropped} examples whose answer lies beyond the window", file=sys.stderr)
    return features


def made_stream(
    options: argparse.Namespace,
    read: tuple[list[Question], list[Pair]],
    shares: dict[str, list[float]],
    recipe: Recipe,
    *,
    embedded: bool = True,
) -> list[Example]:
    """The examples that ``recipe`` makes, in order; ``embedded`` False: by words alone."""
    questions, pairs = read
    return build_stream(
        questions,
        pairs,
        shares,
        recipe,
        options.seed,
        tables=tables_of(pairs) if options.tables else (),
        vectors=_vectors(options, questions) if embedded else None,
    )


def _vectors(options: argparse.Namespace, questions: list[Question]) -> Vectors | None:
    """The vectors of the sets that ``--embedded`` names, or None."""
    if not options.embedded:
        return None
    settings = replace(load_settings(), threads=options.threads)
    texts = texts_of([plain(q) for q in questions], frozenset(options.embedded))
    _say(f"embedding {len(texts)} texts")
    return embed(texts, load_embedder(settings), options.out / "vectors.npz")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rag.training", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("out", type=Path, help="folder of the run; continued if it exists")
    parser.add_argument("--base", type=Path, required=True, help="encoder and tokenizer.json")
    parser.add_argument("--start", type=Path, help="a reader.onnx to go on from")
    parser.add_argument("--form", choices=FORMS, default="int8", help="of the stored weights")
    parser.add_argument("--questions", type=Path, nargs="*", default=[], help=".json, .jsonl[.gz]")
    parser.add_argument("--pairs", type=Path, nargs="*", default=[], help=".jsonl[.gz]")
    parser.add_argument("--folder", type=Path, help="an evaluation set to train on as well")
    parser.add_argument("--documents", default="", help="only its documents A,B,...")
    parser.add_argument("--shares", type=Path, help="JSON: source -> share used in each pass")
    parser.add_argument("--tables", action="store_true", help="ask about tables of the pairs too")
    parser.add_argument(
        "--embedded",
        nargs="*",
        default=[],
        metavar="SOURCE",
        help="sets whose wrong passages are ranked by the project's embedder as well as by words",
    )
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--wrong-passage", type=float, default=Recipe().wrong_passage)
    parser.add_argument("--shared-norm", type=float, default=Plan().shared_norm_weight)
    parser.add_argument("--rate", type=float, default=Plan().rate)
    parser.add_argument("--embedding-rate", type=float, default=Plan().embedding_rate)
    parser.add_argument("--average", type=float, default=0.0, help="decay of averaged weights")
    parser.add_argument("--cool-step", type=int, default=0, help="where the rate begins to fall")
    parser.add_argument("--last-step", type=int, default=0, help="where the run ends")
    parser.add_argument("--float32", action="store_true", help="no bfloat16")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--save-seconds", type=float, default=300.0)
    parser.add_argument("--only-examples", action="store_true", help="stop before training")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
