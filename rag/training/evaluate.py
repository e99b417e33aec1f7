"""``python -m rag.training.evaluate``: what a reader file finds and judges, given the text.

    python -m rag.training.evaluate reader.onnx tokenizer.json --folder EVALSET --splits FILE
        --split dev|test [--claims FILE.jsonl --claim-split NAME]... [--swaps N] [--limit N]

Prints one JSON object. What is measured after retrieval is ``rag eval``'s business.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import string
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rag.calibration import auroc as labelled_auroc
from rag.reading.minilm import MiniLMReader
from rag.reading.protocol import Reader
from rag.training.script import ends_clearly
from rag.training.sets import Problems, Question, read_folder
from rag.training.swaps import KINDS, swap
from rag.training.windows import sentences

T = TypeVar("T")

_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalised(text: str) -> str:
    """The text as SQuAD compares it: lower case, no punctuation, no articles, single spaces."""
    bare = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def token_f1(predicted: str, answers: Sequence[str]) -> float:
    """The best F1 over the answers, of word multisets after normalisation (SQuAD, 0 to 1)."""
    best = 0.0
    words = Counter(normalised(predicted).split())
    for answer in answers:
        gold = Counter(normalised(answer).split())
        common = sum((words & gold).values())
        if common:
            precision, recall = common / sum(words.values()), common / sum(gold.values())
            best = max(best, 2 * precision * recall / (precision + recall))
        elif not words and not gold:
            best = 1.0
    return best


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The area under the ROC curve of two lists of scores, as ``rag.calibration.auroc``."""
    labels = [True] * len(positive) + [False] * len(negative)
    return labelled_auroc([*positive, *negative], labels)


def interval(values: Sequence[float]) -> list[float]:
    """The bootstrap 95 % interval of the mean (500 draws, seed 0), rounded to 3 decimals."""
    import numpy as np

    rng = np.random.default_rng(0)
    data = np.asarray(values, float)
    means = [float(data[rng.integers(0, len(data), len(data))].mean()) for _ in range(500)]
    return [round(float(np.quantile(means, q)), 3) for q in (0.025, 0.975)]


def auroc_interval(positive: Sequence[float], negative: Sequence[float]) -> list[float]:
    """The bootstrap 95 % interval of ``auroc``: both classes drawn again (300 draws, seed 0)."""
    import numpy as np

    rng = np.random.default_rng(0)
    one, other = np.asarray(positive, float), np.asarray(negative, float)
    values = [
        auroc(
            one[rng.integers(0, len(one), len(one))].tolist(),
            other[rng.integers(0, len(other), len(other))].tolist(),
        )
        for _ in range(300)
    ]
    return [round(float(np.quantile(values, q)), 3) for q in (0.025, 0.975)]


def reading_figures(reader: Reader, questions: Sequence[Question]) -> dict[str, Any]:
    """F1 of the first span on answerable questions and AUROC of three signals on all.

    Each question is put to its gold passage. ``sentence`` is the share of answerable questions
    where the sentence of the first span holds an accepted answer.
    """
    f1: list[float] = []
    exact: list[float] = []
    sentence: list[float] = []
    signals: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for question in questions:
        reading = reader.read(question.question, [question.context])[0]
        margin = (reading.spans[0].score if reading.spans else 0.0) - reading.null_score
        signals[bool(question.answers)].append((reading.answerable, margin))
        if not question.answers:
            continue
        accepted = [answer.text for answer in question.answers]
        best = reading.spans[0] if reading.spans else None
        phrase = question.context[best.start : best.end] if best else ""
        f1.append(token_f1(phrase, accepted))
        exact.append(float(normalised(phrase) in {normalised(a) for a in accepted}))
        sentence.append(float(best is not None and _same_sentence(question, best.start)))
    yes, no = signals[True], signals[False]
    ways: dict[str, Callable[[tuple[float, float]], float]] = {
        "answerable": lambda s: s[0],
        "margin": lambda s: s[1],
        "both": lambda s: s[0] + 0.5 * s[1],
    }
    out: dict[str, Any] = {
        "n": len(questions),
        "answerable_n": len(f1),
        "f1": round(sum(f1) / len(f1), 4),
        "f1_interval": interval(f1),
        "exact_match": round(sum(exact) / len(exact), 4),
        "sentence": round(sum(sentence) / len(sentence), 4),
    }
    for name, way in ways.items():
        one, other = [way(s) for s in yes], [way(s) for s in no]
        out[f"auroc_{name}"] = round(auroc(one, other), 4)
        if other:
            out[f"auroc_{name}_interval"] = auroc_interval(one, other)
    return out


def _same_sentence(question: Question, start: int) -> bool:
    for a, b in sentences(question.context):
        if a <= start < b:
            return any(a <= answer.start < b for answer in question.answers)
    return False


