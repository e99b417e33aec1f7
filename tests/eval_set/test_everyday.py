"""The sets of questions in everyday words: spans, and that no part knows of another."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rag.settings import Settings
from rag.sources import read_file

SETS = Path(__file__).resolve().parents[2] / "eval" / "everyday"
PARTS = ("train", "dev", "test")


def questions(part: str) -> list[dict[str, Any]]:
    text = (SETS / part / "questions.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("part", PARTS)
def test_every_gold_span_is_its_quote(part: str) -> None:
    docs = SETS / part / "docs"
    names = [p.relative_to(docs).as_posix() for p in docs.rglob("*") if p.is_file()]
    texts = {name: read_file(docs / name, name, Settings())[0].text for name in names}
    for question in questions(part):
        assert question["answerable"] == bool(question["gold"])
        for gold in question["gold"]:
            assert texts[gold["doc"]][gold["start"] : gold["end"]] == gold["quote"], question["id"]


@pytest.mark.parametrize("part", PARTS)
def test_questions_differ_and_a_part_of_them_has_no_answer(part: str) -> None:
    asked = questions(part)
    assert max(Counter(q["question"].casefold() for q in asked).values()) == 1
    assert max(Counter(q["id"] for q in asked).values()) == 1
    assert 0.2 < sum(not q["answerable"] for q in asked) / len(asked) < 0.4


def test_no_sentence_of_a_document_stands_in_two_parts() -> None:
    lines: dict[str, set[str]] = {
        part: {
            line.strip()
            for path in (SETS / part / "docs").rglob("*")
            if path.is_file()
            for line in path.read_text(encoding="utf-8").splitlines()
            if len(line.split()) > 8
        }
        for part in PARTS
    }
    assert all(lines.values())
    assert not lines["train"] & lines["dev"]
    assert not lines["test"] & (lines["train"] | lines["dev"])
