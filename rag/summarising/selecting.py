"""Chooses sentences: central, new, spread over the sections, and about the topic if there is one.

Greedy maximal marginal relevance (Carbonell and Goldstein 1998): a sentence's worth is its
relevance less its likeness to what was already chosen, with a bonus for the first of a section.
Relevance is the cosine to the centroids of the section and of the whole (Radev et al. 2004,
centroid-based summarisation) and how often its words occur (Nenkova and Vanderwende 2005,
SumBasic), with a bonus for words of deciding and planning (the cue words of Edmundson 1969) and for
the opening, where a meeting says what it is about. The work grows linearly with the sentences.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf, log
from typing import TYPE_CHECKING

from rag.summarising import english
from rag.summarising.units import Unit
from rag.summarising.vectors import centroids, unit_rows
from rag.verification.rules import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LIKE = 0.88  # two sentences more alike than this say the same
LONG_COST = 0.003  # what a word costs where every section must find room
OVER = 1.2  # a sentence that would make the summary longer than this share is not chosen


OPENING = 6.0  # after so many sentences the bonus of the opening is half
_MOST_CUES = 3
# What begins so leans on a sentence before it.
_DANGLING = re.compile(
    rf"(?:{english.PRONOUNS}|him|that|but|and|or|however|then|there|thirdly|secondly|also|too|so|both|such|"
    r"here)\b",
    re.I,
)
# A question, or what every meeting and every letter says.
_ROUTINE = re.compile(
    r"[?:]$|^(?:the )?minutes of\b.*\b(?:approved|adopted|read|accepted)\b|\bthank(?:s|ed)? \w|"
    r"^(?:the )?(?:chair\w* (?:opened|closed)|(?:meeting|board) (?:opened|closed|meets|was closed)|"
    r"next (?:meeting|report)|(?:the )?quorum|apologies)\b",
    re.I,
)
_CUE = re.compile(
    r"\b(?:decid\w+|decision|agree\w*|propos\w+|suggest\w*|recommend\w*|conclu\w+|plan\w*|should|"
    r"need to|going to|gonna|will|have to|want|important|main|problem|issue|because|idea|"
    r"discuss\w*|talk about|look at|meeting|project|design|result\w*|first|next)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each sign of relevance counts; `novelty` and `spread` act while choosing."""

    whole: float = 0.5
    section: float = 0.6
    words: float = 0.3
    lead: float = 0.15
    cue: float = 0.3
    opening: float = 0.3
    title: float = 0.0
    dangling: float = 0.15
    routine: float = 0.3
    novelty: float = 0.5
    spread: float = 0.3


DEFAULT = Weights()  # of recorded speech, which says much that leads nowhere
PROSE = Weights(
    whole=0.8, section=0.3, words=0.6, lead=0.2, cue=0.1, title=0.25, novelty=0.35, spread=0.1
)
# Where each document is one section, what is central to all of them says little about any.
COLLECTION = Weights(whole=0.1, section=0.8, words=0.2, lead=0.2, cue=0.1, title=0.4, dangling=0.4)


@dataclass(frozen=True, slots=True)
class Pool:
    """What is chosen from: units, their unit vectors (n, dimension) and their sections.

    `sections` numbers the section of each unit, `sizes` holds the words of each section, `titles`
    what each is called.
    """

    units: Sequence[Unit]
    vectors: NDArray[np.float32]
    sections: Sequence[int]
    sizes: Sequence[int]
    titles: Sequence[str] = ()


def weights_for(pool: Pool) -> Weights:
    """The weights that suit what is chosen from: many documents, recorded speech or prose."""
    if len(pool.sizes) > 1 and len({u.document for u in pool.units}) == len(pool.sizes):
        return COLLECTION
    return DEFAULT if is_speech(pool) else PROSE


def is_speech(pool: Pool) -> bool:
    """Whether most of the units are recorded speech."""
    return 2 * sum(bool(u.speaker) for u in pool.units) > len(pool.units)


def select(
    pool: Pool,
    scores: NDArray[np.float32],
    *,
    budget_words: float = inf,
    most: int | None = None,
    every_section: bool = False,
    most_words: float = inf,
    weights: Weights = DEFAULT,
) -> list[int]:
    """The positions in the pool of the chosen units, sorted: about `budget_words` words in all.

    `scores` (n,) is the relevance of each unit; one below 0 is never chosen. `most` limits the
    number of units. With `every_section` each section gives a sentence before any gives a second,
    the largest sections first, even beyond the budget, but not beyond `most_words`.
    """
    most = len(pool.units) if most is None else most
    choice = _Choice.of(pool, scores, weights)
    if every_section:
        while len(choice.chosen) < most and choice.of_a_new_section(most_words):
            pass
    while len(choice.chosen) < most and choice.words < budget_words:
        if not choice.of_all(budget_words * OVER):
            break
    return sorted(choice.chosen)


