"""Summaries beside what else one could do with the same text and the same model.

    python eval/benchmarks/summaries.py SET --out RUN.jsonl [--ways lead,lexrank,extractive]
        [--kind whole|query] [--length medium] [--docs 4] [--model NAME] [--minutes 5]
        [--keep-vectors]

SET is a folder as `rag eval` reads it, with summaries.jsonl and docs/. The ways:

    lead        the first sentences (of a query: the sentences nearest to it by the embedder)
    lexrank     LexRank (Erkan and Radev 2004): power iteration over the TF-IDF cosines of the
                sentences (threshold 0.1, damping 0.15), redundant ones left out; of a query biased
                towards it (Otterbacher et al. 2005)
    mapreduce   plain map-reduce prompting: each stretch of 900 tokens is summarised by the model,
                the summaries are summarised until they fit, and once more to the length asked for
    extractive  `rag summarise --extractive`
    worded      `rag summarise`

Each summary is appended to RUN.jsonl as it is done, and is not made again. What the language model
returned for a summary that is not done yet stands in RUN.steps.jsonl with the time it took: an
interrupted run goes on within a summary, whose time is the sum, and no other summary sees it. With
`--minutes` the model is not asked again after so long. `seconds` is what passed, `cpu_seconds` what
this process computed meanwhile (of use on a machine that others use too; meant for `--threads 1`).
With `--keep-vectors` a sentence is embedded once for all summaries of a run: the seconds then say
nothing.
At the end a table is printed: the mean of each figure with its bootstrap interval, and each way
against `--against`, paired by item; of the times the ratio of the sums.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import numpy as np  # noqa: TID253

from rag.embedding.protocol import Embedder
from rag.evaluation.bootstrap import mean_interval, paired_mean_p
from rag.evaluation.text_metrics import rouge, without_markers
from rag.generation.protocol import Completion, Generator, Prompt
from rag.loading import Models
from rag.settings import load_settings
from rag.summarising import SummaryTools, summarise
from rag.summarising.from_paths import read_texts
from rag.summarising.units import Unit, units_of
from rag.types import SUMMARY_WORDS
from rag.untrusted import neutralise
from rag.verification.rules import content_words

WITH_MODEL = ("mapreduce", "worded")
WAYS = ("lead", "lexrank", "mapreduce", "extractive", "worded")
STRETCH_TOKENS = 900
FIGURES = (
    "rouge1",
    "rouge2",
    "rougeL",
    "support",
    "words",
    "seconds",
    "cpu_seconds",
    "citation_chars",
    "sections",
)


@dataclass(frozen=True)
class Task:
    """One summary to be made."""

    id: str
    path: Path
    query: str | None
    references: list[str]


class _KeptVectors:
    """An embedder that embeds each text once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: dict[str, np.ndarray] = {}

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        new = [t for t in dict.fromkeys(texts) if t not in self._vectors]
        if new:
            self._vectors |= zip(new, self._embedder.embed_passages(new), strict=True)
        return np.stack([self._vectors[t] for t in texts])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)


class _TimeIsUp(Exception):
    """No more is asked of the model in this run; what is there is kept."""


