"""What is drawn on stderr while something goes on."""

import io

import pytest

from rag.cli.progress import progress_bar


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
    with progress_bar(quiet=False) as progress:
        progress(name, 1, 3)
    drawn = screen.getvalue()
    assert shown in drawn
    assert "owned" not in drawn
