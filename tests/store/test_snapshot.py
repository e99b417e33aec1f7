from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.errors import IndexDamaged, IndexMismatch, IndexNotFound, RagError
from rag.indexing import IndexReport, build_index
from rag.settings import Settings
from rag.store import open_snapshot, schema
from rag.testing import FakeEmbedder


def test_a_stored_document_is_what_was_read(docs: Path, index: Path) -> None:
    with open_snapshot(index) as snapshot:
        assert [d.path for d in snapshot.documents()] == [
            "bericht.txt",
            "minutes.md",
            "sub/lease.txt",
        ]
        for info in snapshot.documents():
            document = snapshot.document(info.path)
            assert document.text == (docs / info.path).read_text(encoding="utf-8")
            assert document.modified == (docs / info.path).stat().st_mtime
            assert snapshot.source(info.path) == docs / info.path
            for passage in snapshot.passages_of(info.path):
                assert passage.span.of(document.text) == passage.text
                assert all(passage.span.contains(s) for s in passage.sentences)
                assert passage.line == document.line_at(passage.span.start)
        assert snapshot.document("minutes.md").headings[0].text == "Works council"
        assert snapshot.document_count == 3
        assert snapshot.search_kind == "exact"
        assert snapshot.size_bytes > 10_000


def test_a_reader_keeps_its_snapshot_while_a_writer_works(
    docs: Path, index: Path, build: Callable[..., IndexReport]
) -> None:
    vector = FakeEmbedder().embed_query("Brücke")
    with open_snapshot(index) as old:
        digest = old.digest
        before = [p.text for p in old.passages_at(old.dense(vector, 5).positions)]
        (docs / "bericht.txt").unlink()
        (docs / "new.txt").write_text("A lighthouse stands on the cape.")
        build(remove=[docs / "sub"])
        after = [p.text for p in old.passages_at(old.dense(vector, 5).positions)]
        assert after == before
        assert old.lexical("tenant", 3).positions
        with open_snapshot(index) as new:
            assert new.digest != digest
            assert not new.lexical("Brücke", 3).positions
            assert new.lexical("lighthouse", 3).positions
        assert old.digest == digest
        assert len(old.documents()) == 3


def test_files_of_old_snapshots_go_when_no_reader_needs_them(
    docs: Path, index: Path, build: Callable[..., IndexReport]
) -> None:
    with open_snapshot(index):
        (docs / "new.txt").write_text("A lighthouse stands on the cape.")
        build()
        assert len(list((index / "segments").iterdir())) > 1
    (docs / "other.txt").write_text("A kiosk sells maps.")
    build()
    with open_snapshot(index) as snapshot:
        listed = {s.file for s in snapshot.segments}
    assert {p.name for p in (index / "segments").iterdir()} == listed


def test_passages_are_read_in_the_order_asked_with_one_statement(
    docs: Path, index: Path, build: Callable[..., IndexReport]
) -> None:
    for i in range(3):
        lines = [f"Zürich {i}: Fähre {n} kostet {n * 7} €, ein 𝛼 mehr." for n in range(400)]
        (docs / f"lang{i}.txt").write_text("\n\n".join(lines))
    build()
    with open_snapshot(index) as snapshot:
        positions = np.random.default_rng(4).permutation(snapshot.passage_count).tolist()
        assert len(positions) > 600
        snapshot.passages_at([0])  # what all searches need is read once
        asked: list[str] = []
        snapshot._db.set_trace_callback(asked.append)
        some = snapshot.passages_at(positions[:20])
        snapshot._db.set_trace_callback(None)
        assert len([words for words in asked if "JOIN document" in words]) == len(asked) == 1
        found = snapshot.passages_at([*positions, positions[0]])
        assert found[:20] == some
        assert found[-1] == found[0]
        assert [p.id for p in found[:-1]] == snapshot.ids_at(positions)
        texts = {d.path: snapshot.document(d.path).text for d in snapshot.documents()}
        for passage in found:
            assert passage.text == passage.span.of(texts[passage.document])
            assert passage.sentences[0].start == passage.span.start
            assert passage.sentences[-1].end == passage.span.end


def test_a_passage_that_is_not_there_is_an_error(index: Path) -> None:
    import sqlite3

    db = sqlite3.connect(schema.catalogue_path(index))
    db.execute("DELETE FROM passage WHERE row = 2")
    db.commit()
    db.close()
    with open_snapshot(index) as snapshot, pytest.raises(IndexDamaged, match="is missing"):
        snapshot.passages_at([0, 1])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_the_owner_may_read_an_index(index: Path) -> None:
    with open_snapshot(index):
        for path in [index, *index.rglob("*")]:
            allowed = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == allowed, path


def test_a_closed_snapshot_says_so(index: Path) -> None:
    snapshot = open_snapshot(index)
    snapshot.close()
    with pytest.raises(RagError, match="closed"):
        snapshot.documents()


def test_no_index_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound, match=r"rag index PATH"):
        open_snapshot(tmp_path / "nowhere")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_file_cut_short_is_found_when_opening(index: Path, share: float) -> None:
    for path in index.rglob("*"):
        if path.suffix in (".sqlite", ".faiss"):
            whole = path.read_bytes()
            path.write_bytes(whole[: int(len(whole) * share)])
            with pytest.raises(IndexDamaged, match="torn") as caught:
                open_snapshot(index)
            assert path.name in str(caught.value)
            path.write_bytes(whole)
    open_snapshot(index).close()


def test_a_missing_segment_is_named(index: Path) -> None:
    (gone,) = (index / "segments").iterdir()
    gone.unlink()
    with pytest.raises(IndexDamaged, match=gone.name):
        open_snapshot(index)


def test_something_else_in_place_of_the_catalogue(index: Path) -> None:
    import sqlite3

    path = schema.catalogue_path(index)
    path.write_bytes(b"not a database at all, but long enough to be one" * 100)
    with pytest.raises(IndexDamaged):
        open_snapshot(index)
    path.unlink()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE t (x)")
    db.commit()
    db.close()
    with pytest.raises(IndexDamaged, match="not a catalogue of rag"):
        open_snapshot(index)


def test_a_newer_format_is_not_guessed_at(index: Path) -> None:
    import sqlite3

    db = sqlite3.connect(schema.catalogue_path(index))
    db.execute(f"PRAGMA user_version = {schema.FORMAT_VERSION + 1}")
    db.close()
    with pytest.raises(IndexMismatch, match="update rag"):
        open_snapshot(index)


def test_another_embedder_is_refused_with_the_way_out(index: Path, docs: Path) -> None:
    other = FakeEmbedder("another", dimension=32)
    with open_snapshot(index) as snapshot:
        snapshot.meta.require_embedder(FakeEmbedder())
        with pytest.raises(IndexMismatch, match=r"--rebuild") as caught:
            snapshot.meta.require_embedder(other)
        assert "fake-embedder" in str(caught.value)
        assert "another" in str(caught.value)
    with pytest.raises(IndexMismatch, match=r"embedder_sha256"):
        build_index([docs], index, Settings(passage_tokens=32, overlap_tokens=8), other)
    with pytest.raises(IndexMismatch, match=r"passage_tokens 32"):
        build_index([docs], index, Settings(passage_tokens=48, overlap_tokens=8), FakeEmbedder())


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere"
)
def test_an_index_in_a_folder_that_may_not_be_written_can_be_read(index: Path) -> None:
    for path in [*index.rglob("*"), index]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        with open_snapshot(index) as snapshot:
            assert snapshot.lexical("tenant", 1).positions
    finally:
        for path in [index, *index.rglob("*")]:
            path.chmod(0o700)
