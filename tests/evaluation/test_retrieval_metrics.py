from __future__ import annotations

from math import log2

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import RR, R, nDCG

from rag.evaluation.records import Place
from rag.evaluation.retrieval_metrics import (
    ndcg,
    need_ranks,
    ranking,
    recall,
    reciprocal_rank,
    retrieval_scores,
    score_run,
)

Rows = dict[int, dict[int, int]]
DOCUMENTS = st.integers(0, 12)
RUNS = st.dictionaries(
    st.integers(0, 5), st.dictionaries(DOCUMENTS, st.integers(0, 4), max_size=13), max_size=6
)
QRELS = st.dictionaries(
    st.integers(0, 5), st.dictionaries(DOCUMENTS, st.integers(0, 3), max_size=8), max_size=6
)
THEIRS = {
    "recall@1": R @ 1,
    "recall@5": R @ 5,
    "recall@10": R @ 10,
    "recall@20": R @ 20,
    "mrr@10": RR @ 10,
    "ndcg@10": nDCG @ 10,
}


def _named(rows: dict[int, dict[int, int]], turned: bool) -> dict[str, dict[str, float]]:
    """Rows with names; `turned` puts the ids of documents in the opposite order."""
    return {
        f"q{q}": {f"d{99 - d if turned else d:02}": v for d, v in ds.items()}
        for q, ds in rows.items()
    }


def _theirs(run: Rows, qrels: Rows) -> dict[tuple[str, str], float]:
    """What `ir_measures` finds. The tools it calls break ties by id: trec_eval descending, the one
    for a reciprocal rank with a cut ascending; ids are turned round for the former."""
    found = {}
    for measures, turned in (
        ([m for m in THEIRS.values() if m != RR @ 10], True),
        ([RR @ 10], False),
    ):
        given = _named({q: ds for q, ds in run.items() if ds}, turned)
        if given and qrels:
            for m in ir_measures.iter_calc(measures, _named(qrels, turned), given):
                found[m.query_id, str(m.measure)] = m.value
    return found


@settings(max_examples=150, deadline=None)
@given(RUNS, QRELS)
def test_figures_are_those_of_ir_measures_with_ties_and_empties(run: Rows, qrels: Rows) -> None:
    judged = {q: ds for q, ds in qrels.items() if any(ds.values())}
    ours = dict(score_run(_named(run, False), _named(qrels, False)))
    assert set(ours) == {f"q{q}" for q in judged}
    theirs = _theirs(run, judged)
    for query, scores in ours.items():
        for name, value in scores.items():
            # A query that is not in the run is left out or 0 there; here it is always 0.
            assert value == pytest.approx(theirs.get((query, str(THEIRS[name])), 0.0)), name


def test_worked_example() -> None:
    ranks = [3, 0, 7]
    assert recall(ranks, 5) == pytest.approx(1 / 3)
    assert recall(ranks, 10) == pytest.approx(2 / 3)
    assert reciprocal_rank(ranks, 10) == pytest.approx(1 / 3)
    assert reciprocal_rank(ranks, 2) == 0.0
    ideal = 1 + 1 / log2(3) + 1 / log2(4)
    assert ndcg(ranks, 10) == pytest.approx((1 / log2(4) + 1 / log2(8)) / ideal)


def test_grades_are_the_gain() -> None:
    ideal = 3 + 1 / log2(3)
    assert ndcg([2, 1], 10, [3, 1]) == pytest.approx((1 + 3 / log2(3)) / ideal)
    assert ndcg([1, 2], 10, [3, 1]) == pytest.approx(1.0)
    assert ndcg([1], 10, [0]) == 0.0


def test_one_hit_that_meets_every_need_at_once_is_perfect_and_never_more() -> None:
    assert ndcg([1, 1, 1], 10) == pytest.approx(1.0)
    assert ndcg([1, 1], 1) == pytest.approx(1.0)


@given(st.lists(st.integers(0, 25), min_size=1, max_size=8), st.integers(1, 20))
def test_no_order_gets_more_than_1(ranks: list[int], k: int) -> None:
    assert 0.0 <= ndcg(ranks, k) <= 1.0 + 1e-12


def test_ties_are_broken_by_id() -> None:
    assert ranking({"b": 1.0, "a": 1.0, "c": 2.0}) == ["c", "a", "b"]


HITS = [Place("a", 0, 10), Place("a", 8, 20), Place("b", 0, 10)]


def test_any_has_one_need_met_by_any_gold() -> None:
    gold = [Place("b", 3, 4), Place("a", 15, 16)]
    assert need_ranks(HITS, gold, "any") == [2]
    assert need_ranks(HITS, [Place("c", 0, 5)], "any") == [0]
    assert need_ranks([], gold, "any") == [0]


def test_all_needs_every_gold() -> None:
    gold = [Place("b", 3, 4), Place("a", 15, 16), Place("a", 9, 10), Place("z", 0, 1)]
    assert need_ranks(HITS, gold, "all") == [3, 2, 1, 0]


def test_touching_is_not_overlapping() -> None:
    assert need_ranks([Place("a", 0, 10)], [Place("a", 10, 12)], "any") == [0]
    assert need_ranks([Place("a", 0, 10)], [Place("a", 9, 12)], "any") == [1]


def test_a_gold_document_without_a_span_is_met_by_any_of_its_passages() -> None:
    assert need_ranks(HITS, [Place("b", None, None)], "all") == [3]


def test_graded_ranks_count_documents_by_their_best_passage() -> None:
    gold = [Place("b", None, None), Place("a", None, None), Place("c", None, None)]
    assert need_ranks(HITS, gold, "graded") == [2, 1, 0]


def test_judgements_of_no_gain_count_for_nothing() -> None:
    scores = retrieval_scores([1, 2], [0.0, 1.0])
    assert scores["recall@1"] == 0.0
    assert scores["mrr@10"] == 0.5
    assert retrieval_scores([1], [0.0]) == {}
