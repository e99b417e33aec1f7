from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import NoDocuments
from rag.indexing import IndexReport, Progress, Stale, build_index, pipeline, staleness
from rag.passages import passage_input
from rag.settings import Settings
from rag.store import Writer, check_index, holds_index, open_snapshot
from rag.testing import FakeEmbedder
from rag.types import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SETTINGS = Settings(passage_tokens=32, overlap_tokens=8, threads=1)


class Bench:
    """A folder of documents, an index of it, and what an embedder was asked for."""

    def __init__(self, folder: Path) -> None:
        self.docs = folder / "docs"
        self.index = folder / "ix"
        self.embedder = FakeEmbedder()
        self.docs.mkdir()

    def write(self, name: str, text: str) -> Path:
        path = self.docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *paths: Path, index: Path | None = None, **options: object) -> IndexReport:
        return build_index(
            paths or (() if options.get("remove") else [self.docs]),
            index or self.index,
            SETTINGS,
            self.embedder,
            **options,  # type: ignore[arg-type]
        )

    def names(self, index: Path | None = None) -> list[str]:
        with open_snapshot(index or self.index) as snapshot:
            return [d.path for d in snapshot.documents()]

    def passages_of(self, name: str) -> list[Passage]:
        with open_snapshot(self.index) as snapshot:
            return snapshot.passages_of(name)

    def content(self, index: Path | None = None) -> tuple[str, list[str]]:
        """The digest, and the ids of all passages."""
        with open_snapshot(index or self.index) as snapshot:
            ids = [p.id for d in snapshot.documents() for p in snapshot.passages_of(d.path)]
            return snapshot.digest, ids


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_run_reports_what_it_did(bench: Bench) -> None:
    bench.write("a.txt", "The ferry leaves at nine.")
    bench.write("b.txt", "The kiosk sells maps.")
    first = bench.run()
    assert (first.added, first.changed, first.removed) == (("a.txt", "b.txt"), (), ())
    assert (first.documents, first.passages, first.embedded) == (2, 2, 2)
    bench.write("a.txt", "The ferry leaves at eleven, or not at all.")
    (bench.docs / "b.txt").unlink()
    bench.write("c.txt", "A lighthouse stands on the cape.")
    second = bench.run()
    assert (second.added, second.changed) == (("c.txt",), ("a.txt",))
    assert (second.removed, second.unchanged) == (("b.txt",), 0)
    assert bench.names() == ["a.txt", "c.txt"]


