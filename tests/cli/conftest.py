"""The command line in this process, with deterministic fakes in place of models."""

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rag.testing import FakeEmbedder, FakeGenerator, FakeReader

DOCUMENTS = {
    "minutes.md": (
        "# Works council, 4 March\n\n## Budget\n\nThe council agreed to raise spending on training "
        "to 3.5 % of payroll by 2031. Ms Adeyemi abstained.\n\n## Canteen\n\nThe canteen stays "
        "closed on Fridays until the new boiler is fitted. The fitting costs 18,400 euros.\n"
    ),
    "home/lease.txt": (
        "The tenant may keep one cat. Dogs are not permitted.\n"
        "Rent of 940 euros is due on the third working day of each month.\n"
        "Notice must be given in writing ninety days before leaving.\n"
    ),
    "home/bridge.txt": "The bridge over the Ilse was built in 1987. It carries twelve tonnes.\n",
}
GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture
def fakes(monkeypatch):
    monkeypatch.setattr("rag.embedding.load_embedder", lambda *a, **k: FakeEmbedder())
    monkeypatch.setattr("rag.reading.load_reader", lambda *a, **k: FakeReader())
    monkeypatch.setattr("rag.generation.load_generator", lambda *a, **k: FakeGenerator())


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with documents, and a configuration and cache of its own."""
    for name, text in DOCUMENTS.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for variable in [v for v in os.environ if v.startswith("RAG_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("RAG_CONFIG", str(tmp_path / "rag.toml"))
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def rag(place, fakes):
    """Runs a command; the result has exit_code, stdout and stderr."""
    from rag.cli.app import app

    def run(*args, code=0, stdin=None):
        result = CliRunner().invoke(app, [str(a) for a in args], prog_name="rag", input=stdin)
        assert "Traceback" not in result.output
        assert result.exit_code == code or code is None, result.output
        return result

    return run


@pytest.fixture
def indexed(rag):
    """The same, after `rag index docs`."""
    rag("index", "docs")
    return rag


@pytest.fixture
def answer_of(indexed):
    """The JSON that a command prints."""
    return lambda *args, code=0: json.loads(indexed(*args, "--json", code=code).stdout)


def settled(text, place):
    """Output without what changes from run to run, or with the fitted coefficients."""
    text = text.replace(str(place), "PLACE")
    text = re.sub(r"\d+\.\d s\b", "N s", text)
    text = re.sub(r"\b(confidence|chance) \d\.\d\d\b", r"\1 N.NN", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)
    return re.sub(r"\d+\.\d [KM]B", "N KB", text)


@pytest.fixture
def golden(place):
    """Compares an output, whole, with the recorded one; WRITE_GOLDEN=1 records it anew."""
    recording = os.environ.get("WRITE_GOLDEN") == "1"

    def compare(name, result):
        shown = settled(
            result.stdout + ("--- stderr\n" + result.stderr if result.stderr else ""), place
        )
        path = GOLDEN / f"{name}.txt"
        if recording:
            path.write_text(shown, encoding="utf-8")
        assert shown == path.read_text(encoding="utf-8")

    return compare
