"""Wordings on disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rag.summarising.caching import Wordings

KEY, OTHER = "ab" + "0" * 62, "cd" + "1" * 62


def test_what_was_put_is_got_and_nothing_else(tmp_path: Path) -> None:
    kept = Wordings(tmp_path / "s")
    kept.put(KEY, "Größe 1.\n")
    kept.put(OTHER, "")
    assert (kept.get(KEY), kept.get(OTHER), kept.get("ef" + "2" * 62)) == ("Größe 1.\n", "", None)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    kept = Wordings(tmp_path / "s")
    kept.put(KEY, "private")
    files = [p for p in (tmp_path / "s").rglob("*") if p.is_file()]
    assert [stat.S_IMODE(f.stat().st_mode) for f in files] == [0o600]
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("a file stands here")
    kept = Wordings(tmp_path / "s")
    kept.put(KEY, "x")
    assert kept.get(KEY) is None


def test_the_oldest_go_where_there_are_too_many(tmp_path: Path) -> None:
    kept = Wordings(tmp_path / "s")
    for i in range(8):
        key = f"{i:02x}" + "0" * 62
        kept.put(key, str(i))
        os.utime(tmp_path / "s" / key[:2] / f"{key[2:]}.txt", (i, i))
    kept.prune(most=4)
    left = [kept.get(f"{i:02x}" + "0" * 62) for i in range(8)]
    assert left == [None] * 5 + ["5", "6", "7"]
