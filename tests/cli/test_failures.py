"""What goes wrong from outside: one message with the next step, an exit code, nothing lost."""

import errno
import json
import os
import sys

import pytest

from rag.errors import MissingDependency
from rag.testing import FakeEmbedder, FakeGenerator, FakeReader


class Interrupted:
    """Raises KeyboardInterrupt at the n-th call of a method of what it stands for."""

    def __init__(self, inner, method, at=1):
        self._inner, self._method, self._left = inner, method, at

    def __getattr__(self, name):
        found = getattr(self._inner, name)
        if name != self._method:
            return found

        def call(*args, **kwargs):
            self._left -= 1
            if self._left < 1:
                raise KeyboardInterrupt
            return found(*args, **kwargs)

        return call


class StoppedOnce(Interrupted):
    """Raises it at the first call of the method alone."""

    def __getattr__(self, name):
        found = super().__getattr__(name)
        if name == self._method:
            self._method = ""
        return found


def digest(rag):
    return json.loads(rag("status", "--json").stdout)["index"]["digest"]


def test_ctrl_c_while_indexing_leaves_an_index_that_works(indexed, place, monkeypatch):
    before = digest(indexed)
    for number in range(30):
        (place / "docs" / f"new{number}.txt").write_text(f"Ferry {number} leaves at nine.\n" * 40)
    with monkeypatch.context() as patch:
        stopping = Interrupted(FakeEmbedder(), "embed_passages", at=1)
        patch.setattr("rag.embedding.load_embedder", lambda *a, **k: stopping)
        result = indexed("index", "docs", code=130)
    assert "stopped" in result.stderr
    assert digest(indexed) == before
    assert indexed("doctor", "--deep").exit_code == 0
    indexed("index", "docs")
    assert json.loads(indexed("status", "--json").stdout)["index"]["documents"] == 33


@pytest.mark.parametrize(
    ("command", "where", "method"),
    [
        (["search", "rent"], "embedding.load_embedder", "embed_query"),
        (["ask", "How much is the rent?"], "reading.load_reader", "read"),
        (["ask", "How much is the rent?"], "generation.load_generator", "preference"),
        (["summarise"], "generation.load_generator", "complete"),
    ],
)
def test_ctrl_c_during_a_question(indexed, monkeypatch, command, where, method):
    inner = {"em": FakeEmbedder, "re": FakeReader, "ge": FakeGenerator}[where[:2]]()
    monkeypatch.setattr(f"rag.{where}", lambda *a, **k: Interrupted(inner, method))
    result = indexed(*command, code=130)
    assert "stopped" in result.stderr


def test_ctrl_c_during_an_evaluation_is_resumed(indexed, place, monkeypatch):
    rows = [
        {"id": str(n), "question": q, "answerable": True, "answers": [], "gold": [{"doc": d}]}
        for n, (q, d) in enumerate(
            [("rent?", "lease"), ("bridge?", "bridge"), ("boiler?", "minutes")]
        )
    ]
    (place / "set").mkdir()
    text = "".join(json.dumps({**row, "gold_mode": "any"}) + "\n" for row in rows)
    (place / "set" / "questions.jsonl").write_text(text)
    command = ["--index", "index", "eval", "set", "--stage", "reading", "--run", "run"]
    with monkeypatch.context() as patch:
        stopping = Interrupted(FakeReader(), "read", at=2)
        patch.setattr("rag.reading.load_reader", lambda *a, **k: stopping)
        stopped = indexed(*command, code=130)
    assert "the same command goes on where this one was" in stopped.stderr
    resumed = json.loads(indexed(*command, "--json").stdout)
    whole = json.loads(indexed(*command[:-1], "another", "--json").stdout)
    assert resumed["n"] == 3
    names = [n for n in whole["metrics"] if not n.startswith("seconds")]
    assert [resumed["metrics"][n] for n in names] == [whole["metrics"][n] for n in names]


def test_a_full_disk_is_named_and_loses_nothing(indexed, place, monkeypatch):
    before = digest(indexed)
    (place / "docs" / "new.txt").write_text("The ferry leaves at nine.")

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place / "index"))

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        result = indexed("index", "docs", code=1)
    assert "space" in result.stderr.lower()
    assert digest(indexed) == before
    indexed("index", "docs")
    assert digest(indexed) != before


