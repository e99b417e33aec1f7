"""Summaries of what a person names, as a call and as a command."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import rag
from rag.errors import NoDocuments, UnreadableDocument
from rag.opened import Index
from rag.settings import Settings
from rag.summarising.from_paths import summarise_paths
from rag.testing import FakeEmbedder, FakeGenerator, FakeReader
from tests.summarising.conftest import MINUTES

LETTER = (
    "The bridge over the Ilse was built in 1987. It carries twelve tonnes and no more. "
    "The town repairs its railing every ten years.\n"
)


class Fakes:
    """Models that are never loaded where they are not needed."""

    def __init__(self) -> None:
        self.embedder = FakeEmbedder(dimension=256)
        self.asked: list[str] = []

    @property
    def reader(self) -> FakeReader:
        self.asked.append("reader")
        return FakeReader()

    @property
    def generator(self) -> FakeGenerator:
        self.asked.append("generator")
        return FakeGenerator()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "minutes.md").write_text(MINUTES, encoding="utf-8")
    (folder / "bridge.txt").write_text(LETTER, encoding="utf-8")
    return folder


@pytest.fixture
def index(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    for variable in [v for v in os.environ if v.startswith("RAG_") and v != "RAG_CACHE"]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("RAG_CONFIG", str(tmp_path / "rag.toml"))
    monkeypatch.setattr("rag.embedding.load_embedder", lambda *a, **k: FakeEmbedder())
    monkeypatch.setattr("rag.reading.load_reader", lambda *a, **k: FakeReader())
    monkeypatch.setattr("rag.generation.load_generator", lambda *a, **k: FakeGenerator())
    with rag.build(docs, tmp_path / "index", settings=Settings()) as opened:
        yield opened


def test_a_file_is_read_on_the_fly(docs: Path) -> None:
    models = Fakes()
    summary = summarise_paths([docs / "bridge.txt"], models, Settings(), extractive=True)
    assert summary.status == "answered"
    assert {c.document for c in summary.citations} == {"bridge.txt"}
    assert all(c.span.of(LETTER) == c.quote for c in summary.citations)
    assert models.asked == []


def test_a_worded_summary_loads_the_models_and_keeps_its_wordings(docs: Path) -> None:
    models = Fakes()
    summarise_paths([docs / "bridge.txt"], models, Settings())
    assert models.asked == ["reader", "generator"]
    assert list((Path(os.environ["RAG_CACHE"]) / "summaries").rglob("*.txt"))


def test_a_folder_gives_all_its_documents(docs: Path) -> None:
    summary = summarise_paths([docs], Fakes(), Settings(), length="long", extractive=True)
    assert {c.document for c in summary.citations} == {"minutes.md", "bridge.txt"}


def test_documents_of_one_name_keep_apart(docs: Path) -> None:
    other = docs.parent / "other"
    other.mkdir()
    (other / "bridge.txt").write_text("The ferry sank in 1911. Nobody was on board of it then.\n")
    paths = [docs / "bridge.txt", other / "bridge.txt"]
    summary = summarise_paths(paths, Fakes(), Settings(), length="long", extractive=True)
    assert {c.document for c in summary.citations} == {"bridge.txt", "bridge.txt (2)"}


def test_nothing_named_is_the_whole_index(index: Index) -> None:
    summary = index.summarise(length="long", extractive=True)
    assert {c.document for c in summary.citations} == {"minutes.md", "bridge.txt"}


@pytest.mark.parametrize("name", ["minutes.md", "minutes"])
def test_a_document_of_the_index_by_its_name(index: Index, name: str) -> None:
    summary = index.summarise([name], extractive=True)
    assert {c.document for c in summary.citations} == {"minutes.md"}


def test_an_indexed_file_is_taken_from_the_index_and_a_changed_one_is_read(
    index: Index, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted((p, p.stat().st_mtime_ns) for p in index.path.rglob("*") if p.is_file())
    monkeypatch.setattr("rag.sources.read_files", _refuse)
    taken = index.summarise([docs / "bridge.txt"], extractive=True)
    assert "carries twelve tonnes" in taken.summary
    monkeypatch.undo()
    (docs / "bridge.txt").write_text(LETTER.replace("twelve", "fourteen"))
    os.utime(docs / "bridge.txt", (1, 1))
    models = Fakes()
    read = summarise_paths(
        [docs / "bridge.txt"], models, Settings(), stored=index.snapshot, extractive=True
    )
    assert "carries fourteen tonnes" in read.summary
    after = sorted((p, p.stat().st_mtime_ns) for p in index.path.rglob("*") if p.is_file())
    assert [a for a in after if a[0].suffix != ".sqlite-shm"] == [
        b for b in before if b[0].suffix != ".sqlite-shm"
    ]


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("an indexed file was read again")


def test_a_path_that_is_nothing(index: Index) -> None:
    with pytest.raises(NoDocuments, match=r"'minuts\.md' is neither .* near are minutes\.md"):
        index.summarise(["minuts.md"])
    with pytest.raises(NoDocuments, match="there is no index to look it up in"):
        summarise_paths(["nowhere.md"], Fakes(), Settings())
    with pytest.raises(NoDocuments, match="build an index first"):
        summarise_paths([], Fakes(), Settings())


def test_an_empty_document_says_so(docs: Path) -> None:
    (docs / "empty.txt").write_text("")
    with pytest.raises(UnreadableDocument, match="empty"):
        summarise_paths([docs / "empty.txt"], Fakes(), Settings())
    skipped: list[UnreadableDocument] = []
    summary = summarise_paths([docs], Fakes(), Settings(), extractive=True, skipped=skipped.append)
    assert [s.path for s in skipped] == ["empty.txt"]
    assert summary.status == "answered"


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(UnreadableDocument, match="holds no readable file"):
        summarise_paths([tmp_path / "none"], Fakes(), Settings())
    with pytest.raises(NoDocuments, match=r"nothing to summarise.*none.*empty\.txt"):
        summarise_paths([tmp_path / "none", tmp_path / "empty.txt"], Fakes(), Settings())


def test_of_several_paths_the_readable_ones_are_summarised(docs: Path) -> None:
    (docs / "empty.txt").write_text("")
    skipped: list[UnreadableDocument] = []
    paths = [docs / "empty.txt", docs / "minutes.md"]
    summary = summarise_paths(paths, Fakes(), Settings(), extractive=True, skipped=skipped.append)
    assert summary.status == "answered"
    assert [s.path for s in skipped] == ["empty.txt"]


def test_all_wrong_paths_are_named_before_anything_is_read(docs: Path) -> None:
    models = Fakes()
    with pytest.raises(NoDocuments, match=r"'nowhere' is neither.*'nothing\.txt' is neither"):
        summarise_paths(["nowhere", docs / "minutes.md", "nothing.txt"], models, Settings())
    assert models.embedder.calls == 0


# The command


def _run(*arguments: object, code: int = 0) -> str:
    from rag.cli.app import app

    result = CliRunner().invoke(app, [str(a) for a in arguments], prog_name="rag")
    assert "Traceback" not in result.output
    assert result.exit_code == code, result.output
    return result.output


def test_the_command_shows_sentences_sources_and_coverage(index: Index) -> None:
    shown = _run("--index", index.path, "summarise", "minutes.md", "--format", "outline")
    assert "Rent\n- " in shown
    assert "[1]" in shown
    assert "Sources" in shown
    assert "Covers " in shown.replace("\n", " ")


def test_the_command_writes_json(index: Index) -> None:
    form = json.loads(_run("--index", index.path, "--json", "summarize", "--length", "long"))
    assert form["status"] == "answered"
    assert set(form["coverage"]) == {
        *("passages", "represented", "sections", "sections_represented", "skipped"),
    }
    assert form["coverage"]["sections_represented"] == form["coverage"]["sections"]


@pytest.mark.parametrize("name", ["s.md", "s.html"])
def test_the_command_writes_a_file(index: Index, tmp_path: Path, name: str) -> None:
    _run("--index", index.path, "summarise", "--output", tmp_path / name)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert "Sources" in text
    assert "Covers " in text


def test_a_topic_that_is_nowhere_ends_with_3(index: Index) -> None:
    shown = _run("--index", index.path, "summarise", "--about", "volcanic eruptions", code=3)
    assert "say nothing about 'volcanic eruptions'" in shown.replace("\n", " ")


def test_wrong_use_ends_before_any_work(index: Index, tmp_path: Path) -> None:
    assert "huge" in _run("summarise", "--length", "huge", code=2)
    assert "poem" in _run("summarise", "--format", "poem", code=2)
    shown = _run("--index", index.path, "summarise", "--output", tmp_path / "s.pdf", code=1)
    assert ".md or .html" in shown.replace("\n", " ")
    shown = _run("--index", index.path, "summarise", "nowhere.md", code=1)
    assert "neither a file nor a document" in shown.replace("\n", " ")


def test_a_skipped_file_ends_with_4(index: Index, docs: Path) -> None:
    (docs / "empty.txt").write_text("")
    shown = _run("--index", index.path, "summarise", docs, "--extractive", code=4)
    assert "empty.txt" in shown
