"""What is drawn on stderr while something goes on."""

import io
import json
import re
from types import SimpleNamespace

import pytest

from rag.cli.progress import progress_bars
from rag.testing import FakeEmbedder, FakeGenerator, FakeReader


class Screen(io.StringIO):
    """Stands for a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def shown_as(monkeypatch):
    """Puts a terminal, or a file, in the place of stderr."""

    def put(screen):
        monkeypatch.setattr("sys.stderr", screen)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "100")
        return screen

    return put


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[draft] lease.txt", "[draft] lease.txt"),
        ("a[/b].txt", "a[/b].txt"),
        ("lease\x1b]0;owned\x07.txt", "lease.txt"),
    ],
)
def test_a_file_s_name_is_drawn_as_it_is_without_its_escapes(shown_as, name, shown):
    screen = shown_as(Screen())
    with progress_bars(quiet=False) as progress:
        progress.counting("files")(name, 1, 3)
    drawn = screen.getvalue()
    assert shown in drawn
    assert "owned" not in drawn


def test_nothing_is_drawn_where_nothing_goes_on(shown_as):
    screen = shown_as(Screen())
    with progress_bars(quiet=False) as progress:
        progress.counting("questions")
        progress.indexing()
    assert screen.getvalue() == ""


@pytest.mark.parametrize(("screen", "quiet"), [(Screen(), True), (io.StringIO(), False)])
def test_nobody_is_told_where_nobody_looks(shown_as, screen, quiet):
    shown_as(screen)
    with progress_bars(quiet=quiet) as progress:
        assert progress.fetching is None
        assert progress.counting("files") is None
        assert progress.indexing() is None


def test_a_download_is_counted_in_bytes_beside_what_is_counted(shown_as):
    screen = shown_as(Screen())
    with progress_bars(quiet=False) as progress:
        progress.counting("files")("lease.txt", 2, 7)
        progress.fetching("model.gguf", 1_000_000, 90_900_000)
    drawn = re.sub(r"\x1b\[[\d;]*m", "", screen.getvalue())
    assert "2/7 files" in drawn
    assert "1.0/90.9 MB" in drawn
    assert "90900000" not in drawn


@pytest.mark.parametrize("last", [(90_000_000, 90_000_000), (0, 0)])
def test_once_the_last_download_ended_the_screen_is_left_alone(shown_as, last):
    screen = shown_as(Screen())
    with progress_bars(quiet=False) as progress:
        progress.fetching("model.gguf", 1_000_000, 90_000_000)
        progress.fetching("tokenizer.json", 5, 9)
        progress.fetching("model.gguf", *last)
        progress.fetching("tokenizer.json", 9, 9)
        ended = screen.tell()
        screen.write("The rent is due.\n")
        progress.fetching("reader.onnx", 2_000_000, 30_000_000)
        again = screen.getvalue()[ended:]
    assert again.startswith("The rent is due.\n")
    assert "2.0/30.0 MB" in again
    before_the_bar = again[: again.index("reader.onnx")]
    assert "\x1b[1A" not in before_the_bar  # up a line: over what was written
    assert "\x1b[2K" not in before_the_bar.split("\n")[0]


def test_what_is_told_after_the_end_is_not_drawn(shown_as):
    screen = shown_as(Screen())
    with progress_bars(quiet=False) as progress:
        pass
    progress.fetching("model.gguf", 1, 9)
    assert screen.getvalue() == ""


def arriving(model, size):
    """A loader that fetches first, as the real ones do where a model is not here."""

    def load(*args, progress=None, **options):
        if progress := progress or next((a for a in args if callable(a)), None):
            progress(f"{model.name}.bin", 1_000_000, size)
            progress(f"{model.name}.bin", size, size)
        return model

    return load


@pytest.fixture
def fetched(rag, place, monkeypatch):
    """Runs a command on a terminal, where each model comes over the network: what is drawn."""
    rag("index", "docs")
    row = {"id": "1", "question": "rent?", "answerable": False, "answers": [], "gold": []}
    (place / "set" / "docs").mkdir(parents=True)
    (place / "set" / "docs" / "lease.txt").write_text("Rent of 940 euros is due.\n")
    (place / "set" / "questions.jsonl").write_text(json.dumps(row | {"gold_mode": "any"}))
    (place / "q.txt").write_text("How much rent is due?\n")
    monkeypatch.setattr("rag.embedding.load_embedder", arriving(FakeEmbedder(), 20_000_000))
    monkeypatch.setattr("rag.generation.load_generator", arriving(FakeGenerator(), 90_000_000))
    load_reader = arriving(FakeReader(), 30_000_000)
    monkeypatch.setattr(
        "rag.reading.load_reader", lambda name, settings, embedder, **how: load_reader(**how)
    )
    screen = Screen()
    monkeypatch.setattr("rag.cli.progress.sys", SimpleNamespace(stderr=screen))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")

    def run(*command):
        rag(*command, code=None, stdin="q\n")
        return screen.getvalue()

    return run


EMBEDDER, READER, GENERATOR = "1.0/20.0 MB", "1.0/30.0 MB", "1.0/90.0 MB"


@pytest.mark.parametrize(
    ("command", "drawn"),
    [
        (["index", "docs", "--rebuild"], {EMBEDDER}),
        (["search", "rent"], {EMBEDDER}),
        (["ask", "--quote", "How much is the rent?"], {EMBEDDER, READER}),
        (["ask", "How much is the rent?"], {EMBEDDER, READER, GENERATOR}),
        (["summarise"], {EMBEDDER, READER, GENERATOR}),
        (["summarise", "docs/minutes.md"], {EMBEDDER, READER, GENERATOR}),
        (["eval", "set", "--stage", "reading"], {EMBEDDER, READER}),
        (["annotate", "set", "--from", "q.txt"], {EMBEDDER}),
        (["train", "set"], {EMBEDDER, READER, GENERATOR}),
        (["status"], set()),
        (["--quiet", "ask", "How much is the rent?"], set()),
    ],
)
def test_the_first_command_that_needs_a_model_shows_how_far_it_is(fetched, command, drawn):
    shown = fetched(*command)
    assert {size for size in (EMBEDDER, READER, GENERATOR) if size in shown} == drawn
