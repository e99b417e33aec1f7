from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.indexing import IndexReport, build_index
from rag.settings import Settings
from rag.testing import FakeEmbedder

SETTINGS = Settings(passage_tokens=32, overlap_tokens=8, threads=1)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "minutes.md").write_text(
        "# Works council\n\n## Budget\n\nThe council agreed to raise spending on training. "
        "Ms Adeyemi abstained.\n\n## Canteen\n\nThe canteen stays closed on Fridays.\n"
    )
    (folder / "sub" / "lease.txt").write_text(
        "The tenant may keep one cat. Rent of €940 is due on the third working day.\n"
    )
    (folder / "bericht.txt").write_text(
        "Die Brücke über die Ilse wurde 1987 gebaut. Sie trägt höchstens zwölf Tonnen.\n"
    )
    return folder


@pytest.fixture
def build(docs: Path, tmp_path: Path) -> Callable[..., IndexReport]:
    def run(*, index: str = "ix", **options: object) -> IndexReport:
        embedder = options.pop("embedder", None) or FakeEmbedder()
        paths = options.pop("paths", [docs])
        return build_index(paths, tmp_path / index, SETTINGS, embedder, **options)  # type: ignore[arg-type]

    return run


@pytest.fixture
def index(tmp_path: Path, build: Callable[..., IndexReport]) -> Path:
    build()
    return tmp_path / "ix"
