"""Files that a person names to be written: looked at before any work is done."""

from __future__ import annotations

from pathlib import Path

from rag.errors import RagError


def require_folder(file: Path | None, what: str) -> None:
    """Raises `RagError` where there is no folder for a file, such as the report."""
    if file is not None and not (folder := file.absolute().parent).is_dir():
        raise RagError(f"no folder {folder} for the {what}: make it first")
