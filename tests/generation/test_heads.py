from __future__ import annotations

import hashlib
import json

import pytest

from rag.generation import heads
from rag.generation.heads import head_digest, head_of, load_head, prompt_digest
from rag.generation.judging import CLAIM_PREFIX, PREFIX, judge, judge_claim
from rag.generation.protocol import Head
from rag.testing import FakeGenerator

FOLDER = heads._FOLDER
SHIPPED = sorted(p.stem for p in FOLDER.glob("*.json"))


def test_there_is_a_head_for_the_default_model() -> None:
    assert "qwen2.5-coder-1.5b-instruct" in SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_head_was_trained_behind_the_prompt_that_is_asked(name) -> None:
    for kind, prefix in (("candidate", PREFIX), ("claim", CLAIM_PREFIX)):
        head = load_head(name, kind)
        assert head is not None
        assert head.record["prompt"] == prompt_digest(prefix)
        assert head.adapter is not None


@pytest.mark.parametrize("name", SHIPPED)
def test_the_adapter_is_the_one_that_was_trained_with_the_heads(name) -> None:
    raw = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    data = (FOLDER / raw["adapter"]["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == raw["adapter"]["sha256"]


def test_nothing_lies_beside_the_heads_and_their_adapters() -> None:
    assert {p.stem for p in FOLDER.iterdir()} == set(SHIPPED)


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


def test_claims_are_judged_by_a_head_of_their_own() -> None:
    claim, texts = "The bridge was opened in 1911.", ["The bridge was opened in 1911."]
    plain = judge_claim(FakeGenerator(), claim, texts)
    moved = load_head(SHIPPED[0], "claim").intercept
    assert judge_claim(FakeGenerator(name=SHIPPED[0]), claim, texts) == pytest.approx(plain + moved)
    assert moved != load_head(SHIPPED[0]).intercept


def test_a_file_is_read_as_it_was_written(tmp_path) -> None:
    raw = {
        "layer": 3,
        "adapter": {"file": "m.gguf", "sha256": "0"},
        "record": {"n": 4},
        "claim": {"prompt": "p", "intercept": -0.5, "weights": [1, 0.25]},
    }
    head = head_of(raw, "claim", tmp_path)
    expected = Head(3, -0.5, (1.0, 0.25), tmp_path / "m.gguf", {"n": 4, "prompt": "p"})
    assert head == expected
    del raw["adapter"]
    assert head_of(raw, "claim", tmp_path).adapter is None


def test_another_adapter_is_another_judge(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(heads, "_FOLDER", tmp_path)
    raw = {"layer": 3, "candidate": {"prompt": "p", "weights": [1]}, "claim": {"prompt": "p"}}
    raw["claim"] |= {"intercept": 0.0, "weights": [1]}
    for name, intercept, adapter in (
        ("a", 0, b"x"),
        ("b", 0, b"y"),
        ("c", 1, b"x"),
        ("d", 0, None),
    ):
        raw["candidate"]["intercept"] = intercept
        raw["adapter"] = {"file": f"{name}.gguf"} if adapter else None
        (tmp_path / f"{name}.json").write_text(json.dumps(raw))
        (tmp_path / f"{name}.gguf").write_bytes(adapter or b"")
    assert len({head_digest(name) for name in "abcd"}) == 4
    assert head_digest("c") != head_digest("c", "claim")
    assert head_digest("e") == ""
