"""The adapter of a judge: trained in torch, used by llama.cpp."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from rag.errors import ModelInvalid
from rag.generation.heads import head_of
from rag.generation.judging import claim_prompt, judge_prompt
from rag.models import resolve
from rag.settings import Settings
from rag.training.adapter import balanced, main
from rag.training.judge_loop import Row, batches

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
    kept = balanced(rows, seed=1)
    right = sum(r.right for r in rows if not r.claim)
    assert sum(not r.right for r in kept if not r.claim) == 2 * right
    assert sum(r.right for r in kept) == sum(r.right for r in rows)
    assert sum(r.claim for r in kept) == sum(r.claim for r in rows)


@pytest.fixture(scope="module")
def adapted():
    """The model in torch, read once: that takes longer than all the rest."""
    from rag.training.adapted import Adapted

    return Adapted(resolve(MODEL, "generator", Settings()).weights, 6, 12, 4, 2.0)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, adapted):
    """A run of some steps on questions and claims about flats, stopped once before the first."""
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
    adapted.write(trained / "strong.gguf", "llama")
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


def test_nothing_to_train_on_is_told(tmp_path, capsys) -> None:
    assert main([str(tmp_path), "--model", MODEL, "--layer", "3"]) > 0
    assert "nothing to train on" in capsys.readouterr().err
