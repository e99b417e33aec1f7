from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.testing import FakeEmbedder, FakeGenerator
from rag.training import rewording
from rag.training.candidates import load
from rag.training.rewording import drawn, main, rejection

ASKED = "When was the mill at Thorn built by Ada Moss?"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("In which year did Ada Moss put up the mill at Thorn?", ""),
        ("In which year did Ada Moss put up a corn factory at Thorn?", ""),
        ("When was the mill at Thorn built by Ada Moss, then?", "same words"),
        ("When was the old mill at Thorn built by Ada Moss?", "same words"),
        ("In which year did Ada put up the mill at Thorn?", "name"),
        ("In which year did Ada Moss put up the mill at Thorn in Kent?", "name"),
        ("Did Ada Moss put up the mill at Thorn in 1790?", "number"),
        ("In which year did Ada Moss never put up the mill at Thorn?", "negation"),
        ("Ada Moss put up the mill at Thorn in some year.", "no single question"),
        ("Which year? When did Ada Moss put up the mill at Thorn?", "no single question"),
        ("Thorn mill when?", "too short"),
        ("", "no single question"),
    ],
)
def test_a_wording_holds_what_the_question_holds_in_other_words(text: str, reason: str) -> None:
    assert rejection(text, ASKED) == reason


def row(number: int, right: bool) -> dict[str, object]:
    found = {"setting": "", "text": f"In {1700 + number}.", "document": "mill", "unclear": False}
    return {
        "key": f"set:{number}",
        "set": "set",
        "question": f"When was mill number {number} at Thorn built?",
        "candidates": [found | {"right": right}, found | {"right": False}],
    }


def test_most_of_what_is_drawn_has_a_right_candidate() -> None:
    rows = [row(n, right=n % 2 == 0) for n in range(80)]
    found = drawn(rows, 20, seed=1)
    assert sum(r["candidates"][0]["right"] for r in found) == 15
    assert len({r["key"] for r in found}) == 20
    assert found == drawn(rows, 20, seed=1) != drawn(rows, 20, seed=2)


def test_accepted_wordings_are_recorded_with_the_candidates_and_none_is_asked_for_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held = tmp_path / "held"
    held.mkdir()
    lines = [json.dumps(row(n, right=True)) + "\n" for n in range(3)]
    (held / "rows.jsonl").write_text("".join(lines))
    replies = {n: f"In which year did they put up mill number {n} at Thorn?\n" for n in range(3)}
    replies[1] = "Who cares?\n"
    asked = []

    class Reworder(FakeGenerator):
        def complete(self, prompt, **options):
            asked.append(prompt.rest)
            number = next(n for n in replies if f"number {n} " in prompt.rest)
            return FakeGenerator([replies[number]]).complete(prompt, **options)

    monkeypatch.setattr(rewording, "load_generator", lambda _: Reworder([]))
    monkeypatch.setattr(rewording, "load_embedder", lambda _: FakeEmbedder())
    monkeypatch.setattr(rewording, "ALIKE", -1.0)
    arguments = [str(tmp_path / "out"), "--candidates", str(held)]
    assert main([*arguments, "--seconds", "0"]) == 0
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"accepted": 2, "too short": 1}
    assert main(arguments) == 0
    assert len(asked) == 3
    shown = load([tmp_path / "out"])
    assert {s.question for s in shown} == {replies[0].strip(), replies[2].strip()}
    assert [s.right for s in shown] == [True, False, True, False]


def test_a_wording_that_is_far_from_the_question_is_not_taken() -> None:
    text = "In which year did Ada Moss put up the mill at Thorn?"
    generator = FakeGenerator([text + "\n", text + "\n"])
    embedder = FakeEmbedder()
    near = float(embedder.embed_query(text) @ embedder.embed_query(ASKED))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewording, "ALIKE", near - 0.01)
        assert rewording.reworded(ASKED, generator, embedder) == (text, "")
        patch.setattr(rewording, "ALIKE", near + 0.01)
        assert rewording.reworded(ASKED, generator, embedder) == (text, "another question")


def test_a_folder_in_which_nothing_was_recorded_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "out"), "--candidates", str(tmp_path / "none")])
    assert str(tmp_path / "none") in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
