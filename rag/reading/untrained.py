"""A reader without training: sentence embeddings, shared words, and the kind of answer asked for.

It stands in where there is no trained reader (`--reader none`): good at finding the sentence,
coarse at pointing inside it. Its numbers are set by hand, but for the score of no answer, which is
the middle between the medians of answerable and other questions on articles of SQuAD 2.0 that no
result is reported on.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.reading.phrases import kind_asked, phrases
from rag.reading.protocol import Entailment, Reading, SpanScore
from rag.sentences import split_sentences
from rag.types import Document

if TYPE_CHECKING:
    from rag.embedding.protocol import Embedder

NAME = "untrained"
# A sentence's closeness runs from about 0 to 1; the scale makes scores as wide as logits.
_SCALE = 8.0
_NULL = 0.61  # the closeness at which an answer is as likely as not
_WORDS_SHARE = 0.4  # the weight of shared words; the rest is that of the embeddings
_KIND_BONUS = 0.1  # for a sentence that holds a phrase of the kind asked for
_SENTENCE_STEP = 0.25  # a whole sentence ranks this far below the phrase in it

_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|nobody|nothing)\b|n['’]t\b", re.IGNORECASE
)
_STOP_WORDS = """
    a about after all also an and any are as at be because been before between but by can could
    did do does during each for from had has have he her his how i if in into is it its may more
    most much many must of on one or other our over s she should so some such than that the their
    them then there these they this those to under up was we were what when where which who whom
    whose why will with would you your
    """
_STOP = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class _Sentence:
    start: int
    end: int
    words: frozenset[str]
    closeness: float


class UntrainedReader:
    """A `Reader` made of an embedder and rules; it has no weights, so `sha256` is empty."""

    def __init__(self, embedder: Embedder | Callable[[], Embedder]) -> None:
        """`embedder` may be a call that gives it, so that it is loaded only when needed."""
        self._given = embedder

    @property
    def name(self) -> str:
        """`untrained`."""
        return NAME

    @property
    def sha256(self) -> str:
        """Empty: there are no weights."""
        return ""

    def read(self, question: str, texts: Sequence[str], spans: int = 5) -> list[Reading]:
        """One `Reading` for each text, in order.

        A span is a phrase of the kind asked for, or a whole sentence. Scores and `null_score` are
        eight times a closeness from about 0 to 1; `answerable` is their difference.
        """
        if spans < 1:
            raise ValueError(f"spans must be at least 1, not {spans}")
        cut = [_sentences(text) for text in texts]
        pieces = [text[a:b] for text, own in zip(texts, cut, strict=True) for a, b in own]
        similar = iter(self._similarities(question, pieces, query=True))
        out = []
        for text, own in zip(texts, cut, strict=True):
            sentences = _weigh(question, text, own, [next(similar) for _ in own])
            out.append(_reading(question, text, sentences, spans))
        return out

    def support(self, claim: str, evidence: Sequence[str]) -> list[Entailment]:
        """One `Entailment` for each piece of evidence, in order.

        The closest sentence counts, or the whole if that is closer. A number of the claim that
        the evidence lacks speaks against support; so does a negation on one side only.
        """
        cut = [[text[a:b] for a, b in _sentences(text)] for text in evidence]
        pieces = [p for text, own in zip(evidence, cut, strict=True) if own for p in (*own, text)]
        similar = iter(self._similarities(claim, pieces, query=False))
        out = []
        for text, own in zip(evidence, cut, strict=True):
            if not own:
                out.append(Entailment(0.0, 0.0, 1.0))
                continue
            scores = [next(similar) for _ in (*own, text)]
            nearest = own[max(range(len(own)), key=scores.__getitem__)]
            out.append(_entailment(claim, text, nearest, max(scores)))
        return out

    def _similarities(self, text: str, pieces: Sequence[str], *, query: bool) -> list[float]:
        """The cosine of `text` with each piece, in order."""
        if not pieces:
            return []
        embedder = self._given() if callable(self._given) else self._given
        vectors = embedder.embed_passages(pieces)
        one = embedder.embed_query(text) if query else embedder.embed_passages([text])[0]
        return [float(v) for v in (vectors * one).sum(axis=1)]


def _sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of `text`, each with a letter or a digit in it."""
    found = split_sentences(Document(path="", text=text, sha256="", parser=""))
    return [(s.start, s.end) for s in found if _WORD.search(text, s.start, s.end)]


