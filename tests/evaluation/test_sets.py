from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import SetInvalid
from rag.evaluation.items import Question
from rag.evaluation.names import DocumentNames
from rag.evaluation.sample import sample_positions
from rag.evaluation.sets import default_stage, document_folders, open_set


def opened(world: ModuleType, folder: Path, stage: str = "reading", **more: Any):
    return open_set(folder, stage, world.DOCUMENTS, world.DOCUMENTS.__getitem__, **more)


def test_a_good_set_is_read_in_order_with_documents_resolved(
    world: ModuleType, tmp_path: Path
) -> None:
    found = opened(world, world.write_set(tmp_path / "s", world.QUESTIONS))
    items = list(found)
    assert [i.id for i in items] == [row["id"] for row in world.QUESTIONS]
    rent = next(i for i in items if i.id == "rent")
    assert isinstance(rent, Question)
    assert rent.gold[0].doc == "lease"
    assert rent.gold[0].document == "sub/lease.txt"
    assert (found.name, found.problems, found.invalid, len(found)) == ("s", (), 0, 8)
    assert list(found.from_position(6)) == items[6:]


BAD = [
    ("{not json", "not valid JSON"),
    ("[1]", "expected a JSON object, found a list"),
    ('{"id": NaN}', "NaN is not JSON"),
    ('{"id": "\\ud800"}', "half a surrogate pair"),
    ("{}", "missing key 'question'"),
    ({"id": " "}, "'id' is empty"),
    ({"id": True}, "'id' is true or false, expected a string or a whole number"),
    ({"question": "  "}, "'question' is empty"),
    ({"answerable": "yes"}, "'answerable' is a string, expected true or false"),
    ({"answers": "1987"}, "'answers' is a string, expected a list"),
    ({"answers": [1987]}, "'answers' holds a whole number, expected only strings"),
    ({"answers": [None]}, "'answers' holds null, expected only strings"),
    ({"gold_mode": "some"}, "'gold_mode' is 'some', expected any, all or graded"),
    ({"gold": ["bericht"]}, "'gold[0]' is a string, expected an object"),
    ({"gold": [{"start": 0, "end": 3}]}, "missing key 'gold[0].doc'"),
    ({"gold": [{"doc": "bericht", "start": 3}]}, "belong together"),
    ({"gold": [{"doc": "bericht", "quote": "x"}]}, "without start and end"),
    ({"gold": [{"doc": "bericht", "start": 9, "end": 9}]}, "expected 0 <= start < end"),
    ({"gold": [{"doc": "bericht", "start": "1", "end": 9}]}, "'gold[0].start' is a string"),
    ({"gold": [{"doc": "bericht", "start": 0, "end": 999}]}, "lies outside the document"),
    (
        {"gold": [{"doc": "bericht", "start": 0, "end": 3, "quote": "Das"}]},
        "gold[0] 0-3 of 'bericht' is 'Die' there, the quote says 'Das'",
    ),
    ({"gold": [{"doc": "nowhere"}]}, "document 'nowhere' is not in the index"),
    ({"gold": [{"doc": "minuets.md"}]}, "is not in the index; near is 'minutes.md'"),
    ({"scope": ["nowhere"]}, "document 'nowhere' is not in the index"),
    ({"scope": "bericht"}, "'scope' is a string, expected a list"),
]


@pytest.mark.parametrize(("bad", "message"), BAD)
def test_every_problem_names_its_line(
    world: ModuleType, tmp_path: Path, bad: Any, message: str
) -> None:
    good = world.QUESTIONS[0]
    folder = world.write_set(tmp_path, [good])
    line = bad if isinstance(bad, str) else json.dumps(world.question("bad", "Why?") | bad)
    with (folder / "questions.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n" + line + "\n")
    with pytest.raises(SetInvalid) as caught:
        opened(world, folder)
    assert any(p.startswith("questions.jsonl:3: ") and message in p for p in caught.value.problems)
    left = opened(world, folder, skip_invalid=True)
    assert [i.id for i in left] == [good["id"]]
    assert left.invalid == 1


