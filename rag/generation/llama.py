"""A language model in the process, through llama.cpp."""

from __future__ import annotations

import codecs
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import ModelInvalid
from rag.generation.native import Native
from rag.generation.protocol import Completion, Head, Prompt
from rag.generation.states import States
from rag.generation.template import ChatTemplate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONTEXT_TOKENS = 2048
_KEPT_PREFIXES = 8
_Entered = tuple[str, list[int]]
"""What was decoded last: a constant prefix, and the tokens behind it."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A constant prefix that was decoded: its tokens, its state and what follows the rest."""

    length: int
    state: bytes


class LlamaGenerator:
    """A `Generator` on a GGUF file.

    Each constant prefix is decoded once, in batches of its own, and kept; what follows is
    decoded behind it. The same prompt gives the same bytes, warm or cold. Safe to share between
    threads: calls wait for each other. Raises `ModelInvalid` for a file that is no GGUF model
    and `MissingDependency` where llama-cpp-python is not installed.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        name: str | None = None,
        sha256: str = "",
        threads: int = 1,
        gpu_layers: int = 0,
        context: int = CONTEXT_TOKENS,
        chat_template: str | None = None,
        states: Path | None = None,
    ) -> None:
        """Loads the model; `states` is a folder where decoded prefixes are kept between starts."""
        file = Path(path)
        self._name = name or file.stem
        self._sha256 = sha256
        self._native = Native(file, threads=threads, gpu_layers=gpu_layers, context_tokens=context)
        self._template = ChatTemplate(
            chat_template or self._native.metadata("tokenizer.chat_template"),
            bos=self._native.piece_of_special("bos"),
            eos=self._native.piece_of_special("eos"),
            adds_bos=self._native.adds_beginning,
        )
        self._states = States(states, self._key(threads)) if states and sha256 else None
        self._kept: dict[str, _Kept] = {}
        self._current: str | None = None
        self._lock = threading.RLock()

    @property
    def name(self) -> str:
        """The model's name, as in models.txt, or its file's name."""
        return self._name

    @property
    def sha256(self) -> str:
        """The SHA-256 of the model file."""
        return self._sha256

    @property
    def architecture(self) -> str:
        """What kind of network the file holds: "qwen2", say."""
        return self._native.metadata("general.architecture") or ""

    def count_tokens(self, text: str) -> int:
        """The number of tokens of a text, special tokens not counted as special."""
        with self._lock:
            return len(self._native.tokens(text, special=False))

    def complete(
        self,
        prompt: Prompt,
        *,
        max_tokens: int = 128,
        stop: Sequence[str] = (),
    ) -> Completion:
        """The greedy continuation of the prompt.

        It ends at the end of the turn, before the first of `stop`, or after `max_tokens`. Bytes
        that are no UTF-8 become U+FFFD.
        """
        with self._lock:
            used = self._enter(prompt)
            with self._accounted():
                return self._continue(used, max_tokens, tuple(stop))

    def preference(self, prompts: Sequence[Prompt], yes: str, no: str) -> list[float]:
        """For each prompt, logit(`yes`) - logit(`no`) of the first token after it."""
        with self._lock:
            first = [self._native.tokens(word, special=False)[0] for word in (yes, no)]
            differences = []
            for prompt in prompts:
                self._enter(prompt)
                row = self._native.scores()
                differences.append(float(row[first[0]]) - float(row[first[1]]))
            return differences

    def probe(self, prompts: Sequence[Prompt], head: Head) -> list[float]:
        """For each prompt, what a head made for this model says of it: a logit.

        Raises `ModelInvalid` where the head is one of another model's size.
        """
        weights = self._weights(head)
        states = self.states(prompts, head.layer, head.adapter)
        logits = states @ weights + head.intercept
        return [float(logit) for logit in logits]

    def probe_nested(self, prompts: Sequence[Prompt], head: Head) -> list[float]:
        """As `probe`, of prompts of which each begins as the one before: that is decoded once."""
        weights = self._weights(head)
        logits: list[float] = []
        before: _Entered = ("", [])
        with self._lock:
            for prompt in prompts:
                before = self._enter_behind(before, prompt, head.layer, head.adapter)
                logits.append(float(self._native.state @ weights + head.intercept))
        return logits

    def _weights(self, head: Head) -> NDArray[np.float64]:
        import numpy as np

        if len(head.weights) != self._native.width:
            raise ModelInvalid(
                f"{self._name} has a state of {self._native.width} numbers, its head "
                f"{len(head.weights)} weights: name the model as in models.txt, or fetch it again"
            )
        return np.asarray(head.weights, dtype=np.float64)

    def states(
        self, prompts: Sequence[Prompt], layer: int, adapter: Path | None = None
    ) -> NDArray[np.float32]:
        """The model's state behind a layer at the end of each prompt, shape (prompts, width).

        Layers above it are not computed; an adapter is in force behind the constant prefix. Raises
        `ModelInvalid` where there is no such layer, or the adapter is one of another model.
        """
        import numpy as np

        found = np.empty((len(prompts), self._native.width), np.float32)
        with self._lock:
            for row, prompt in zip(found, prompts, strict=True):
                self._enter(prompt, layer, adapter)
                row[:] = self._native.state
        return found

    def tokens(self, prompt: Prompt) -> tuple[list[int], list[int]]:
        """The tokens of a prompt's constant prefix and those behind it, as they are decoded."""
        with self._lock:
            frame = self._template.frame(prompt)
            head = self._native.tokens(frame.head, special=True, beginning=True)
            return head, self._behind(prompt, frame.tail)

    def close(self) -> None:
        """Frees the model."""
        with self._lock:
            self._native.close()

    def _behind(self, prompt: Prompt, tail: str) -> list[int]:
        native = self._native
        return [*native.tokens(prompt.rest, special=False), *native.tokens(tail, special=True)]

    def _enter(self, prompt: Prompt, layer: int | None = None, adapter: Path | None = None) -> int:
        """Decodes a prompt, with `layer` only up to that one; returns its length in tokens."""
        self._enter_behind(("", []), prompt, layer, adapter)
        return self._native.position

    def _enter_behind(
        self, before: _Entered, prompt: Prompt, layer: int | None, adapter: Path | None
    ) -> _Entered:
        """Decodes of a prompt what is not there yet.

        `before` is what this returned for the prompt decoded last, with the same layer and adapter;
        without tokens in it, all behind the constant prefix is decoded.
        """
        frame = self._template.frame(prompt)
        tokens = self._behind(prompt, frame.tail)
        there = _alike(before[1], tokens) if before[0] == frame.head else 0
        with self._accounted():
            kept = self._prefix(frame.head)
            self._native.cut(kept.length + there)
            self._native.adapt(adapter)
            self._native.feed(tokens[there:], layer)
        return frame.head, tokens

    @contextmanager
    def _accounted(self) -> Iterator[None]:
        """Has the prefix copied back before the next prompt where what runs within is broken off.

        A failed batch empties the sequence, an interrupted one leaves cells that nobody accounts
        for.
        """
        try:
            yield
        except BaseException:
            self._current = None
            raise

    def _prefix(self, head: str) -> _Kept:
        kept = self._kept.get(head)
        if kept is None:
            self._current = None
            kept = self._saved(head) or self._decoded(head)
            if len(self._kept) >= _KEPT_PREFIXES:
                del self._kept[next(iter(self._kept))]
            self._kept[head] = kept
        if self._current != head:
            self._native.restore(kept.state, kept.length)
            self._current = head
        return kept

    def _saved(self, head: str) -> _Kept | None:
        found = self._states.load(head) if self._states else None
        return _Kept(*found) if found and self._native.restore(found[1], found[0]) else None

    def _decoded(self, head: str) -> _Kept:
        tokens = self._native.tokens(head, special=True, beginning=True)
        self._native.clear()
        self._native.adapt(None)
        self._native.feed(tokens)
        kept = _Kept(len(tokens), self._native.snapshot())
        if self._states:
            self._states.save(head, kept.length, kept.state)
        return kept

    def _key(self, threads: int) -> str:
        return f"{self._sha256} {threads} {self._native.context_tokens} {self._native.build()}"

    def _continue(self, used: int, max_tokens: int, stop: tuple[str, ...]) -> Completion:
        native = self._native
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        written = _Written(stop)
        count, finished = 0, False
        limit = min(max_tokens, native.context_tokens - used)
        while count < limit:
            token = int(native.scores().argmax())
            count += 1
            if native.ends(token) or written.add(decoder.decode(native.piece(token))):
                finished = True
                break
            if count < limit:
                native.feed([token])
        if not written.stopped:
            written.add(decoder.decode(b"", final=True))
        return Completion(written.text, used, count, finished)


def _alike(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with; the last of `other` is not counted: it is decoded anyway."""
    most = min(len(one), len(other) - 1)
    return next((i for i in range(most) if one[i] != other[i]), most)


class _Written:
    """The text so far, up to the first stop string in it."""

    def __init__(self, stop: tuple[str, ...]) -> None:
        self._stop = stop
        self._longest = max(map(len, stop), default=1)
        self.text = ""
        self.stopped = False

    def add(self, piece: str) -> bool:
        """Appends a piece; returns whether a stop string was met."""
        begin = max(0, len(self.text) - self._longest + 1)
        self.text += piece
        found = [at for word in self._stop if (at := self.text.find(word, begin)) >= 0]
        if found:
            self.text = self.text[: min(found)]
            self.stopped = True
        return self.stopped
