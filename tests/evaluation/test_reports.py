from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation import Report, run_evaluation
from rag.evaluation.report_html import item_quota
from rag.evaluation.report_items import item_html
from rag.evaluation.svg import nice_ticks
from rag.evaluation.table import report_table, standing

EVIL = '<script>alert("x")</script><img src=x onerror=y>&amp; </details> \' "'


@pytest.fixture
def report(world: ModuleType, tmp_path: Path) -> Report:
    folder = world.write_set(tmp_path / "s", world.QUESTIONS)
    base = run_evaluation(folder, world.product(), stage="answers", run_dir=tmp_path / "a")
    return run_evaluation(
        folder, world.product(), stage="answers", run_dir=tmp_path / "b", baseline=base.run
    )


class Page(HTMLParser):
    """What a page would load, which elements it has, and whether they are closed in order."""

    VOID = frozenset({"meta", "input", "br", "img", "line", "circle", "rect", "polyline"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_is_whole_and_loads_nothing(report: Report) -> None:
    text = (report.run / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    assert not [t for t, a in page.tags if "src" in a or "href" in a or t in ("link", "iframe")]
    assert not [a for _, attributes in page.tags for a in attributes if a.startswith("on")]
    assert "url(" not in text
    assert "@import" not in text
    items = [a for t, a in page.tags if t == "details"]
    assert len(items) == 8
    filters = {a["value"] for t, a in page.tags if t == "input" and a["type"] == "radio"}
    assert filters == {"all"} | {a["data-outcome"] for a in items}
    for part in ("Recall", "Reliability of confidence", "Latency by stage", "Against the baseline"):
        assert part in text


def test_the_content_policy_allows_exactly_the_script(report: Report) -> None:
    import base64
    import hashlib

    text = (report.run / "report.html").read_text(encoding="utf-8")
    script = re.search(r"<script>(.*?)</script>", text, re.S)
    policy = re.search(r"script-src 'sha256-([^']+)'", text)
    assert script
    assert policy
    digest = hashlib.sha256(script[1].encode()).digest()
    assert base64.b64encode(digest).decode() == policy[1]


def evil_product(world: ModuleType) -> Any:
    from dataclasses import replace

    def ask(question: str, scope: Any, quote: bool) -> Any:
        answer = world.ask(question, scope, quote)
        return replace(answer, answer=EVIL + " [1]", status="answered", missing=EVIL, notes=(EVIL,))

    return world.product(ask=ask)


def test_nothing_of_a_document_or_a_model_becomes_markup(
    world: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = {**world.DOCUMENTS, f"{EVIL.replace('/', '')}.txt": f"Evil {EVIL} evil."}
    monkeypatch.setattr(world, "DOCUMENTS", documents)
    rows = [
        *world.QUESTIONS,
        world.question(
            "evil", f"evil {EVIL}?", [EVIL], gold=[world.gold(list(documents)[-1], EVIL)]
        ),
    ]
    folder = tmp_path / "s"
    (folder / "docs").mkdir(parents=True)
    import json

    (folder / "questions.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    report = run_evaluation(folder, evil_product(world), stage="answers", run_dir=tmp_path / "run")
    page = Page((report.run / "report.html").read_text(encoding="utf-8"))
    assert [t for t, _ in page.tags].count("script") == 1
    assert not [t for t, _ in page.tags if t == "img"]
    assert not [a for _, attributes in page.tags for a in attributes if a.startswith("on")]
    for fragment in (report._repr_html_(), world.ask("evil", None, True)._repr_html_()):
        assert {t for t, _ in Page(fragment).tags} <= {
            *("div", "p", "table", "thead", "tbody", "tr", "th", "td", "mark", "span", "sup", "br")
        }


CITED = {"marker": 1, "document": "d", "start": 104, "end": 109, "quote": "white", "line": 3}


def test_citations_and_gold_are_marked_at_their_places() -> None:
    record = {
        "id": "1",
        "question": "Colour?",
        "answerable": True,
        "answers": ["white"],
        "gold": [{"document": "d", "start": 107, "end": 113, "quote": "te & b", "grade": 1.0}],
        "gold_mode": "any",
        "hits": [],
        "status": "answered",
        "answer": "white [1]",
        "phrase": None,
        "confidence": 0.5,
        "seconds": 0.1,
        "removed": [],
        "missing": None,
        "citations": [CITED],
        "contexts": [{"document": "d", "start": 100, "text": "Red white & blue."}],
    }
    text = item_html(record, "answers", 0.5)
    marked = (
        'Red <mark class="cite">whi</mark><mark class="cite gold">te</mark>'
        '<mark class="gold"> &amp; b</mark>lue.'
    )
    assert text.count(marked) == 2
    assert 'data-outcome="right"' in text
    assert "gold was not among the hits" in text


@given(
    st.dictionaries(st.text(max_size=3), st.integers(1, 5000), min_size=1, max_size=9),
    st.integers(1, 1000),
)
def test_the_list_is_bounded_and_keeps_rare_outcomes_whole(
    counts: dict[str, int], most: int
) -> None:
    quota = item_quota(counts, most)
    assert sum(quota.values()) == min(most, sum(counts.values()))
    assert all(0 <= quota[kind] <= n for kind, n in counts.items())
    share = most // len(counts)
    assert all(quota[kind] == n for kind, n in counts.items() if n <= share)


@given(st.floats(1e-6, 1e6))
def test_ticks_are_few_and_reach_the_top(high: float) -> None:
    ticks = nice_ticks(high)
    assert ticks[0] == 0
    assert ticks[-1] >= high * 0.999
    assert 2 <= len(ticks) <= 6


def test_the_table_says_what_it_stands_on(report: Report) -> None:
    from rich.console import Console

    stream = io.StringIO()
    Console(file=stream, width=140).print(report_table(report))
    text = stream.getvalue()
    assert "s, whole set, stage answers: 8 questions" in text
    named = replace(report, set="mine [old] [/b]")
    Console(file=stream, width=140).print(report_table(named))
    assert "mine [old] [/b], whole set" in stream.getvalue()
    sampled = replace(report, head={"identity": {"limit": 8}})
    assert "stage answers: a sample of 8 questions" in standing(sampled)
    assert re.search(r"abstention_f1\s+\d\.\d{3}.*0\.400 abstain always", text)
    assert re.search(r"over answered\s+1\.000", text)
    assert "better" in text


def test_a_notebook_shows_answer_and_report(world: ModuleType, report: Report) -> None:
    answer = world.ask("How much rent is due?", None, True)
    fragment = answer._repr_html_()
    assert "<mark" in fragment
    assert "sub/lease.txt, line 1" in fragment
    assert "The documents do not say." in world.ask("zzz", None, True)._repr_html_()
    assert "right_and_right" in report._repr_html_()


def test_figures_stand_by_type_of_question(world: ModuleType, tmp_path: Path) -> None:
    from rich.console import Console

    kinds = {"budget": "number", "rent": "number", "parrot": "unanswerable"}
    rows = [q | ({"type": kinds[q["id"]]} if q["id"] in kinds else {}) for q in world.QUESTIONS]
    folder = world.write_set(tmp_path / "s", rows)
    found = run_evaluation(folder, world.product(), stage="answers", run_dir=tmp_path / "run")
    assert list(found.by_type) == ["number", "no type", "unanswerable"]
    assert found.by_type["number"]["right_and_right"].n == 2
    assert found.by_type["number"]["right_and_right"].mean == 1.0
    assert "abstention_recall" in found.by_type["unanswerable"]
    assert "right_and_right" not in found.by_type["unanswerable"]
    assert found.to_json()["by_type"]["number"]["answered"]["n"] == 2
    stream = io.StringIO()
    Console(file=stream, width=140).print(report_table(found))
    assert re.search(r"number\s+1\.000 \(2\)", stream.getvalue())
    text = (found.run / "report.html").read_text(encoding="utf-8")
    assert "<td>number</td><td>1.000 (2)</td>" in text


def test_a_set_without_types_has_no_figures_by_type(report: Report) -> None:
    assert report.by_type == {}
    assert "By type" not in (report.run / "report.html").read_text(encoding="utf-8")