def test_all_problems_are_listed_at_once(world: ModuleType, tmp_path: Path) -> None:
    rows = [world.question("a", " "), world.question("b", "b?", scope=["x"]), {"id": 1}]
    with pytest.raises(SetInvalid) as caught:
        opened(world, world.write_set(tmp_path, rows))
    lines = [p.split(":")[1] for p in caught.value.problems]
    assert lines == ["1", "2", "3", "3", "3", "3", "3"]
    assert "7 problems" in str(caught.value)


def test_a_duplicate_id_names_the_first_line(world: ModuleType, tmp_path: Path) -> None:
    rows = [world.question("a", "x?"), world.question("b", "y?"), world.question("a", "z?")]
    with pytest.raises(SetInvalid) as caught:
        opened(world, world.write_set(tmp_path, rows))
    assert caught.value.problems == ("questions.jsonl:3: id 'a' was already used in line 1",)


def test_bytes_that_are_no_text_are_a_problem(world: ModuleType, tmp_path: Path) -> None:
    folder = world.write_set(tmp_path, world.QUESTIONS[:1])
    with (folder / "questions.jsonl").open("ab") as file:
        file.write(b'{"id": "\xff"}\n')
    with pytest.raises(SetInvalid, match=r"questions.jsonl:2: not UTF-8"):
        opened(world, folder)


def test_a_byte_order_mark_is_no_problem(world: ModuleType, tmp_path: Path) -> None:
    path = world.write_set(tmp_path, world.QUESTIONS) / "questions.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert next(iter(opened(world, tmp_path))).id == "budget"


def test_an_empty_set_and_no_set_are_errors(world: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SetInvalid, match=r"questions.jsonl:1: the set is empty"):
        opened(world, world.write_set(tmp_path / "empty", []))
    with pytest.raises(SetInvalid, match="is not a folder"):
        opened(world, tmp_path / "nowhere")
    with pytest.raises(SetInvalid, match=r"has no claims.jsonl, which stage 'support' needs"):
        opened(world, tmp_path / "empty", "support")


def test_an_index_without_the_documents_is_an_error_even_when_skipping(
    world: ModuleType, tmp_path: Path
) -> None:
    folder = world.write_set(tmp_path, [r for r in world.QUESTIONS if r["gold"]])
    with pytest.raises(SetInvalid, match="no valid line of 6"):
        open_set(folder, "reading", ["other.txt"], skip_invalid=True)


def test_names_resolve_by_path_and_by_unique_stem() -> None:
    names = DocumentNames(["a/x.txt", "b/x.txt", "y.tar.gz", "plain", "b/z.md"])
    assert names.resolve("a/x.txt") == "a/x.txt"
    assert names.resolve("a/x") == "a/x.txt"
    assert names.resolve("docs/b/z.md") == names.resolve("z") == names.resolve("z.md") == "b/z.md"
    assert names.resolve("plain") == "plain"
    assert names.resolve("x") is None
    assert "more than one" in names.problem("x")
    assert "not in the index" in names.problem("q")


def test_claims_and_summaries_are_validated_too(world: ModuleType, tmp_path: Path) -> None:
    claims = [
        {"id": 1, "claim": "c", "evidence": ["e"], "supported": True},
        {"id": 2, "claim": "c", "evidence": "e", "supported": 1},
    ]
    folder = world.write_set(tmp_path, claims, "claims.jsonl")
    with pytest.raises(SetInvalid) as caught:
        opened(world, folder, "support")
    assert [p.split(": ")[0] for p in caught.value.problems] == ["claims.jsonl:2"] * 2
    tasks = [
        {"id": "s", "doc": "lease", "references": ["r"]},
        {"id": "t", "doc": "gone", "query": None, "references": ["r"]},
        {"id": "u", "doc": "lease", "references": []},
    ]
    world.write_set(tmp_path, tasks, "summaries.jsonl")
    with pytest.raises(SetInvalid) as caught:
        opened(world, folder, "summaries")
    assert [p.split(": ")[0] for p in caught.value.problems] == [
        "summaries.jsonl:2",
        "summaries.jsonl:3",
    ]
    assert next(iter(opened(world, folder, "summaries", skip_invalid=True))).doc == "sub/lease.txt"


