"""Metrics between an answer's words and the accepted ones, and between summaries.

Normalisation, exact match and token F1 follow the SQuAD evaluation script (Rajpurkar et al. 2016,
"SQuAD: 100,000+ Questions for Machine Comprehension of Text"; version 2.0 for empty answers).
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_MARKER = re.compile(r"[ \t]*\[\d+\]")


def normalise(text: str) -> str:
    """The text as SQuAD compares it: lower case, no punctuation, no articles, single spaces.

    Only ASCII punctuation goes, as in the published script; it is removed, not replaced, so
    `3.5` becomes `35`.
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def without_markers(text: str) -> str:
    """The text without citation markers such as ` [1]`."""
    return _MARKER.sub("", text) if "[" in text else text


def exact_match(prediction: str, answers: Iterable[str]) -> float:
    """1.0 if the prediction equals an accepted answer after normalisation, else 0.0.

    An empty prediction equals only an answer that normalises to nothing. No answers: 0.0.
    """
    predicted = normalise(prediction)
    return float(any(predicted == normalise(answer) for answer in answers))


def token_f1(prediction: str, answers: Iterable[str]) -> float:
    """The best token F1 over the accepted answers, from 0 to 1; 0.0 without answers.

    With c the size of the multiset intersection of the normalised tokens, precision is
    c / predicted tokens, recall c / answer tokens, and F1 their harmonic mean. Where one of the two
    has no tokens, F1 is 1.0 if both have none, else 0.0.
    """
    predicted = normalise(prediction).split()
    return max((_f1(predicted, normalise(answer).split()) for answer in answers), default=0.0)


def _f1(predicted: list[str], answer: list[str]) -> float:
    if not predicted or not answer:
        return float(predicted == answer)
    common = sum((Counter(predicted) & Counter(answer)).values())
    return 2 * common / (len(predicted) + len(answer))


def contains(text: str, answers: Iterable[str]) -> float:
    """1.0 if an accepted answer stands in the text as whole words, else 0.0.

    Markers are taken out first; case, Unicode form and runs of white space do not count. A word is
    whole where no letter or digit touches the outer ones of the answer that are letters or digits:
    `5` does not stand in `15`, nor in `5.3` or `1,5` (a number is one word). An answer without any
    letter or digit is looked for as it is; an empty one is never contained. No answers: 0.0.
    """
    within = _folded(without_markers(text))
    return float(any(_stands_in(answer, within) for answer in answers))


def _stands_in(answer: str, within: str) -> bool:
    wanted = _folded_answer(answer)
    # The plain test comes first: most texts do not hold the answer, and it is much quicker.
    return bool(wanted) and wanted in within and _whole_words(wanted).search(within) is not None


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


_folded_answer = lru_cache(1024)(_folded)


@lru_cache(1024)
def _whole_words(wanted: str) -> re.Pattern[str]:
    before = r"(?<!\w)" if wanted[0].isalnum() else ""
    after = r"(?!\w)" if wanted[-1].isalnum() else ""
    if wanted[0].isdigit():
        before += r"(?<!\d[.,])"
    if wanted[-1].isdigit():
        after += r"(?![.,]\d)"
    return re.compile(before + re.escape(wanted) + after)


ROUGE_NAMES = ("rouge1", "rouge2", "rougeL")


def rouge(summary: str, references: Sequence[str]) -> dict[str, float]:
    """ROUGE-1, -2 and -L F-measures, each the best over the references; empty without any.

    Computed by `rouge-score` with stemming (Lin 2004, "ROUGE: A Package for Automatic Evaluation of
    Summaries"); markers are taken out first. Raises `MissingDependency` without the package.
    """
    if not references:
        return {}
    scores = _rouge_scorer()(list(references), without_markers(summary))
    return {name: float(scores[name].fmeasure) for name in ROUGE_NAMES}


@lru_cache(1)
def _rouge_scorer() -> Callable[[list[str], str], Any]:
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError as exc:
        from rag.errors import MissingDependency

        raise MissingDependency(
            "summaries are scored with the package 'rouge-score', which is not installed: "
            "pip install rouge-score"
        ) from exc
    scorer = RougeScorer(list(ROUGE_NAMES), use_stemmer=True)
    return lambda references, summary: scorer.score_multi(references, summary)
