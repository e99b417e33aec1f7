"""The set of documents of one form: its spans, and that an answer comes from the one named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import rag
from rag.settings import Settings
from rag.sources import read_file

SET = Path(__file__).resolve().parents[2] / "eval" / "forms"
QUESTIONS = [
    json.loads(line) for line in (SET / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]
RIGHT_AT_LEAST = 14  # of 24; 16 were seen, and 10 before such documents were told apart


def test_every_gold_span_is_its_quote() -> None:
    for question in QUESTIONS:
        assert question["answerable"] == bool(question["gold"])
        for gold in question["gold"]:
            text = read_file(SET / "docs" / gold["doc"], gold["doc"], Settings())[0].text
            assert text[gold["start"] : gold["end"]] == gold["quote"], question["id"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rag.Index]:
    with rag.build(SET / "docs", tmp_path_factory.mktemp("forms") / "index") as built:
        yield built


def test_the_reader_quotes_the_document_that_is_named(index: rag.Index) -> None:
    right = 0
    for question in QUESTIONS:
        answer = index.ask(question["question"], quote=True)
        right += any(
            cited.document == gold["doc"]
            and cited.span.start < gold["end"]
            and gold["start"] < cited.span.end
            for cited in answer.citations
            for gold in question["gold"]
        )
    assert right >= RIGHT_AT_LEAST
