"""What a judge is trained on: questions with a text, and claims with a text, each right or wrong.

Questions come from recorded candidates (`rag.training.candidates`), some of them once more with
one fact of the question exchanged, and from claim pairs as questions to be answered by yes or no.
Claims come from the pairs, and by rule from questions and their answers.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.training.candidates import Shown
from rag.training.mixture import CLAIM, Maker, Recipe, plain
from rag.training.neighbours import Neighbours
from rag.training.sets import LABELS, Pair, Question
from rag.training.swaps import swap

SUPPORTED, NEITHER = LABELS.index("supported"), LABELS.index("neither")
CLAIM_CHARS, TEXT_CHARS = 300, 700
_AUXILIARY = re.compile(
    r"^(?P<subject>\S+(?: \S+){0,5}?) (?P<verb>is|are|was|were|can|will|has|have|had|does|must|may)"
    r" (?P<rest>.{6,120}?)[.]?$"
)
# Words that are no names, so that they lose their capital behind the verb.
_LOWERED = re.compile(
    r"^(?:The|A|An|This|That|These|Those|There|Two|Three|Some|It|He|She|They|His|Her)\b"
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A question (or, if `claim`, a statement), the text it is judged by, and the verdict.

    `passage`: the text is a passage or a part of one, as it stands.
    """

    claim: bool
    asked: str
    text: str
    setting: str
    right: bool
    source: str
    passage: bool = False


def of_candidates(shown: Sequence[Shown], swapped: float, seed: int) -> list[Judgement]:
    """The candidates; a share of the right ones again under a question that they do not answer."""
    rng = random.Random(seed)
    made = []
    for c in shown:
        source = c.document.partition("/")[0] + (":passage" if c.passage else "")
        row = Judgement(False, c.question, c.text, c.setting, c.right, source, c.passage)
        made.append(row)
        if c.right and rng.random() < swapped:
            kinds = ["number", "date", "unit", "name", "name", "antonym", "negation"]
            edited = swap(c.question, c.text, rng, kinds)
            if edited is not None:
                made.append(replace(row, asked=edited[0], right=False, source=f"{source}:swap"))
    return made


def yes_no_question(claim: str) -> str | None:
    """A claim as a question to be answered by yes or no; None where no rule fits.

    "A man is asleep." gives "Is a man asleep?".
    """
    match = _AUXILIARY.match(claim.strip())
    if match is None or claim.count(".") > 1:
        return None
    subject, verb, rest = match.group("subject", "verb", "rest")
    if verb == "does":
        return None  # "does not" alone follows in a claim
    if _LOWERED.match(subject):
        subject = subject[0].lower() + subject[1:]
    return f"{verb.capitalize()} {subject} {rest}?"


def of_yes_no(pairs: Sequence[Pair]) -> Iterator[Judgement]:
    """Questions made of claims: a text states the answer where it supports or contradicts them.

    Sets without a text that does neither are given the nearest one of another claim.
    """
    texts = sorted({p.evidence for p in pairs})
    nearest = Neighbours(texts)
    lonely = {p.source for p in pairs} - {p.source for p in pairs if p.label == NEITHER}
    for pair in pairs:
        question = yes_no_question(pair.claim)
        if question is None or len(pair.evidence) > TEXT_CHARS:
            continue
        source = f"{pair.source}:yes-no"
        yield Judgement(False, question, pair.evidence, "", pair.label != NEITHER, source)
        if pair.source in lonely:
            own = set(pair.evidence.lower().split())
            for number in nearest.ranked(pair.claim, 6):
                other = texts[number]
                if len(own & set(other.lower().split())) < len(own) / 3:
                    yield Judgement(False, question, other, "", False, source)
                    break


def of_pairs(pairs: Sequence[Pair]) -> Iterator[Judgement]:
    """Claims that follow from their evidence, or do not."""
    for pair in pairs:
        if len(pair.evidence) <= TEXT_CHARS and len(pair.claim) <= CLAIM_CHARS:
            right = pair.label == SUPPORTED
            yield Judgement(True, pair.claim, pair.evidence, "", right, pair.source)


def of_questions(questions: Sequence[Question], count: int, seed: int) -> list[Judgement]:
    """About `count` claims made by rule of questions and of sentences, edited and whole."""
    rng = random.Random(seed)
    ready = [plain(question) for question in questions]
    recipe = Recipe(0.0, 0.0, 0.0, claim_from_question=0.6, claim_from_sentence=0.4)
    maker = Maker(ready, recipe, seed)
    rng.shuffle(ready)
    made: list[Judgement] = []
    for question in ready:
        if len(made) >= count:
            break
        if question.answers:
            made += [
                Judgement(True, e.first, e.second, "", e.label == SUPPORTED, e.source)
                for e in maker.of_question(question)
                if e.mode == CLAIM and len(e.second) <= TEXT_CHARS and len(e.first) <= CLAIM_CHARS
            ]
    return made


def drawn(pairs: Sequence[Pair], counts: Mapping[str, int], seed: int) -> list[Pair]:
    """Of each set as many pairs as `counts` says, half of them supported where there are enough."""
    rng = random.Random(seed)
    kept: list[Pair] = []
    for source, count in counts.items():
        own = [p for p in pairs if p.source == source]
        rng.shuffle(own)
        right = [p for p in own if p.label == SUPPORTED]
        wrong = [p for p in own if p.label != SUPPORTED]
        kept += right[: count // 2] + wrong[: count - min(count // 2, len(right))]
    return kept
