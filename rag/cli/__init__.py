"""The command line: parse, call, print. The only place that prints."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs `rag` with the process's arguments and ends the process with its exit code."""
    from rag.cli.app import app

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A redirected Windows console is not UTF-8 by itself. A lone surrogate, as in a file
            # name that is not UTF-8, comes out as \udcXX, which in a JSON string is its escape.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    app(prog_name="rag")
