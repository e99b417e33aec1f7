"""Walking and naming: what is found, in which order, under which name."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from rag.errors import NoDocuments
from rag.settings import CATALOGUE_NAME
from rag.sources import name_documents, walk


def grow(root: Path, *files: str, **texts: str) -> None:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n", encoding="utf-8")


def names(found) -> list[str]:
    return [file.document for file in found]


def test_folders_are_walked_to_the_bottom_in_order(tmp_path: Path) -> None:
    grow(tmp_path, "b.txt", "a/z.md", "a/b/c.txt", "A.txt", "a/b.txt", ".hidden", ".x/y.txt")
    found = walk([tmp_path])
    assert names(found) == ["A.txt", "b.txt", "a/b.txt", "a/z.md", "a/b/c.txt"]
    assert all(file.path.is_absolute() and file.root == tmp_path.resolve() for file in found)
    assert found[0].size_bytes == 6
    assert found[0].modified == pytest.approx(os.stat(found[0].path).st_mtime)
    assert ".x/y.txt" in names(walk([tmp_path], hidden=True))


@pytest.mark.parametrize("line", ["!", "\\", "[z-a]"])
def test_a_line_that_is_no_pattern_matches_nothing(tmp_path: Path, line: str) -> None:
    grow(tmp_path, "a.log", "b.txt")
    (tmp_path / ".gitignore").write_text(f"{line}\n*.log\n", encoding="utf-8")
    assert names(walk([tmp_path])) == ["b.txt"]
    with pytest.raises(ValueError, match="is no pattern"):
        walk([tmp_path], exclude=["*.log", line])


def test_ignore_files_hold_from_their_folder_down(tmp_path: Path) -> None:
    grow(
        tmp_path,
        "a.log",
        "keep.log",
        "d/x.log",
        "d/e/x.txt",
        "d/e/y.txt",
        "out/z.txt",
        "q/out/z.txt",
    )
    (tmp_path / ".gitignore").write_text("*.log\n!keep.log\n/out/\n", encoding="utf-8")
    (tmp_path / "d" / ".ragignore").write_text("e/x.txt\n!x.log\n", encoding="utf-8")
    assert names(walk([tmp_path])) == ["keep.log", "d/x.log", "d/e/y.txt", "q/out/z.txt"]


def test_include_and_exclude(tmp_path: Path) -> None:
    grow(tmp_path, "a.md", "b.txt", "old/c.md", "old/d.txt")
    assert names(walk([tmp_path], include=["*.md"])) == ["a.md", "old/c.md"]
    assert names(walk([tmp_path], include=["*.md"], exclude=["old/"])) == ["a.md"]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_links_lead_nowhere(tmp_path: Path) -> None:
    grow(tmp_path, "in/a.txt", "out/secret.txt")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "away").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "file.txt").symlink_to(tmp_path / "out" / "secret.txt")
    (tmp_path / "in" / "broken.txt").symlink_to(tmp_path / "nowhere")
    assert names(walk([tmp_path / "in"])) == ["a.txt"]
    os.mkfifo(tmp_path / "in" / "pipe.txt")
    assert names(walk([tmp_path / "in"])) == ["a.txt"]


def test_an_index_is_no_document(tmp_path: Path) -> None:
    grow(
        tmp_path,
        "a.txt",
        f"index/{CATALOGUE_NAME}",
        "index/README.md",
        "other/.rag-index",
        "other/b.txt",
    )
    assert names(walk([tmp_path])) == ["a.txt"]


def test_missing_paths_are_all_named(tmp_path: Path) -> None:
    grow(tmp_path, "a.txt")
    with pytest.raises(NoDocuments, match=r"nothing.*nowhere"):
        walk([tmp_path, tmp_path / "nothing", tmp_path / "nowhere"])


def test_an_empty_folder_has_no_documents(tmp_path: Path) -> None:
    assert walk([tmp_path]) == []


def test_a_single_file_has_its_name(tmp_path: Path) -> None:
    grow(tmp_path, "sub/a.txt", "sub/b.txt")
    assert names(walk([tmp_path / "sub" / "a.txt"])) == ["a.txt"]
    assert names(walk([tmp_path / "sub" / "b.txt", tmp_path / "sub" / "a.txt"])) == [
        "a.txt",
        "b.txt",
    ]


def test_further_roots_carry_their_folders_name(tmp_path: Path) -> None:
    grow(tmp_path, "x/docs/a.txt", "y/docs/a.txt", "z/docs/a.txt", "x/docs/sub/b.txt")
    roots = [tmp_path / "z" / "docs", tmp_path / "y" / "docs", tmp_path / "x" / "docs"]
    assert names(walk(roots)) == ["a.txt", "sub/b.txt", "docs/a.txt", "docs-2/a.txt"]


def test_a_prefix_never_meets_a_folder_of_the_first_root(tmp_path: Path) -> None:
    grow(tmp_path, "a/sub/f.txt", "b/sub/f.txt")
    assert names(walk([tmp_path / "a", tmp_path / "b" / "sub"])) == ["sub/f.txt", "sub-2/f.txt"]


def test_a_path_inside_an_earlier_root_belongs_to_it(tmp_path: Path) -> None:
    grow(tmp_path, "a/sub/f.txt", "a/g.txt")
    paths = [tmp_path / "a" / "sub", tmp_path / "a", tmp_path / "a" / "g.txt"]
    assert names(walk(paths)) == ["g.txt", "sub/f.txt"]


def test_names_depend_on_roots_in_the_order_of_the_index(tmp_path: Path) -> None:
    first, second = tmp_path / "b", tmp_path / "a"
    files = [first / "x.txt", second / "x.txt", second / "y.txt"]
    expected = {files[0]: "x.txt", files[1]: "a/x.txt", files[2]: "a/y.txt"}
    assert name_documents([first, second], files) == expected
    random.Random(3).shuffle(files)
    assert name_documents([first, second], files) == expected


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="needs POSIX rights")
def test_a_folder_that_may_not_be_read_is_reported(tmp_path: Path) -> None:
    grow(tmp_path, "a.txt", "shut/b.txt")
    (tmp_path / "shut").chmod(0)
    try:
        if os.access(tmp_path / "shut", os.R_OK):
            pytest.skip("this user may read everything")
        problems: list = []
        assert names(walk([tmp_path], problems=problems)) == ["a.txt"]
        assert problems[0].path == "shut"
    finally:
        (tmp_path / "shut").chmod(0o700)
