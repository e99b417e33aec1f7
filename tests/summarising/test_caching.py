"""Wordings on disk."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

import rag
from rag.library import update
from rag.settings import Settings
from rag.summarising.caching import LABEL, Owner, Wordings, forget_gone
from rag.testing import FakeEmbedder, FakeGenerator, FakeReader

KEY, OTHER = "ab" + "0" * 62, "cd" + "1" * 62
ROSE = "The rose garden was opened by Ines Okafor on 4 June in front of a crowd.\n"
SHED = "The shed beside the gate was painted green by the two oldest members.\n"


def files_in(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file()]


def test_what_was_put_is_got_and_nothing_else(tmp_path: Path) -> None:
    kept = Wordings(tmp_path / "s")
    kept.put("a.md", KEY, "Größe 1.\n")
    kept.put("a.md", OTHER, "")
    assert (kept.get("a.md", KEY), kept.get("a.md", OTHER)) == ("Größe 1.\n", "")
    assert (kept.get("a.md", "ef" + "2" * 62), kept.get("b.md", KEY)) == (None, None)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    kept = Wordings(tmp_path / "s")
    kept.put("a.md", KEY, "private")
    assert {stat.S_IMODE(f.stat().st_mode) for f in files_in(tmp_path / "s")} == {0o600}
    folders = [tmp_path / "s", *(p for p in (tmp_path / "s").iterdir() if p.is_dir())]
    assert {stat.S_IMODE(f.stat().st_mode) for f in folders} == {0o700}


def test_a_folder_that_cannot_be_made_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("a file stands here")
    kept = Wordings(tmp_path / "s")
    kept.put("a.md", KEY, "x")
    kept.keep_only("a.md", [])
    kept.prune()
    forget_gone(folder=tmp_path / "s")
    assert kept.get("a.md", KEY) is None


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"of": [1]}', "\udcff"])
def test_a_damaged_piece_is_none(tmp_path: Path, damage: str) -> None:
    kept = Wordings(tmp_path / "s")
    kept.put("a.md", KEY, "x")
    (piece,) = (f for f in files_in(tmp_path / "s") if f.name != LABEL)
    piece.write_bytes(damage.encode("utf-8", "surrogateescape"))
    assert kept.get("a.md", KEY) is None
    kept.keep_only("a.md", [])
    assert not piece.exists()


def test_the_oldest_go_where_there_are_too_many(tmp_path: Path) -> None:
    kept = Wordings(tmp_path / "s")
    keys = [f"{i:02x}" + "0" * 62 for i in range(8)]
    for i, key in enumerate(keys):
        kept.put("a.md", key, str(i))
        os.utime(next((tmp_path / "s").glob(f"*/{key}.txt")), (i, i))
    kept.prune(most=4)
    assert [kept.get("a.md", key) for key in keys] == [None] * 5 + ["5", "6", "7"]


@pytest.mark.parametrize("tidy", [Wordings.prune, lambda kept: kept.keep_only("a.md", ["One."])])
def test_what_a_killed_run_left_half_written_goes_after_an_hour(tmp_path: Path, tidy) -> None:
    kept = Wordings(tmp_path / "s")
    kept.put("a.md", KEY, "of one", ["One."])
    (folder,) = (tmp_path / "s").iterdir()
    left, writing = folder / ".left.new", folder / ".writing.new"
    for file in (left, writing):
        file.write_text("half a senten")
    ago = time.time() - 3700
    os.utime(left, (ago, ago))
    tidy(kept)
    assert (left.exists(), writing.exists()) == (False, True)
    assert kept.get("a.md", KEY) == "of one"


def test_a_wording_goes_with_a_sentence_that_it_was_made_from(tmp_path: Path) -> None:
    kept = Wordings(tmp_path / "s")
    kept.put("a.md", KEY, "of both", ["One.", "Two."])
    kept.put("a.md", OTHER, "of one", ["One."])
    kept.put("b.md", OTHER, "of another document", ["Two."])
    kept.keep_only("a.md", ["One.", "Three."])
    assert (kept.get("a.md", KEY), kept.get("a.md", OTHER)) == (None, "of one")
    assert kept.get("b.md", OTHER) == "of another document"


def test_wordings_of_files_and_indexes_that_are_gone_go(tmp_path: Path) -> None:
    here, gone, folder = tmp_path / "here.md", tmp_path / "gone.md", tmp_path / "s"
    here.write_text("x")
    owners = {
        "here": Owner(str(here)),
        "gone": Owner(str(gone)),
        "index": Owner(str(tmp_path / "no index"), "a.md"),
    }
    kept = Wordings(folder, owners)
    for document in (*owners, "of nobody"):
        kept.put(document, KEY, document)
    (folder / "ab").mkdir()
    (folder / "ab" / "old.txt").write_text("whose?")
    forget_gone(folder=folder)
    assert [kept.get(d, KEY) for d in (*owners, "of nobody")] == ["here", None, None, None]
    assert not (folder / "ab").exists()


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two documents, and fakes in the place of the models."""
    fakes = (("embedding.load_embedder", FakeEmbedder(dimension=256)),)
    fakes += (("reading.load_reader", FakeReader()), ("generation.load_generator", FakeGenerator()))
    for name, fake in fakes:
        monkeypatch.setattr(f"rag.{name}", lambda *a, fake=fake, **k: fake)
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "rose.txt").write_text(ROSE)
    (folder / "shed.txt").write_text(SHED)
    return folder