def test_a_set_says_what_it_is_for(world: ModuleType, tmp_path: Path) -> None:
    folder = world.write_set(tmp_path / "c", [], "claims.jsonl")
    assert default_stage(folder) == "support"
    world.write_set(folder, [])
    assert default_stage(folder) == "answers"
    (folder / "documents").mkdir()
    assert document_folders(folder, tmp_path) == [folder / "docs", folder / "documents"]


def test_splits_cut_questions_by_document_and_claims_by_their_own(
    world: ModuleType, tmp_path: Path
) -> None:
    splits = {"s": {"dev": ["minutes"], "test": ["lease"]}, "c": {"test": ["test", "ood"]}}
    (tmp_path / "splits.json").write_text(json.dumps(splits))
    rows = [*world.QUESTIONS, world.question("scoped", "A lease?", scope=["lease"])]
    folder = world.write_set(tmp_path / "s", rows)
    assert [i.id for i in opened(world, folder, split="dev")] == ["budget", "canteen"]
    # A question whose gold lies in two splits belongs to neither.
    assert [i.id for i in opened(world, folder, split="test")] == ["rent", "cat", "scoped"]
    with pytest.raises(SetInvalid, match=r"has no split 'train': splits.json knows dev, test"):
        opened(world, folder, split="train")
    claims = [
        {"id": s, "claim": "c", "evidence": [], "supported": True, "split": s}
        for s in ("dev", "test", "ood")
    ]
    folder = world.write_set(tmp_path / "c", claims, "claims.jsonl")
    assert [i.id for i in opened(world, folder, "support", split="test")] == ["test", "ood"]


def test_a_split_without_items_is_an_error(world: ModuleType, tmp_path: Path) -> None:
    folder = world.write_set(tmp_path / "s", world.QUESTIONS)
    with pytest.raises(SetInvalid, match=r"split 'dev' .* holds no items"):
        opened(world, folder, split="dev")
    (tmp_path / "splits.json").write_text("{")
    with pytest.raises(SetInvalid, match=r"splits.json cannot be read"):
        opened(world, folder, split="dev")


def test_a_sample_is_stratified_and_decided_by_the_seed() -> None:
    strata = ["a"] * 60 + ["b"] * 30 + ["c"] * 10
    positions = sample_positions(strata, 20, seed=3)
    assert Counter(strata[i] for i in positions) == {"a": 12, "b": 6, "c": 2}
    assert positions == sorted(positions) == sample_positions(strata, 20, seed=3)
    assert positions != sample_positions(strata, 20, seed=4)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=80), st.integers(1, 100), st.integers())
def test_a_sample_has_its_size_and_each_stratum_its_share(
    strata: list[int], limit: int, seed: int
) -> None:
    positions = sample_positions(strata, limit, seed)
    assert len(positions) == len(set(positions)) == min(limit, len(strata))
    for stratum, n in Counter(strata).items():
        exact = n * len(positions) / len(strata)
        assert abs(sum(strata[i] == stratum for i in positions) - exact) < 1


def test_a_limit_below_1_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="limit is 0"):
        sample_positions([1, 2], 0, 0)


def test_limit_samples_the_set(world: ModuleType, tmp_path: Path) -> None:
    folder = world.write_set(tmp_path, world.QUESTIONS)
    found = opened(world, folder, limit=4, seed=1)
    assert len(found) == 4
    assert sum(i.answerable for i in found) == 3
    assert found.total == 8
