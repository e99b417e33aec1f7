from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import IndexBusy, RagError
from rag.indexing import IndexReport, build_index
from rag.settings import Settings
from rag.store import check_index, open_snapshot, open_writer, schema
from rag.store.lock import write_lock
from rag.testing import FakeEmbedder

HOLD = """
import sys, time, pathlib
from rag.store.lock import write_lock
with write_lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_writer(index: Path) -> object:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(index)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_writer_is_told_who_holds_the_lock(
    other_writer: subprocess.Popen[str], build: Callable[..., IndexReport]
) -> None:
    with pytest.raises(IndexBusy) as caught:
        build()
    assert f"process {other_writer.pid}" in str(caught.value)
    assert time.strftime("since %Y-%m-%d") in str(caught.value)


def test_a_lock_whose_process_died_is_taken_over(
    other_writer: subprocess.Popen[str], build: Callable[..., IndexReport], index: Path
) -> None:
    other_writer.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    other_writer.wait()
    assert json.loads((index / schema.HOLDER).read_text())["pid"] == other_writer.pid
    assert build().unchanged == 3
    assert not (index / schema.HOLDER).exists()


def test_readers_are_not_kept_out_by_a_writer(
    other_writer: subprocess.Popen[str], index: Path
) -> None:
    with open_snapshot(index) as snapshot:
        assert snapshot.lexical("tenant", 1).positions


def test_two_writers_of_one_process_exclude_each_other(index: Path) -> None:
    with (
        write_lock(index),
        pytest.raises(IndexBusy, match=f"process {os.getpid()}"),
        write_lock(index),
    ):
        pass


def digest_of(index: Path) -> str:
    with open_snapshot(index) as snapshot:
        return snapshot.digest


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("broken", ["fsync", "replace", "open"])
def test_a_failing_disk_loses_nothing(
    number: int,
    broken: str,
    docs: Path,
    index: Path,
    build: Callable[..., IndexReport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = digest_of(index)
    (docs / "new.txt").write_text("A lighthouse stands on the cape.")
    real = getattr(os, broken)

    def fail(*args: object, **options: object) -> object:
        if broken == "open" and "segments" not in str(args[0]):
            return real(*args, **options)
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, broken, fail)
        with pytest.raises(RagError) as caught:
            build()
    words = {errno.ENOSPC: "full", errno.EROFS: "read-only", errno.EIO: "mend that"}
    assert words[number] in str(caught.value)
    assert str(index) in str(caught.value)
    assert digest_of(index) == before
    assert build().added == ("new.txt",)
    assert digest_of(index) != before


def test_a_full_database_is_reported_as_a_full_disk(
    docs: Path, index: Path, build: Callable[..., IndexReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.store import catalogue

    real = catalogue.open_for_writing

    def small(index_dir: Path) -> object:
        db = real(index_dir)
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages + 5}")
        return db

    before = digest_of(index)
    (docs / "new.txt").write_text("A lighthouse. " * 5000)
    with monkeypatch.context() as patch:
        patch.setattr(catalogue, "open_for_writing", small)
        with pytest.raises(RagError, match="disk is full"):
            build()
    assert digest_of(index) == before


def test_what_was_not_committed_is_given_up(docs: Path, index: Path) -> None:
    before = digest_of(index)
    with open_snapshot(index) as snapshot:
        meta = snapshot.meta

    def interrupted() -> None:
        with open_writer(index, meta) as writer:
            assert writer.drop_file(str(docs / "bericht.txt")) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert digest_of(index) == before


@pytest.mark.parametrize("made_before", [True, False])
def test_removing_gives_the_space_back(
    made_before: bool, docs: Path, index: Path, build: Callable[..., IndexReport]
) -> None:
    """Also in a catalogue of an earlier version, which cannot move its free pages to its end."""
    import sqlite3

    path = schema.catalogue_path(index)
    if made_before:
        db = sqlite3.connect(path, isolation_level=None)
        db.executescript("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM;")
        db.execute("PRAGMA journal_mode = WAL")
        db.close()
    before = digest_of(index)
    size = path.stat().st_size
    large = docs / "large.txt"
    large.write_text(" ".join(f"The zanzibar{i}quux is {i * 7919} wide." for i in range(20_000)))
    build()
    assert path.stat().st_size > size + 2_000_000
    build(paths=[], remove=[large])
    assert path.stat().st_size < size + 500_000
    assert b"zanzibar7quux" not in path.read_bytes()
    assert digest_of(index) == before
    assert check_index(index, deep=True) == []


@pytest.mark.parametrize("explicit", [True, False])
def test_what_is_removed_stands_in_no_file(
    explicit: bool, docs: Path, index: Path, build: Callable[..., IndexReport]
) -> None:
    secret = docs / "secret-place.txt"
    words = [f"zanzibar{i}quux" for i in range(400)]
    secret.write_text(". ".join(f"The {word} is hidden" for word in words) + ".\n")
    build()
    everything = b"".join(p.read_bytes() for p in index.rglob("*") if p.is_file())
    assert b"zanzibar7quux" in everything
    vectors = FakeEmbedder().embed_passages(["The zanzibar7quux is hidden."])
    if explicit:
        build(paths=[], remove=[secret])
    else:
        secret.unlink()
        build()
    for path in (p for p in index.rglob("*") if p.is_file()):
        raw = path.read_bytes()
        assert b"zanzibar" not in raw, path
        assert b"anzibar" not in raw, path
        assert b"secret-place" not in raw, path
        assert vectors.tobytes() not in raw, path


def test_another_folder_s_file_in_place_of_the_index_folder(docs: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(RagError, match="it is a file"):
        build_index([docs], tmp_path / "taken", Settings(), FakeEmbedder())