@dataclass(slots=True)
class _Choice:
    """What was chosen so far, and what the rest is worth beside it; each array has shape (n,)."""

    pool: Pool
    scores: NDArray[np.float32]
    novelty: float
    sections: NDArray[np.int_]
    sizes: NDArray[np.float32]
    bonus: NDArray[np.float32]
    likeness: NDArray[np.float32]  # to the most alike of the chosen
    usable: NDArray[np.bool_]
    chosen: list[int] = field(default_factory=list)
    words: int = 0

    @classmethod
    def of(cls, pool: Pool, scores: NDArray[np.float32], weights: Weights) -> _Choice:
        """Nothing chosen yet."""
        import numpy as np

        return cls(
            pool,
            scores,
            weights.novelty,
            sections=np.asarray(pool.sections),
            sizes=np.array([u.words for u in pool.units], dtype=np.float32),
            bonus=_bonus(pool, weights),
            likeness=np.zeros(len(pool.units), dtype=np.float32),
            usable=scores >= 0,
        )

    def of_a_new_section(self, limit: float) -> bool:
        """Takes the best unit of a section without one; False where none is left that fits."""
        worth = self.scores + 100 * self.bonus - LONG_COST * self.sizes
        return self._take(self.bonus > 0, worth, limit)

    def of_all(self, limit: float) -> bool:
        """Takes the best unit that says something new; False where none is left that fits."""
        worth = self.scores + self.bonus - self.novelty * self.likeness
        return self._take(self.likeness <= LIKE, worth, limit)

    def _take(self, open_: NDArray[np.bool_], worth: NDArray[np.float32], limit: float) -> bool:
        """Takes the worthiest open unit with which the words stay within the limit.

        What no longer fits is left out at once: to find it out unit by unit would read all units
        for each. The first unit may be of any length.
        """
        import numpy as np

        open_ = open_ & self.usable
        if self.chosen:
            open_ &= self.words + self.sizes <= limit
        if not open_.any():
            return False
        best = int(np.where(open_, worth, -np.inf).argmax())
        self.usable[best] = False
        self.chosen.append(best)
        self.words += int(self.sizes[best])
        self.bonus[self.sections == self.sections[best]] = 0.0
        self.likeness = np.maximum(self.likeness, self.pool.vectors @ self.pool.vectors[best])
        return True


def _bonus(pool: Pool, weights: Weights) -> NDArray[np.float32]:
    """What the first unit of each section is worth more: larger sections first."""
    import numpy as np

    sizes = np.sqrt(np.asarray(pool.sizes, dtype=np.float32) + 1.0)
    share = sizes / sizes.max()
    bonus: NDArray[np.float32] = (weights.spread * share)[np.asarray(pool.sections)]
    return bonus.astype(np.float32)


def relevance(pool: Pool, weights: Weights = DEFAULT) -> NDArray[np.float32]:
    """How central each unit is, shape (n,) float32, at least 0; higher is better."""
    import numpy as np

    sections = np.asarray(pool.sections)
    whole = unit_rows(pool.vectors.mean(axis=0, keepdims=True))[0]
    own = centroids(pool.sections, len(pool.sizes), pool.vectors)[sections]
    scores = weights.whole * (pool.vectors @ whole)
    scores = scores + weights.section * np.einsum("ij,ij->i", pool.vectors, own)
    first: dict[int, int] = {}
    for i, number in enumerate(pool.sections):
        first.setdefault(number, i)
    place = np.array([i - first[n] for i, n in enumerate(pool.sections)])
    scores = scores + weights.lead / (1.0 + place)
    scores = scores + weights.words * common_words(pool.units)
    scores = scores + weights.cue * np.array([_cues(u.text) for u in pool.units])
    scores = scores + weights.opening * _openings(pool)
    scores = scores + weights.title * _titled(pool)
    scores = scores - weights.dangling * np.array(
        [bool(_DANGLING.match(u.text)) for u in pool.units]
    )
    scores = scores - weights.routine * np.array(
        [bool(_ROUTINE.search(u.text)) for u in pool.units]
    )
    floored: NDArray[np.float32] = np.maximum(scores, 0.0).astype(np.float32)
    return floored


def _cues(text: str) -> float:
    return min(_MOST_CUES, len({m.lower() for m in _CUE.findall(text)})) / _MOST_CUES


def _openings(pool: Pool) -> NDArray[np.float32]:
    """1 for the first thing said in a recording, falling to 0; shape (n,). Prose has 0."""
    import numpy as np

    seen: Counter[str] = Counter()
    values = []
    for unit in pool.units:
        values.append(1.0 / (1.0 + seen[unit.document] / OPENING) if unit.speaker else 0.0)
        seen[unit.document] += 1
    return np.array(values, dtype=np.float32)


def _titled(pool: Pool) -> NDArray[np.float32]:
    """The share of its section's title that each unit holds (Edmundson's title words), (n,)."""
    import numpy as np

    titles = [set(content_words(title)) for title in pool.titles]
    values = np.zeros(len(pool.units), dtype=np.float32)
    for i, (unit, number) in enumerate(zip(pool.units, pool.sections, strict=True)):
        title = titles[number] if titles else set()
        if title and not unit.speaker:
            values[i] = len(title & set(content_words(unit.text))) / len(title)
    return values


def common_words(units: Sequence[Unit]) -> NDArray[np.float32]:
    """How common a unit's different words are in all units, shape (n,), 0 to 1.

    The mean over the content words of log(1 + units with the word), over its greatest value; a
    unit of few words counts as one of six, so that short ones are not favoured.
    """
    import numpy as np

    words = [set(content_words(u.text)) for u in units]
    spread = Counter(w for found in words for w in found)
    raw = [sum(log(spread[w]) for w in found) / max(6, len(found)) for found in words]
    values = np.array(raw, dtype=np.float32)
    top = float(values.max()) if len(values) else 0.0
    scaled: NDArray[np.float32] = values / top if top > 0 else values
    return scaled
