"""Web pages: what a reader sees, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import UnreadableDocument
from rag.sources.hidden import hidden_selectors, hides
from rag.sources.reading import parse_bytes


def page(body: str, head: str = "") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def blocks(parsed) -> list[str]:
    return [block.of(parsed.text) for block in parsed.blocks]


def test_an_encoding_that_cannot_be_is_not_believed(read) -> None:
    wide = page("<p>The rent is 940 euros.</p>", '<meta charset="utf-16">')
    assert blocks(read(wide + b" " * (len(wide) % 2), "a.html")) == ["The rent is 940 euros."]
    latin = '<meta charset="iso-8859-1">'
    assert blocks(read(page("<p>Café “Blau”</p>", latin), "b.html")) == ["Café “Blau”"]
    old = page("<p>X</p>", latin).replace(b"X", b"Caf\xe9 \x93Blau\x94")
    assert blocks(read(old, "c.html")) == ["Café “Blau”"]


def test_a_page_in_order(read) -> None:
    parsed = read(
        page(
            "<h1>The <em>tide</em></h1><p>High at\n   six &amp; low at noon.<br>Bring boots.</p>"
            "<ul><li>Rope<li>Buoy <b>red</b></ul><div>Loose <p>inner</p> words</div>"
            "<pre>a\n  b</pre>",
            "<title>Tide  table</title>",
        ),
        "a.html",
    )
    assert blocks(parsed) == [
        "The tide",
        "High at six & low at noon.\nBring boots.",
        "Rope",
        "Buoy red",
        "Loose",
        "inner",
        "words",
        "a\n  b",
    ]
    assert parsed.title == "Tide table"
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "The tide")]


@pytest.mark.parametrize(
    "hidden",
    [
        '<p style="display:none">SECRET</p>',
        '<p style="color:red; DISPLAY : none !important">SECRET</p>',
        '<span style="visibility: hidden">SECRET</span>',
        '<span style="font-size:0">SECRET</span>',
        '<div style="font-size: 0px;"><p>SECRET</p></div>',
        '<p style="opacity:0">SECRET</p>',
        "<p hidden>SECRET</p>",
        '<div aria-hidden="true"><p>SECRET</p></div>',
        '<p class="x gone">SECRET</p>',
        '<p id="lost">SECRET</p>',
        "<!-- SECRET -->",
        "<script>SECRET</script>",
        "<style>SECRET</style>",
        "<template><p>SECRET</p></template>",
        "<noscript>SECRET</noscript>",
        "<nav><a>SECRET</a></nav>",
        '<div role="navigation">SECRET</div>',
        "<select><option>SECRET</option></select>",
        '<table><tr><td>seen<span style="display:none">SECRET</span></td></tr></table>',
        '<table><tr style="display:none"><td>SECRET</td></tr><tr><td>seen</td></tr></table>',
        "<table><tr><td>seen<!-- SECRET --></td><td hidden>SECRET</td></tr></table>",
        '<table><tr><td>a</td></tr><caption style="display:none">SECRET</caption></table>',
    ],
)
def test_what_is_hidden_is_no_text(read, hidden: str) -> None:
    css = "/* .a{ */ .gone, #lost { display: none } @media print {.shown{display:none}}"
    parsed = read(
        page(f'<p>Before</p>{hidden}<p class="shown">after</p>', f"<style>{css}</style>"), "a.html"
    )
    assert "SECRET" not in parsed.text
    assert parsed.text.startswith("Before")
    assert parsed.text.endswith("after")


def test_seen_styles_hide_nothing() -> None:
    assert not hides("font-size:0.9em; opacity:0.8; display:block")
    assert (
        hidden_selectors("@import 'x'; @media screen { .a { display:none } } .b{color:red}")
        == set()
    )


def test_rows_carry_their_column_heads(read) -> None:
    parsed = read(
        page(
            "<table><caption>Shares</caption><thead><tr><th rowspan=2>Member</th>"
            "<th colspan=2>Share</th></tr><tr><th>2024</th><th>2025</th></tr></thead>"
            "<tr><td>Corvania</td><td>21.4 %</td><td>22 %</td></tr>"
            "<tr><th rowspan=2>Ostmark</th><td>12.6 %</td><td></td></tr>"
            "<tr><td>12 %</td><td>13 %</td></tr></table>"
        ),
        "a.html",
    )
    assert blocks(parsed) == [
        "Shares",
        "Member: Corvania | Share 2024: 21.4 % | Share 2025: 22 %",
        "Member: Ostmark | Share 2024: 12.6 %",
        "Member: Ostmark | Share 2024: 12 % | Share 2025: 13 %",
    ]


def test_heads_that_a_page_does_not_mark_are_told_by_the_figures_below(read) -> None:
    def table(*rows: tuple[str, ...]) -> str:
        cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
        return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"

    ships = table(("Arrivals",), ("Ship", "Day", "Tonnes"), ("Gull", "1 May", "120"))
    names = table(("Ada", "London", "nurse"), ("Grace", "York", "baker"))
    assert blocks(read(page(ships + names), "a.html")) == [
        "Arrivals",
        "Ship: Gull | Day: 1 May | Tonnes: 120",
        "Ada | London | nurse",
        "Grace | York | baker",
    ]


def test_figures_set_high_are_told_from_the_word_before(read) -> None:
    body = "<p>It sank.<sup><a href='#1'>1</a></sup> The hold had 30 m<sup>3</sup>.</p>"
    cells = "<table><tr><th>Room</th></tr><tr><td>12 m<sup>2</sup></td></tr></table>"
    kept = "<p>Cited<sup>[4]</sup> on the 5<sup>th</sup>.</p>"
    assert blocks(read(page(body + cells + kept), "a.html")) == [
        "It sank.¹ The hold had 30 m³.",
        "Room: 12 m²",
        "Cited[4] on the 5th.",
    ]


def test_tables_that_only_lay_out_are_read_through(read) -> None:
    parsed = read(
        page("<table><tr><td><h2>Left</h2><p>a</p></td><td>b</td></tr></table>"), "a.html"
    )
    assert blocks(parsed) == ["Left", "a", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_the_declared_encoding_is_used(read, encoding: str) -> None:
    text = f'<html><head><meta charset="{encoding}"></head><body><p>Brücke</p></body></html>'
    assert read(text.encode(encoding), "a.html").text == "Brücke"


def test_an_xml_declaration_does_not_matter(read) -> None:
    data = '<?xml version="1.0" encoding="utf-8"?><html><body><p>Grüße</p></body></html>'
    assert read(data.encode(), "a.xhtml").text == "Grüße"


def test_entities_from_outside_are_not_read(read, tmp_path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET", encoding="utf-8")
    data = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}">]><p>seen &x; </p>'.encode()
    assert "SECRET" not in read(data, "a.html").text


@pytest.mark.parametrize("data", [b"", b"<html></html>", b"<p hidden>x</p>", b"<!-- -->"])
def test_a_page_without_words_is_named(data: bytes) -> None:
    with pytest.raises(UnreadableDocument, match=r"empty|no text"):
        parse_bytes(data, "a.html")


@pytest.mark.parametrize("tag", ["div", "table", "b", "ul"])
def test_deep_nesting_neither_crashes_nor_hangs(tag: str, sound) -> None:
    data = f"<{tag}>".encode() * 30_000 + b"deep"
    try:
        parsed, _ = parse_bytes(data, "a.html")
    except UnreadableDocument:
        return
    sound(parsed)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_in_a_page_is_sound(text: str) -> None:
    data = ("<p>x</p>" + text).encode("utf-8", "surrogatepass")
    try:
        parsed, _ = parse_bytes(data, "a.html")
    except UnreadableDocument:
        return
    for block in parsed.blocks:
        assert block.of(parsed.text).strip()
