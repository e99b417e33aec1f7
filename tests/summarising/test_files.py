"""A summary as a file."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from rag.errors import RagError
from rag.summarising import SummaryTools, summarise
from rag.summarising.files import as_html, as_markdown, coverage_line, place, write_summary
from rag.summarising.gathering import Text
from rag.types import Citation, Span

HOSTILE = (
    "# <script>alert(1)</script>\n\n## One\n\nThe <b>bridge</b> & the [link](http://x.example) "
    "opened on 4 June.\n\n## Two\n\nNobody said </ul><img src=x onerror=alert(2)> to the mayor.\n"
)


@pytest.mark.parametrize("form", ["prose", "bullets", "outline"])
def test_html_escapes_what_documents_say(text_of, tools: SummaryTools, form: str) -> None:  # type: ignore[no-untyped-def]
    summary = summarise([text_of("<i>.md", HOSTILE)], tools, length="long", form=form)
    page = as_html(summary)
    for bad in ("<script", "<img", "<b>", "<i>"):
        assert bad not in page
    assert '<a href="#s1">[1]</a>' in page
    assert 'id="s1"' in page
    assert "http-equiv" in page
    assert "src=" not in page.replace("src=x", "")


def test_markdown_escapes_what_documents_say(text_of, tools: SummaryTools) -> None:  # type: ignore[no-untyped-def]
    summary = summarise([text_of("a_b.md", HOSTILE)], tools, length="long", form="outline")
    text = as_markdown(summary)
    assert "<img" not in text.replace("\\<img", "")
    assert "## Sources" in text
    assert "## Coverage" in text
    assert "a\\_b.md, line" in text


def test_markers_stand_apart_in_markdown(minutes: Text, tools: SummaryTools) -> None:
    text = as_markdown(summarise([minutes], tools, length="medium")).split("## Sources")[0]
    assert text.count("\\[") > 1
    assert not re.search(r"\S\\\[|\\\]\w", text)


@pytest.mark.parametrize("name", ["s.md", "s.html", "S.HTML"])
def test_the_file_is_replaced_whole(
    minutes: Text, tools: SummaryTools, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = summarise([minutes], tools)
    target = tmp_path / name
    target.write_text("old")
    monkeypatch.setattr(os, "replace", _refuse)
    with pytest.raises(RagError, match="cannot be written"):
        write_summary(summary, target)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == [name]
    monkeypatch.undo()
    write_summary(summary, target)
    assert summary.sentences[0].text.split()[1] in target.read_text(encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == [name]


def _refuse(*_: object) -> None:
    raise PermissionError(13, "denied")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("s.pdf", "ends in .md or .html"),
        ("nowhere/s.md", "does not exist"),
        ("d.md", "is a folder"),
    ],
)
def test_a_target_that_cannot_be(
    minutes: Text, tools: SummaryTools, tmp_path: Path, name: str, told: str
) -> None:
    (tmp_path / "d.md").mkdir()
    with pytest.raises(RagError, match=told):
        write_summary(summarise([minutes], tools), tmp_path / name)


def test_a_topic_that_is_nowhere_is_said(minutes: Text, tools: SummaryTools) -> None:
    summary = summarise([minutes], tools, about="volcanic eruptions, Iceland")
    assert "say nothing about 'volcanic eruptions, Iceland'" in as_markdown(summary)
    assert "say nothing about" in as_html(summary)


def test_the_coverage_in_one_line(minutes: Text, tools: SummaryTools) -> None:
    whole = coverage_line(summarise([minutes], tools, length="long"))
    assert whole.startswith("Covers 4 of 4 sections")
    assert "Left out" not in whole
    part = coverage_line(summarise([minutes], tools, about="hives of bees on plot 48"))
    assert part.startswith("Covers 1 of 4 sections")
    assert "Left out: " in part
    assert "Rent" in part


@pytest.mark.parametrize(
    ("page", "heading", "label", "words"),
    [
        (None, None, None, "a.pdf, line 7"),
        (3, "Budget > Training", None, "a.pdf, page 3 · Budget > Training"),
        (None, None, "row 4", "a.pdf, row 4"),
        (2, "Talk", "slide 2", "a.pdf, slide 2 · Talk"),
        (None, "Staff", "Staff!A3:C3", "a.pdf, Staff!A3:C3"),
    ],
)
def test_a_place_in_words(
    page: int | None, heading: str | None, label: str | None, words: str
) -> None:
    assert place(Citation(1, "a.pdf", Span(0, 1), "x", page, 7, heading, label)) == words


def test_a_table_row_is_named_in_both_forms_of_file(text_of, tools: SummaryTools) -> None:  # type: ignore[no-untyped-def]
    table = "name,what,day\nrose,planted beside the gate,4 June\nshed,painted green,9 June\n"
    summary = summarise([text_of("jobs.csv", table)], tools)
    assert [c.label for c in summary.citations] == ["row 2", "row 3"]
    assert "jobs.csv, row 2" in as_markdown(summary)
    assert "jobs.csv, row 3" in as_html(summary)


def test_what_was_left_out_is_one_list(minutes: Text, tools: SummaryTools) -> None:
    text = as_markdown(summarise([minutes], tools, about="hives of bees on plot 48"))
    assert "chosen\n- " in text
    assert "\n\n- minutes" in text
