"""Reading in worker processes: order, limits, and files that kill their parser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rag.errors import UnreadableDocument
from rag.settings import Settings
from rag.sources import ParserPool, pool, read_file, read_files, walk, worker
from rag.types import Document, Heading, Place, Span


def fill(folder: Path, make, count: int = 6) -> None:
    for number in range(count):
        (folder / f"{number}.html").write_text(f"<h1>H{number}</h1><p>Page {number}.</p>", "utf-8")
        (folder / f"{number}.txt").write_text(f"Text {number}.", encoding="utf-8")
    (folder / "m.eml").write_bytes(make.mail("Body.", ("a.txt", b"Attached.")))


@pytest.mark.parametrize("workers", [1, 2])
def test_results_are_those_of_reading_here_in_order(tmp_path: Path, make, workers: int) -> None:
    fill(tmp_path, make)
    found = walk([tmp_path])
    expected = [d for f in found for d in read_file(f.path, f.document, Settings())]
    assert list(read_files(found, Settings(), workers)) == expected
    assert [d.path for d in expected][-2:] == ["m.eml", "m.eml/a.txt"]


def test_documents_survive_the_way_between_processes() -> None:
    document = Document(
        "ä/b.txt", "a\u2028\U0001f600b", "0" * 64, "text/1", (0, 2), (Heading(0, 1, "x"),),
        (Place(1, "p"),), (Span(0, 2),), None, 12.5,
    )  # fmt: skip
    assert worker.from_json(worker.to_json(document)) == document


BAD_PARSER = """
import os, sys, time
sys.path[:0] = [{root!r}]
from rag.sources import html, worker
sound = html.Html.parse
def parse(self, data, name):
    if b"die" in data: os._exit(9)
    if b"hang" in data: time.sleep(600)
    if b"eat" in data: bytearray(8 * 2**30)
    if b"print" in data: os.write(1, b"noise")
    if b"call" in data:
        import socket; socket.create_connection(("127.0.0.1", 9))
    return sound(self, data, name)
html.Html.parse = parse
worker.main()
"""


@pytest.fixture
def bad_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers whose parser does what the file says."""
    code = BAD_PARSER.format(root=str(Path(pool.__file__).parents[2]))
    started = subprocess.Popen

    def start(command: list[str], **options):
        return started([sys.executable, "-P", "-c", code], **options)

    monkeypatch.setattr(subprocess, "Popen", start)


@pytest.mark.usefixtures("bad_workers")
def test_a_file_that_kills_or_hangs_its_parser_costs_only_itself(tmp_path: Path) -> None:
    deeds = ["fine", "die", "fine", "hang", "fine", "die", "print", "call", "fine"]
    for number, deed in enumerate(deeds):
        (tmp_path / f"{number}.html").write_text(f"<p>{deed} {number}</p>", encoding="utf-8")
    results = list(read_files(walk([tmp_path]), Settings(parse_seconds=4), workers=2))
    told = [r.reason if isinstance(r, UnreadableDocument) else r.text for r in results]
    assert [r.path for r in results] == [f"{n}.html" for n in range(len(deeds))]
    assert [told[n] for n in (0, 2, 4, 6, 8)] == ["fine 0", "fine 2", "fine 4", "print 6", "fine 8"]
    assert "crashed" in told[1]
    assert "crashed" in told[5]
    assert "longer than 4 s" in told[3]
    assert "may not do this" in told[7]


@pytest.mark.usefixtures("bad_workers")
@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
def test_a_file_that_eats_memory_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>eat</p>", encoding="utf-8")
    (tmp_path / "b.html").write_text("<p>fine</p>", encoding="utf-8")
    first, second = read_files(walk([tmp_path]), Settings(parse_seconds=20))
    assert isinstance(first, UnreadableDocument)
    assert "memory" in first.reason
    assert isinstance(second, Document)


def test_a_file_over_the_limit_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" * 100, encoding="utf-8")
    (result,) = read_files(walk([tmp_path]), Settings(max_file_bytes=50))
    assert isinstance(result, UnreadableDocument)
    assert "larger than 50 bytes" in result.reason
    with pytest.raises(UnreadableDocument, match="larger than 50 bytes"):
        read_file(tmp_path / "a.txt", "a.txt", Settings(max_file_bytes=50))


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("x", encoding="utf-8")
    found = walk([tmp_path])
    (tmp_path / "a.html").unlink()
    (result,) = read_files(found, Settings())
    assert isinstance(result, UnreadableDocument)
    assert result.path == "a.html"
    assert "does not exist" in result.reason


def test_a_pool_ends_its_processes_when_left_early(tmp_path: Path, make) -> None:
    fill(tmp_path, make)
    with ParserPool(Settings(), workers=2) as readers:
        next(readers.read(walk([tmp_path])))
        workers = list(readers._all)
    assert workers
    assert not any(one.alive for one in workers)


def test_no_workers_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="workers"):
        ParserPool(Settings(), workers=0)


def test_neither_reading_nor_its_worker_loads_models() -> None:
    code = (
        "import sys; import rag.sources, rag.sources.worker, rag.sources.reading\n"
        "from rag.sources import parser_versions; parser_versions()\n"
        "heavy = {'torch', 'onnxruntime', 'numpy', 'lxml', 'pypdfium2', 'openpyxl', 'email',"
        " 'markdown_it', 'charset_normalizer', 'sqlite3'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
