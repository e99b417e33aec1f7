from __future__ import annotations

from pathlib import Path

import pytest

from rag.training.files import whole


def _stopped(path: Path) -> None:
    with whole(path) as part:
        part.write_text("half", "utf-8")
        raise OSError("disk full")


def test_a_file_is_there_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "examples.npz"
    path.write_text("old", "utf-8")
    with pytest.raises(OSError, match="full"):
        _stopped(path)
    assert path.read_text("utf-8") == "old"
    with whole(path) as part:
        part.write_text("new", "utf-8")
    assert path.read_text("utf-8") == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["examples.npz"]
