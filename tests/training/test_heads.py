from __future__ import annotations

import json

import numpy as np
import pytest

from rag.errors import SetInvalid
from rag.generation.heads import head_of, prompt_digest
from rag.generation.judging import PREFIX
from rag.training.corpora import books_of, write
from rag.training.heads import Rows, fit_head, load, main
from rag.training.sets import AnswerText, Question

WIDTH = 12


def recorded(folder, count, seed, *, told=1.0):
    """A folder with `count` documents of two candidates each, told apart by two numbers."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(count, 2, WIDTH))
    states[:, 0, 3] += 2 * told
    states[:, 0, 7] -= told
    (folder / "states.f16").write_bytes(states.astype(np.float16).tobytes())
    rows = [
        {
            "key": f"own:{n}",
            "set": "own",
            "model": "m",
            "layer": 4,
            "candidates": [
                {"document": f"d{n}", "right": i == 0, "unclear": n % 10 == 9, "width": WIDTH}
                for i in range(2)
            ],
        }
        for n in range(count)
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    return folder


def test_what_is_unclear_is_left_out(tmp_path) -> None:
    rows = load([recorded(tmp_path / "a", 50, 1), recorded(tmp_path / "b", 30, 2)])
    assert rows.states.shape == (2 * 72, WIDTH)
    assert sum(rows.right) == 72
    assert len(set(rows.documents)) == 45


def test_the_fitted_head_finds_what_tells_right_from_wrong(tmp_path) -> None:
    head = fit_head(load([recorded(tmp_path / "a", 300, 1)]), 18, 30.0)
    assert head.layer == 18
    assert np.argsort(-np.abs(head.weights))[:2].tolist() == [3, 7]
    assert head.weights[3] > 0 > head.weights[7]
    assert head.record["auroc"] > 0.9
    new = load([recorded(tmp_path / "b", 100, 2)])
    logits = new.states @ np.array(head.weights) + head.intercept
    assert np.mean((logits > 0) == new.right) > 0.8


def test_the_figures_are_held_out(tmp_path) -> None:
    rows = load([recorded(tmp_path / "a", 60, 1, told=0.0)])
    assert fit_head(rows, 18, 1.0).record["auroc"] < 0.65


def test_the_written_head_is_read_back(tmp_path, capsys) -> None:
    folder = recorded(tmp_path / "a", 60, 1)
    file = tmp_path / "head.json"
    arguments = ["--model", "m", "--layer", "4", "--penalty", "30", "--fit", str(file)]
    assert main([str(folder), *arguments]) == 0
    head = head_of(json.loads(file.read_text("utf-8")))
    assert head.layer == 4
    assert head.record["prompt"] == prompt_digest(PREFIX)
    assert head.record["made_of"] == ["own"]
    assert head.weights == pytest.approx(fit_head(load([folder]), 4, 30.0).weights, rel=1e-4)
    assert '"auroc"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--model", "m", "--layer", "5"], "states of m behind layer 4"),
        (["--model", "n", "--layer", "4"], "states of m behind layer 4"),
        (["--model", "m", "--layer", "4", "--with", "nowhere"], "nothing was recorded in nowhere"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path, capsys, arguments, told) -> None:
    file = tmp_path / "head.json"
    folder = recorded(tmp_path / "a", 30, 1)
    assert main([str(folder), "--fit", str(file), *arguments]) > 0
    assert told in capsys.readouterr().err
    assert not file.exists()


def test_too_little_to_fit_is_refused(tmp_path) -> None:
    rows = load([recorded(tmp_path / "a", 30, 1)])
    with pytest.raises(SetInvalid, match="right and wrong ones"):
        fit_head(Rows(rows.states, [True] * len(rows.right), rows.documents), 4, 30.0)


@pytest.mark.models
def test_a_set_is_recorded_through_the_real_models_and_goes_on(tmp_path, capsys) -> None:
    import rag

    context = "The mill at Thorn was built by Ada Moss in 1790. It stands by the old lock."
    questions = [
        Question(q, context, (AnswerText(a, context.index(a)),), "Thorn", "own")
        for q, a in (("Who built the mill at Thorn?", "Ada Moss"), ("When was it built?", "1790"))
    ]
    write(tmp_path / "own", books_of(questions))
    rag.build(tmp_path / "own" / "docs", tmp_path / "index").close()
    out = tmp_path / "out"
    named = f"{tmp_path / 'own'}={tmp_path / 'index'}"
    arguments = [str(out), named, "--model", "smollm2-135m-instruct", "--layer", "5"]
    assert main([*arguments, "--hidden", "0", "--limit", "1"]) == 0
    first = load([out])
    assert first.states.shape[1] == 576
    assert any(first.right)
    with (out / "states.f16").open("ab") as file:  # stopped between states and row
        file.write(b"\0" * 576)
    assert main([*arguments, "--hidden", "0"]) == 0
    both = load([out])
    assert len(both.right) > len(first.right)
    assert (both.states[: len(first.right)] == first.states).all()
    assert (out / "states.f16").stat().st_size == 2 * both.states.size
    assert "1 questions recorded" in capsys.readouterr().out
