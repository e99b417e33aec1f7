"""The project's own evaluation set holds what it promises: counts, spans, answers, references."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rag.settings import Settings
from rag.sources import read_file
from rag.types import Document

SET = Path(__file__).resolve().parents[2] / "eval"
DOCS = SET / "docs"
NEIGHBOURHOOD_CHARS = 120


def records(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SET / name).read_text(encoding="utf-8").splitlines()]


def documents() -> list[str]:
    return sorted(p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*") if p.is_file())


@cache
def read(document: str) -> Document:
    return read_file(DOCS / document, document, Settings())[0]


def text_of(document: str) -> str:
    return read(document).text


def words(text: str) -> str:
    """Letters, digits, decimal points and percent signs of `text`, space-separated and framed."""
    kept = re.sub(r"[^\w.%,]+", " ", text.lower())
    return f" {re.sub(r'[.,](?= |$)', '', kept).strip()} "


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.,]\d+)*", text))


QUESTIONS = records("questions.jsonl")
GOLD = [(q["id"], g) for q in QUESTIONS for g in q["gold"]]


def test_the_documents_are_many_and_of_four_formats() -> None:
    names = documents()
    assert len(names) >= 15
    assert {Path(name).suffix for name in names} >= {".md", ".txt", ".html", ".pdf"}
    assert sum(len(text_of(name).split()) for name in names) >= 12_500


def test_stems_are_unique_so_that_a_document_may_be_named_by_its_stem() -> None:
    stems = Counter(Path(name).stem for name in documents())
    assert max(stems.values()) == 1


def test_at_least_two_pdfs_have_three_pages() -> None:
    pdfs = [name for name in documents() if name.endswith(".pdf")]
    assert sum(len(read(name).pages) >= 3 for name in pdfs) >= 2


def test_the_text_of_text_files_is_the_file_itself() -> None:
    for name in documents():
        if name.endswith((".md", ".txt")):
            assert text_of(name).encode() == (DOCS / name).read_bytes(), name


def test_the_questions_are_many_and_a_good_part_cannot_be_answered() -> None:
    unanswerable = [q for q in QUESTIONS if not q["answerable"]]
    assert len(QUESTIONS) >= 130
    assert len(unanswerable) >= 35
    kinds = "single_fact number date name comparison yes_no changed list table unanswerable"
    assert {q["type"] for q in QUESTIONS} == set(kinds.split())


@pytest.mark.parametrize("name", ["questions.jsonl", "claims.jsonl", "summaries.jsonl"])
def test_ids_are_unique(name: str) -> None:
    ids = Counter(record["id"] for record in records(name))
    assert max(ids.values()) == 1


def test_no_question_is_asked_twice() -> None:
    assert len({q["question"] for q in QUESTIONS}) == len(QUESTIONS)


def test_only_answerable_questions_have_answers_and_gold() -> None:
    for q in QUESTIONS:
        assert q["gold_mode"] in {"any", "all"}, q["id"]
        assert bool(q["answers"]) == bool(q["gold"]) == q["answerable"], q["id"]
        assert q["answerable"] == (q["type"] != "unanswerable"), q["id"]


@pytest.mark.parametrize("document", documents())
def test_every_gold_span_is_its_quote(document: str) -> None:
    text = text_of(document)
    moved = [
        question_id
        for question_id, gold in GOLD
        if gold["doc"] == document and text[gold["start"] : gold["end"]] != gold["quote"]
    ]
    assert not moved, "the text has changed: run `python eval/reanchor.py` and look at the diff"


def test_every_gold_names_a_document_and_every_document_is_asked_about() -> None:
    assert {gold["doc"] for _, gold in GOLD} == set(documents())


def test_gold_spans_are_short() -> None:
    assert max(gold["end"] - gold["start"] for _, gold in GOLD) <= 250


def test_where_every_gold_is_needed_two_documents_are() -> None:
    for q in QUESTIONS:
        if q["gold_mode"] == "all":
            assert len({gold["doc"] for gold in q["gold"]}) >= 2, q["id"]


@pytest.mark.parametrize(
    "question",
    [q for q in QUESTIONS if q["answerable"] and q["type"] != "comparison"],
    ids=lambda q: q["id"],
)
def test_an_answer_stands_at_the_gold(question: dict[str, Any]) -> None:
    near = [
        text_of(gold["doc"])[
            max(0, gold["start"] - NEIGHBOURHOOD_CHARS) : gold["end"] + NEIGHBOURHOOD_CHARS
        ]
        for gold in question["gold"]
    ]
    assert any(words(answer) in words(text) for answer in question["answers"] for text in near)


def test_the_spending_target_is_agreed_in_one_document_only() -> None:
    holders = [name for name in documents() if "spending target" in text_of(name).lower()]
    assert holders == ["news/2025-06-26-velden-summit.md"]


def test_about_half_of_the_claims_are_supported() -> None:
    claims = records("claims.jsonl")
    assert len(claims) >= 120
    assert 0.4 <= sum(c["supported"] for c in claims) / len(claims) <= 0.6
    assert len({c["claim"] for c in claims}) == len(claims)


def test_the_evidence_of_a_claim_stands_in_its_document() -> None:
    for claim in records("claims.jsonl"):
        text = " ".join(text_of(claim["doc"]).split())
        assert 1 <= len(claim["evidence"]) <= 2, claim["id"]
        for evidence in claim["evidence"]:
            assert evidence in text, claim["id"]


def test_summaries_cover_whole_documents_and_topics() -> None:
    summaries = records("summaries.jsonl")
    assert sum(not s["query"] for s in summaries) >= 8
    assert sum(bool(s["query"]) for s in summaries) >= 4
    for summary in summaries:
        assert summary["doc"] in documents(), summary["id"]
        assert len(summary["must_mention"]) >= 3, summary["id"]
        for reference in summary["references"]:
            assert 40 <= len(reference.split()) <= 150, summary["id"]


def test_the_numbers_of_a_reference_summary_stand_in_the_document() -> None:
    for summary in records("summaries.jsonl"):
        known = numbers(text_of(summary["doc"]))
        for text in (*summary["references"], *summary["must_mention"]):
            assert numbers(text) <= known, summary["id"]
