"""How well a cited text supports a sentence: a value from 0 to 1 and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from rag.calibration import GENERIC, Calibrated, load, logit, sigmoid
from rag.reading.protocol import Entailment, Reader
from rag.verification.rules import Finding, coverage, findings, is_verbatim

SUPPORTED = 0.5
WEAK = 0.25
VERBATIM = 0.99
UNSURE = (0.1, 0.9)  # between these a language model is asked too, if there is one
# Unless the calibration has fitted ones: what the score of the rest counts then, and the judge.
SCORE_WEIGHT, JUDGE_WEIGHT, JUDGE_CENTRE = 1.0, 0.5, 0.0
JUDGE_MOST = 4.0  # logits beyond it say no more
EDGE = 1e-4  # a probability nearer to 0 or 1 says no more
_SURE_AGAINST = frozenset({"number", "unit", "negation"})
_NEUTRAL = Entailment(1 / 3, 1 / 3, 1 / 3)


@dataclass(frozen=True, slots=True)
class Support:
    """The support of a sentence by its citations: `score` from 0 to 1, and why."""

    score: float
    verdict: Literal["supported", "weak", "removed"]
    reasons: tuple[str, ...] = ()


def check(
    sentence: str,
    cited: Sequence[str],
    reader: Reader | None,
    *,
    context: Sequence[str] = (),
    judge: Callable[[], float] | None = None,
    judge_name: str = GENERIC,
) -> Support:
    """The support of `sentence` by exactly the texts it cites, taken together.

    `context` (titles, headings) may supply names. `judge` gives a language model's logit on
    sentence and citation; it is asked only where the rest leaves the score unsure, and counts as
    was fitted for the model of that name.
    """
    text = "\n".join(cited)
    if is_verbatim(sentence, text):
        return Support(VERBATIM, "supported")
    found = findings(sentence, text, context)
    score = _score(sentence, text, found, _entailment(sentence, cited, reader), judge, judge_name)
    verdict: Literal["supported", "weak", "removed"] = (
        "supported" if score >= SUPPORTED else "weak" if score >= WEAK else "removed"
    )
    return Support(score, verdict, tuple(_REASON[f.kind].format(f.detail) for f in found))


_REASON = {
    "number": "the number {} does not stand in the source",
    "unit": "the unit of {} is another in the source",
    "month": "the month {} does not stand in the source",
    "name": "the name {} does not stand in the source",
    "negation": "the source says the opposite ({})",
    "opposite": "the source says the opposite of {}",
}


def _entailment(sentence: str, cited: Sequence[str], reader: Reader | None) -> Entailment:
    if reader is None or not cited:
        return _NEUTRAL
    together = [*cited, "\n".join(cited)] if len(cited) > 1 else list(cited)
    results = reader.support(sentence, together)
    return max(results, key=lambda r: r.supported)


SIGNALS = ("supported", "contradicted", "coverage", "findings", "sure_against", "length")


def signals_of(sentence: str, cited: Sequence[str], reader: Reader | None) -> dict[str, float]:
    """What the support score of a sentence is computed from, by name (see `SIGNALS`)."""
    text = "\n".join(cited)
    return _signals(sentence, text, findings(sentence, text), _entailment(sentence, cited, reader))


def _signals(
    sentence: str, text: str, found: Sequence[Finding], entailment: Entailment
) -> dict[str, float]:
    kinds = [f.kind for f in found]
    return {
        "supported": logit(entailment.supported, EDGE),
        "contradicted": logit(entailment.contradicted, EDGE),
        "coverage": coverage(sentence, text),
        "findings": float(min(3, len(kinds))),
        "sure_against": float(any(k in _SURE_AGAINST for k in kinds)),
        "length": min(1.0, len(text) / 2000),
    }


def _score(
    sentence: str,
    text: str,
    found: Sequence[Finding],
    entailment: Entailment,
    judge: Callable[[], float] | None,
    judge_name: str,
) -> float:
    # What a rule found is never supported, and a wrong number never even weak; scaling instead of
    # cutting keeps the order among such sentences, which costs less of the score's sharpness.
    model = _model(judge_name)
    score = model.probability(_signals(sentence, text, found, entailment))
    if any(f.kind in _SURE_AGAINST for f in found):
        return score * (WEAK - 0.01)
    if judge is not None and UNSURE[0] < score < UNSURE[1]:
        score = _moved(model, score, judge())
    return score * (SUPPORTED - 0.01) if found else score


def _moved(model: Calibrated, score: float, said: float) -> float:
    """The score moved by what a language model says, which is weighed around its centre."""
    own = model.threshold("judge_score", SCORE_WEIGHT)
    weight = model.threshold("judge_weight", JUDGE_WEIGHT)
    centre = model.threshold("judge_centre", JUDGE_CENTRE)
    return sigmoid(own * logit(score, EDGE) + weight * (clipped(said) - centre))


def clipped(said: float) -> float:
    """A language model's logit difference, bounded."""
    return max(-JUDGE_MOST, min(JUDGE_MOST, said))


@cache
def _model(judge_name: str) -> Calibrated:
    return load(f"support-{judge_name}")