def _content(text: str) -> frozenset[str]:
    words = (_plain(m[0].lower()) for m in _WORD.finditer(text))
    return frozenset(_stem(w) for w in words if w not in _STOP)


def _stem(word: str) -> str:
    """A word without its commonest English endings; crude, the same on both sides."""
    for ending in ("ing", "ied", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word.removesuffix("e") if len(word) > 4 else word


def _weigh(
    question: str, text: str, spans: list[tuple[int, int]], similar: list[float]
) -> list[_Sentence]:
    """The sentences with their closeness to the question.

    Words are weighed by their rarity among the sentences of this text (inverse document
    frequency); a word that the text lacks counts as the rarest.
    """
    words = [_content(text[a:b]) for a, b in spans]
    found = Counter(w for own in words for w in own)
    asked = _content(question)
    weight = {w: math.log(1 + (len(spans) + 1) / (found[w] + 0.5)) for w in asked}
    total = sum(weight.values())
    out = []
    for (a, b), own, cosine in zip(spans, words, similar, strict=True):
        shared = sum(weight[w] for w in sorted(asked & own)) / total if total else 0.0
        out.append(_Sentence(a, b, own, _WORDS_SHARE * shared + (1 - _WORDS_SHARE) * cosine))
    return out


def _reading(question: str, text: str, sentences: list[_Sentence], limit: int) -> Reading:
    kind = kind_asked(question)
    scored: dict[tuple[int, int], float] = {}
    for sentence in sentences:
        score = sentence.closeness
        inside = list(phrases(text, sentence.start, sentence.end, kind, question))
        if inside:
            score += _KIND_BONUS
        elif kind != "any":
            score -= _KIND_BONUS
        for place, span in enumerate(inside):
            scored.setdefault(span, _SCALE * score - 0.5 * _SENTENCE_STEP * place)
        scored.setdefault(
            (sentence.start, sentence.end), _SCALE * score - (_SENTENCE_STEP if inside else 0.0)
        )
    ranked = sorted(scored.items(), key=lambda item: (-item[1], item[0]))
    best = ranked[0][1] if ranked else 0.0
    null = _SCALE * _NULL
    return Reading(
        spans=tuple(SpanScore(a, b, score) for (a, b), score in ranked[:limit]),
        null_score=null,
        answerable=best - null if ranked else -2 * null,
    )


def _entailment(claim: str, evidence: str, nearest: str, cosine: float) -> Entailment:
    said = _content(claim)
    shared = len(said & _content(evidence)) / len(said) if said else 0.0
    closeness = 0.5 * shared + 0.5 * cosine
    numbers = {_plain(n) for n in _NUMBER.findall(claim)}
    known = {_plain(n) for n in _NUMBER.findall(evidence)}
    lacking = len(numbers - known)
    turned = bool(_NEGATION.search(claim)) != bool(_NEGATION.search(nearest))
    supported = 10.0 * (closeness - 0.7) - 3.0 * lacking - 2.0 * turned
    # Only a text about the same thing can contradict: another number, or the opposite.
    against = 1.0 if turned or (lacking and known) else -4.0
    contradicted = 10.0 * (closeness - 0.75) + against
    weights = [math.exp(max(-30.0, min(30.0, x))) for x in (supported, contradicted, 0.0)]
    total = sum(weights)
    return Entailment(*(w / total for w in weights))


def _plain(number: str) -> str:
    """A number without thousands separators, so that 1,500 and 1500 are one."""
    return re.sub(r"[.,](?=\d{3}(?:\D|$))", "", number)
