from __future__ import annotations

import json

import pytest

from rag.errors import SetInvalid
from rag.training.candidates import load, main
from rag.training.corpora import books_of, write
from rag.training.sets import AnswerText, Question

CONTEXT = (
    "The mill at Thorn was built by Ada Moss in 1790. It stands by the old lock. "
    "The mill at Brae was built by Tom Hale in 1802."
)


@pytest.fixture(scope="module")
def named(tmp_path_factory) -> str:
    """SET=INDEX of two questions about one document."""
    import rag

    folder = tmp_path_factory.mktemp("own")
    questions = [
        Question(q, CONTEXT, (AnswerText(a, CONTEXT.index(a)),), "Thorn", "own")
        for q, a in (
            ("Who built the mill at Thorn?", "Ada Moss"),
            ("When was the mill at Brae built?", "1802"),
        )
    ]
    write(folder / "set", books_of(questions))
    rag.build(folder / "set" / "docs", folder / "index").close()
    return f"{folder / 'set'}={folder / 'index'}"


@pytest.mark.models
def test_candidates_are_recorded_and_gone_on_with(tmp_path, named, capsys) -> None:
    out = tmp_path / "out"
    assert main([str(out), named, "--hidden", "0", "--limit", "1"]) == 0
    first = load([out])
    assert any(c.right for c in first)
    with (out / "rows.jsonl").open("a") as file:  # stopped while a row was written
        file.write('{"key": "set:')
    assert main([str(out), named, "--hidden", "0"]) == 0
    both = load([out])
    assert both[: len(first)] == first
    assert {c.question for c in both} == {
        "Who built the mill at Thorn?",
        "When was the mill at Brae built?",
    }
    answers = {
        "Who built the mill at Thorn?": "Ada Moss",
        "When was the mill at Brae built?": "1802",
    }
    right = [c for c in both if c.right and not c.passage]
    assert {c.question for c in right} == set(answers)
    assert all(answers[c.question] in c.text for c in both if c.right)
    # "It stands by the old lock." is shown behind the sentence that it leans on.
    assert all(answers[c.question] not in c.text or "lock" in c.text for c in both if not c.right)
    whole = [c for c in both if c.passage and CONTEXT in c.text]
    assert {c.question for c in whole if c.right} == set(answers)
    assert capsys.readouterr().out.count("1 questions recorded") == 2


@pytest.mark.models
def test_of_a_hidden_answer_no_candidate_is_right(tmp_path, named) -> None:
    assert main([str(tmp_path), named, "--hidden", "1"]) == 0
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert len(rows) == 2
    assert not any(c["right"] for row in rows for c in [*row["candidates"], *row["passages"]])


@pytest.mark.models
def test_sentences_that_answer_and_are_not_shown_are_recorded_if_asked_for(tmp_path, named) -> None:
    def right(name: str, *options: str) -> list[str]:
        assert main([str(tmp_path / name), named, "--hidden", "0", "--most", "0", *options]) == 0
        return [c.text for c in load([tmp_path / name]) if c.right and not c.passage]

    assert right("without") == []
    texts = right("gold", "--gold")
    assert len(texts) == 2
    assert "Ada Moss" in texts[0]
    assert "1802" in texts[1]


@pytest.mark.models
def test_of_a_hidden_answer_nothing_is_right_even_if_asked_for(tmp_path, named) -> None:
    assert main([str(tmp_path), named, "--hidden", "1", "--gold"]) == 0
    assert not any(c.right for c in load([tmp_path]))


def test_what_is_unclear_or_late_and_wrong_is_left_out(tmp_path) -> None:
    facts = [(False, False), (False, True), (False, False), (True, False)]
    row = {
        "key": "own:1",
        "set": "own",
        "question": "Who?",
        "candidates": [
            {"setting": "", "text": f"t{n}", "document": "d", "right": right, "unclear": unclear}
            for n, (right, unclear) in enumerate(facts)
        ],
    }
    row["passages"] = [fact | {"text": "p" + fact["text"]} for fact in row["candidates"]]
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    kept = load([tmp_path])
    assert [(c.text, c.passage) for c in kept] == [
        ("t0", False),
        ("t3", False),
        ("pt0", True),
        ("pt2", True),
        ("pt3", True),
    ]


def test_an_empty_folder_and_a_set_without_an_index_are_named(tmp_path, capsys) -> None:
    with pytest.raises(SetInvalid, match="nothing was recorded in"):
        load([tmp_path])
    assert main([str(tmp_path), "some/set"]) > 0
    assert "'some/set' names no index" in capsys.readouterr().err
