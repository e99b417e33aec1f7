import io
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.cli.terminal import Terminal, write_json
from rag.untrusted import display_width, printable


class Screen(io.StringIO):
    """Stands for a terminal."""

    def isatty(self):
        return True


def shown_at(width, pieces, monkeypatch, **how):
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setenv("COLUMNS", str(width))
    Terminal().flow(pieces, **how)
    return out.getvalue()


def test_a_marked_word_keeps_its_comma_on_its_line(monkeypatch):
    pieces = [
        ("the tenants and their friends or the ", "none"),
        ("owner", "mark"),
        (", too", "none"),
    ]
    shown = shown_at(40, pieces, monkeypatch)
    assert shown == "the tenants and their friends or the\nowner, too\n"


def test_indents_and_wide_characters_count(monkeypatch):
    shown = shown_at(40, [("会議は三月四日に開かれた " * 4, "none")], monkeypatch, indent="    ")
    assert all(display_width(line) <= 40 for line in shown.splitlines())
    assert all(line.startswith("    ") for line in shown.splitlines())


PIECES = st.lists(st.tuples(st.text(max_size=60), st.just("none")), max_size=6)


@given(PIECES, st.integers(40, 100))
def test_every_word_is_shown_once_and_fits(pieces, width):
    with pytest.MonkeyPatch.context() as patch:
        shown = shown_at(width, pieces, patch)
    # Each piece alone loses what no terminal may see; then nothing else is lost.
    whole = "".join(printable(" ".join(text.split())) for text, _ in pieces)
    assert "".join(shown.split()) == "".join(whole.split())
    assert all(display_width(line) <= width for line in shown.split("\n"))


def test_json_keeps_a_name_that_is_not_utf_8():
    code = (
        "import sys\nfrom rag.cli import main\nsys.argv = ['rag', '--version']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "from rag.cli.terminal import write_json\nwrite_json({'document': 'caf\\udce9.txt'})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    found = json.loads(run.stdout.decode("utf-8").partition("\n")[2])
    assert found == {"document": "caf\udce9.txt"}


class Console:
    """Stands for the Windows console: one that knows escape sequences, or an older one."""

    def __init__(self, modern):
        self.modern, self.mode = modern, 0x3
        self.kernel32 = self

    def GetStdHandle(self, number):
        return number

    def GetConsoleMode(self, handle, mode):
        mode._obj.value = self.mode
        return 1

    def SetConsoleMode(self, handle, mode):
        if self.modern:
            self.mode = mode
        return int(self.modern)


@pytest.mark.parametrize("modern", [True, False])
def test_a_windows_console_is_asked_for_colour_first(monkeypatch, modern):
    console = Console(modern)
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("ctypes.windll", console, raising=False)
    monkeypatch.setattr("sys.stdout", Screen())
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Terminal().colour is modern
    assert console.mode == (0x7 if modern else 0x3)


def test_json_is_one_document(capsys):
    write_json({"answer": "zwölf"})
    assert json.loads(capsys.readouterr().out) == {"answer": "zwölf"}


HOSTILE = "lease\x1b[2J\x1b]0;owned\x07.txt"


def test_no_line_and_no_remark_lets_a_name_s_escapes_through(capsys):
    terminal = Terminal()
    terminal.line(HOSTILE)
    terminal.line(f"index {HOSTILE}", "bold")
    terminal.note(f"skipped {HOSTILE}: damaged")
    shown = capsys.readouterr()
    assert shown.out == "lease.txt\nindex lease.txt\n"
    assert shown.err == "skipped lease.txt: damaged\n"


def test_a_line_s_own_style_reaches_the_terminal(monkeypatch):
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    Terminal().line("Sources", "bold")
    assert screen.getvalue() == "\x1b[1mSources\x1b[0m\n"
