"""Cuts a context to a random window of whole sentences, as long as retrieved passages are."""

from __future__ import annotations

import random
import re

_BREAK = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[A-Z0-9\"'“‘(\[])|\n+")
WORDS_TO_TOKENS = 1.35


def sentences(text: str) -> list[tuple[int, int]]:
    """The half-open spans of the sentences of ``text``, without the white space between them."""
    spans = []
    start = 0
    for match in _BREAK.finditer(text):
        if text[start : match.start()].strip():
            spans.append((start, match.start() + len(match.group().rstrip())))
        start = match.end()
    if text[start:].strip():
        spans.append((start, len(text)))
    return spans


def tokens_about(text: str) -> int:
    """A quick estimate of how many word pieces ``text`` has."""
    return int(len(text.split()) * WORDS_TO_TOKENS) + 1


def draw_budget(rng: random.Random) -> int:
    """A window's length in tokens: mostly that of a retrieved passage, some short, some long."""
    draw = rng.random()
    if draw < 0.15:
        return rng.randint(20, 50)
    if draw < 0.93:
        return rng.randint(50, 140)
    return rng.randint(140, 220)


def around(
    text: str, start: int, end: int, budget_tokens: int, rng: random.Random
) -> tuple[int, int]:
    """The span of a window of whole sentences that holds ``text[start:end]``.

    Grows from the sentences of the span to a random side until ``budget_tokens`` is reached.
    """
    spans = sentences(text)
    inside = [i for i, (a, b) in enumerate(spans) if a < end and start < b]
    if not inside:
        return start, end
    low, high = inside[0], inside[-1]
    used = tokens_about(text[spans[low][0] : spans[high][1]])
    while low > 0 or high + 1 < len(spans):
        left = low > 0 and (high + 1 == len(spans) or rng.random() < 0.5)
        a, b = spans[low - 1] if left else spans[high + 1]
        used += tokens_about(text[a:b])
        if used > budget_tokens:
            break
        low, high = (low - 1, high) if left else (low, high + 1)
    return min(spans[low][0], start), max(spans[high][1], end)


def best_overlap(text: str, question: str, budget_tokens: int, rng: random.Random) -> str:
    """A window around the sentence that shares most words with ``question`` (ties: random)."""
    spans = sentences(text)
    if not spans:
        return text
    wanted = {word for word in re.findall(r"\w+", question.lower()) if len(word) > 3}

    def shared(span: tuple[int, int]) -> tuple[int, float]:
        words = set(re.findall(r"\w+", text[span[0] : span[1]].lower()))
        return len(words & wanted), rng.random()

    a, b = max(spans, key=shared)
    low, high = around(text, a, b, budget_tokens, rng)
    return text[low:high]
