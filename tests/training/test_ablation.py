from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from rag.training.__main__ import main as train_command
from rag.training.ablation import ANSWERS, main, table, thinned, variants
from rag.training.export import parameters
from rag.training.mixture import CLAIM, Example

NAMES = ["full", "without claims", "three layers"]
STREAM = [
    Example(0, "Who?", "Anna of York.", 0, 4, 1, "a", 1),
    Example(0, "Who?", "Nobody of York.", -1, -1, 0, "a:passage", 1),
    Example(1, "Anna came.", "Anna came.", -1, -1, 0, "b"),
    Example(0, "When?", "In 1900.", 3, 7, 1, "a"),
]


def _named(name: str) -> list[Example]:
    return thinned(STREAM, next(v for v in variants(["a", "b"]) if v.name == name))


def test_each_ingredient_and_each_set_has_a_run_without_it() -> None:
    names = [variant.name for variant in variants(["a", "b"])]
    assert len(set(names)) == len(names)
    assert names[0] == "full"
    assert {"without a", "without b", "without claims", "embeddings frozen"} <= set(names)


def test_without_claims_only_questions_are_left() -> None:
    assert _named("full") == STREAM
    assert [e for e in STREAM if e.mode != CLAIM] == _named("without claims")


def test_what_was_made_of_a_set_goes_with_it_or_by_its_kind() -> None:
    assert [e.source for e in _named("without a")] == ["b"]
    assert [e.source for e in _named("without wrong passages")] == ["a", "b", "a"]


def test_questions_that_people_put_without_an_answer_can_be_left_out() -> None:
    asked = Example(0, "Why?", "Anna of York.", -1, -1, 0, "a")
    variant = next(v for v in variants([]) if v.name.endswith("put by people"))
    assert thinned([*STREAM, asked], variant) == STREAM


def test_answered_questions_alone_are_a_start_that_has_seen_nothing_else() -> None:
    missing = Example(0, "What?", "name: Anna", -1, -1, 0, "b_tables:missing")
    asked = Example(0, "Why?", "Anna of York.", -1, -1, 0, "a")
    variant = next(v for v in variants([]) if v.name == ANSWERS)
    assert thinned([*STREAM, missing, asked], variant) == [STREAM[0], STREAM[3]]


def test_a_group_of_sets_is_left_out_at_once() -> None:
    variant = next(v for v in variants(["a"], {"both": ["a", "b"]}) if v.name == "without both")
    assert variant.sources == ("a", "b")


def test_a_halved_stream_shows_its_first_half_twice_in_units_of_its_own() -> None:
    halved = _named("half the examples, seen twice")
    assert [e.second for e in halved] == [e.second for e in STREAM[:2]] * 2
    assert [e.unit for e in halved] == [1, 1, 3, 3]


def test_the_table_says_how_far_each_run_is_from_the_full_one() -> None:
    rows = [
        {"name": "full", "f1": 0.5, "auroc": 0.7, "margin": 0.6, "first": 0.4, "swaps": 0.9},
        {"name": "other", "f1": 0.52, "auroc": 0.6, "margin": 0.6, "first": 0.4, "swaps": 0.5},
    ]
    lines = table(rows).splitlines()
    assert lines[2] == "| full | 0.500 | 0.700 | 0.600 | 0.400 | 0.900 |"
    assert "| 0.520 (+0.020) | 0.600 (-0.100) | 0.600 (+0.000) |" in lines[3]


def test_runs_of_a_few_steps_end_in_one_table(base: Path, tmp_path: Path) -> None:
    folder = _evaluation_set(tmp_path / "made")
    shares = tmp_path / "shares.json"
    shares.write_text('{"made": [2]}', encoding="utf-8")
    splits = tmp_path / "splits.json"
    splits.write_text('{"made": {"dev": ["king", "city"]}}', encoding="utf-8")
    measured = ["--steps", "2", "--scale", "1", "--evaluate", str(folder), "--splits", str(splits)]
    training = ["--base", str(base), "--folder", str(folder), "--shares", str(shares)]
    out = tmp_path / "runs"
    command = [str(out), *measured, "--only", *NAMES, "--", *training]
    assert main(command) == 0
    rows = json.loads((out / "ablation.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in rows] == NAMES
    assert all(0.0 <= row[name] <= 1.0 for row in rows for name in ("f1", "auroc", "first"))
    assert main([str(out), *measured, "--only", "nothing", "--", *training]) == 2
    before = (out / "full" / "final.pt").stat().st_mtime_ns
    assert main(command) == 0
    assert (out / "full" / "final.pt").stat().st_mtime_ns == before


def test_a_whole_run_writes_the_reader_and_the_averaged_one(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _evaluation_set(tmp_path / "made")
    out = tmp_path / "run"
    command = [str(out), "--base", str(base), "--folder", str(folder), "--average", "0.9"]
    assert train_command([*command, "--last-step", "2", "--threads", "1"]) == 0
    one, other = parameters(out / "float32.onnx"), parameters(out / "average_float32.onnx")
    assert one.keys() == other.keys()
    assert any((one[name] != other[name]).any() for name in one)
    assert (out / "reader.onnx").stat().st_size < (out / "float32.onnx").stat().st_size
    assert json.loads((out / "census.json").read_text(encoding="utf-8"))["made/question/1"] == 8
    before = (out / "reader.onnx").read_bytes()
    assert train_command([*command, "--last-step", "2", "--threads", "1", "--seed", "14"]) == 1
    assert "made with --seed 13: go on with the same arguments" in capsys.readouterr().err
    assert (out / "reader.onnx").read_bytes() == before


def test_the_command_says_in_one_line_which_file_it_cannot_read(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = str(tmp_path / "no.jsonl")
    assert train_command([str(tmp_path / "run"), "--base", str(base), "--questions", absent]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "no.jsonl: cannot be read" in said[0]


def _evaluation_set(folder: Path) -> Path:
    (folder / "docs").mkdir(parents=True)
    rows: list[dict[str, object]] = []
    for name, place in (("king", "Rome"), ("city", "London")):
        text = (
            f"The {name} of {place} was built near the river by Henry in 1845. It was not sold by "
            f"Mary Anna in the year 1920 because of the river. Who was king in {place} is near."
        )
        (folder / "docs" / f"{name}.txt").write_text(text, encoding="utf-8")
        passage = {"doc": f"{name}.txt", "start": 0, "end": len(text)}
        rows += _rows(text, name, passage)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "questions.jsonl").write_text(lines, encoding="utf-8")
    return folder


def _rows(text: str, name: str, passage: dict[str, object]) -> Iterable[dict[str, object]]:
    at = text.index("Henry")
    gold = [{"quote": "Henry", "start": at, "end": at + 5}]
    for number in range(4):
        asked = f"who built the {name} {number}?"
        yield {"question": asked, "passage": passage, "answerable": True, "gold": gold}
        yield {"question": f"who sold {number}?", "passage": passage, "answerable": False}
