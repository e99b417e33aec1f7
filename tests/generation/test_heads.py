from __future__ import annotations

import json
from importlib.resources import files

import pytest

from rag.generation.heads import head_of, load_head, prompt_digest
from rag.generation.judging import PREFIX, judge
from rag.testing import FakeGenerator

SHIPPED = sorted(p.name[:-5] for p in (files("rag") / "data" / "judging").iterdir())


def test_there_is_a_head_for_the_default_model() -> None:
    assert "qwen2.5-coder-1.5b-instruct" in SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_head_was_fitted_behind_the_prompt_that_is_asked(name) -> None:
    head = load_head(name)
    assert head is not None
    assert head.record["prompt"] == prompt_digest(PREFIX)
    assert head.record["auroc"] > 0.8


@pytest.mark.parametrize("name", ["fake-generator", "", "../calibration/answer-quote", "a\\b"])
def test_a_model_without_a_head_has_none(name) -> None:
    assert load_head(name) is None


def test_the_prompt_of_a_head_is_told_from_any_other() -> None:
    assert prompt_digest(PREFIX) != prompt_digest(PREFIX[:-1])
    assert prompt_digest(PREFIX) == prompt_digest(json.loads(json.dumps(PREFIX)))


def test_candidates_are_judged_by_the_head_where_there_is_one() -> None:
    texts = ["The bridge was opened in 1911.", "Boats cost nine pounds."]
    question = "When was the bridge opened?"
    plain = judge(FakeGenerator(), question, texts)
    by_head = judge(FakeGenerator(name=SHIPPED[0]), question, texts)
    moved = load_head(SHIPPED[0]).intercept
    assert by_head == pytest.approx([logit + moved for logit in plain])
    assert moved != 0


def test_a_file_is_read_as_it_was_written() -> None:
    head = head_of({"layer": 3, "intercept": -0.5, "weights": [1, 0.25], "record": {"n": 4}})
    assert (head.layer, head.intercept, head.weights, head.record) == (
        3,
        -0.5,
        (1.0, 0.25),
        {"n": 4},
    )