def test_what_did_not_change_is_neither_read_nor_embedded(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("a.txt", "The ferry leaves at nine.")
    bench.run()
    calls = bench.embedder.calls

    def never(*_: object) -> None:
        raise AssertionError("nothing has to be read")

    monkeypatch.setattr("rag.sources.read_files", never)
    report = bench.run()
    assert (report.unchanged, report.embedded) == (1, 0)
    os.utime(bench.docs / "a.txt", (1e9, 1e9))
    assert bench.run().unchanged == 1
    assert bench.embedder.calls == calls


def test_a_change_of_the_same_size_within_a_clock_tick_is_seen(bench: Bench) -> None:
    path = bench.write("a.txt", "The ferry leaves at nine.")
    bench.run()
    before = path.stat()
    path.write_text("The ferry leaves at five.")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert staleness(bench.index).changed == ("a.txt",)
    assert bench.run().changed == ("a.txt",)


def test_a_renamed_file_and_a_copy_cost_nothing(bench: Bench) -> None:
    path = bench.write("a.txt", "The ferry leaves at nine. " * 40)
    bench.run()
    calls = bench.embedder.calls
    path.rename(bench.docs / "b.txt")
    bench.write("sub/c.txt", "The ferry leaves at nine. " * 40)
    report = bench.run()
    assert (report.added, report.removed) == (("b.txt", "sub/c.txt"), ("a.txt",))
    assert (report.embedded, bench.embedder.calls) == (0, calls)


def test_no_reader_misses_a_file_while_many_get_other_names(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("x/0.txt", "The kiosk sells maps.")
    for i in range(20):
        bench.write(f"y/{i}.txt", f"Ferry {i} leaves at {i % 24}.")
    bench.run(bench.docs / "x")
    bench.run(bench.docs / "y")
    calls = bench.embedder.calls
    assert bench.names()[1] == "y/0.txt"
    monkeypatch.setattr(pipeline, "_BATCH_PASSAGES", 2)
    monkeypatch.setattr(pipeline, "_COMMIT_PASSAGES", 2)
    seen: list[int] = []
    for name in ("flush", "commit"):
        real = getattr(Writer, name)

        def look(writer: Writer, real: Callable[[Writer], None] = real) -> None:
            real(writer)
            with open_snapshot(bench.index) as snapshot:
                texts = {snapshot.document(d.path).text for d in snapshot.documents()}
            seen.append(len(texts))

        monkeypatch.setattr(Writer, name, look)
    bench.run(remove=[bench.docs / "x"])
    assert len(seen) >= 10
    assert set(seen) <= {20, 21}
    assert bench.names() == sorted(f"{i}.txt" for i in range(20))
    assert bench.embedder.calls == calls
    bench.run(bench.docs / "y", index=bench.index.with_name("fresh"))
    assert bench.content() == bench.content(bench.index.with_name("fresh"))
    assert check_index(bench.index, deep=True) == []


def test_files_that_take_each_other_s_names_keep_their_texts(bench: Bench, tmp_path: Path) -> None:
    texts = ["The ferry leaves at nine.", "The kiosk sells maps.", "A cat sleeps."]
    for i, text in enumerate(texts):
        bench.write(f"{i}.txt", text)
    bench.run()
    calls = bench.embedder.calls
    for i in range(3):
        (bench.docs / f"{i}.txt").rename(tmp_path / f"{i}.txt")
    for i in range(3):
        (tmp_path / f"{i}.txt").rename(bench.docs / f"{(i + 1) % 3}.txt")
    bench.run()
    with open_snapshot(bench.index) as snapshot:
        for i, text in enumerate(texts):
            assert snapshot.document(f"{(i + 1) % 3}.txt").text == text
    assert bench.embedder.calls == calls
    assert check_index(bench.index, deep=True) == []


def test_only_new_passages_of_a_changed_file_are_embedded(bench: Bench) -> None:
    sections = [f"# Part {i}\n\n" + f"Sentence {i} about the harbour. " * 12 for i in range(6)]
    bench.write("a.md", "\n\n".join(sections))
    first = bench.run().embedded
    sections[5] = "# Part 5\n\nSomething else stands here now, at some length, to be one."
    bench.write("a.md", "\n\n".join(sections))
    assert 0 < bench.run().embedded < first / 2


def test_only_what_lies_under_the_path_is_dropped(bench: Bench) -> None:
    bench.write("one/a.txt", "The ferry leaves at nine.")
    bench.write("two/b.txt", "The kiosk sells maps.")
    bench.run()
    (bench.docs / "one/a.txt").unlink()
    (bench.docs / "two/b.txt").unlink()
    bench.write("one/c.txt", "A lighthouse.")
    report = bench.run(bench.docs / "one")
    assert (report.added, report.removed) == (("one/c.txt",), ("one/a.txt",))
    assert bench.names() == ["one/c.txt", "two/b.txt"]


def test_patterns_leave_what_they_exclude_as_it_was(bench: Bench) -> None:
    bench.write("a.txt", "The ferry leaves at nine.")
    bench.write("b.md", "The kiosk sells maps.")
    assert bench.run(include=["*.txt"]).added == ("a.txt",)
    assert staleness(bench.index) == Stale()
    bench.run()
    assert bench.run(exclude=["*.md"]).removed == ()
    assert bench.names() == ["a.txt", "b.md"]


def test_a_dry_run_changes_nothing(bench: Bench) -> None:
    bench.write("a.txt", "The ferry leaves at nine.")
    report = bench.run(dry_run=True)
    assert report.added == ("a.txt",)
    assert not bench.index.exists()
    bench.run()
    before = bench.content()
    bench.write("b.txt", "The kiosk sells maps.")
    assert bench.run(dry_run=True).added == ("b.txt",)
    assert bench.content() == before


def test_unreadable_files_are_skipped_and_reported(bench: Bench) -> None:
    bench.write("good.txt", "The harbour opens at six.")
    bench.write("empty.txt", "")
    (bench.docs / "bin.pdf").write_bytes(bytes(range(256)) * 9)
    report = bench.run()
    assert [s.path for s in report.skipped] == ["bin.pdf"]
    assert report.textless == report.empty == ("empty.txt",)
    assert report.added == ("good.txt",)
    assert bench.names() == ["good.txt"]
    assert staleness(bench.index) == Stale()
    again = bench.run()
    assert [s.path for s in again.skipped] == ["bin.pdf"]
    assert again.textless == again.empty == ("empty.txt",)
    assert again.changed == ()
    bench.write("empty.txt", "Now it says something.")
    assert staleness(bench.index).changed == ("empty.txt",)
    bench.run()
    assert bench.names() == ["empty.txt", "good.txt"]


def test_files_without_text_are_counted_and_nothing_is_wrong(bench: Bench) -> None:
    bench.write("good.txt", "The harbour opens at six.")
    (bench.docs / "photo.PNG").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    (bench.docs / "backup.zip").write_bytes(b"PK\x03\x04" + bytes(99))
    (bench.docs / "program").write_bytes(b"\x7fELF" + bytes(range(256)))
    bench.write("__init__.py", "")
    bench.write("blank.txt", " \n\n")
    bench.write("blank.png", "")
    expected = ("__init__.py", "backup.zip", "blank.png", "blank.txt", "photo.PNG", "program")
    for _ in range(2):
        report = bench.run()
        assert (report.textless, report.skipped) == (expected, ())
        assert report.empty == ("__init__.py", "blank.png", "blank.txt")
        assert bench.names() == ["good.txt"]
        assert staleness(bench.index) == Stale()
    assert (report.added, report.changed, report.unchanged) == ((), (), 1)
    (bench.docs / "photo.PNG").unlink()
    (bench.docs / "program").unlink()
    assert staleness(bench.index) == Stale()
    assert bench.run().removed == ()


def test_a_folder_of_empty_files_is_called_empty(bench: Bench) -> None:
    bench.write("empty.txt", "")
    bench.write("empty.csv", "")
    with pytest.raises(NoDocuments, match=r"all the files are empty \(empty.csv, empty.txt\)"):
        bench.run()
    (bench.docs / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    with pytest.raises(NoDocuments, match="none of the files holds text"):
        bench.run()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_files_and_folders_whose_names_are_no_utf_8_are_indexed(bench: Bench) -> None:
    folder = bench.docs / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    for name in (b"na\xefve.txt", b"na\xeeve.txt"):
        (folder / os.fsdecode(name)).write_text(f"Words of {name!r}.", encoding="utf-8")
    assert not bench.run(folder).skipped
    assert bench.names() == [r"na\xeeve.txt", r"na\xefve.txt"]
    assert bench.run(folder).unchanged == 2
    assert not staleness(bench.index)
    assert not check_index(bench.index, deep=True)
    with open_snapshot(bench.index) as snapshot:
        assert snapshot.source(r"na\xefve.txt").is_file()
    (folder / os.fsdecode(b"na\xefve.txt")).unlink()
    assert bench.run(folder).removed == (r"na\xefve.txt",)
    second = bench.docs / "b"
    second.mkdir()
    folder.rename(second / folder.name)
    bench.run(second / folder.name)
    assert r"caf\xe9/na\xeeve.txt" in bench.names()


def test_a_file_without_text_that_was_named_is_reported_by_name(bench: Bench) -> None:
    bench.write("good.txt", "The harbour opens at six.")
    photo, program = bench.docs / "photo.png", bench.docs / "program"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    program.write_bytes(b"\x7fELF" + bytes(range(256)))
    bench.run()
    report = bench.run(photo, program)
    assert {s.path for s in report.skipped} == {"photo.png", "program"}
    assert report.textless == ()
    assert bench.run().textless == ("photo.png", "program")
    with pytest.raises(NoDocuments, match="photo"):
        bench.run(photo, index=bench.docs.parent / "other")


def test_a_damaged_or_misnamed_file_is_skipped_by_name(bench: Bench) -> None:
    bench.write("good.txt", "The harbour opens at six.")
    (bench.docs / "notes.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    (bench.docs / "letter.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(999))
    (bench.docs / "empty.pdf").write_bytes(b"")
    (bench.docs / "draft.pages").write_bytes(b"PK\x03\x04" + bytes(99))
    report = bench.run()
    assert {s.path for s in report.skipped} == {
        "notes.txt",
        "letter.doc",
        "empty.pdf",
        "draft.pages",
    }
    assert report.textless == ()


def test_a_file_that_became_unreadable_loses_its_old_text(bench: Bench) -> None:
    bench.write("a.txt", "The ferry leaves at nine.")
    bench.write("b.txt", "The kiosk sells maps.")
    bench.run()
    bench.write("a.txt", "")
    assert [s.path for s in bench.run().skipped] == ["a.txt"]
    assert bench.names() == ["b.txt"]


@pytest.mark.parametrize("make", ["empty folder", "only unreadable", "no such path"])
def test_nothing_to_index_leaves_no_index(bench: Bench, make: str) -> None:
    paths = []
    if make == "only unreadable":
        bench.write("a.txt", "")
    elif make == "no such path":
        paths = [bench.docs / "nowhere"]
    with pytest.raises(NoDocuments) as caught:
        bench.run(*paths)
    assert str(paths[0] if paths else "docs" if make == "empty folder" else "a.txt") in str(
        caught.value
    )
    assert not holds_index(bench.index)


def test_two_roots_never_collide_and_a_part_of_a_root_is_that_root_s(bench: Bench) -> None:
    bench.write("x/a.txt", "The ferry leaves at nine.")
    bench.write("y/a.txt", "The kiosk sells maps.")
    bench.run(bench.docs / "y")
    bench.run(bench.docs / "x")
    assert bench.names() == ["a.txt", "x/a.txt"]
    bench.write("y/sub/b.txt", "A lighthouse.")
    bench.run(bench.docs / "y" / "sub")
    assert bench.names() == ["a.txt", "sub/b.txt", "x/a.txt"]


def test_names_follow_the_roots_even_when_the_first_is_taken_out(bench: Bench) -> None:
    bench.write("x/a.txt", "The ferry leaves at nine.")
    bench.write("y/a.txt", "The kiosk sells maps.")
    bench.run(bench.docs / "x")
    bench.run(bench.docs / "y")
    calls = bench.embedder.calls
    bench.run(remove=[bench.docs / "x"])
    assert bench.names() == ["a.txt"]
    assert bench.embedder.calls == calls
    bench.run(bench.docs / "y", index=bench.index.with_name("fresh"))
    assert bench.content() == bench.content(bench.index.with_name("fresh"))


@pytest.mark.parametrize("by", ["path", "name", "folder"])
def test_removing_takes_documents_out_by_path_or_name(bench: Bench, by: str) -> None:
    bench.write("sub/a.txt", "The ferry leaves at nine.")
    bench.write("b.txt", "The kiosk sells maps.")
    bench.run()
    what = {"path": bench.docs / "sub", "name": Path("sub/a.txt"), "folder": Path("sub")}[by]
    assert bench.run(remove=[what]).removed == ("sub/a.txt",)
    assert bench.names() == ["b.txt"]
    with pytest.raises(NoDocuments, match="rag status"):
        bench.run(remove=[what])


def test_staleness_names_what_changed(bench: Bench) -> None:
    bench.write("a.txt", "The ferry leaves at nine.")
    bench.write("b.txt", "The kiosk sells maps.")
    bench.run()
    assert not staleness(bench.index)
    bench.write("a.txt", "The ferry leaves at eleven.")
    (bench.docs / "b.txt").unlink()
    bench.write("c.txt", "A lighthouse.")
    assert staleness(bench.index) == Stale(("a.txt",), ("c.txt",), ("b.txt",))


def test_a_root_that_is_not_there_is_missing_not_dropped(bench: Bench, tmp_path: Path) -> None:
    bench.write("a.txt", "The ferry leaves at nine.")
    bench.run()
    digest, _ = bench.content()
    bench.docs.rename(tmp_path / "elsewhere")
    assert staleness(bench.index).missing == ("a.txt",)
    with pytest.raises(NoDocuments, match="--remove"):
        bench.run()
    assert bench.content()[0] == digest


def test_a_rebuild_holds_few_passages_in_memory_and_is_still_one_step(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(30):
        bench.write(f"{i}.txt", f"Ferry {i} leaves at {i % 24}. " * 12)
    bench.write("copy.txt", "Ferry 3 leaves at 3. " * 12)
    bench.run()
    before = bench.content()
    (bench.docs / "7.txt").unlink()
    bench.run(index=bench.index.with_name("fresh"))
    monkeypatch.setattr(pipeline, "_BATCH_PASSAGES", 8)
    monkeypatch.setattr(pipeline, "_COMMIT_PASSAGES", 16)
    pending: list[int] = []
    seen: list[tuple[str, list[str]]] = []
    real = Writer.flush

    def flush(writer: Writer) -> None:
        pending.append(writer.pending_passages)
        real(writer)
        seen.append(bench.content())

    monkeypatch.setattr(Writer, "flush", flush)
    report = bench.run(rebuild=True)
    assert len(pending) > 3
    assert max(pending) < 40 < report.passages
    assert all(content == before for content in seen)  # a reader sees the old index until the end
    assert bench.content() == bench.content(bench.index.with_name("fresh"))
    assert check_index(bench.index, deep=True) == []
    # What was flushed before is found there: no text is embedded twice.
    inputs = {passage_input(p) for name in bench.names() for p in bench.passages_of(name)}
    assert report.embedded == len(inputs) < report.passages


def test_a_rebuild_keeps_what_cannot_be_read_again_from_its_text(
    bench: Bench, tmp_path: Path
) -> None:
    bench.write("a.txt", "The ferry leaves at nine.")
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.txt").write_text("The kiosk sells maps.")
    bench.run()
    bench.run(other)
    (other / "b.txt").unlink()
    other.rmdir()
    bench.embedder = FakeEmbedder("larger", dimension=96)
    report = bench.run(rebuild=True)
    assert (report.documents, report.embedded) == (2, 2)
    assert bench.names() == ["a.txt", "other/b.txt"]
    assert check_index(bench.index, deep=True) == []
    with open_snapshot(bench.index) as snapshot:
        assert snapshot.meta.dimension == 96


class Interrupted(FakeEmbedder):
    """Stops like a person's Ctrl-C after so many texts."""

    limit = 10**9

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.calls >= self.limit:
            raise KeyboardInterrupt
        return super().embed_passages(texts)


@pytest.mark.parametrize("files", [1, 40])
def test_an_interrupted_run_goes_on_where_it_was(
    bench: Bench, files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_SLICE_PASSAGES", 16)
    chance = random.Random(1)
    for i in range(files):
        words = (f"word{chance.randrange(10**6)}" for _ in range(4800 // files))
        bench.write(f"{i}.txt", " ".join(f"{w}." if n % 8 == 7 else w for n, w in enumerate(words)))
    bench.embedder = Interrupted()
    bench.embedder.limit = 40
    with pytest.raises(KeyboardInterrupt):
        bench.run()
    assert check_index(bench.index, deep=True) == []
    done = bench.embedder.calls
    bench.embedder.limit = 10**9
    report = bench.run()
    assert done >= 40
    assert report.embedded == report.passages - done
    fresh = bench.index.with_name("fresh")
    bench.run(index=fresh)
    assert bench.content() == bench.content(fresh)


def test_progress_is_told(bench: Bench) -> None:
    for i in range(3):
        bench.write(f"{i}.txt", f"The ferry number {i} leaves at nine.")
    told: list[Progress] = []
    bench.run(progress=told.append)
    assert [p.files for p in told if p.document][-1] == 3
    assert told[-1].embedded == told[-1].passages == 3
    assert all(p.total_files == 3 for p in told)


NAMES = ["a.txt", "b.md", "sub/a.txt", "sub/c.txt"]
TEXTS = ["The ferry leaves at nine.", "# Kiosk\n\nIt sells maps. " * 9, "A cat and a lamp. " * 30]
steps = st.lists(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from([*TEXTS, None])), min_size=1, max_size=4
    ),
    min_size=1,
    max_size=4,
)


@given(history=steps, commits=st.sampled_from([1, 8192]))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_history_ends_as_a_fresh_index_of_the_same_files(
    tmp_path_factory: pytest.TempPathFactory,
    history: list[list[tuple[str, str | None]]],
    commits: int,
) -> None:
    bench = Bench(tmp_path_factory.mktemp("history"))
    bench.write("always.txt", "A lighthouse stands on the cape.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "_COMMIT_PASSAGES", commits)
        patch.setattr(pipeline, "_BATCH_PASSAGES", min(commits, 512))
        for changes in history:
            for name, text in changes:
                if text is not None:
                    bench.write(name, text)
                else:
                    (bench.docs / name).unlink(missing_ok=True)
            bench.run()
    fresh = bench.index.with_name("fresh")
    bench.run(index=fresh)
    assert bench.content() == bench.content(fresh)
    assert _ranks(bench.index) == _ranks(fresh)
    assert check_index(bench.index, deep=True) == []


def _ranks(index: Path) -> list[tuple[list[str], tuple[float, ...]]]:
    with open_snapshot(index) as snapshot:
        found = [
            snapshot.dense(FakeEmbedder().embed_query("ferry and cat"), 50),
            snapshot.lexical("ferry, cats, maps", 50),
        ]
        return [([p.id for p in snapshot.passages_at(f.positions)], f.scores) for f in found]


@pytest.mark.parametrize("threads", [1, 2])
def test_workers_and_order_of_paths_do_not_matter(bench: Bench, threads: int) -> None:
    for i in range(6):
        bench.write(f"{i % 2}/{i}.html", f"<p>The ferry number {i} leaves at nine.</p>")
    bench.run()
    other = bench.index.with_name("other")
    build_index(
        [bench.docs / "1", bench.docs],
        other,
        Settings(passage_tokens=32, overlap_tokens=8, threads=threads),
        FakeEmbedder(),
    )
    assert bench.content() == bench.content(other)


def test_documents_of_one_file_stay_together(bench: Bench, fake_mail: Callable[..., None]) -> None:
    fake_mail()
    bench.write("mail.txt", "Dear all.")
    bench.write("other.txt", "The kiosk sells maps.")
    assert bench.run().documents == 3
    assert bench.names() == ["mail.txt", "mail.txt/offer.txt", "other.txt"]
    (bench.docs / "mail.txt").unlink()
    assert bench.run().removed == ("mail.txt",)
    assert bench.names() == ["other.txt"]


@pytest.fixture
def fake_mail(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes `mail.txt` a file of two documents, as a mail with an attachment is."""
    import dataclasses

    from rag import sources

    real = sources.read_files

    def read(*args: object) -> object:
        for item in real(*args):  # type: ignore[arg-type]
            yield item
            if item.path == "mail.txt":
                yield dataclasses.replace(item, path="mail.txt/offer.txt", text="An offer.")

    return lambda: monkeypatch.setattr(sources, "read_files", read)


def test_a_run_of_more_than_a_segment_holds_leaves_few_full_ones(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.indexing.pipeline._COMMIT_PASSAGES", 1)
    monkeypatch.setattr("rag.indexing.pipeline._BATCH_PASSAGES", 1)
    monkeypatch.setattr("rag.store.segments._LARGEST", 4)
    for i in range(13):
        bench.write(f"{i:02}.txt", f"The ferry number {i} leaves at nine.")
    bench.run()
    with open_snapshot(bench.index) as snapshot:
        assert [s.passages for s in snapshot.segments] == [1, 4, 4, 4]
        assert len(snapshot.lexical("ferry", 20).positions) == 13
