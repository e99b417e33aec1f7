from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag.errors import ModelInvalid, SettingsInvalid
from rag.training.features import Features, encode
from rag.training.loop import Plan, collate, device_of, has_bfloat16, rate_factor, train
from rag.training.mixture import Example
from rag.training.network import build, losses

PLAN = Plan(
    rate=3e-3,
    embedding_rate=3e-3,
    warmup_steps=3,
    batch_tokens=64,
    bfloat16=False,
)
SHARES = {"answerable": 0.5, "shared_norm": 0.25, "claim": 0.8}


def _examples() -> list[Example]:
    out = []
    for number, (name, city) in enumerate(
        [("henry", "rome"), ("anna", "london"), ("mary", "paris"), ("henry", "egypt")] * 6
    ):
        text = f"the king {name} built {city} in 45."
        at = text.index(city)
        asked = f"what did {name} built?"
        out.append(Example(0, asked, text, at, at + len(city), 1, "s", number))
        out.append(Example(0, asked, "a river near france.", -1, -1, 0, "s", number))
        out.append(Example(1, f"{name} built {city}.", text, -1, -1, 0, "s"))
        out.append(Example(1, f"{name} built britain.", text, -1, -1, 1, "s"))
    return out


@pytest.fixture(scope="module")
def features(base: Path) -> Features:
    return encode(_examples(), base / "tokenizer.json")[0]


class Stopped(Exception):
    """What stands for a killed process."""


def _weights(path: Path) -> dict[str, Any]:
    import torch

    return dict(torch.load(path, weights_only=True))


def test_a_stopped_run_ends_with_the_weights_of_one_that_was_not(
    base: Path, features: Features, tmp_path: Path
) -> None:
    import torch

    plan = replace(PLAN, average=0.9)
    whole = train(features, base, tmp_path / "whole", plan, say=lambda _: None)

    def stop(line: str) -> None:
        if line.startswith("step 20 "):
            raise Stopped

    with pytest.raises(Stopped):
        train(features, base, tmp_path / "cut", plan, save_seconds=0.0, say=stop)
    assert (tmp_path / "cut" / "state.pt").exists()
    assert not (tmp_path / "cut" / "final.pt").exists()
    again = train(features, base, tmp_path / "cut", plan, say=lambda _: None)
    for name in (whole.name, "average.pt"):
        one, other = _weights(whole.parent / name), _weights(again.parent / name)
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one)


def test_the_average_trails_the_weights(base: Path, features: Features, tmp_path: Path) -> None:
    plan = replace(PLAN, average=0.99)
    last = _weights(train(features, base, tmp_path, plan, say=lambda _: None))["span.weight"]
    mean = _weights(tmp_path / "average.pt")["span.weight"]
    first = build(base, PLAN.seed).state_dict()["span.weight"]
    assert 0 < float((mean - first).norm()) < float((last - first).norm())


def test_training_lowers_the_loss(base: Path, features: Features, tmp_path: Path) -> None:
    import torch

    batch = collate(features, list(range(len(features))))

    def loss(network: Any) -> float:
        with torch.no_grad():
            out = network(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])
        return float(losses(out, batch, SHARES))

    fresh = build(base, PLAN.seed)
    final = train(features, base, tmp_path, PLAN, say=lambda _: None)
    trained = build(base, PLAN.seed)
    trained.load_state_dict(_weights(final))
    assert loss(trained) < 0.9 * loss(fresh)


def test_a_batch_allows_only_cls_and_the_second_text(features: Features) -> None:
    batch = collate(features, [0, 1, 2])
    ids, allowed = batch["input_ids"], batch["allowed"]
    for row in range(3):
        second = int(features.seconds[row])
        size = int(batch["attention_mask"][row].sum())
        expected = [i == 0 or second <= i < size - 1 for i in range(ids.shape[1])]
        assert allowed[row].tolist() == expected
    right, wrong = batch["pairs"]
    assert (right.tolist(), wrong.tolist()) == ([0], [1])


def test_a_perfect_network_has_no_loss_and_a_wrong_one_much(features: Features) -> None:
    import torch

    batch = collate(features, [0, 1, 2, 3])
    shape = batch["input_ids"].shape
    starts = torch.full(shape, -50.0)
    ends = torch.full(shape, -50.0)
    starts[torch.arange(4), batch["starts"]] = 50.0
    ends[torch.arange(4), batch["ends"]] = 50.0
    answerable = torch.where(batch["labels"] == 1, 50.0, -50.0)
    claim = torch.full((4, 3), -50.0)
    claim[torch.arange(4), batch["labels"]] = 50.0
    good = float(losses((starts, ends, answerable, claim), batch, SHARES))
    bad = float(losses((-starts, -ends, -answerable, -claim), batch, SHARES))
    assert good == pytest.approx(0.0, abs=1e-4)
    assert bad > 20.0


def test_the_rate_warms_up_stays_and_cools_to_nothing() -> None:
    plan = Plan(warmup_steps=4)
    factors = [rate_factor(plan, step, 6, 10) for step in range(11)]
    assert factors == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]


@pytest.mark.parametrize(
    ("wanted", "there", "used"),
    [("auto", True, "cuda"), ("auto", False, "cpu"), ("cpu", True, "cpu"), ("cuda", True, "cuda")],
)
def test_a_graphics_card_is_used_where_there_is_one_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, wanted: str, there: bool, used: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: there)
    assert device_of(wanted) == used
    if not there:
        with pytest.raises(SettingsInvalid, match="torch finds no GPU"):
            device_of("cuda")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"avx2": True, "avx512_bf16": False, "amx_bf16": False}, False),
        ({"avx512_f": True, "avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
        ({}, False),
    ],
)
def test_bfloat16_is_used_only_where_the_processor_computes_in_it(
    monkeypatch: pytest.MonkeyPatch, known: dict[str, bool], expected: bool
) -> None:
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: known, raising=False)
    assert has_bfloat16("cpu") is expected


def test_a_torch_that_does_not_know_its_processor_computes_in_float32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("torch.cpu.get_capabilities", raising=False)
    assert not has_bfloat16("cpu")


def test_training_goes_on_from_a_reader_file_only(base: Path, tmp_path: Path) -> None:
    import onnx
    from onnx import helper

    graph = helper.make_graph([], "empty", [], [])
    onnx.save(helper.make_model(graph), str(tmp_path / "other.onnx"))
    with pytest.raises(ModelInvalid, match=r"other\.onnx"):
        build(base, 1, tmp_path / "other.onnx")
