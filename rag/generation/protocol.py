"""What a generator is: two primitives on a language model, over kept constant prefixes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in two parts: `prefix` never changes and is decoded once a process, `rest` does.

    Both are chat messages: `prefix` is (role, text) pairs of fixed instructions and examples,
    `rest` is the text of the last user message. Document text may only stand in `rest`, where
    special tokens of the chat template are never tokenised as special.
    """

    prefix: tuple[tuple[str, str], ...]
    rest: str


@dataclass(frozen=True, slots=True)
class Completion:
    """Generated text with its cost. `finished` is False where the token limit ended it."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Head:
    """A linear function of the model's state behind a layer, at the last token of a prompt.

    `layer` counts from 0, and what stands above it is not computed. `adapter` is a file of low-rank
    changes to the layers up to there, in force behind the prompt's constant prefix. `record` says
    what it was trained on and how well it did.
    """

    layer: int
    intercept: float
    weights: tuple[float, ...]
    adapter: Path | None = None
    record: Mapping[str, Any] = field(default_factory=dict)


class Generator(Protocol):
    """A local language model. Deterministic: same prompt, same bytes, whatever was asked before."""

    @property
    def name(self) -> str:
        """The model's name, as in models.txt, or its file's name."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the model file."""

    def count_tokens(self, text: str) -> int:
        """The number of tokens of a text, special tokens not counted as special."""

    def complete(
        self, prompt: Prompt, *, max_tokens: int = 128, stop: Sequence[str] = ()
    ) -> Completion:
        """The greedy continuation of the prompt, before the first of `stop`."""

    def preference(self, prompts: Sequence[Prompt], yes: str, no: str) -> list[float]:
        """For each prompt, logit(`yes`) - logit(`no`) of the first token after it."""

    def probe(self, prompts: Sequence[Prompt], head: Head) -> list[float]:
        """For each prompt, what a head made for this model says of it: a logit.

        Raises `ModelInvalid` where the head is one of another model's size.
        """

    def probe_nested(self, prompts: Sequence[Prompt], head: Head) -> list[float]:
        """As `probe`, of prompts of which each begins as the one before; that costs little more.

        The logits may differ from those of `probe` in their last digits.
        """

    def close(self) -> None:
        """Frees the model."""
