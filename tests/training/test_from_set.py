from __future__ import annotations

import json

import pytest

from rag.training.from_set import main
from rag.training.sets import Problems, read_questions

CONTEXT = (
    "The mill at Thorn was built by Ada Moss in 1790. It stands by the old lock. "
    "The mill at Brae was built by Tom Hale in 1802."
)
OTHER = "The ferry at Lund crosses every hour. Nobody knows who built the ferry."


def gold_of(document: str, text: str, answer: str) -> dict[str, object]:
    """The sentence that holds the answer."""
    start = text.rfind(". ", 0, text.index(answer)) + 1
    end = text.index(".", text.index(answer)) + 1
    quote = text[start:end].lstrip()
    return {"doc": document, "start": end - len(quote), "end": end, "quote": quote}


@pytest.mark.models
def test_each_answer_stands_at_its_place_and_other_passages_hold_none(tmp_path, capsys) -> None:
    import rag

    asked = (
        ("Who built the mill at Thorn?", "Ada Moss", CONTEXT),
        ("When was the mill at Brae built?", "1802", CONTEXT),
        ("How often does the ferry cross?", "every hour", OTHER),
    )
    docs = tmp_path / "set" / "docs"
    docs.mkdir(parents=True)
    (docs / "mill.txt").write_text(CONTEXT)
    (docs / "ferry.txt").write_text(OTHER)
    rows = [
        {
            "id": answer,
            "question": question,
            "answerable": True,
            "answers": [answer],
            "gold_mode": "any",
            "gold": [gold_of("mill.txt" if text is CONTEXT else "ferry.txt", text, answer)],
        }
        for question, answer, text in asked
    ]
    (tmp_path / "set" / "questions.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    rag.build(docs, tmp_path / "index").close()
    out = tmp_path / "own.jsonl"

    assert main([str(out), f"{tmp_path / 'set'}={tmp_path / 'index'}"]) == 0
    assert "with an answer" in capsys.readouterr().out
    problems = Problems()
    read = read_questions(out, problems)
    assert not problems.lines
    assert {(q.question, q.answers[0].text) for q in read if q.answers} == {
        (q, a) for q, a, _ in asked
    }
    without = [q for q in read if not q.answers]
    assert without
    right = {q: a for q, a, _ in asked}
    assert all(right[q.question] not in q.context for q in without)
    arguments = [str(out), f"{tmp_path / 'set'}={tmp_path / 'index'}", "--wrong", "0"]
    assert main(arguments) == 0
    assert read_questions(out, problems) == [q for q in read if q.answers]


def test_what_cannot_be_written_is_named_before_anything_is_searched(tmp_path, capsys) -> None:
    assert main([str(tmp_path / "none" / "own.jsonl"), "a=b"]) != 0
    assert "make it first" in capsys.readouterr().err
    assert main([str(tmp_path / "own.jsonl"), "nothing"]) != 0
    assert "write SET=INDEX" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