def support_figures(reader: Reader, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """AUROC of ``supported`` on claims, by two ways to show the evidence.

    ``whole``: the evidence joined, read in windows. ``pieces``: the most supported value over its
    single sentences. ``both``: the mean of the two.
    """
    whole: dict[bool, list[float]] = {True: [], False: []}
    pieces: dict[bool, list[float]] = {True: [], False: []}
    for row in rows:
        parts = _pieces(row["evidence"])
        texts = [" ".join(row["evidence"]), *parts]
        found = [e.supported for e in reader.support(row["claim"], texts)]
        whole[bool(row["supported"])].append(found[0])
        pieces[bool(row["supported"])].append(max(found[1:], default=found[0]))
    both = {k: [0.5 * (a + b) for a, b in zip(whole[k], pieces[k], strict=True)] for k in whole}
    out: dict[str, Any] = {"n": len(rows), "supported_n": len(whole[True])}
    for name, scores in (("whole", whole), ("pieces", pieces), ("both", both)):
        out[f"auroc_{name}"] = round(auroc(scores[True], scores[False]), 4)
        out[f"auroc_{name}_interval"] = auroc_interval(scores[True], scores[False])
    return out


def _pieces(evidence: Sequence[str]) -> list[str]:
    """Each sentence of the evidence."""
    return [text[a:b] for text in evidence for a, b in sentences(text)]


def swap_pairs(texts: Sequence[str], count: int, seed: int) -> list[tuple[str, str, str, str]]:
    """Up to ``count`` tuples (true sentence, false sentence, evidence, kind), made by rule.

    The true sentence stands in the evidence (one to three sentences of a text); the false one
    differs in one number, date, unit, name, negation or antonym.
    """
    rng = random.Random(seed)
    places = [
        (text, spans, i)
        for text in texts
        for spans in [sentences(text)]
        for i, (a, b) in enumerate(spans)
        if 50 <= b - a <= 300
    ]
    rng.shuffle(places)
    kinds: Counter[str] = Counter()
    out: list[tuple[str, str, str, str]] = []
    for text, spans, i in places:
        if len(out) == count:
            break
        low, high = max(0, i - rng.randint(0, 1)), min(len(spans), i + 1 + rng.randint(0, 1))
        claim = text[spans[i][0] : spans[i][1]]
        evidence = text[spans[low][0] : spans[high - 1][1]]
        wanted = sorted(KINDS, key=lambda kind: (kinds[kind], kind))[:3]
        made = swap(claim, text[:8000], rng, wanted)
        if made is not None and made[0] not in text:
            kinds[made[1]] += 1
            out.append((claim, made[0], evidence, made[1]))
    return out


def swap_figures(reader: Reader, pairs: Sequence[tuple[str, str, str, str]]) -> dict[str, Any]:
    """AUROC of true against edited sentences, of all and by kind; share of pairs ordered right."""
    true: dict[str, list[float]] = {}
    false: dict[str, list[float]] = {}
    for right, wrong, evidence, kind in pairs:
        true.setdefault(kind, []).append(_support(reader, right, evidence))
        false.setdefault(kind, []).append(_support(reader, wrong, evidence))
    ones = [s for kind in true for s in true[kind]]
    others = [s for kind in true for s in false[kind]]
    out: dict[str, Any] = {
        "pairs": len(pairs),
        "auroc": round(auroc(ones, others), 4),
        "auroc_interval": auroc_interval(ones, others),
        "ordered": round(sum(a > b for a, b in zip(ones, others, strict=True)) / len(ones), 4),
    }
    for kind in sorted(true):
        figure = round(auroc(true[kind], false[kind]), 4)
        out[f"auroc_{kind}"] = {"pairs": len(true[kind]), "auroc": figure}
    return out


def _support(reader: Reader, claim: str, evidence: str) -> float:
    return reader.support(claim, [evidence])[0].supported


def latency_ms(reader: Reader, questions: Sequence[Question], runs: int = 12) -> list[float]:
    """Milliseconds to read ten passages of about 130 tokens, warm, of each run, sorted."""
    passages = []
    for question in questions:
        words = question.context.split()
        if len(words) > 100:
            passages.append(" ".join(words[:100]))
        if len(passages) == 10:
            break
    times = []
    for number in range(runs + 1):
        began = time.perf_counter()
        reader.read(questions[number].question, passages)
        times.append(1000 * (time.perf_counter() - began))
    return sorted(round(value, 1) for value in times[1:])


@ends_clearly
def main(arguments: list[str] | None = None) -> int:
    """0, after printing the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m rag.training.evaluate", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("model", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--splits", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--claims", type=Path, action="append", default=[])
    parser.add_argument("--claim-split", action="append", default=[])
    parser.add_argument("--swaps", type=int, default=0, help="pairs made from the folder's split")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    reader = MiniLMReader(
        options.model, options.tokenizer, name="evaluated", sha256="", threads=options.threads
    )
    figures: dict[str, Any] = {"model": options.model.name, "split": options.split}
    if options.folder:
        figures |= _folder_figures(reader, options)
    for path, split in zip(options.claims, options.claim_split, strict=True):
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [r for r in map(json.loads, lines) if r.get("split") == split]
        rows = sample(rows, options.limit)
        figures[f"{path.parent.name}/{split}"] = support_figures(reader, rows)
    print(json.dumps(figures, indent=1))
    return 0


def _folder_figures(reader: Reader, options: argparse.Namespace) -> dict[str, Any]:
    names = None
    if options.splits:
        splits = json.loads(options.splits.read_text(encoding="utf-8"))
        names = frozenset(splits[options.folder.name][options.split])
    questions = read_folder(options.folder, names, Problems())
    out: dict[str, Any] = {
        options.folder.name: reading_figures(reader, sample(questions, options.limit)),
        "latency_ms": latency_ms(reader, questions),
    }
    if options.swaps:
        texts = sorted({question.context for question in questions})
        out["swaps"] = swap_figures(reader, swap_pairs(texts, options.swaps, seed=7))
    return out


def sample(items: list[T], limit: int) -> list[T]:
    """All items, or ``limit`` of them drawn with a fixed seed."""
    if not limit or limit >= len(items):
        return items
    return random.Random(5).sample(items, limit)


if __name__ == "__main__":
    raise SystemExit(main())
