from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag.reading.protocol import Entailment, Reading, SpanScore
from rag.training.evaluate import (
    auroc,
    normalised,
    reading_figures,
    support_figures,
    swap_figures,
    swap_pairs,
    token_f1,
)
from rag.training.sets import AnswerText, Question

TEXT = (
    "The bridge of Rome was built in 1862 by Anna Smith of Leeds. It was not sold before 1871 "
    "because of the long war. The second bridge is 40 miles from the large city of Vienna."
)


class Wordwise:
    """A reader that points at the first digit's word and supports what stands in the text."""

    name = "wordwise"
    sha256 = ""

    def read(self, question: str, texts: Sequence[str], spans: int = 5) -> list[Reading]:
        out = []
        for text in texts:
            at = next((i for i, char in enumerate(text) if char.isdigit()), -1)
            found = (SpanScore(at, at + 4, 5.0),) if at >= 0 else ()
            out.append(Reading(found, 0.0, 4.0 if "built" in question else -4.0))
        return out

    def support(self, claim: str, evidence: Sequence[str]) -> list[Entailment]:
        return [
            Entailment(0.8, 0.1, 0.1) if claim in text else Entailment(0.2, 0.7, 0.1)
            for text in evidence
        ]


def test_f1_counts_shared_words_after_normalisation() -> None:
    assert normalised("The  King, of Rome!") == "king of rome"
    assert token_f1("the year 1862", ["1862"]) == pytest.approx(2 / 3)
    assert token_f1("1862", ["in 1862", "1862."]) == 1.0
    assert token_f1("war", ["peace"]) == 0.0
    assert token_f1("the", ["a"]) == 1.0


def test_auroc_is_the_share_of_ordered_pairs() -> None:
    assert auroc([3.0, 2.0], [1.0, 2.5]) == pytest.approx(0.75)
    assert auroc([1.0], [1.0, 1.0]) == pytest.approx(0.5)
    assert auroc([2.0, 3.0], [0.0]) == 1.0


def test_reading_figures_follow_from_the_spans() -> None:
    start = TEXT.index("1862")
    asked = [
        Question("When was it built?", TEXT, (AnswerText("1862", start),), "g", "s"),
        Question("Who built?", TEXT, (AnswerText("Anna", TEXT.index("Anna")),), "g", "s"),
        Question("When did it burn?", TEXT, (), "g", "s"),
    ]
    figures = reading_figures(Wordwise(), asked)
    assert (figures["n"], figures["answerable_n"]) == (3, 2)
    assert figures["f1"] == figures["exact_match"] == 0.5
    assert figures["sentence"] == 1.0
    assert figures["auroc_answerable"] == 1.0
    assert figures["auroc_margin"] == 0.5


def test_support_figures_rank_claims_by_support() -> None:
    rows = [
        {"claim": "It was sold.", "evidence": ["Then. It was sold. Then."], "supported": True},
        {"claim": "It was kept.", "evidence": ["Then it was sold."], "supported": False},
    ]
    figures = support_figures(Wordwise(), rows)
    assert figures["auroc_whole"] == figures["auroc_pieces"] == 1.0


def test_swapped_pairs_are_one_true_and_one_edited_sentence_of_the_evidence() -> None:
    pairs = swap_pairs([TEXT, TEXT + " More was to come in 1902 for Henry Brown."], 6, seed=1)
    assert pairs == swap_pairs([TEXT, TEXT + " More was to come in 1902 for Henry Brown."], 6, 1)
    assert len(pairs) >= 4
    for right, wrong, evidence, _ in pairs:
        assert right in evidence
        assert wrong not in evidence
        assert evidence in TEXT or evidence.startswith(TEXT[:10]) or "1902" in evidence
    assert len({kind for *_, kind in pairs}) >= 3
    figures = swap_figures(Wordwise(), pairs)
    assert figures["auroc"] == figures["ordered"] == 1.0
