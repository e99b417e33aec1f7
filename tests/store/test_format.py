"""The specification in index/README.md: its reader runs, and it says what the code does."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest

from rag.indexing import IndexReport
from rag.store import FORMAT_VERSION, open_snapshot, schema, vectors
from rag.testing import FakeEmbedder

README = Path(__file__).parents[2] / "index" / "README.md"


@pytest.fixture(scope="module")
def specification() -> str:
    return README.read_text(encoding="utf-8")


def test_the_reader_of_the_specification_reads_an_index(
    specification: str,
    docs: Path,
    index: Path,
    build: Callable[..., IndexReport],
    tmp_path: Path,
) -> None:
    (docs / "late.txt").write_text("A lighthouse stands on the cape, büßend.")
    (docs / "sub" / "lease.txt").unlink()
    build()
    (code,) = re.findall(r"```python\n(.*?)```", specification, re.DOTALL)
    assert len(code.splitlines()) <= 60
    script = tmp_path / "reader.py"
    script.write_text(code, encoding="utf-8")
    vector = FakeEmbedder().embed_query("a lighthouse")
    done = subprocess.run(
        [sys.executable, str(script), str(index), json.dumps(vector.tolist())],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    with open_snapshot(index) as snapshot:
        found = snapshot.dense(vector, 3)
        expected = [
            f"{score:.4f} {p.document}:{p.span} {' '.join(p.text.split())}"
            for score, p in zip(found.scores, snapshot.passages_at(found.positions), strict=True)
        ]
    assert done.stdout.splitlines() == expected
    assert "late.txt" in expected[0]


def test_the_specification_names_every_table_and_column(specification: str) -> None:
    db = sqlite3.connect(":memory:")
    db.executescript(schema.TABLES)
    tables = [t for (t,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        (row,) = [line for line in specification.splitlines() if line.startswith(f"| `{table}` |")]
        for _, column, *_ in db.execute(f"PRAGMA table_info({table})"):
            assert f"`{column}`" in row, (table, column)
    db.close()
    assert f"format {FORMAT_VERSION}," in specification
    assert f"{schema.APPLICATION_ID:#x}" in specification


def test_the_specification_names_every_setting(specification: str, index: Path) -> None:
    db = sqlite3.connect(schema.catalogue_path(index))
    for (key,) in db.execute("SELECT key FROM meta"):
        assert f"`{key}`" in specification, key
    db.close()


@pytest.mark.parametrize("count", [1, 7, 9000])
def test_a_flat_file_is_what_faiss_writes(tmp_path: Path, count: int) -> None:
    array = np.random.default_rng(count).random((count, 12), dtype=np.float32)
    halves = [np.arange(0, count, 2), np.arange(1, count, 2)]
    parts = [(vectors.ArrayVectors(array), half) for half in halves]
    assert vectors.write_vectors(tmp_path / "ours.faiss", parts) == "flat"
    index = faiss.IndexFlatIP(12)
    index.add(np.concatenate([array[half] for half in halves]))
    faiss.write_index(index, str(tmp_path / "theirs.faiss"))
    assert (tmp_path / "ours.faiss").read_bytes() == (tmp_path / "theirs.faiss").read_bytes()
