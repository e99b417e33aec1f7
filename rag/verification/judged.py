"""Support where a language model is asked too, of evidence of any length."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rag.generation.judging import judge_claim
from rag.generation.protocol import Generator
from rag.reading.protocol import Reader
from rag.sentences import sentences_in
from rag.types import Span
from rag.verification.rules import content_words
from rag.verification.support import Support, check

EVIDENCE_CHARS = 700  # about 170 tokens: what the model sees of the evidence


def judged_support(
    claim: str, evidence: Sequence[str], reader: Reader | None, generator: Generator
) -> Support:
    """The support of a claim by texts; the language model is asked where the rest is unsure.

    It sees the sentences of the evidence that hold most of the claim's words.
    """
    shown = [nearest(claim, evidence)]
    judge = partial(judge_claim, generator, claim, shown)
    return check(claim, evidence, reader, judge=judge, judge_name=generator.name)


def nearest(claim: str, evidence: Sequence[str], chars: int = EVIDENCE_CHARS) -> str:
    """The evidence's sentences that hold most of the claim's words, in order, within `chars`.

    A sentence is worth the words that no chosen one holds, then all that it holds; at least one
    is taken, however long.
    """
    sentences = [s.of(t) for t in evidence if t.strip() for s in sentences_in(t, Span(0, len(t)))]
    held = [set(content_words(s)) for s in sentences]
    wanted = set(content_words(claim))
    chosen: list[int] = []
    room, left = chars, set(wanted)
    while True:
        fits = [
            i
            for i, s in enumerate(sentences)
            if i not in chosen and held[i] & wanted and (len(s) <= room or not chosen)
        ]
        if not fits:
            break
        best = max(fits, key=lambda i: (len(held[i] & left), len(held[i] & wanted), -i))
        chosen.append(best)
        room -= len(sentences[best])
        left -= held[best]
    if not chosen:
        return " ".join(sentences)[:chars]
    return " ".join(sentences[i] for i in sorted(chosen))
