"""Rich Text Format: what is shown, in order, with headings, lists, tables and notes."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import UnreadableDocument
from rag.sources.reading import parse_bytes

HEAD = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}"
    r"{\f1\fcharset204 Arial Cyr;}}{\colortbl;\red0\green0\blue0;}"
    r"{\stylesheet{\s0 Normal;}{\s1\sbasedon0\outlinelevel0\b heading 1;}}"
    r"{\info{\title Rules of the quay}{\author SECRET}}{\*\generator SECRET;}{\header SECRET\par}"
)


def rtf(body: str) -> bytes:
    return f"{HEAD}{body}}}".encode("ascii")


def blocks(parsed) -> list[str]:
    return [block.of(parsed.text) for block in parsed.blocks]


def test_paragraphs_headings_and_what_is_not_shown(read) -> None:
    body = (
        r"\pard\s1 Dogs\par\pard\s0 The {\b rent} is 940{\v SECRET} a month.\line Really."
        r"{\field{\*\fldinst SECRET}{\fldrslt  See page 3.}}\par"
        r"{\pict\wmetafile8 0102030405}{\*\unknown SECRET}{\bin4 \{\{}Last one.\par"
    )
    parsed = read(rtf(body), "a.rtf")
    assert blocks(parsed) == ["Dogs", "The rent is 940 a month.\nReally. See page 3.", "Last one."]
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "Dogs")]
    assert parsed.title == "Rules of the quay"


def test_letters_in_all_their_spellings(read) -> None:
    body = (
        r"M\'f6we, Gr\u246\'f6\u223?e \emdash\ldblquote x\rdblquote  \{a\\b\}~c"
        r"{\f1 \'c4\'e0} \u-10179?\u-8694? {\uc2\u8364 EU} 5 m{\super 2}."
    )
    assert blocks(read(rtf(body), "a.rtf")) == ["Möwe, Größe —“x” {a\\b}~cДа 😊 € 5 m²."]


def test_lists_keep_numbers_and_lose_bullets(read) -> None:
    item = r"\pard{\listtext\pard\plain %s\tab}\ls1 %s\par"
    body = item % ("1.", "Close the quay.") + item % (r"\'95", "Order basalt.")
    parsed = read(rtf(r"\pard First:\par" + body), "a.rtf")
    assert blocks(parsed) == ["First:", "1. Close the quay.", "Order basalt."]
    assert "quay.\nOrder" in parsed.text


def test_rows_carry_their_heads_and_notes_come_last(read) -> None:
    def row(*cells: str, head: str = "") -> str:
        inner = "".join(rf"\pard\intbl {cell}\cell" for cell in cells)
        return rf"\trowd{head}\cellx3000\cellx6000 {inner}\row"

    table = row("Quay", "Cost 2024", head=r"\trhdr") + row("North", r"512\par 800")
    body = rf"\pard Costs.{{\super\chftn{{\*\footnote\pard\plain As of May.}}}}\par{table}"
    parsed = read(rtf(body + r"\pard After it.\par"), "a.rtf")
    assert blocks(parsed) == [
        "Costs.",
        "Quay: North | Cost 2024: 512 800",
        "After it.",
        "As of May.",
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no rtf at all", "not an RTF file"),
        (b"{\\rtf1 }", "holds no text"),
        (b"{\\rtf1" + b"{" * 100_000, "nested too deep"),
    ],
)
def test_what_cannot_be_read_says_so(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        parse_bytes(data, "a.rtf")


WORDS = (
    r"{ } \ * ; x 9 é \par \pard \' \'e4 \u8364 ? \cell \row \intbl \super {\*\footnote {\listtext "
    r"\bin99999 \uc10 \s1 \trhdr {\super\chftn"
)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=60))
def test_any_run_of_words_is_read_or_refused(read, words: list[str]) -> None:
    data = HEAD.encode() + "".join(words).encode("latin-1")
    with suppress(UnreadableDocument):
        read(data, "a.rtf")