class _Steps:
    """A generator that keeps what it returned for one summary, with the time that it took."""

    def __init__(self, models: Models, out: Path, key: str, ends: float) -> None:
        self._generator: Generator = models.generator
        self._file = out.with_suffix(".steps.jsonl")
        self._key = key
        self._ends = ends
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        rows = [row for row in map(json.loads, lines) if row["key"] == key]
        self._kept = {row["step"]: row for row in rows}
        self.seconds = 0.0  # of kept steps that were taken again
        self.cpu_seconds = 0.0

    @property
    def name(self) -> str:
        return self._generator.name

    @property
    def sha256(self) -> str:
        return self._generator.sha256

    def count_tokens(self, text: str) -> int:
        return self._generator.count_tokens(text)

    def complete(self, prompt: Prompt, **how: Any) -> Completion:
        def made() -> list[Any]:
            done = self._generator.complete(prompt, **how)
            return [done.text, done.prompt_tokens, done.completion_tokens, done.finished]

        return Completion(*self._step(f"{prompt!r} {sorted(how.items())!r}", made))

    def preference(self, prompts: Sequence[Prompt], yes: str, no: str) -> list[float]:
        return self._step(
            f"{prompts!r} {yes} {no}", lambda: self._generator.preference(prompts, yes, no)
        )

    def close(self) -> None:
        """The model stays loaded: others use it."""

    def _step(self, asked: str, make: Callable[[], list[Any]]) -> list[Any]:
        step = hashlib.sha256(asked.encode()).hexdigest()[:16]
        row = self._kept.pop(step, None)
        if row:
            self.seconds += row["seconds"]
            self.cpu_seconds += row["cpu_seconds"]
            return list(row["returned"])
        if time.monotonic() > self._ends:
            raise _TimeIsUp
        began, cpu = time.perf_counter(), time.process_time()
        returned = make()
        row = {"key": self._key, "step": step, "seconds": time.perf_counter() - began}
        row |= {"cpu_seconds": time.process_time() - cpu, "returned": returned}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return returned


