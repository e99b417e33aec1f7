"""Shapes the answer: a quotation where one fact is asked, more where the question wants more."""

from __future__ import annotations

from rag.answering.candidates import Candidate
from rag.answering.deciding import Decision, Judged
from rag.answering.shape import shape_of
from rag.answering.writing import Draft
from rag.generation.protocol import Generator
from rag.generation.wording import decide_yes_no, word

YES_NO_SURE = 1.0  # logits: below it, only the quotation stands
SECOND_SHARE = 0.5  # a second source is cited if it is at least so likely to state the answer


def compose(
    question: str,
    decision: Decision,
    draft: Draft,
    generator: Generator | None,
    evidence_tokens: int,
) -> tuple[frozenset[int], tuple[str, ...]]:
    """Writes the answer to `draft`; the positions of the candidates it cites, and notes."""
    best = decision.ranked[0]
    shape = shape_of(question)
    if generator is None or shape in ("single", "count", "list"):
        draft.quote(best.candidate)
        return frozenset({0}), ()
    if shape == "yes_no":
        _yes_or_no(question, best.candidate, draft, generator)
        return frozenset({0}), ()
    return _compared(question, decision, draft, generator, evidence_tokens), ()


def _yes_or_no(question: str, best: Candidate, draft: Draft, generator: Generator) -> None:
    leaning = decide_yes_no(generator, question, [best.text])
    if abs(leaning) < YES_NO_SURE:
        draft.quote(best)
        return
    draft.quote(best, lead="Yes" if leaning > 0 else "No")


def _compared(
    question: str,
    decision: Decision,
    draft: Draft,
    generator: Generator,
    evidence_tokens: int,
) -> frozenset[int]:
    """Both sources as quotations, then what follows from them, if that passes its check."""
    used = _evidence(decision, generator, evidence_tokens)
    for judged in used:
        draft.quote(judged.candidate)
    worded = word(generator, question, [j.candidate.text for j in used])
    cited = [(j.candidate.document, j.candidate.span) for j in used]
    if worded.text.strip() and worded.finished:
        draft.say(worded.text, cited)
    return frozenset(range(len(used)))


def _evidence(decision: Decision, generator: Generator, evidence_tokens: int) -> list[Judged]:
    best = decision.ranked[0]
    used = [best]
    room = evidence_tokens - generator.count_tokens(best.candidate.text)
    for other in decision.ranked[1:]:
        cost = generator.count_tokens(other.candidate.text)
        if other.probability < SECOND_SHARE * best.probability or cost > room:
            continue
        used.append(other)
        break
    return used
