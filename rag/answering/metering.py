"""Counts what an answer costs a language model."""

from __future__ import annotations

from collections.abc import Sequence

from rag.generation.protocol import Completion, Generator, Head, Prompt


class Metered:
    """A generator that counts the tokens of one answer, and keeps what it was asked.

    A constant prefix counts once, however often it is used: it is decoded once.
    """

    def __init__(self, inner: Generator) -> None:
        self._inner = inner
        self._prefixes: set[tuple[tuple[str, str], ...]] = set()
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.prompts: list[str] = []

    @property
    def name(self) -> str:
        """The inner model's name."""
        return self._inner.name

    @property
    def sha256(self) -> str:
        """The inner model's digest."""
        return self._inner.sha256

    def count_tokens(self, text: str) -> int:
        """The number of tokens of a text."""
        return self._inner.count_tokens(text)

    def complete(
        self, prompt: Prompt, *, max_tokens: int = 128, stop: Sequence[str] = ()
    ) -> Completion:
        """The inner model's continuation, counted."""
        self._count(prompt)
        done = self._inner.complete(prompt, max_tokens=max_tokens, stop=stop)
        self.completion_tokens += done.completion_tokens
        return done

    def preference(self, prompts: Sequence[Prompt], yes: str, no: str) -> list[float]:
        """The inner model's logit differences, counted."""
        for prompt in prompts:
            self._count(prompt)
        return self._inner.preference(prompts, yes, no)

    def probe(self, prompts: Sequence[Prompt], head: Head) -> list[float]:
        """What a head says of each prompt, counted."""
        for prompt in prompts:
            self._count(prompt)
        return self._inner.probe(prompts, head)

    def probe_nested(self, prompts: Sequence[Prompt], head: Head) -> list[float]:
        """The same of nested prompts; what two begin with counts once."""
        logits = self._inner.probe_nested(prompts, head)
        before = ""
        for prompt in prompts:
            self._count(prompt, before)
            before = prompt.rest
        return logits

    def close(self) -> None:
        """Frees the inner model."""
        self._inner.close()

    def _count(self, prompt: Prompt, before: str = "") -> None:
        self.prompts.append(prompt.rest)
        if prompt.prefix not in self._prefixes:
            self._prefixes.add(prompt.prefix)
            constant = "\n".join(text for _, text in prompt.prefix)
            self.prompt_tokens += self._inner.count_tokens(constant)
        known = _alike(before, prompt.rest)
        self.prompt_tokens += self._inner.count_tokens(prompt.rest[known:])


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
