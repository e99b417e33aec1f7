"""The adapter of a judge: trained in torch, used by llama.cpp."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.errors import ModelInvalid, SettingsInvalid
from rag.generation.heads import head_of
from rag.generation.judging import claim_prompt, judge_prompt
from rag.models import resolve
from rag.settings import Settings
from rag.training.adapter import balanced, main
from rag.training.judge_loop import Judge, Plan, Row, batches, measured, train

MODEL = "smollm2-135m-instruct"


def rows_of(count: int) -> list[Row]:
    rng = random.Random(count)
    return [
        Row(n % 3 == 0, tuple(range(rng.randint(5, 90))), n % 5 == 0, "own", False)
        for n in range(count)
    ]


def test_every_row_is_in_one_batch_with_rows_of_its_kind() -> None:
    rows = rows_of(500)
    found = batches(rows, seed=1)
    assert sorted(id(r) for b in found for r in b) == sorted(map(id, rows))
    for batch in found:
        assert len({r.claim for r in batch}) == 1
        longest = max(len(r.tokens) for r in batch)
        assert longest * len(batch) <= 1100
    assert found == batches(rows, seed=1) != batches(rows, seed=2)


def test_wrong_candidates_are_thinned_and_nothing_else() -> None:
    rows = rows_of(500)
    kept = balanced(rows, seed=1, passages=0)
    right = sum(r.right for r in rows if not r.claim)
    assert sum(not r.right for r in kept if not r.claim) == 2 * right
    assert sum(r.right for r in kept) == sum(r.right for r in rows)
    assert sum(r.claim for r in kept) == sum(r.claim for r in rows)


def test_no_more_claims_than_asked_for() -> None:
    rows = rows_of(500)
    kept = balanced(rows, seed=1, passages=0, claims=30)
    assert sum(r.claim for r in kept) == 30
    everything = balanced(rows, seed=1, passages=0)
    assert sum(r.claim for r in everything) > 30
    assert sum(not r.claim for r in kept) == sum(not r.claim for r in everything)


def test_passages_are_thinned_by_themselves_and_no_more_than_asked_for() -> None:
    rows = [r if n % 2 or r.claim else replace(r, passage=True) for n, r in enumerate(rows_of(500))]
    without = balanced(rows, seed=1, passages=0)
    assert not any(r.passage for r in without)
    whole = [r for r in balanced(rows, seed=1, passages=500) if r.passage]
    assert sum(r.right for r in whole) == sum(r.right for r in rows if r.passage)
    assert sum(not r.right for r in whole) == 2 * sum(r.right for r in whole)
    assert sum(r.passage for r in balanced(rows, seed=1, passages=30)) == 30


@pytest.fixture(scope="module")
def adapted():
    """The model in torch, read once: that takes longer than all the rest."""
    from rag.training.adapted import Adapted

    return Adapted(resolve(MODEL, "generator", Settings()).weights, "llama", 6, 12, 4, 2.0)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, adapted):
    """A run of some steps on claims about flats and questions made of them, begun twice."""
    folder = tmp_path_factory.mktemp("judge")
    rng = random.Random(5)
    with (folder / "pairs.jsonl").open("w") as file:
        for _ in range(48):
            flat, rent, other = rng.randrange(99), rng.randrange(900), rng.randrange(900)
            text = f"Flat {flat} was let for {rent} euros."
            label = rng.choice(["supported", "contradicted"])
            claim = f"Flat {flat} was let for {rent if label == 'supported' else other} euros."
            file.write(json.dumps({"claim": claim, "evidence": text, "label": label}) + "\n")
    (folder / "fever_symmetric.jsonl").write_bytes((folder / "pairs.jsonl").read_bytes())
    arguments = [str(folder / "out"), "--model", MODEL, "--layer", "12", "--from-layer", "6"]
    arguments += ["--pairs", str(folder / "fever_symmetric.jsonl"), "--rank", "4"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.training.adapter.Adapted", lambda *_: adapted)
        assert main([*arguments, "--seconds", "0"]) == 0
        assert not (folder / "out" / f"{MODEL}.json").exists()
        assert main(arguments) == 0
    return folder / "out"


@pytest.mark.models
@pytest.mark.slow
def test_llama_cpp_computes_with_the_adapter_what_torch_trained(trained, adapted) -> None:
    import torch

    from rag.generation.llama import LlamaGenerator

    model = resolve(MODEL, "generator", Settings())
    kept = torch.load(trained / "state.pt", weights_only=True)["judge"]
    adapted.restore({name: 12 * matrix for name, matrix in kept["adapter"].items()})
    adapted.write(trained / "strong.gguf")
    asked = [
        judge_prompt("What is the rent of flat 4?", f"Flat {n} was let for 90{n} euros.", "Flats")
        for n in range(4)
    ]
    generator = LlamaGenerator(model.weights, threads=2)
    try:
        plain = generator.states(asked, 12)
        ours = generator.states(asked, 12, trained / "strong.gguf")
        assert (generator.states(asked, 12) == plain).all()  # switched off again
        tokens = [generator.tokens(prompt) for prompt in asked]
    finally:
        generator.close()
    prefix = adapted.prefix(tokens[0][0])
    with torch.no_grad():
        theirs = adapted.states(prefix, [rest for _, rest in tokens]).numpy()
    moved = np.linalg.norm(ours - plain, axis=1)
    assert moved.min() > 0
    assert (np.linalg.norm(ours - theirs, axis=1) < 0.35 * moved).all()


@pytest.mark.models
@pytest.mark.slow
def test_the_written_judge_is_read_as_it_was_trained(trained) -> None:
    from rag.generation.llama import LlamaGenerator

    raw = json.loads((trained / f"{MODEL}.json").read_text())
    model = resolve(MODEL, "generator", Settings())
    generator = LlamaGenerator(model.weights, threads=2)
    try:
        for kind, prompt in (
            ("candidate", judge_prompt("Was flat 4 let?", "Flat 4 was let for 904 euros.")),
            ("claim", claim_prompt("Flat 4 was let.", ["Flat 4 was let for 904 euros."])),
        ):
            head = head_of(raw, kind, trained)
            assert head.adapter == trained / f"{MODEL}.gguf"
            assert len(head.weights) == 576
            state = generator.states([prompt], head.layer, head.adapter)[0]
            expected = float(state @ np.array(head.weights) + head.intercept)
            assert generator.probe([prompt], head) == pytest.approx([expected])
    finally:
        generator.close()
    assert raw["record"]["rows"]


@pytest.mark.models
@pytest.mark.slow
def test_a_run_that_goes_on_from_a_judge_begins_with_its_verdicts(
    trained, adapted, tmp_path, monkeypatch
) -> None:
    import torch

    file = trained / f"{MODEL}.json"
    pairs = trained.parent / "fever_symmetric.jsonl"
    arguments = [str(tmp_path), "--model", MODEL, "--layer", "12", "--from-layer", "6"]
    arguments += ["--pairs", str(pairs), "--rank", "4", "--start", str(file), "--seconds", "0"]
    arguments += ["--seed", "14"]  # other rows make the states even
    monkeypatch.setattr("rag.training.adapter.Adapted", lambda *_: adapted)
    adapted.restore({name: 0 * matrix for name, matrix in adapted.weights().items()})
    assert main(arguments) == 0
    before = torch.load(trained / "state.pt", weights_only=True)["judge"]
    begun = torch.load(tmp_path / "state.pt", weights_only=True)["judge"]
    for name, matrix in before["adapter"].items():
        assert torch.allclose(begun["adapter"][name], matrix, atol=1e-3)
    raw = json.loads(file.read_text())
    for number, kind in enumerate(("candidate", "claim")):
        weights = begun["weights"][number] / begun["spread"][number]
        assert weights.tolist() == pytest.approx(raw[kind]["weights"], rel=1e-4, abs=1e-7)
        bias = float(begun["intercept"][number] - weights @ begun["mean"][number])
        assert bias == pytest.approx(raw[kind]["intercept"], rel=1e-3)


@pytest.mark.models
@pytest.mark.slow
def test_an_adapter_that_does_not_fit_is_not_gone_on_from(trained, adapted, tmp_path) -> None:
    kept = adapted.weights()
    (tmp_path / "torn.gguf").write_bytes((trained / f"{MODEL}.gguf").read_bytes()[:40])
    with pytest.raises(ModelInvalid, match=r"torn\.gguf"):
        adapted.read(tmp_path / "torn.gguf")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapted, "weights", lambda: {n: m[:2] for n, m in kept.items()})
        with pytest.raises(ModelInvalid, match="another rank"):
            adapted.read(trained / f"{MODEL}.gguf")
    assert all((adapted.weights()[name] == matrix).all() for name, matrix in kept.items())


@pytest.mark.parametrize("text", ["", "{}", '{"layer": 12}', "[1]"])
def test_a_start_that_is_no_judge_is_named(text, tmp_path, capsys) -> None:
    file = tmp_path / "judge.json"
    file.write_text(text)
    assert main([str(tmp_path / "out"), "--model", MODEL, "--layer", "2", "--start", str(file)])
    told = capsys.readouterr().err
    assert str(file) in told
    assert "OUT/NAME.json" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.models
def test_an_adapter_of_another_model_is_refused_and_nothing_is_lost(trained, tmp_path) -> None:
    from rag.generation.llama import LlamaGenerator

    model = resolve(MODEL, "generator", Settings())
    generator = LlamaGenerator(model.weights, threads=2)
    asked = [judge_prompt("What is the rent?", "The rent is 900 euros.")]
    broken = tmp_path / "broken.gguf"
    broken.write_bytes((trained / f"{MODEL}.gguf").read_bytes()[:5000])
    try:
        before = generator.states(asked, 12)
        with pytest.raises(ModelInvalid, match=r"broken\.gguf is no adapter of SmolLM2"):
            generator.states(asked, 12, broken)
        assert (generator.states(asked, 12) == before).all()
    finally:
        generator.close()


class Tiny:
    """Stands for the model: the state of a row is a matrix times the counts of its tokens."""

    width = 6

    def __init__(self) -> None:
        import torch

        self.matrix = torch.nn.Parameter(torch.eye(6))

    def prefix(self, tokens):
        return [len(tokens)]

    def parameters(self):
        return [self.matrix]

    def weights(self):
        return {"matrix": self.matrix.detach()}

    def restore(self, weights):
        import torch

        with torch.no_grad():
            self.matrix.copy_(weights["matrix"])

    def states(self, prefix, rows):
        import torch

        counts = [[float(sum(t % 6 == n for t in row)) for n in range(6)] for row in rows]
        return torch.tensor(counts) @ self.matrix + prefix[0]


def short_rows(count: int) -> list[Row]:
    """Rows that are right where token 3 comes more often than token 4."""
    rng = random.Random(1)
    drawn = [tuple(rng.randrange(6) for _ in range(rng.randint(40, 90))) for _ in range(count)]
    return [Row(n % 2 == 0, t, t.count(3) > t.count(4), "own", False) for n, t in enumerate(drawn)]


def run_of(folder, rows, plan=None, seconds=1e9):
    folder.mkdir(exist_ok=True)
    judge = Judge(Tiny(), [[1], [1, 2]])
    ended = train(judge, rows, folder, plan or Plan(3, 2, rate=0.01, head_rate=0.02), seconds)
    return ended, judge


def test_a_stopped_run_ends_as_one_that_was_not(tmp_path, monkeypatch, capsys) -> None:
    rows = short_rows(400)
    ended, whole = run_of(tmp_path / "whole", rows)
    assert ended
    clock = iter(range(10**6))
    monkeypatch.setattr("rag.training.judge_loop.time.monotonic", lambda: next(clock))
    steps = 0
    while not run_of(tmp_path / "parts", rows, seconds=9)[0]:
        steps += 1
    assert steps > 2
    _, parts = run_of(tmp_path / "parts", rows)  # nothing is left to do
    assert parts.model.matrix.tolist() == whole.model.matrix.tolist() != Tiny().matrix.tolist()
    assert [parts.head(c) for c in (False, True)] == [whole.head(c) for c in (False, True)]
    figures = measured(whole, [replace(row, held_out=True) for row in rows])
    assert figures["candidates"]["auroc"] > 0.9
    assert figures["claims"]["auroc"] > 0.9


def test_the_state_of_another_run_is_not_gone_on_with(tmp_path) -> None:
    rows = short_rows(60)
    run_of(tmp_path / "run", rows)
    for others, plan in ((rows[:40], None), (rows, Plan(3, 2, rate=0.5))):
        with pytest.raises(SettingsInvalid, match=r"state\.pt is of a run with other rows"):
            run_of(tmp_path / "run", others, plan)


@pytest.mark.parametrize("architecture", ["mamba", ""])
def test_a_model_that_cannot_be_adapted_is_refused_before_it_is_read(architecture) -> None:
    from rag.training.adapted import Adapted

    with pytest.raises(ModelInvalid, match=f"of a '{architecture}' model is not known"):
        Adapted(Path("nowhere.gguf"), architecture, 0, 1, 4, 2.0)


def test_layers_that_cannot_be_are_refused(tmp_path, capsys) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--model", MODEL, "--layer", "3", "--from-layer", "4"])
    assert "--from-layer 4 is not between 0 and --layer" in capsys.readouterr().err


def test_nothing_to_train_on_is_told(tmp_path, capsys) -> None:
    assert main([str(tmp_path), "--model", MODEL, "--layer", "3"]) > 0
    assert "nothing to train on" in capsys.readouterr().err