def main() -> None:
    """Makes what is missing and prints the table."""
    options = _options()
    tasks = _tasks(options)
    done = _done(options.out)
    settings = load_settings({"model": options.model, "threads": options.threads})
    models = Models(settings)
    embedder: Any = _KeptVectors(models.embedder) if options.keep_vectors else models.embedder
    ends = time.monotonic() + 60 * options.minutes
    # All ways of one before the next, so that a run cut short can be compared.
    missing = [
        (task, way)
        for task in tasks
        for way in options.ways
        if (task.id, way, options.length) not in done
    ]
    for task, way in missing:
        if time.monotonic() > ends:
            break
        try:
            row = _row(task, way, options, models, embedder, ends)
        except _TimeIsUp:
            break
        row["model"] = settings.model if way in WITH_MODEL else None
        with options.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        print(f"{way:11} {task.id:8} {row['rouge1']:.3f} {row['seconds']:7.1f} s", flush=True)
    if options.out.exists():
        _table(options.out, [t.id for t in tasks], options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("set", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--ways", type=lambda s: s.split(","), default=list(WAYS))
    parser.add_argument("--kind", choices=("whole", "query"), default="whole")
    parser.add_argument("--length", choices=tuple(SUMMARY_WORDS), default="medium")
    parser.add_argument("--docs", type=int, help="the shortest so many documents")
    parser.add_argument("--limit", type=int, help="so many items, evenly over the documents")
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--keep-vectors", action="store_true")
    parser.add_argument("--against", default="worded")
    return parser.parse_args()


def _tasks(options: argparse.Namespace) -> list[Task]:
    """Whole-document items are those without a query, or with one that asks for everything."""
    files = {p.stem: p for p in sorted((options.set / "docs").rglob("*")) if p.is_file()}
    tasks = []
    for line in (options.set / "summaries.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        path = files.get(Path(item["doc"]).stem)
        whole = not item.get("query") or bool(re.search(r"-g\d+$", item["id"]))
        if path and whole == (options.kind == "whole"):
            query = None if whole else item["query"]
            tasks.append(Task(item["id"], path, query, item["references"]))
    if options.docs:
        sizes = sorted({t.path for t in tasks}, key=lambda p: (p.stat().st_size, p))
        tasks = [t for t in tasks if t.path in sizes[: options.docs]]
        tasks.sort(key=lambda t: sizes.index(t.path))
    if options.limit and len(tasks) > options.limit:
        tasks = [tasks[i * len(tasks) // options.limit] for i in range(options.limit)]
    return tasks


def _done(out: Path) -> set[tuple[str, str, str]]:
    if not out.exists():
        return set()
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return {(r["id"], r["way"], r["length"]) for r in rows}


def _row(
    task: Task,
    way: str,
    options: argparse.Namespace,
    models: Models,
    embedder: Embedder,
    ends: float,
) -> dict[str, Any]:
    _load(way, models)
    length = options.length
    began, cpu = time.perf_counter(), time.process_time()
    steps = None
    if way in WITH_MODEL:
        steps = _Steps(models, options.out, f"{task.id} {way} {length}", ends)
    row: dict[str, Any] = {"id": task.id, "way": way, "length": length, "query": task.query}
    if way in ("extractive", "worded"):
        # Without kept wordings, so that the seconds are those of a first run.
        worded = way == "worded"
        reader = models.reader if worded or task.query else None
        tools = SummaryTools(embedder, reader, steps)
        texts = read_texts([task.path], models, models.settings)
        summary = summarise(texts, tools, about=task.query, length=length)
        text = without_markers(summary.summary)
        supported = sum(s.verdict == "supported" for s in summary.sentences)
        chars = [len(c.quote) for c in summary.citations]
        coverage = summary.coverage
        row |= {
            "support": supported / len(summary.sentences) if summary.sentences else None,
            "removed": len(summary.removed),
            "citation_chars": float(np.median(chars)) if chars else None,
            "sections": coverage.sections_represented / max(1, coverage.sections),
            "status": summary.status,
            "sentences": [
                {"text": s.text, "cited": [summary.citations[m - 1].quote for m in s.citations]}
                for s in summary.sentences
            ],
        }
    else:
        text = _other(task, way, length, models, embedder, steps)
    row |= {
        "seconds": time.perf_counter() - began + (steps.seconds if steps else 0),
        "cpu_seconds": time.process_time() - cpu + (steps.cpu_seconds if steps else 0),
        "words": len(text.split()),
        "summary": text,
    }
    return row | rouge(text, task.references)


def _load(way: str, models: Models) -> None:
    """Loads what a way needs, so that the seconds of the first summary are not those of loading."""
    models.embedder, models.reader  # noqa: B018
    if way in WITH_MODEL:
        models.generator.count_tokens("")


def _other(
    task: Task, way: str, length: str, models: Models, embedder: Embedder, steps: _Steps | None
) -> str:
    (document, passages), *_ = read_texts([task.path], models, models.settings)
    units = [u for u in units_of(document, passages) if u.kind == "sentence"]
    if steps:
        return map_reduce(document.text, steps, SUMMARY_WORDS[length], task.query)
    if way == "lexrank":
        return lexrank(units, SUMMARY_WORDS[length], task.query)
    order = range(len(units))
    if task.query:
        vectors = embedder.embed_passages([u.text for u in units])
        order = np.argsort(-(vectors @ embedder.embed_query(task.query)), kind="stable")
    return _first(units, [int(i) for i in order], SUMMARY_WORDS[length])


def _first(units: Sequence[Unit], order: Sequence[int], words: int) -> str:
    """The units in that order up to the number of words, told in the order of the text."""
    chosen: list[int] = []
    for i in order:
        if sum(units[c].words for c in chosen) >= words:
            break
        chosen.append(i)
    return " ".join(units[i].shown for i in sorted(chosen))


def lexrank(units: Sequence[Unit], words: int, query: str | None = None) -> str:
    """The LexRank summary of about so many words."""
    vectors = _tf_idf([u.text for u in units] + ([query] if query else []))
    bias = vectors[-1] @ vectors[:-1].T if query else np.ones(len(units))
    vectors = vectors[: len(units)]
    bias = bias / bias.sum() if bias.sum() else np.full(len(units), 1 / len(units))
    alike = vectors @ vectors.T
    links = np.where(alike >= 0.1, alike, 0.0)
    links /= np.maximum(links.sum(axis=1, keepdims=True), 1e-9)
    # Biased LexRank leans on the query as strongly as on the graph.
    damping = 0.5 if query else 0.15
    ranks = np.full(len(units), 1 / len(units))
    for _ in range(100):
        ranks = damping * bias + (1 - damping) * links.T @ ranks
    order: list[int] = []
    for i in np.argsort(-ranks, kind="stable"):
        if all(alike[i, j] < 0.5 for j in order):
            order.append(int(i))
    return _first(units, order, words)


def _tf_idf(texts: Sequence[str]) -> np.ndarray:
    counts = [Counter(content_words(t)) for t in texts]
    spread = Counter(w for c in counts for w in c)
    column = {w: i for i, w in enumerate(sorted(spread))}
    vectors = np.zeros((len(texts), len(column)), dtype=np.float32)
    for row, count in enumerate(counts):
        for word, n in count.items():
            vectors[row, column[word]] = n * log(len(texts) / spread[word] + 1)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def map_reduce(text: str, generator: Generator, words: int, query: str | None) -> str:
    """What a plain script makes: summaries of stretches, then a summary of the summaries."""
    pieces = _stretches(text.split("\n"), generator)
    while True:
        parts = [_ask(p, generator, 80, query) for p in pieces]
        merged = _stretches(parts, generator)
        if len(merged) == 1 or len(merged) >= len(pieces):
            break
        pieces = merged
    return _ask(" ".join(merged), generator, words, query)


def _stretches(lines: Sequence[str], generator: Generator) -> list[str]:
    pieces: list[list[str]] = [[]]
    used = 0
    for line in (neutralise(one) for one in lines):
        cost = generator.count_tokens(line) + 1
        if pieces[-1] and used + cost > STRETCH_TOKENS:
            pieces.append([])
            used = 0
        pieces[-1].append(line)
        used += cost
    return ["\n".join(p) for p in pieces if any(p)]


def _ask(text: str, generator: Generator, words: int, query: str | None) -> str:
    task = (
        f"Answer this in about {words} words: {query}"
        if query
        else (f"Write a summary of the text above in about {words} words.")
    )
    prefix = (("system", "You are a helpful assistant that summarises texts."),)
    # A stretch without line breaks may be too long for the context: its beginning is used.
    while generator.count_tokens(text) > 1500:
        text = text[: len(text) * 1400 // generator.count_tokens(text)]
    return generator.complete(
        Prompt(prefix, f"{text}\n\n{task}"), max_tokens=words * 2
    ).text.strip()


def _table(out: Path, ids: Sequence[str], options: argparse.Namespace) -> None:
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    by_way: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        if row["length"] == options.length and row["id"] in set(ids):
            by_way.setdefault(row["way"], {})[row["id"]] = row
    print(f"\n{options.kind}, {options.length}\n\n| way | n | " + " | ".join(FIGURES) + " |")
    print("|---" * (len(FIGURES) + 2) + "|")
    for way, found in by_way.items():
        cells = [_cell([r.get(f) for r in found.values()]) for f in FIGURES]
        print(f"| {way} | {len(found)} | " + " | ".join(cells) + " |")
    base = by_way.get(options.against, {})
    for way, found in by_way.items():
        both = sorted(set(found) & set(base))
        if way == options.against or not both:
            continue
        for figure in FIGURES[:3]:
            gaps = np.array([base[i][figure] - found[i][figure] for i in both])
            low, high = mean_interval(gaps)
            print(
                f"{options.against} - {way}, {figure}: {gaps.mean():+.3f} ({low:+.3f} to "
                f"{high:+.3f}), p = {paired_mean_p(gaps):.3f}, n = {len(both)}"
            )


def _cell(values: Sequence[float | None]) -> str:
    known = np.array([v for v in values if v is not None], dtype=float)
    if not len(known):
        return ""
    low, high = mean_interval(known)
    digits = 3 if known.mean() < 5 else 0
    return f"{known.mean():.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


if __name__ == "__main__":
    main()
