from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from rag.errors import SetInvalid
from rag.evaluation.beir import document_name
from rag.evaluation.running import run_evaluation
from rag.evaluation.sets import default_stage, document_folders, open_set


def write_beir(folder: Path, qrels: str = "query-id\tcorpus-id\tscore\nq1\tsub/a\t2\nq1\tb\t1\n"):
    (folder / "qrels").mkdir(parents=True)
    corpus = [
        {"_id": "sub/a", "title": "Rent", "text": "Rent is due on the third day."},
        {"_id": "b", "title": "", "text": "Rent was 940 euros."},
        {"_id": "c", "text": "The canteen is closed."},
    ]
    queries = [{"_id": "q1", "text": "When is rent due?"}, {"_id": "q2", "text": "Not judged"}]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    (folder / "qrels" / "test.tsv").write_text(qrels)
    return folder


def test_the_layout_is_read_without_conversion(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "set")
    (docs,) = document_folders(folder, tmp_path / "cache")
    texts = {p.name: p.read_text() for p in docs.iterdir()}
    assert texts == {
        "sub%2Fa.txt": "Rent\n\nRent is due on the third day.",
        "b.txt": "Rent was 940 euros.",
        "c.txt": "The canteen is closed.",
    }
    assert default_stage(folder) == "retrieval"
    found = open_set(folder, "retrieval", texts)
    (question,) = found
    assert found.split == "test"
    assert question.gold_mode == "graded"
    assert [(g.document, g.grade) for g in question.gold] == [("sub%2Fa.txt", 2), ("b.txt", 1)]


def test_documents_are_written_once(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "set")
    (docs,) = document_folders(folder, tmp_path / "cache")
    (docs / "b.txt").write_text("touched")
    document_folders(folder, tmp_path / "cache")
    assert (docs / "b.txt").read_text() == "touched"


def test_what_a_changed_corpus_holds_no_more_goes(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "set")
    document_folders(folder, tmp_path / "cache")
    (folder / "corpus.jsonl").write_text('{"_id": "b", "title": "", "text": "Rent was 940."}\n')
    (docs,) = document_folders(folder, tmp_path / "cache")
    assert [(p.name, p.read_text()) for p in docs.iterdir()] == [("b.txt", "Rent was 940.")]


def test_problems_name_file_and_line(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "a", "query-id\tcorpus-id\tscore\nq1\tb\nq1\tgone\t1\n")
    with pytest.raises(SetInvalid) as caught:
        open_set(folder, "retrieval", ["b.txt"])
    assert caught.value.problems == (
        "qrels/test.tsv:2: expected query, document, grade",
        "queries.jsonl:1: document 'gone.txt' is not in the index",
    )
    (folder / "corpus.jsonl").write_text('{"_id": 5, "text": "x"}\n')
    with pytest.raises(SetInvalid, match=r"corpus.jsonl:1: needs _id"):
        document_folders(folder, tmp_path / "cache")


def test_another_split_is_another_judgement_file(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "a")
    (folder / "qrels" / "dev.tsv").write_text("q2\tb\t1\n")
    (question,) = open_set(folder, "retrieval", ["b.txt"], split="dev")
    assert question.id == "q2"
    with pytest.raises(SetInvalid, match=r"has no qrels/train.tsv: choose a split of dev, test"):
        open_set(folder, "retrieval", ["b.txt"], split="train")


def test_names_hold_any_id() -> None:
    assert document_name("MED-10") == "MED-10.txt"
    assert document_name("a/b:c\n") == "a%2Fb%3Ac%0A.txt"


def test_a_run_over_it_scores_documents(world: ModuleType, tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "a", "q1\tlease\t1\nq1\tbericht\t1\n")
    report = run_evaluation(folder, world.product(), stage="retrieval", run_dir=tmp_path / "run")
    assert report.split == "test"
    assert report.metrics["recall@20"].mean == 1.0
    ids = [line.split()[2] for line in (tmp_path / "run/retrieval.trec").read_text().splitlines()]
    assert sorted(ids) == sorted(world.DOCUMENTS)
