"""Any question answering or entailment model of the Hugging Face form, on transformers and torch.

Slower than the trained reader, but a person's own: a folder with `config.json`, weights and a
tokenizer. A question answering model points at answers; an entailment (NLI) classifier or a
relevance cross-encoder scores whole sentences. What a model cannot do, the reader without
training does in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import MissingDependency, ModelInvalid
from rag.models import LocalModel
from rag.reading.protocol import NO_TEXT, Entailment, Reader, Reading, SpanScore
from rag.reading.windows import best_spans, join_windows, softmax

_OVERLAP_TOKENS = 96
_QUESTION_TOKENS = 64
_DEFAULT_TOKENS = 384


def load_cross_encoder(model: LocalModel, *, fallback: Reader, threads: int = 0) -> Reader:
    """The reader that runs the model in `model.folder`, by the heads that it has.

    Raises `MissingDependency` without torch or transformers, `ModelInvalid` for a folder that
    cannot be loaded or has other heads than its kind needs.
    """
    kind = model.entry.kind
    if kind == "qa":
        return QuestionAnsweringReader(model, fallback=fallback, threads=threads)
    if kind == "nli":
        return ClassifyingReader(model, fallback=fallback, threads=threads)
    raise ModelInvalid(
        f"model '{model.name}' is of kind {kind}, a cross-encoder is 'qa' or 'nli': correct "
        "models.txt"
    )


class _Base:
    """What both share: the loaded network, its tokenizer, the name and digest."""

    def __init__(self, model: LocalModel, head: str, fallback: Reader, threads: int) -> None:
        self._model = model
        self._fallback = fallback
        self._network, self._tokenizer = _load(model.folder, head, threads)
        limit = model.entry.max_tokens or _DEFAULT_TOKENS
        positions = int(getattr(self._network.config, "max_position_embeddings", limit) or limit)
        # RoBERTa's positions begin at 2, so two of the table are never used.
        self._max_tokens = max(_QUESTION_TOKENS + 16, min(limit, positions - 2))

    @property
    def name(self) -> str:
        """The reader's name, as in models.txt, or its folder's name."""
        return self._model.name

    @property
    def sha256(self) -> str:
        """The SHA-256 of the weights."""
        return self._model.sha256

    def _pair(self, first: str, second: str, **options: Any) -> Any:
        # One row at a time: a padded batch would change results in the last digits.
        first = self._cut(first)
        return self._tokenizer(
            first,
            second,
            truncation="only_second",
            max_length=self._max_tokens,
            return_overflowing_tokens=True,
            **options,
        )

    def _cut(self, text: str) -> str:
        """The text up to 64 tokens, so that there is always room for what it is held against."""
        encoded = self._tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        offsets = encoded["offset_mapping"]
        if len(offsets) <= _QUESTION_TOKENS:
            return text
        return text[: offsets[_QUESTION_TOKENS - 1][1]]

    def _logits(self, encoded: Any, row: int) -> Any:
        import torch

        names = ("input_ids", "attention_mask", "token_type_ids")
        inputs = {n: torch.tensor([encoded[n][row]]) for n in names if n in encoded}
        with torch.inference_mode():
            return self._network(**inputs)


class QuestionAnsweringReader(_Base):
    """A `Reader` on a model with start and end logits; support comes from the fallback."""

    def __init__(self, model: LocalModel, *, fallback: Reader, threads: int = 0) -> None:
        """Loads the model. Raises `MissingDependency` or `ModelInvalid`."""
        super().__init__(model, "AutoModelForQuestionAnswering", fallback, threads)

    def read(self, question: str, texts: Sequence[str], spans: int = 5) -> list[Reading]:
        """One `Reading` for each text, in order.

        A score is the sum of the start and the end logit, `null_score` that of the first token,
        `answerable` their difference, as for SQuAD 2.0 models. Long texts are read in windows.
        """
        if spans < 1:
            raise ValueError(f"spans must be at least 1, not {spans}")
        return [self._read_one(question, text, spans) for text in texts]

    def support(self, claim: str, evidence: Sequence[str]) -> list[Entailment]:
        """One `Entailment` for each piece of evidence, from the reader without training."""
        return self._fallback.support(claim, evidence)

    def _read_one(self, question: str, text: str, limit: int) -> Reading:
        if not text.strip():
            return Reading((), 0.0, NO_TEXT)
        encoded = self._pair(
            question,
            text,
            stride=_OVERLAP_TOKENS,
            return_offsets_mapping=True,
        )
        found: list[list[SpanScore]] = []
        nulls: list[float] = []
        for row in range(len(encoded["input_ids"])):
            output = self._logits(encoded, row)
            starts = output.start_logits[0].tolist()
            ends = output.end_logits[0].tolist()
            sequence = encoded.sequence_ids(row)
            offsets = [
                (int(a), int(b)) if part == 1 else None
                for part, (a, b) in zip(sequence, encoded["offset_mapping"][row], strict=True)
            ]
            found.append(best_spans(text, offsets, starts, ends, limit))
            nulls.append(starts[0] + ends[0])
        best, null = join_windows(found, nulls, limit)
        answerable = best[0].score - null if best else NO_TEXT
        return Reading(tuple(best), null, answerable)


class ClassifyingReader(_Base):
    """A `Reader` on a sequence classifier.

    With the labels of entailment it judges support, and the fallback points at answers; with one
    label (a relevance cross-encoder) it scores the spans that the fallback points at by their
    text, and the fallback judges support.
    """

    def __init__(self, model: LocalModel, *, fallback: Reader, threads: int = 0) -> None:
        """Loads the model. Raises `MissingDependency` or `ModelInvalid`."""
        super().__init__(model, "AutoModelForSequenceClassification", fallback, threads)
        self._labels = _labels(self._network.config, model.folder)

    def read(self, question: str, texts: Sequence[str], spans: int = 5) -> list[Reading]:
        """One `Reading` for each text, in order; see the class for who scores what."""
        readings = self._fallback.read(question, texts, spans)
        if self._labels:
            return readings
        out = []
        for text, reading in zip(texts, readings, strict=True):
            logit = self._score(question, text) if text.strip() else NO_TEXT
            shift = logit - reading.answerable
            moved = tuple(SpanScore(s.start, s.end, s.score + shift) for s in reading.spans)
            out.append(Reading(moved, reading.null_score, logit))
        return out

    def support(self, claim: str, evidence: Sequence[str]) -> list[Entailment]:
        """One `Entailment` for each piece of evidence, in order."""
        if not self._labels:
            return self._fallback.support(claim, evidence)
        return [self._support_one(claim, text) for text in evidence]

    def _support_one(self, claim: str, text: str) -> Entailment:
        if not text.strip():
            return Entailment(0.0, 0.0, 1.0)
        # The evidence is the premise and may be cut; the claim is the hypothesis and may not.
        encoded = self._tokenizer(
            text,
            self._cut(claim),
            truncation="only_first",
            max_length=self._max_tokens,
            return_overflowing_tokens=True,
        )
        logits = self._logits(encoded, 0).logits[0].tolist()
        sums = dict.fromkeys(("supported", "contradicted", "neither"), 0.0)
        for meaning, share in zip(self._labels, softmax(logits), strict=True):
            sums[meaning] += share
        return Entailment(**sums)

    def _score(self, question: str, text: str) -> float:
        return float(self._logits(self._pair(question, text), 0).logits[0][0])


def _labels(config: Any, folder: Path) -> tuple[str, ...]:
    """What each logit means, in order; empty for a classifier with one (a relevance score)."""
    names = [str(config.id2label.get(n, "")).lower() for n in range(int(config.num_labels))]
    if len(names) == 1:
        return ()
    meanings = []
    for name in names:
        if "contradict" in name or "refute" in name:
            meanings.append("contradicted")
        elif name.startswith(("not", "non", "neutral", "neither")) or "info" in name:
            meanings.append("neither")
        elif "entail" in name or "support" in name:
            meanings.append("supported")
    if len(meanings) != len(names) or "supported" not in meanings:
        raise ModelInvalid(
            f"{folder} is a classifier with the labels {', '.join(names)}; a reader needs "
            "entailment, neutral, contradiction, or a single relevance score: give another model"
        )
    return tuple(meanings)


def _load(folder: Path, head: str, threads: int) -> tuple[Any, Any]:
    """The network with that head, in evaluation mode, and its fast tokenizer."""
    try:
        import torch
        import transformers
    except ImportError as exc:
        raise MissingDependency(
            "this reader needs torch and transformers: run "
            "`pip install sentence-transformers`, or choose another with --reader"
        ) from exc
    if threads:
        torch.set_num_threads(threads)
    with _quiet(transformers.logging):
        network, tokenizer, missing = _from_folder(transformers, folder, head)
    if missing:
        # transformers would fill these with random numbers and go on.
        raise ModelInvalid(
            f"{folder} lacks the weights {', '.join(missing[:4])} that {head} needs: it was "
            "trained for something else; give another model"
        )
    if not tokenizer.is_fast:
        raise ModelInvalid(
            f"{folder} has no fast tokenizer, without which answers cannot be located: save one "
            "(tokenizer.json) into it"
        )
    return network.eval(), tokenizer


def _from_folder(transformers: Any, folder: Path, head: str) -> tuple[Any, Any, list[str]]:
    """The network, its tokenizer, and the weights that the folder lacks."""
    try:
        network, info = getattr(transformers, head).from_pretrained(
            str(folder), local_files_only=True, output_loading_info=True
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, use_fast=True
        )
    except Exception as exc:  # transformers raises whatever a broken folder causes
        raise ModelInvalid(
            f"{folder} cannot be loaded as {head}: {_first_line(exc)}: give another model"
        ) from exc
    return network, tokenizer, sorted(info["missing_keys"])


@contextmanager
def _quiet(logging: Any) -> Iterator[None]:
    """Keeps transformers from printing: neither its progress bars nor its remarks are ours."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _first_line(exc: Exception) -> str:
    lines = str(exc).strip().splitlines()
    return lines[0][:200] if lines else type(exc).__name__
