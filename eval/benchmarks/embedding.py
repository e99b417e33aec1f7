#!/usr/bin/env python3
"""Measures bulk embedding against `SentenceTransformer.encode` on real passages of mixed lengths.

usage: embedding.py INDEX... [--texts N] [--rounds N] [--json FILE]

The texts are what was embedded of every n-th passage of the indexes, with questions' lengths among
them: each third text is cut to its first sentence. Both ways run in turn, on as many threads, so
that what else the machine does meets both; a round's ratio counts, and the median of them. Also
the least cosine between both, whether each vector of a sample is the same bit for bit when its text
is embedded alone, and, where OpenVINO is installed, the same graph run by it in bfloat16.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np  # noqa: TID253

from rag.embedding.onnx import OnnxEmbedder
from rag.embedding.sentence_transformer import SentenceTransformerEmbedder
from rag.models import resolve
from rag.passages import passage_input
from rag.settings import load_settings
from rag.store import open_snapshot

Embed = Callable[[Sequence[str]], np.ndarray]
ALONE = 40


def texts_of(indexes: Sequence[Path], count: int) -> list[str]:
    inputs = []
    for index in indexes:
        with open_snapshot(index) as snapshot:
            for document in snapshot.documents():
                inputs += [passage_input(p) for p in snapshot.passages_of(document.path)]
    step = max(1, len(inputs) // count)
    return [t.split(". ")[0] if i % 3 == 0 else t for i, t in enumerate(inputs[::step][:count])]


def openvino(embedder: OnnxEmbedder, graph: Path, threads: int) -> Embed:
    """The shipped graph in bfloat16, texts grouped as `OnnxEmbedder` does."""
    from openvino import Core

    core = Core()
    options = {"INFERENCE_PRECISION_HINT": "bf16", "INFERENCE_NUM_THREADS": threads}
    model: Any = core.compile_model(str(graph), "CPU", options)

    class Session:
        def run(self, _: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
            return [model(inputs)[0]]

    other = object.__new__(OnnxEmbedder)
    other.__dict__.update(embedder.__dict__)

    class Done:
        def result(self) -> Session:
            return Session()

    other._session = Done()  # type: ignore[assignment]
    return other.embed_passages


def rates(ways: dict[str, Embed], texts: list[str], rounds: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way(texts[:64])
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way(texts)
            found[name].append(len(texts) / (time.perf_counter() - began))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("indexes", nargs="+", type=Path)
    parser.add_argument("--texts", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--graph", type=Path, help="the graph beside its weights, for OpenVINO")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    settings = load_settings({"embedder": "all-MiniLM-L6-v2"})
    model = resolve(settings.embedder, "embedder", settings)
    ours = OnnxEmbedder(model, settings.cores)
    other = SentenceTransformerEmbedder(model, settings.cores)
    reference = other._model

    def encode(texts: Sequence[str]) -> np.ndarray:
        return np.asarray(reference.encode(list(texts), normalize_embeddings=True))

    ways: dict[str, Embed] = {"rag": ours.embed_passages, "sentence-transformers": encode}
    if options.graph and find_spec("openvino"):
        ways["openvino bfloat16"] = openvino(ours, options.graph, settings.cores)
    texts = texts_of(options.indexes, options.texts)
    found = rates(ways, texts, options.rounds)
    vectors = {name: way(texts) for name, way in ways.items()}
    tokens = ours.count_tokens(texts)
    row: dict[str, Any] = {
        "texts": len(texts),
        "tokens_p10_p50_p90": np.percentile(tokens, [10, 50, 90]).tolist(),
        "threads": settings.cores,
        "rounds": options.rounds,
    }
    base = np.array(found["sentence-transformers"])
    for name, way in ways.items():
        alone = np.stack([way([t])[0] for t in texts[:ALONE]])
        same = int((alone == vectors[name][:ALONE]).all(axis=1).sum())
        row[name] = {
            "texts_a_second_median": round(float(np.median(found[name])), 1),
            "times_sentence_transformers": [round(float(x), 2) for x in found[name] / base],
            "median": round(float(np.median(found[name] / base)), 2),
            "least_cosine": round(
                float((vectors[name] * vectors["sentence-transformers"]).sum(axis=1).min()), 6
            ),
            "equal_alone": f"{same} of {len(alone)}",
            "largest_difference_alone": float(np.abs(alone - vectors[name][:ALONE]).max()),
        }
    print(json.dumps(row, indent=1))
    if options.json:
        options.json.write_text(json.dumps(row, indent=1) + "\n")


if __name__ == "__main__":
    main()
