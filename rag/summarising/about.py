"""What in the text concerns a topic: embeddings, shared words, and what the reader says.

A sentence of a conversation is about a topic through those around it, so that each is scored with
its neighbours, and with the topic's words in everything that is said near it, questions and
interjections too. The reader reads the nearest stretches and says which of them answer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log
from typing import TYPE_CHECKING

from rag.calibration import sigmoid
from rag.embedding.protocol import Embedder
from rag.reading.protocol import Reader
from rag.summarising.selecting import Pool, is_speech
from rag.summarising.units import Unit
from rag.verification.rules import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAR = 0.40  # a text with a sentence at this cosine concerns the topic
NEAR_WITH_WORDS = 0.22  # so does one at this cosine that holds half of the topic's words
WORDS_SHARE = 0.5
NEAR_SPOKEN = 0.25  # so does speech with a sentence at this cosine, and
SPOKEN = 0.3  # somewhere in it so much of the topic (as `_context` reckons)
STRETCH = 4  # sentences before and behind that the reader reads together
READ = 10
FAR = 40  # so many sentences away a word of the topic counts a third (1/e)
FARTHEST = 3 * FAR


@dataclass(frozen=True, slots=True)
class Signs:
    """How much each sign of concerning a topic counts, with so many `neighbours` on either side.

    `central` is how much being central to the whole counts beside them. What scores less than the
    share `kept` of the best does not concern the topic.
    """

    own: float
    around: float
    words: float
    context: float
    reader: float
    central: float
    neighbours: int
    kept: float


PROSE = Signs(0.6, 0.4, 0.35, context=0.0, reader=0.3, central=0.15, neighbours=2, kept=0.55)
# What a person says in a conversation is about what the others around it say.
SPEECH = Signs(0.8, 0.8, 0.7, context=0.6, reader=0.5, central=0.3, neighbours=3, kept=0.5)
_ASKING = re.compile(
    r"\b(?:summari[sz]e|summary|describe|discuss(?:ed|ion|ions|ing)?|talk(?:ed|ing)?|explain(?:ed)?|"
    r"tell me|what|why|how|who|when|where|which|about|think|thought|opinions?|group|team|meeting|"
    r"whole|during|conclusions?|mentioned|said|document|documents|text)\b",
    re.I,
)


def signs_for(pool: Pool) -> Signs:
    """The signs that suit what is chosen from: recorded speech or prose."""
    return SPEECH if is_speech(pool) else PROSE


def nearness(
    pool: Pool,
    topic: str,
    embedder: Embedder,
    reader: Reader | None,
    everything: Sequence[Unit] = (),
) -> NDArray[np.float32] | None:
    """How much each unit concerns the topic, shape (n,), below 0 where not; None if none does.

    `everything` are all units of the documents in order, those too that cannot be chosen.
    """
    import numpy as np

    cosines = pool.vectors @ embedder.embed_query(topic)
    words = word_shares(pool, topic)
    signs = signs_for(pool)
    around = _around(pool, cosines, signs.neighbours)
    with_words = np.where(words >= WORDS_SHARE, cosines, -1.0)
    spoken = _context(pool, topic, everything) if signs.context else np.zeros_like(words)
    found = cosines.max() >= NEAR or with_words.max() >= NEAR_WITH_WORDS
    if not found and (spoken.max() < SPOKEN or cosines.max() < NEAR_SPOKEN):
        return None
    scores = signs.own * cosines + signs.around * around + signs.words * words
    scores = scores + signs.context * spoken
    if reader is not None:
        scores = scores + signs.reader * _readings(pool, topic, scores, reader)
    cut = signs.kept * float(scores.max())
    return np.where(scores >= cut, scores, -1.0).astype(np.float32)


def word_shares(pool: Pool, topic: str) -> NDArray[np.float32]:
    """The share of the topic's words, weighted by rarity, in each unit or next to it, 0 to 1.

    A word counts fully in the unit, half in its neighbours and in the title of its section; words
    of asking do not count.
    """
    import numpy as np

    asked = _asked(topic)
    held = [set(content_words(u.shown)) & asked for u in pool.units]
    spread = Counter(w for found in held for w in found)
    rarity = {w: log(1 + len(held) / (1 + spread[w])) for w in sorted(asked)}
    total = sum(rarity.values()) or 1.0
    own = np.array([sum(rarity[w] for w in sorted(found)) for found in held], dtype=np.float32)
    shares = own.copy()
    titles = [set(content_words(title)) & asked for title in pool.titles]
    for i, found in enumerate(held):
        title = titles[pool.sections[i]] if titles else set()
        near = range(max(0, i - 2), min(len(held), i + 3))
        same = (held[j] for j in near if pool.sections[j] == pool.sections[i])
        beside = title.union(*same) - found
        shares[i] += 0.5 * sum(rarity[w] for w in sorted(beside))
    scaled: NDArray[np.float32] = shares / total
    return scaled


def _asked(topic: str) -> set[str]:
    return set(content_words(_ASKING.sub(" ", topic))) or set(content_words(topic))


def _context(pool: Pool, topic: str, everything: Sequence[Unit]) -> NDArray[np.float32]:
    """How much of the topic is spoken of around each unit, shape (n,), 0 to 1.

    Each word of the topic counts k / (k + 1), weighted by rarity, k being the sum of exp(-d / FAR)
    over the units of the document, d away, that hold it.
    """
    import numpy as np

    asked = _asked(topic)
    rows = {(u.document, u.position): i for i, u in enumerate(pool.units)}
    found = np.zeros(len(pool.units), dtype=np.float32)
    away = np.exp(-np.abs(np.arange(-FARTHEST, FARTHEST + 1)) / FAR)
    for _, members in groupby(everything, key=lambda u: u.document):
        units = list(members)
        words = [set(content_words(u.shown)) & asked for u in units]
        spread = Counter(w for held in words for w in held)
        rarity = {w: log(1 + len(units) / (1 + spread[w])) for w in sorted(asked)}
        near = np.zeros(len(units))
        for word in sorted(spread):
            held = np.array([word in there for there in words], dtype=float)
            sums = np.convolve(held, away)[FARTHEST : FARTHEST + len(units)]
            near += rarity[word] * sums / (sums + 1)
        near /= sum(rarity.values()) or 1.0
        for value, unit in zip(near, units, strict=True):
            row = rows.get((unit.document, unit.position))
            if row is not None:
                found[row] = value
    return found


def _around(pool: Pool, cosines: NDArray[np.float32], neighbours: int) -> NDArray[np.float32]:
    """The mean cosine of a unit and its neighbours in the same section, shape (n,)."""
    import numpy as np

    sums, counts = cosines.astype(np.float32), np.ones(len(cosines), dtype=np.float32)
    sections = np.asarray(pool.sections)
    for step in range(1, min(neighbours, len(cosines) - 1) + 1):
        same = sections[step:] == sections[:-step]
        sums[step:] += np.where(same, cosines[:-step], 0.0)
        sums[:-step] += np.where(same, cosines[step:], 0.0)
        counts[step:] += same
        counts[:-step] += same
    mean: NDArray[np.float32] = sums / counts
    return mean


def _readings(
    pool: Pool, topic: str, scores: NDArray[np.float32], reader: Reader
) -> NDArray[np.float32]:
    """What the reader says of the best stretches, 0 to 1 a unit; 0 for what it did not read."""
    import numpy as np

    found = np.zeros(len(pool.units), dtype=np.float32)
    stretches: list[range] = []
    for i in np.argsort(-scores, kind="stable"):
        if any(int(i) in known for known in stretches):
            continue
        stretches.append(_stretch(pool.units, int(i)))
        if len(stretches) == READ:
            break
    texts = ["\n".join(pool.units[i].shown for i in s) for s in stretches]
    for stretch, text, reading in zip(stretches, texts, reader.read(topic, texts), strict=True):
        says = sigmoid(reading.answerable)
        line = text[: reading.spans[0].start].count("\n") if reading.spans else -1
        for place, i in enumerate(stretch):
            found[i] = max(found[i], says * (1.0 if place == line else 0.6))
    return found


def _stretch(units: Sequence[Unit], middle: int) -> range:
    """The places of a unit and those around it in its document."""
    document = units[middle].document
    near = range(max(0, middle - STRETCH), min(len(units), middle + STRETCH + 1))
    same = [i for i in near if units[i].document == document]
    return range(same[0], same[-1] + 1)