def test_without_llama_cpp_the_install_line_and_the_way_round_are_named(indexed, monkeypatch):
    def missing(*args, **kwargs):
        raise MissingDependency("llama-cpp-python is not installed: pip install llama-cpp-python")

    monkeypatch.setattr("rag.generation.load_generator", missing)
    said = indexed("ask", "How much is the rent?", code=1).stderr
    assert "pip install llama-cpp-python" in said
    assert "--quote" in said
    indexed("ask", "--quote", "How much is the rent due each month?")


def test_another_embedder_is_refused_with_the_way_back(indexed, monkeypatch):
    other = FakeEmbedder(name="another", dimension=32)
    monkeypatch.setattr("rag.embedding.load_embedder", lambda *a, **k: other)
    said = indexed("search", "rent", code=1).stderr
    assert "another" in said
    assert "--rebuild" in said


def test_rebuild_alone_makes_anew_what_was_indexed(indexed, place, monkeypatch):
    other = FakeEmbedder(name="another", dimension=32)
    monkeypatch.setattr("rag.embedding.load_embedder", lambda *a, **k: other)
    indexed("index", "--rebuild")
    assert "3 documents" in indexed("status").stdout
    indexed("search", "rent")
    indexed("--index", "elsewhere", "index", "--rebuild", code=1)
    (place / "index" / "catalogue.sqlite").write_bytes(b"no catalogue")
    said = indexed("index", "--rebuild", code=1).stderr
    assert "rag index --rebuild PATH" in said
    assert (place / "index" / "catalogue.sqlite").is_file()


def test_a_home_that_nobody_has_is_a_folder_like_any_other(rag):
    said = rag("--index", "~nobody-of-that-name/ix", "status", code=1).stderr
    assert "~nobody-of-that-name" in said
    assert "--index DIR" in said


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(indexed, place):
    (place / "index").chmod(0o500)
    try:
        (place / "docs" / "new.txt").write_text("The ferry leaves at nine.")
        assert "index" in indexed("index", "docs", code=1).stderr
    finally:
        (place / "index").chmod(0o700)


def test_a_pipe_that_nobody_reads_is_no_error_on_windows_either(indexed, monkeypatch):
    def gone(*args, **kwargs):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr("rag.cli.search.Terminal.flow", gone)
    assert "Invalid argument" in indexed("search", "rent", code=1).stderr
    monkeypatch.setattr("sys.platform", "win32")
    assert not indexed("search", "rent", code=0).stderr


@pytest.mark.parametrize("name", ["model.gguf", "model.bin"])
def test_a_file_that_is_no_gguf_is_named(indexed, place, monkeypatch, name):
    monkeypatch.undo()
    monkeypatch.chdir(place)
    monkeypatch.setenv("RAG_CACHE", str(place / "cache"))
    monkeypatch.setattr("rag.embedding.load_embedder", lambda *a, **k: FakeEmbedder())
    monkeypatch.setattr("rag.reading.load_reader", lambda *a, **k: FakeReader())
    (place / name).write_bytes(b"not a model" * 99)
    said = indexed("--model", place / name, "ask", "How much is the rent?", code=1).stderr
    assert name in said


def test_no_network_and_no_models_says_what_to_fetch(place, monkeypatch):
    from typer.testing import CliRunner

    from rag.cli.app import app

    result = CliRunner().invoke(app, ["--offline", "index", "docs"], prog_name="rag")
    assert result.exit_code == 1
    assert "rag models pull all-MiniLM-L6-v2" in result.stderr
    assert not (place / "index" / "catalogue.sqlite").exists()


def test_ctrl_c_in_a_conversation_gives_up_that_answer_alone(indexed, monkeypatch):
    stopping = StoppedOnce(FakeReader(), "read")
    monkeypatch.setattr("rag.reading.load_reader", lambda *a, **k: stopping)
    talk = "How much is the rent?\nHow much is the rent?\n/quit\n"
    result = indexed("ask", "--interactive", "--quote", stdin=talk)
    assert result.stderr.count("this answer was stopped") == 1
    assert result.stdout.count("Sources") == 1
    assert "940 euros" in result.stdout
