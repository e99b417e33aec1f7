from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import SetInvalid
from rag.training.sets import (
    Problems,
    detokenise,
    read_folder,
    read_pairs,
    read_questions,
)


def _row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "question": "Who came?",
        "context": "Anna came late.",
        "answers": [{"text": "Anna", "start": 0}],
        "answerable": True,
        "group": "g",
    }
    return row | changes


def test_broken_lines_are_named_skipped_and_counted(tmp_path: Path) -> None:
    rows = [
        json.dumps(_row()),
        "{broken",
        json.dumps(_row(answers=[{"text": "Anna", "start": 3}])),
        json.dumps(_row(context=None)),
        json.dumps(_row(answers=[], answerable=False)),
        json.dumps(_row(answers=[{"text": "late", "start": 10}, {"text": "late", "start": 9}])),
    ]
    path = tmp_path / "mine.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(rows))
    problems = Problems()
    found = read_questions(path, problems)
    assert [[a.text for a in q.answers] for q in found] == [["Anna"], [], ["late"]]
    assert {q.source for q in found} == {"mine"}
    assert problems.lines == [
        "mine.jsonl.gz:2: question or context missing",
        "mine.jsonl.gz:3: answer is not at its offset",
        "mine.jsonl.gz:3: answerable without a usable answer",
        "mine.jsonl.gz:4: question or context missing",
        "mine.jsonl.gz:6: answer is not at its offset",
    ]
    assert problems.counts["answer is not at its offset"] == 2


@pytest.mark.parametrize("answers", ["Anna", ["Anna"], [None], {"text": ["Anna"]}, [{"start": 0}]])
def test_answers_in_another_form_are_named_and_skipped(tmp_path: Path, answers: object) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(_row(answers=answers)) + "\n" + json.dumps(_row()), "utf-8")
    problems = Problems()
    assert len(read_questions(path, problems)) == 1
    assert problems.lines[-1] == "mine.jsonl:1: answerable without a usable answer"


def _torn(path: Path) -> Path:
    whole = gzip.compress("\n".join(json.dumps(_row(group=str(n))) for n in range(99)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    return path


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: _torn(folder / "torn.jsonl.gz"), r"torn\.jsonl\.gz: cannot be read"),
        (lambda folder: _written(folder / "a.jsonl.gz", b"plain"), r"a\.jsonl\.gz: cannot be"),
        (lambda folder: _written(folder / "b.jsonl", b'{"question": "\xe9"}'), r"b\.jsonl: cannot"),
        (lambda folder: _written(folder / "c.json", b'{"data": ['), r"c\.json: cannot be read"),
        (lambda folder: _written(folder / "d.json", b"[1]"), r"d\.json: no list 'data'"),
        (
            lambda folder: _written(folder / "e.json", b'{"data": [{"title": "T"}]}'),
            r"e\.json:data\[0\]: no list 'paragraphs'",
        ),
        (lambda folder: folder / "absent.jsonl", r"absent\.jsonl: cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_error_that_names_it(
    tmp_path: Path, make: Callable[[Path], Path], said: str
) -> None:
    with pytest.raises(SetInvalid, match=said):
        read_questions(make(tmp_path), Problems())


def test_squad_files_are_read_with_their_unanswerable_questions(tmp_path: Path) -> None:
    qas = [
        {"question": "Where?", "answers": [{"text": "Rome", "answer_start": 8}]},
        {"question": "When?", "answers": [], "is_impossible": True},
        {"question": "Why?", "answers": [{"text": "Rome", "answer_start": 0}]},
    ]
    data = {"data": [{"title": "T", "paragraphs": [{"context": "He saw: Rome.", "qas": qas}]}]}
    path = tmp_path / "squad.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    problems = Problems()
    found = read_questions(path, problems)
    assert [(q.question, len(q.answers), q.group) for q in found] == [
        ("Where?", 1, "T"),
        ("When?", 0, "T"),
    ]
    assert problems.lines[0] == (
        "squad.json:data[0].paragraphs[0].qas[2]: answer is not at its offset"
    )


def test_pairs_keep_known_labels_only(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    rows = [
        {"claim": "A.", "evidence": "B.", "label": "neutral"},
        {"claim": "A.", "evidence": ["B.", "C."], "label": "supported"},
        {"claim": "A.", "evidence": "B.", "label": "perhaps"},
        {"claim": " ", "evidence": "B.", "label": "supported"},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    problems = Problems()
    pairs = read_pairs(path, problems)
    assert [(p.label, p.evidence) for p in pairs] == [(2, "B."), (0, "B. C.")]
    assert problems.lines == ["p.jsonl:3: unknown label", "p.jsonl:4: claim or evidence missing"]


def test_an_evaluation_folder_gives_passages_of_the_named_documents(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "one.txt").write_text("Skip. Anna came late. Rest.", encoding="utf-8")
    (tmp_path / "docs" / "two.txt").write_text("Other.", encoding="utf-8")
    passage = {"doc": "one", "start": 6, "end": 21}
    rows = [
        {
            "question": "Who?",
            "answerable": True,
            "gold": [{"doc": "one", "start": 6, "end": 10, "quote": "Anna"}],
            "passage": passage,
        },
        {"question": "Why?", "answerable": False, "gold": [], "passage": passage},
        {
            "question": "Other?",
            "answerable": False,
            "passage": {"doc": "two", "start": 0, "end": 5},
        },
        {"question": "Broken?", "answerable": True, "passage": {"doc": "one"}, "gold": 3},
        {"question": "Late?", "answerable": True, "passage": passage, "gold": [{"start": None}]},
    ]
    lines = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "questions.jsonl").write_text(lines, encoding="utf-8")
    problems = Problems()
    found = read_folder(tmp_path, frozenset({"one"}), problems)
    assert [(q.context, [a.start for a in q.answers]) for q in found] == [
        ("Anna came late.", [0]),
        ("Anna came late.", []),
    ]
    assert problems.lines == [
        "questions.jsonl:4: no passage",
        "questions.jsonl:5: answer without text or offset",
        "questions.jsonl:5: answerable without a usable answer",
    ]


def test_detokenise_joins_what_tokenising_parted() -> None:
    text = "He did n't say `` no '' , did he ( then ) ? It 's over ."
    assert detokenise(text)[0] == "He didn't say \" no \", did he (then)? It's over."


@given(st.text(alphabet="ab ,.'`()nt", max_size=40))
def test_detokenise_maps_every_offset_to_its_character(text: str) -> None:
    made, offsets = detokenise(text)
    assert len(offsets) == len(text) + 1
    assert offsets == sorted(offsets)
    assert offsets[-1] == len(made)
    for old, new in enumerate(offsets[:-1]):
        if text[old].isalpha() or text[old] in ",.()":
            assert made[new] == text[old]
