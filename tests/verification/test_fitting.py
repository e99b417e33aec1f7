from __future__ import annotations

import json

import pytest

from rag.errors import SetInvalid
from rag.testing import FakeReader
from rag.verification.fitting import claims_of, fit_judge, fit_support
from rag.verification.support import SIGNALS, signals_of


def rows_and_labels(count: int):
    reader = FakeReader()
    pairs = []
    for i in range(count):
        claim = f"The ferry number {i} leaves at nine in the morning."
        told = f"Each day ferry number {i} leaves the harbour at nine in the morning."
        pairs.append(
            (claim, told if i % 2 else f"The kiosk {i} sells maps and coffee.", bool(i % 2))
        )
    return [signals_of(c, [e], reader) for c, e, _ in pairs], [y for *_, y in pairs]


def test_the_fit_tells_supported_from_unsupported_claims() -> None:
    rows, labels = rows_and_labels(60)
    model, figures = fit_support(rows, labels)
    assert set(rows[0]) == set(SIGNALS)
    assert figures["auroc"] == 1.0
    assert model.probability(rows[1]) > 0.7 > 0.3 > model.probability(rows[0])


def test_claims_are_drawn_from_the_split_with_a_seed(tmp_path) -> None:
    lines = [
        json.dumps({"claim": str(i), "evidence": [], "supported": True, "split": split})
        for i, split in enumerate(["dev", "test"] * 20)
    ]
    (tmp_path / "claims.jsonl").write_text("\n".join(lines), encoding="utf-8")
    drawn = claims_of(tmp_path, "dev", 5, 1)
    assert len(drawn) == 5
    assert all(c["split"] == "dev" for c in drawn)
    assert drawn == claims_of(tmp_path, "dev", 5, 1)
    assert len(claims_of(tmp_path, None, 99, 1)) == 40


def test_the_test_split_and_a_missing_set_are_refused(tmp_path) -> None:
    with pytest.raises(SetInvalid, match="test split"):
        claims_of(tmp_path, "test", 5, 1)
    with pytest.raises(SetInvalid, match=r"claims\.jsonl"):
        claims_of(tmp_path, "dev", 5, 1)


def test_a_judge_that_knows_weighs_and_one_that_guesses_does_not() -> None:
    scores = [0.3 + 0.4 * ((i * 7) % 10) / 10 for i in range(120)]
    labels = [i % 2 == 0 for i in range(120)]
    knowing = [(-1.0 if y else -3.0) + (i % 5) / 4 for i, y in enumerate(labels)]
    telling = [0.7 if (y != (i % 3 == 0)) else 0.3 for i, y in enumerate(labels)]
    own, weight, centre = fit_judge(scores, knowing, labels)
    assert own < fit_judge(telling, knowing, labels)[0]
    assert weight > 0.5
    assert -3.0 < centre < 0.0
    against = [-j for j in knowing]
    assert fit_judge(scores, against, labels) == (1.0, 0.0, 0.0)
