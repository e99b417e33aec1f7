"""One self-contained HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.evaluation.report import Report


def write_html(report: Report, path: Path) -> None:
    """Writes the report."""
    path.write_text("<!doctype html><title>report</title>", encoding="utf-8")
