"""Readers in other processes while a writer works: `RAG_LOAD=8x120` is the long run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from rag.indexing import IndexReport
from rag.store import check_index

READERS, SECONDS = map(int, os.environ.get("RAG_LOAD", "2x4").split("x"))


def test_readers_see_one_generation_at_a_time_while_a_writer_works(
    docs: Path, build: Callable[..., IndexReport], tmp_path: Path
) -> None:
    for path in docs.rglob("*.*"):
        path.unlink()

    def generation(number: int) -> None:
        for i in range(8):
            text = f"The ferry {i} of generation {number} leaves at nine. " * (1 + number % 3)
            (docs / f"{i}.txt").write_text(text)
        build()

    generation(0)
    script = Path(__file__).with_name("load_reader.py")
    readers = [
        subprocess.Popen(
            [sys.executable, str(script), str(tmp_path / "ix"), str(SECONDS)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    written = 0
    while any(reader.poll() is None for reader in readers):
        written += 1
        generation(written)
    said = [reader.communicate() for reader in readers]  # all first: a failure leaves no pipe open
    for reader, (out, err) in zip(readers, said, strict=True):
        assert reader.returncode == 0, err
        looks, seen = map(int, out.split())
        assert looks > 0
        assert seen <= written + 1
    assert written > 1
    assert check_index(tmp_path / "ix", deep=True) == []
