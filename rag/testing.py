"""Deterministic fakes that depend on what they are given: for tests, of this project and yours."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from rag.generation.protocol import Completion, Head, Prompt
from rag.reading.protocol import Entailment, Reading, SpanScore

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TOKEN = re.compile(r"\w+|[^\w\s]")


class FakeEmbedder:
    """An embedder without a model: the unit vector of a text's hashed words.

    Texts that share words are near each other, each text has its own vector, and the same text
    always has the same one. A token is a word or a punctuation mark; tokens beyond `max_tokens`
    (less two) are not seen, as with a real embedder. `calls` counts the texts embedded.
    """

    def __init__(
        self,
        name: str = "fake-embedder",
        dimension: int = 64,
        max_tokens: int = 256,
        query_prefix: str = "",
        passage_prefix: str = "",
    ) -> None:
        self.name = name
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.query_prefix = query_prefix
        self.passage_prefix = passage_prefix
        self.sha256 = hashlib.sha256(f"{name}/{dimension}".encode()).hexdigest()
        self.calls = 0

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The unit vector of a query, shape (dimension,)."""
        return self._vector(self.query_prefix + text)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The unit vectors of queries, shape (n, dimension), in order."""
        import numpy as np

        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for i, text in enumerate(texts):
            vectors[i] = self.embed_query(text)
        return vectors

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The unit vectors of passages, shape (n, dimension), in order."""
        import numpy as np

        self.calls += len(texts)
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._vector(self.passage_prefix + text) for text in texts])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of words and punctuation marks of each text."""
        return [len(_TOKEN.findall(text)) for text in texts]

    def _vector(self, text: str) -> NDArray[np.float32]:
        import numpy as np

        vector = np.zeros(self.dimension, dtype=np.float64)
        tokens = _TOKEN.findall(text.lower())[: self.max_tokens - 2]
        for token in tokens or [""]:
            vector += _direction(token, self.dimension)
        length = float(np.linalg.norm(vector))
        if length == 0.0:
            vector, length = _direction("", self.dimension), float(self.dimension) ** 0.5
        return np.asarray(vector / length, dtype=np.float32)


@lru_cache(maxsize=65_536)
def _direction(token: str, dimension: int) -> NDArray[np.float64]:
    """A token's own direction, of signs only: nearly at right angles to every other token's."""
    import numpy as np

    bits = hashlib.shake_128(token.encode("utf-8", "surrogatepass")).digest((dimension + 7) // 8)
    signs = np.unpackbits(np.frombuffer(bits, dtype=np.uint8))[:dimension]
    return signs.astype(np.float64) * 2.0 - 1.0


_CONTENT = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_SENTENCE = re.compile(r"[^.!?\n]+(?:\.(?=\d)[^.!?\n]*)*[.!?]?")
_SMALL_WORDS = (
    "a an the of to in on at by for from with and or is are was were do does did has have had "
    "what who whom when where which why how much many that this it be as yes no or"
)
_SMALL = frozenset(_SMALL_WORDS.split())


def _content(text: str) -> set[str]:
    """The words of a text that a fake counts, lower case, without a plural `s`."""
    words = {w.lower() for w in _CONTENT.findall(text)}
    return {w[:-1] if w.endswith("s") and len(w) > 3 else w for w in words - _SMALL}


class FakeReader:
    """A reader without a model: it counts shared words.

    Of each sentence it points at the first number that the question does not hold, else at the
    longest such word. A span's score is 10 times the share of the question's words that stand in
    its sentence; half of that is the score of no answer. A text supports a claim as far as it
    holds its words, and contradicts it where a number or a `not` differs.
    """

    def __init__(self, name: str = "fake-reader") -> None:
        self.name = name
        self.sha256 = hashlib.sha256(name.encode()).hexdigest()

    def read(self, question: str, texts: Sequence[str], spans: int = 5) -> list[Reading]:
        """One `Reading` for each text, in order."""
        wanted = _content(question)
        return [self._read(wanted, text, spans) for text in texts]

    def support(self, claim: str, evidence: Sequence[str]) -> list[Entailment]:
        """One `Entailment` for each piece of evidence, in order."""
        return [self._support(claim, text) for text in evidence]

    def _read(self, wanted: set[str], text: str, spans: int) -> Reading:
        found = []
        for sentence in _SENTENCE.finditer(text):
            words = list(_CONTENT.finditer(text, sentence.start(), sentence.end()))
            new = [w for w in words if not _content(w.group()) <= wanted] or words
            if new:
                best = max(new, key=lambda w: (w.group()[0].isdigit(), len(w.group()), -w.start()))
                share = len(wanted & _content(sentence.group())) / max(1, len(wanted))
                found.append(SpanScore(best.start(), best.end(), 10.0 * share))
        found.sort(key=lambda s: (-s.score, s.start))
        answerable = found[0].score - 5.0 if found else -5.0
        return Reading(tuple(found[:spans]), 5.0, answerable)

    def _support(self, claim: str, text: str) -> Entailment:
        words, there = _content(claim), _content(text)
        share = len(words & there) / len(words) if words else 0.0
        numbers = {w for w in words if w[0].isdigit()}
        if not numbers <= there or ("not" in words) != ("not" in there):
            return Entailment(0.05, 0.75, 0.2)
        supported = 0.02 + 0.96 * share
        return Entailment(supported, (1 - supported) / 2, (1 - supported) / 2)


class FakeGenerator:
    """A language model without a model.

    Asked for a preference, it holds a prompt's `Text:` to state the answer as far as the words of
    its `Question:` stand in it (from -6 to 6). Asked to complete, it repeats the first text's
    sentence that shares most words with the question, or gives the next of `replies`. `prompts`
    keeps what it was asked.
    """

    def __init__(self, replies: Sequence[str] = (), name: str = "fake-generator") -> None:
        self.name = name
        self.sha256 = hashlib.sha256(name.encode()).hexdigest()
        self.prompts: list[Prompt] = []
        self.closed = False
        self._replies = list(replies)

    def count_tokens(self, text: str) -> int:
        """The number of words and punctuation marks."""
        return len(_TOKEN.findall(text))

    def complete(
        self, prompt: Prompt, *, max_tokens: int = 128, stop: Sequence[str] = ()
    ) -> Completion:
        """The next reply, or the sentence nearest to the question; cut at stops and the limit."""
        self.prompts.append(prompt)
        text = self._replies.pop(0) if self._replies else self._nearest(prompt.rest)
        for word in stop:
            text = text.partition(word)[0]
        tokens = list(_TOKEN.finditer(text))
        finished = len(tokens) <= max_tokens
        if not finished:
            text = text[: tokens[max_tokens - 1].end()]
        used = self.count_tokens(prompt.rest)
        return Completion(text, used, min(len(tokens), max_tokens), finished)

    def preference(self, prompts: Sequence[Prompt], yes: str, no: str) -> list[float]:
        """For each prompt, how much its question's words stand in its text, from -6 to 6."""
        self.prompts.extend(prompts)
        differences = []
        for prompt in prompts:
            texts, question = _parts(prompt.rest)
            wanted = _content(question)
            share = len(wanted & _content(" ".join(texts))) / max(1, len(wanted))
            differences.append(12.0 * share - 6.0)
        return differences

    def probe(self, prompts: Sequence[Prompt], head: Head) -> list[float]:
        """As a preference, moved by the head's intercept."""
        return [p + head.intercept for p in self.preference(prompts, "yes", "no")]

    def probe_nested(self, prompts: Sequence[Prompt], head: Head) -> list[float]:
        """The same."""
        return self.probe(prompts, head)

    def close(self) -> None:
        """Notes that it was closed."""
        self.closed = True

    def _nearest(self, rest: str) -> str:
        texts, question = _parts(rest)
        wanted = _content(question)
        sentences = [m.group().strip() for t in texts for m in _SENTENCE.finditer(t)]
        return max(sentences, key=lambda s: len(wanted & _content(s)), default="")


def _parts(rest: str) -> tuple[list[str], str]:
    texts = [line[5:].strip() for line in rest.split("\n") if line.startswith("Text:")]
    questions = [line[9:].strip() for line in rest.split("\n") if line.startswith("Question:")]
    return texts or [rest], questions[-1] if questions else rest
