"""Files that a person names to be written: looked at before any work is done."""

from __future__ import annotations

from pathlib import Path

from rag.errors import RagError


def require_folder(file: Path | None, what: str) -> None:
    """Raises `RagError` where there is no folder for a file, such as the report, or it is one."""
    if file is None:
        return
    if not (folder := file.absolute().parent).is_dir():
        raise RagError(f"no folder {folder} for the {what}: make it first")
    if file.is_dir():
        raise RagError(f"{file} is a folder: name a file in it for the {what}")


def require_no_file(folder: Path | None, what: str) -> None:
    """Raises `RagError` where a folder for the result, whether it exists or not, is a file."""
    if folder is not None and folder.exists() and not folder.is_dir():
        raise RagError(f"{folder} is a file: name a folder for the {what}")
