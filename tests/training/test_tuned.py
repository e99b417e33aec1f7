from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rag.errors import ModelInvalid
from rag.models import LocalModel, resolve
from rag.settings import Settings
from rag.testing import FakeEmbedder
from rag.training.export import export, heads_of, parameters
from rag.training.held_out import Measured
from rag.training.network import build
from rag.training.tuned import TunedReader, keep, tune_reader
from tests.training.conftest import task

NEVER = TunedReader(Path("x"), 1, 1, 40, Measured(0, 0, None, 0.9), Measured(0, 0, None, 0.9))


@pytest.fixture(scope="module")
def small(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny reader, as `rag.training` writes it."""
    from tokenizers import Tokenizer

    folder = tmp_path_factory.mktemp("small")
    size = Tokenizer.from_file(str(base / "tokenizer.json")).get_vocab_size()
    export(build(base, 3), folder / "reader.onnx", vocabulary=size)
    (folder / "tokenizer.json").write_bytes((base / "tokenizer.json").read_bytes())
    return folder


def _model(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> LocalModel:
    monkeypatch.setenv("RAG_CACHE", str(cache))
    return resolve(str(folder), "reader", Settings())


def test_a_reader_file_alone_rebuilds_its_network(small: Path, base: Path) -> None:
    assert heads_of(small / "reader.onnx") == 2
    again = build(None, 9, small / "reader.onnx").state_dict()
    for name, values in build(base, 3).state_dict().items():
        assert (again[name] == values).all(), name


def test_a_run_that_was_stopped_ends_with_the_reader_of_one_that_was_not(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _model(small, tmp_path / "cache", monkeypatch)
    learn, held = [task(n) for n in range(12)], [task(n) for n in range(50, 56)]

    def stop(what: str, done: int, total: int) -> None:
        if what.startswith("training") and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune_reader(learn, held, model, tmp_path / "a", threads=1, progress=stop)
    assert not (tmp_path / "a" / "reader").exists()
    told: list[str] = []
    stopped = tune_reader(
        learn, held, model, tmp_path / "a", threads=1, progress=lambda what, d, t: told.append(what)
    )
    straight = tune_reader(learn, held, model, tmp_path / "b", threads=1)
    one, other = (parameters(t.folder / "reader.onnx") for t in (stopped, straight))
    assert all((one[name] == other[name]).all() for name in one)
    start = parameters(small / "reader.onnx")
    assert any((one[name] != start[name]).any() for name in one)
    assert {"training, step", "measuring before", "measuring after"} <= set(told)
    assert "making examples" not in told
    assert (stopped.learned_from, stopped.held_out) == (12, 6)
    assert not (tmp_path / "a" / "state.pt").exists()


@pytest.mark.parametrize(
    ("moved", "support", "better"),
    [(12, 0.9, True), (12, 0.7, False), (2, 0.9, False), (0, 0.9, False), (-12, 0.9, False)],
)
def test_only_what_chance_does_not_explain_and_costs_no_support_is_kept(
    moved: int, support: float, better: bool
) -> None:
    gains = [1.0] * abs(moved) + [0.0] * (40 - abs(moved))
    nothing = [0.0] * 40
    before, after = (nothing, gains) if moved >= 0 else (gains, nothing)
    sides = [
        Measured(sum(f) / 40, 1.0, None, s, tuple(f)) for f, s in ((before, 0.9), (after, support))
    ]
    assert TunedReader(Path("x"), 9, 9, 40, *sides).better is better


def test_what_is_kept_takes_the_place_of_an_older_one_and_of_nothing_else(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "reader").mkdir(parents=True)
    (work / "reader" / "reader.onnx").write_bytes(b"new")
    (work / "reader" / "tokenizer.json").write_bytes(b"{}")
    target = tmp_path / "kept"
    target.mkdir()
    (target / "reader.onnx").write_bytes(b"old")
    (target / "letter.txt").write_bytes(b"mine")
    made = TunedReader(work / "reader", 1, 1, 1, NEVER.before, NEVER.after)
    assert keep(made, target, {"set": "own"}) == target
    assert (target / "reader.onnx").read_bytes() == b"new"
    assert (target / "letter.txt").read_bytes() == b"mine"
    assert json.loads((target / "record.json").read_text(encoding="utf-8")) == {"set": "own"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kept"]


def test_a_reader_of_another_kind_is_refused(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _model(small, tmp_path / "cache", monkeypatch)
    from dataclasses import replace

    other = replace(model, entry=replace(model.entry, kind="qa"))
    with pytest.raises(ModelInvalid, match="cannot be trained further"):
        tune_reader([], [], other, tmp_path)


def _set(folder: Path, count: int) -> Path:
    """Documents and questions made by rule, a fifth of them without an answer."""
    (folder / "docs").mkdir(parents=True)
    rows: list[dict[str, object]] = []
    for number in range(count):
        name, year = f"king{number}.txt", 1000 + number
        text = f"King number {number} built a city near the river in the year {year}. It rained."
        (folder / "docs" / name).write_text(text, encoding="utf-8")
        at = text.index(str(year))
        gold = [{"doc": name, "start": at, "end": at + 4, "quote": str(year)}]
        row = {"id": str(number), "question": f"When did king number {number} build a city?"}
        rows.append(
            {**row, "answerable": True, "answers": [str(year)], "gold": gold, "gold_mode": "any"}
        )
        if number % 5 == 0:
            asked = {"id": f"no{number}", "question": f"What did queen {number} say?"}
            rows.append(
                {**asked, "answerable": False, "answers": [], "gold": [], "gold_mode": "any"}
            )
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "questions.jsonl").write_text(lines, encoding="utf-8")
    return folder


def test_the_command_trains_measures_and_says_what_became_of_it(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.cli.app import app

    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RAG_CONFIG", str(tmp_path / "rag.toml"))
    monkeypatch.setattr("rag.embedding.load_embedder", lambda *a, **k: FakeEmbedder())
    folder = _set(tmp_path / "mine", 130)

    def run(*args: object) -> tuple[int, str]:
        given = ["train", *map(str, args), "--threads", "1"]
        done = CliRunner().invoke(app, given, prog_name="rag")
        assert "Traceback" not in done.output
        return done.exit_code, done.output

    code, shown = run(folder, "--weights", "--passes", 1, "--reader", small)
    assert code == 0, shown
    assert "held out" in shown
    assert "right sentence first" in shown
    assert "nothing was kept" in shown or "kept in" in shown
    code, again = run(folder, "--weights", "--passes", 1, "--reader", small, "--json")
    form = json.loads(again)
    assert code == 0
    assert form["before"].keys() == {"first", "three", "answerable", "support"}
    assert form["better"] is (form["kept"] is not None)


def test_stopped_by_hand_the_command_says_that_it_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.cli.app import app

    def stopped(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rag.training.tuned.tune_set", stopped)
    done = CliRunner().invoke(app, ["train", str(tmp_path), "--weights"], prog_name="rag")
    assert done.exit_code == 130
    assert "the same command goes on" in done.output


def test_the_command_refuses_what_it_cannot_train(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.cli.app import app

    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RAG_CONFIG", str(tmp_path / "rag.toml"))
    monkeypatch.setattr("rag.embedding.load_embedder", lambda *a, **k: FakeEmbedder())
    folder = _set(tmp_path / "few", 12)

    def run(*args: object) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["train", *map(str, args)], prog_name="rag")
        assert "Traceback" not in done.output
        return done.exit_code, " ".join(done.output.split())

    code, said = run(folder, "--weights", "--reader", small)
    assert code == 1
    assert "too small to train a reader on" in said
    code, said = run(folder, "--weights", "--reader", "none")
    assert code == 1
    assert "has no weights to train" in said
    code, said = run(folder, "--weights", "--quote")
    assert code == 2
    assert "leave one of them" in said