def said_of(word: str, tmp_path: Path) -> bool:
    return any(word in f.read_text("utf-8") for f in files_in(tmp_path / "cache" / "summaries"))


@pytest.mark.parametrize("how", ["removed", "deleted", "rebuilt"])
def test_nothing_about_a_document_outlives_it_in_the_index(
    docs: Path, tmp_path: Path, how: str
) -> None:
    with rag.build(docs, tmp_path / "index", settings=Settings()) as index:
        index.summarise(length="long")
    assert said_of("Okafor", tmp_path)
    assert said_of("shed", tmp_path)
    if how != "removed":
        (docs / "rose.txt").unlink()
    update(
        [] if how == "removed" else [docs],
        tmp_path / "index",
        settings=Settings(),
        remove=[docs / "rose.txt"] if how == "removed" else [],
        rebuild=how == "rebuilt",
    )
    assert not said_of("Okafor", tmp_path)
    assert said_of("shed", tmp_path)


def test_a_summary_opens_its_index_once(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rag.build(docs, tmp_path / "index", settings=Settings()) as index:
        index.summarise(length="long")
        opened: list[Path] = []
        monkeypatch.setattr("rag.store.open_snapshot", opened.append)
        index.summarise(length="long")
    assert opened == []
    assert said_of("Okafor", tmp_path)


def test_a_dry_run_forgets_nothing(docs: Path, tmp_path: Path) -> None:
    with rag.build(docs, tmp_path / "index", settings=Settings()) as index:
        index.summarise(length="long")
    (docs / "rose.txt").unlink()
    update([docs], tmp_path / "index", settings=Settings(), dry_run=True)
    assert said_of("Okafor", tmp_path)


def test_what_was_said_of_a_file_goes_with_the_file_at_the_next_summary(
    docs: Path, tmp_path: Path
) -> None:
    rag.summarise(docs / "rose.txt", settings=Settings())
    assert said_of("Okafor", tmp_path)
    (docs / "rose.txt").unlink()
    rag.summarise(docs / "shed.txt", settings=Settings())
    assert not said_of("Okafor", tmp_path)


def test_what_was_said_of_a_sentence_goes_with_it_at_the_next_summary(
    docs: Path, tmp_path: Path
) -> None:
    rag.summarise(docs / "rose.txt", settings=Settings())
    (docs / "rose.txt").write_text("The rose garden is shut for the winter, said the gardener.")
    rag.summarise(docs / "rose.txt", settings=Settings())
    assert not said_of("Okafor", tmp_path)
    assert said_of("winter", tmp_path)
