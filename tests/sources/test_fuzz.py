"""Damaged files: every parser answers with a document or a reason, in time, and hurts no other.

By default 20 mutants a format. `RAG_FUZZ=150 pytest tests/sources/test_fuzz.py` makes 150 of each,
2,700 in all; `RAG_FUZZ_SEED` chooses others than the fixed ones.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import UnreadableDocument
from rag.settings import Settings
from rag.sources import read_files, walk
from rag.types import Document

EACH = int(os.environ.get("RAG_FUZZ", "20"))
SEED = int(os.environ.get("RAG_FUZZ_SEED", "7"))
SUFFIXES = (
    ".txt", ".md", ".html", ".pdf", ".docx", ".pptx", ".xlsx", ".odt", ".ods", ".csv", ".epub",
    ".eml", ".json", ".jsonl", ".srt", ".vtt", ".py", ".rtf",
)  # fmt: skip


def truncated(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(1, len(data))]


def flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 3, 20))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def doubled(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at // 2 :] * rng.choice((2, 50))


def noisy(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.randbytes(rng.choice((1, 40, 4000))) + data[at:]


def scattered(data: bytes, rng: random.Random) -> bytes:
    words = data.split(b">") if b">" in data else data.split(b" ")
    rng.shuffle(words)
    return b">".join(words) or b">"


def random_bytes(data: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(1, 5000))


MUTATIONS = (truncated, flipped, flipped, doubled, noisy, scattered, random_bytes)


def mutants(make, count: int):
    """(name, bytes) of damaged files: each format in turn, some under another format's suffix."""
    rng = random.Random(SEED)
    for suffix in SUFFIXES:
        data = make.sample(suffix)
        for number in range(count):
            changed = MUTATIONS[number % len(MUTATIONS)](data, rng)
            worn = rng.choice(SUFFIXES) if number % 5 == 4 else suffix
            yield f"{suffix[1:]}-{number:03d}{worn}", changed


@pytest.mark.parametrize("part", range(4))
def test_no_damaged_file_escapes(
    part: int, make, sound: Callable[[Document], None], tmp_path: Path
) -> None:
    expected = []
    for number, (name, data) in enumerate(mutants(make, EACH)):
        if number % 4 == part:
            (tmp_path / name).write_bytes(data)
            expected.append(name)
    for name in ("aaa.txt", "zzz.txt"):
        (tmp_path / name).write_text("The good file is read.", encoding="utf-8")
    seen = set()
    for result in read_files(walk([tmp_path]), Settings(parse_seconds=20), workers=2):
        if isinstance(result, UnreadableDocument):
            assert result.reason
            assert "longer than" not in result.reason, result
            assert "crashed" not in result.reason, result
            assert "answer that cannot be read" not in result.reason, result
        else:
            sound(result)
        seen.add((result.path).split("/")[0])
    assert seen == {*expected, "aaa.txt", "zzz.txt"}
