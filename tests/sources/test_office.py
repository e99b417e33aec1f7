"""Office formats, books, mails and data: order, tables with their heads, places, what is hidden."""

from __future__ import annotations

import datetime
import io
import zipfile

import pytest

from rag.errors import UnreadableDocument
from rag.settings import Settings
from rag.sources import read_file
from rag.sources.reading import parse_bytes


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def blocks(parsed) -> list[str]:
    return [block.of(parsed.text) for block in parsed.blocks]


def places(parsed) -> dict[str, str]:
    """The label of each place with the block that begins there."""
    starts = {block.start: block.of(parsed.text) for block in parsed.blocks}
    return {place.label: starts[place.start] for place in parsed.places}


# Word

STYLES = (
    '<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    '<w:style w:styleId="T"><w:name w:val="Title"/></w:style>'
    '<w:style w:styleId="H2"><w:name w:val="heading 2"/></w:style>'
    '<w:style w:styleId="Own"><w:name w:val="House"/><w:basedOn w:val="H2"/></w:style></w:styles>'
)
NUMBERS = (
    '<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    '<w:abstractNum w:abstractNumId="0">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/>'
    "</w:lvl>"
    '<w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>'
    '<w:lvl w:ilvl="2"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl>'
    '</w:abstractNum><w:num w:numId="5"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
)


def numbered(level: int) -> str:
    return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="5"/></w:numPr>'


def test_headings_and_title_of_a_word_document(read, make) -> None:
    body = make.paragraph("Annual report", '<w:pStyle w:val="T"/>')
    body += make.paragraph("Milk", '<w:pStyle w:val="Own"/>') + make.paragraph("It rose.")
    parsed = read(make.docx(body, styles=STYLES), "a.docx")
    assert blocks(parsed) == ["Annual report", "Milk", "It rose."]
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "Annual report"), (2, "Milk")]
    assert parsed.title == "Annual report"


def test_numbers_that_word_draws_are_text(read, make) -> None:
    levels = [(0, "Rent"), (1, "basic"), (1, "extra"), (0, "Term"), (1, "notice"), (2, "written")]
    body = "".join(make.paragraph(text, numbered(level)) for level, text in levels)
    assert blocks(read(make.docx(body, numbering=NUMBERS), "a.docx")) == [
        "1. Rent", "1.a) basic", "1.b) extra", "2. Term", "2.a) notice", "written",
    ]  # fmt: skip


def test_deleted_and_hidden_words_are_left_out_and_inserted_ones_kept(read, make) -> None:
    body = (
        "<w:p><w:r><w:t>The rent is </w:t></w:r>"
        "<w:del><w:r><w:delText>900</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>940</w:t></w:r></w:ins>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>SECRET</w:t></w:r>"
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t> a</w:t><w:tab/><w:t>month.</w:t></w:r>'
        "<w:hyperlink><w:r><w:t> Really.</w:t></w:r></w:hyperlink></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>Controlled.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    assert blocks(read(make.docx(body), "a.docx")) == [
        "The rent is 940 a month. Really.",
        "Controlled.",
    ]


def test_a_style_hides_words_and_a_power_is_set_high(read, make) -> None:
    w = make.W
    styles = (
        f'<w:styles {w}><w:style w:styleId="Secret"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:styleId="More"><w:basedOn w:val="Secret"/></w:style></w:styles>'
    )
    body = (
        '<w:p><w:r><w:t>A room of 12 m</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="superscript"/>'
        "</w:rPr><w:t>2</w:t></w:r><w:r><w:t> is let.</w:t></w:r>"
        '<w:r><w:rPr><w:rStyle w:val="More"/></w:rPr><w:t>SECRET</w:t></w:r></w:p>'
        '<w:p><w:pPr><w:pStyle w:val="Secret"/></w:pPr><w:r><w:t>SECRET</w:t></w:r>'
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>Shown.</w:t></w:r></w:p>'
    )
    parsed = read(make.docx(body, styles=styles), "a.docx")
    assert blocks(parsed) == ["A room of 12 m² is let.", "Shown."]


def test_a_word_table_and_a_note(read, make) -> None:
    def row(*cells: str, properties: str = "") -> str:
        inner = "".join(f"<w:tc>{cell}</w:tc>" for cell in cells)
        return f"<w:tr><w:trPr>{properties}</w:trPr>{inner}</w:tr>"

    p = make.paragraph
    table = (
        row(p("Item"), p("2024"), properties="<w:tblHeader/>")
        + row('<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>' + p("Milk"), p("151.2") + p("litres"))
        + row("<w:tcPr><w:vMerge/></w:tcPr>" + p(""), p("12"))
    )
    notes = (
        '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        '<w:footnote w:type="separator"><w:p><w:r><w:t>---</w:t></w:r></w:p></w:footnote>'
        f"<w:footnote>{p('Counted in May.')}</w:footnote></w:footnotes>"
    )
    parsed = read(make.docx(f"{p('Figures')}<w:tbl>{table}</w:tbl>", footnotes=notes), "a.docx")
    assert blocks(parsed) == [
        "Figures",
        "Item: Milk | 2024: 151.2 litres",
        "Item: Milk | 2024: 12",
        "Counted in May.",
    ]


# Presentations


def test_slides_are_pages_and_places(read, make) -> None:
    slides = [
        make.shape("Spend less", "body")
        + make.shape("Budget", "title")
        + make.shape("4", "sldNum"),
        make.shape("Questions?"),
    ]
    parsed = read(make.pptx(slides, notes="Smile here."), "a.pptx")
    assert blocks(parsed) == ["Budget", "Spend less", "Smile here.", "Questions?"]
    assert places(parsed) == {
        "slide 1": "Budget",
        "slide 1, notes": "Smile here.",
        "slide 2": "Questions?",
    }
    assert parsed.pages == (0, parsed.text.index("Questions?"))
    assert parsed.title == "Budget"


def test_notes_in_a_shape_of_any_kind_are_read(read, make) -> None:
    data = make.pptx([make.shape("Budget", "title")], notes="Smile here.")
    members = unzipped(data)
    notes = members["ppt/notesSlides/n.xml"].replace(b'<p:ph type="body"/>', b"")
    members["ppt/notesSlides/n.xml"] = notes
    assert blocks(read(make.zipped(members), "a.pptx")) == ["Budget", "Smile here."]


# Spreadsheets


def test_rows_of_a_workbook_carry_heads_and_addresses(read, make) -> None:
    rows = [
        ["Budget of the club"],
        ["Month", "Rent", "Share", "Paid on"],
        ["May", 940, 0.125, datetime.date(2025, 5, 3)],
        ["June", 0.1 + 0.2, None, None],
        [],
        ["Approved by Ada"],
    ]
    data = make.xlsx({"Year 1": rows, "Secret": [["SECRET"]]}, hidden=["Secret"])
    parsed = read(data, "a.xlsx")
    assert blocks(parsed) == [
        "Year 1",
        "Budget of the club",
        "Month: May | Rent: 940 | Share: 0.125 | Paid on: 2025-05-03",
        "Month: June | Rent: 0.3",
        "Approved by Ada",
    ]
    assert places(parsed)["Year 1!A3:D3"].startswith("Month: May")
    assert places(parsed)["Year 1!A6"] == "Approved by Ada"
    assert [h.text for h in parsed.headings] == ["Year 1"]


def test_percentages_are_shown_as_such() -> None:
    from rag.sources.workbook import shown

    assert shown(0.125, "0.0%") == "12.5 %"
    assert shown(True, "General") == "yes"
    assert shown(datetime.datetime(2025, 5, 3, 14, 30), "") == "2025-05-03 14:30"
    assert shown(1234567.0, "General") == "1234567"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimited_tables(read, delimiter: str) -> None:
    lines = [["name", "year", "note"], ["Ada", "1815", '"a ""first"""'], ["Grace", "1906", ""]]
    data = "\r\n".join(delimiter.join(line) for line in lines).encode()
    parsed = read(data, "a.csv")
    assert blocks(parsed) == [
        'name: Ada | year: 1815 | note: a "first"',
        "name: Grace | year: 1906",
    ]
    assert list(places(parsed)) == ["row 2", "row 3"]


@pytest.mark.parametrize("last", ["2025 (plan)", "2025/26", "2025 budget", "2025*"])
def test_a_year_with_what_its_figures_are_is_a_head(read, last: str) -> None:
    data = f"Item;2023;2024;{last}\nRent;3100;3240;3300\nStaff;6900;7200;7400\n".encode()
    assert blocks(read(data, "a.csv")) == [
        f"Item: Rent | 2023: 3100 | 2024: 3240 | {last}: 3300",
        f"Item: Staff | 2023: 6900 | 2024: 7200 | {last}: 7400",
    ]


def test_figures_that_look_like_years_are_no_heads(read) -> None:
    data = b"Bolts;2015 kg;2024 kg\nNuts;1900 kg;1800 kg\n"
    assert blocks(read(data, "a.csv")) == ["Bolts | 2015 kg | 2024 kg", "Nuts | 1900 kg | 1800 kg"]


def test_empty_lines_between_the_rows_of_a_text_part_no_table(read) -> None:
    doubled = b"Item,Town,Price\r\r\nBoat,Aldport,5\r\r\nOar,Velden,7\r\r\n"
    assert blocks(read(doubled, "a.csv")) == [
        "Item: Boat | Town: Aldport | Price: 5", "Item: Oar | Town: Velden | Price: 7",
    ]  # fmt: skip
    two = b"Item,Price\nBoat,5\nOar,7\n\nTotal,12\n\nName,Age\nAnn,5\nBob,6\n"
    assert blocks(read(two, "b.csv"))[2:] == [
        "Item: Total | Price: 12", "Name: Ann | Age: 5", "Name: Bob | Age: 6",
    ]  # fmt: skip


def test_a_wide_row_says_on_each_line_whose_values_they_are(read) -> None:
    heads = ["Ship", *(f"Measured in week {n}" for n in range(1, 53))]
    rows = [[name, *(str(100 * row + n) for n in range(1, 53))] for row, name in ((1, "Gull"),)]
    rows.append(["Tern", *(str(900 + n) for n in range(1, 53))])
    data = "\n".join(",".join(row) for row in [heads, *rows]).encode()
    parsed = read(data, "a.csv")
    found = blocks(parsed)
    assert len(found) > 2
    for line in found:
        assert len(line) < 500
        assert line.startswith(("Ship: Gull | ", "Ship: Tern | "))
    assert sum("Measured in week 37: 137" in line for line in found) == 1
    assert parsed.places[1].label == "row 2"


def test_a_table_without_heads_keeps_its_values(read) -> None:
    assert blocks(read(b"1,2\n3,4\n", "a.csv")) == ["1 | 2", "3 | 4"]


def test_a_name_that_repeats_still_heads_its_column(read, make) -> None:
    rows = [
        ["Item", "Jan", "Feb", "Jan", "Price"],
        ["Spoon", "1", "", "3", "5"],
        ["Fork", "", "2", "4", "7"],
    ]
    told = [
        "Item: Spoon | Jan: 1 | Jan (2): 3 | Price: 5",
        "Item: Fork | Feb: 2 | Jan (2): 4 | Price: 7",
    ]
    parsed = read("\n".join(map(",".join, rows)).encode(), "a.csv")
    assert blocks(parsed) == told
    assert list(places(parsed)) == ["row 2", "row 3"]
    book = read(make.xlsx({"Stock": [[cell or None for cell in row] for row in rows]}), "a.xlsx")
    assert blocks(book)[1:] == told
    assert list(places(book))[1:] == ["Stock!A2:E2", "Stock!A3:E3"]


def test_a_name_made_different_is_no_name_of_another_column(read) -> None:
    data = b"Item,Jan,Jan (2),Jan\nFork,1,2,3\n"
    assert blocks(read(data, "a.csv")) == ["Item: Fork | Jan: 1 | Jan (2): 2 | Jan (3): 3"]


def test_values_that_repeat_in_the_first_row_are_no_heads(read) -> None:
    assert blocks(read(b"Gull,sold,7,sold\nTern,sold,8,let\n", "a.csv")) == [
        "Gull | sold | 7 | sold",
        "Tern | sold | 8 | let",
    ]


def test_an_empty_cell_of_a_table_without_heads_keeps_its_place(read, make) -> None:
    rows = [["Mon", "12", "", "15"], ["Tue", "", "", "16"], ["", "14", "", ""]]
    told = ["Mon | 12 | 15", "Tue |  | 16", "| 14"]
    parsed = read("\n".join(map(",".join, rows)).encode(), "a.csv")
    assert blocks(parsed) == told
    assert list(places(parsed)) == ["row 1", "row 2", "row 3"]
    cells = ("".join(f"<w:tc>{make.paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    table = "".join(f"<w:tr>{row}</w:tr>" for row in cells)
    assert blocks(read(make.docx(f"<w:tbl>{table}</w:tbl>"), "a.docx")) == told
    shown = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    page = "<table>" + "".join(f"<tr>{row}</tr>" for row in shown) + "</table>"
    assert blocks(read(page.encode(), "a.html")) == told


# OpenDocument


def test_an_odt_in_order(read, make) -> None:
    body = (
        "<office:text><text:tracked-changes><text:p>SECRET</text:p></text:tracked-changes>"
        '<text:h text:outline-level="2">Dogs</text:h>'
        '<text:p>Cats<text:s text:c="2"/>may <text:span>be</text:span> kept'
        "<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>Since May.</text:p></text:note-body></text:note>."
        "<office:annotation><text:p>SECRET</text:p></office:annotation></text:p>"
        "<text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>"
        "<table:table><table:table-header-rows><table:table-row>"
        "<table:table-cell><text:p>Item</text:p></table:table-cell>"
        "<table:table-cell><text:p>Sum</text:p></table:table-cell></table:table-row>"
        "</table:table-header-rows><table:table-row>"
        "<table:table-cell><text:p>Milk</text:p></table:table-cell>"
        "<table:table-cell><text:p>12</text:p></table:table-cell></table:table-row></table:table>"
        "</office:text>"
    )
    parsed = read(make.odf(body), "a.odt")
    assert blocks(parsed) == [
        "Dogs", "Cats may be kept.", "one", "Item: Milk | Sum: 12", "Since May.",
    ]  # fmt: skip
    assert [(h.level, h.text) for h in parsed.headings] == [(2, "Dogs")]


def test_styles_of_an_odt_hide_words_and_set_figures_high(read, make) -> None:
    styles = (
        f"<office:document-styles {make.ODF} "
        'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"><office:styles>'
        '<style:style style:name="S"><style:text-properties text:display="none"/></style:style>'
        '<style:style style:name="H"><style:text-properties style:text-position="super 58%"/>'
        "</style:style></office:styles></office:document-styles>"
    )
    body = (
        "<office:text><text:p>A room of 12 m"
        '<text:span text:style-name="H">2</text:span> is let.'
        '<text:span text:style-name="S">SECRET</text:span> Now.</text:p>'
        '<text:p text:style-name="S">SECRET</text:p></office:text>'
    )
    members = unzipped(make.odf(body))
    members["styles.xml"] = styles
    assert blocks(read(make.zipped(members), "a.odt")) == ["A room of 12 m² is let. Now."]


def test_an_ods_with_repeated_cells_and_rows(read, make) -> None:
    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"

    empty = '<table:table-cell table:number-columns-repeated="16000"/>'
    body = (
        '<office:spreadsheet><table:table table:name="Boats">'
        f"<table:table-row>{cell('Name')}{cell('Year')}{cell('Length')}{empty}</table:table-row>"
        f"<table:table-row>{cell('Gull')}{cell('1987')}{cell('12 m')}</table:table-row>"
        f'<table:table-row table:number-rows-repeated="2">{empty}</table:table-row>'
        f'<table:table-row table:visibility="collapse">{cell("SECRET")}</table:table-row>'
        f"<table:table-row>{cell('Total', '')}{cell('1')}</table:table-row>"
        f'<table:table-row table:number-rows-repeated="1048570">{empty}</table:table-row>'
        "</table:table></office:spreadsheet>"
    )
    parsed = read(make.odf(body), "a.ods")
    assert blocks(parsed) == ["Boats", "Name: Gull | Year: 1987 | Length: 12 m", "Total | 1"]
    assert places(parsed)["Boats!A6:B6"] == "Total | 1"


def test_an_odp_has_slides(read, make) -> None:
    box = "<draw:text-box><text:p>{}</text:p></draw:text-box>"
    frame = f'<draw:frame presentation:class="title">{box}</draw:frame>'
    pages = "".join(f"<draw:page>{frame.format(t)}</draw:page>" for t in ("One", "Two"))
    parsed = read(make.odf(f"<office:presentation>{pages}</office:presentation>"), "a.odp")
    assert places(parsed) == {"slide 1": "One", "slide 2": "Two"}
    assert len(parsed.pages) == 2


# Books


def test_a_book_in_reading_order(read, make) -> None:
    parsed = read(make.epub(["<h1>Ebb</h1><p>It goes.</p>", "<p>It comes.</p>"]), "a.epub")
    assert blocks(parsed) == ["Ebb", "It goes.", "It comes."]
    assert list(places(parsed)) == ["section 1", "section 2"]
    assert parsed.title == "The Tide Book"


def test_a_style_sheet_of_a_book_hides_words(read, make) -> None:
    members = unzipped(make.epub(["<p>Seen.<i class='x'> SECRET</i></p>"]))
    head = b"<html><head><link rel='stylesheet' href='../s/a%20b.css'/></head>"
    members["OEBPS/c0.xhtml"] = members["OEBPS/c0.xhtml"].replace(b"<html>", head)
    members["s/a b.css"] = b".x { display: none }"
    assert blocks(read(make.zipped(members), "a.epub")) == ["Seen."]


def test_a_protected_book_says_so(make) -> None:
    with pytest.raises(UnreadableDocument, match="DRM"):
        parse_bytes(make.epub(["<p>x</p>"], encrypted="OEBPS/c0.xhtml"), "a.epub")


# Mails


def test_a_mail_and_its_attachments(make, sound, tmp_path) -> None:
    inner = make.mail("The inner one.", ("../../x.txt", b"Deep words."), Subject="Inner")
    data = make.mail(
        "Dear all,\n\nthe boiler is\nbroken.\n",
        ("offer.txt", b"We offer 940."),
        ("offer.txt", b"We offer 950."),
        ("photo.png", b"\x89PNG" + bytes(50)),
        ("old.eml", inner),
        To="all@example.org",
        Date="Mon, 17 Mar 2025 09:12:00 +0100",
    )
    path = tmp_path / "m.eml"
    path.write_bytes(data)
    documents = {d.path: d for d in read_file(path, "box/m.eml", Settings())}
    assert list(documents) == [
        "box/m.eml",
        "box/m.eml/offer.txt",
        "box/m.eml/offer-2.txt",
        "box/m.eml/old.eml",
        "box/m.eml/old.eml/_.._x.txt",
    ]
    first = documents["box/m.eml"]
    assert [b.of(first.text) for b in first.blocks] == [
        "From: ada@example.org",
        "To: all@example.org",
        "Date: Mon, 17 Mar 2025 09:12:00 +0100",
        "Subject: Boiler",
        "Dear all,",
        "the boiler is\nbroken.",
    ]
    assert first.title == "Boiler"
    assert documents["box/m.eml/offer-2.txt"].text == "We offer 950."
    assert len({d.sha256 for d in documents.values()}) == len(documents)


def test_a_mail_with_only_html(read, make) -> None:
    parsed = read(make.mail("", html="<p>Good <b>day</b></p><p hidden>SECRET</p>"), "a.eml")
    assert blocks(parsed)[-1] == "Good day"


def mixed(*parts: tuple[str, str]) -> bytes:
    shown = "".join(f"--X\nContent-Type: {kind}\n\n{text}\n" for kind, text in parts)
    return (
        "From: ada@example.org\nSubject: Offer\nContent-Type: multipart/mixed; boundary=X\n\n"
        f"{shown}--X--\n"
    ).encode()


def test_plain_text_beside_a_page_replaces_no_page(read) -> None:
    data = mixed(("text/html", "<p>We offer 500.</p>"), ("text/plain", "Scanned for viruses."))
    assert blocks(read(data, "a.eml"))[2:] == ["We offer 500.", "Scanned for viruses."]


def test_an_empty_page_costs_a_mail_nothing(read) -> None:
    parsed = read(mixed(("text/html", "<!-- -->"), ("text/plain; name=a.txt", "Words.")), "a.eml")
    assert blocks(parsed)[1:] == ["Subject: Offer"]
    assert [attached.name for attached in parsed.attachments] == ["a.txt"]


@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"\n\n", b"From ada Mon Jan  1 09:00:00 2024\n"]
)
def test_what_may_stand_before_a_mail_is_no_part_of_it(read, before: bytes) -> None:
    assert blocks(read(before + mixed(("text/plain", "We offer 500.")), "a.eml")) == [
        "From: ada@example.org", "Subject: Offer", "We offer 500.",
    ]  # fmt: skip


def test_who_says_latin_1_means_windows_1252(read) -> None:
    data = (
        b"From: a@example.org\nSubject: =?iso-8859-1?Q?=80_5?=\n"
        b"Content-Type: text/plain; charset=iso-8859-1\n\nThe \x93rent\x94 \x96 940 \x80."
    )
    assert blocks(read(data, "a.eml"))[1:] == ["Subject: € 5", "The “rent” – 940 €."]


def test_encoded_headers_and_names_are_decoded(read, make, tmp_path) -> None:
    data = (
        "From: =?utf-8?q?Zo=C3=AB?= <z@example.org>\nSubject: "
        "=?iso-8859-1?Q?Br=FCcke?= =?utf-8?b?4oKs?="
        "\nTo: Jürgen\nContent-Type: text/plain; charset=iso-8859-1\n\nGr\xfc\xdfe"
    ).encode("latin-1")
    parsed = read(data, "a.eml")
    assert blocks(parsed) == [
        "From: Zoë <z@example.org>", "To: Jürgen", "Subject: Brücke€", "Grüße",
    ]  # fmt: skip
    path = tmp_path / "a.eml"
    path.write_bytes(make.mail("Hello.", ("Grüße.txt", b"Words.")))
    assert [d.path for d in read_file(path, "a.eml", Settings())] == ["a.eml", "a.eml/Grüße.txt"]


@pytest.mark.parametrize("value", ["<a@b>," * 50_000, "(" * 50_000, "=?utf-8?q?a?= " * 30_000])
@pytest.mark.parametrize("name", ["From", "Subject", "Date"])
def test_hostile_headers_cost_no_time(read, name: str, value: str) -> None:
    assert len(read(f"{name}: {value}\n\nBody.".encode(), "a.eml").text) < 5_000


def test_what_is_no_mail_is_named() -> None:
    with pytest.raises(UnreadableDocument, match="headers of a mail"):
        parse_bytes(b"Just some words.\n", "a.eml")


# Data and subtitles


def test_json_values_carry_their_names(read) -> None:
    data = (
        b'[{"name": "Ada", "born": {"year": 1815, "town": null}, "tags": ["a", 1.10, true]}, "x"]'
    )
    parsed = read(data, "a.json")
    assert blocks(parsed) == ["name: Ada | born.year: 1815 | tags: a, 1.10, yes", "x"]
    assert list(places(parsed)) == ["item 1", "item 2"]


def test_each_json_object_of_a_list_is_a_line_of_its_own(read) -> None:
    data = (
        b'{"site": "Quay", "sensors": [{"id": "T1", "limits": {"low": 2, "high": 8}}, '
        b'{"id": "T2", "limits": {"low": 3}, "checks": [{"on": "May", "by": "Cy"}, '
        b'{"on": "June", "by": "Al"}]}], "owner": {"name": "Ada", "phone": "12-34"}}'
    )
    assert read(data, "a.json").text == (
        "site: Quay | owner.name: Ada | owner.phone: 12-34\n\n"
        "sensors.id: T1 | sensors.limits.low: 2 | sensors.limits.high: 8\n"
        "sensors.id: T2 | sensors.limits.low: 3\n\n"
        "sensors.checks.on: May | sensors.checks.by: Cy\n"
        "sensors.checks.on: June | sensors.checks.by: Al"
    )


def test_json_objects_side_by_side_are_lines_of_their_own(read) -> None:
    data = (
        b'{"flat": 4, "owner": {"name": "Ada", "phone": "12"}, '
        b'"tenant": {"name": "Cy", "phone": "34"}, "rent": {"cold": 700}, "odd": [1, {"a": 2}]}'
    )
    assert blocks(read(data, "a.json")) == [
        "flat: 4 | rent.cold: 700 | odd: 1",
        "owner.name: Ada | owner.phone: 12",
        "tenant.name: Cy | tenant.phone: 34",
        "odd.a: 2",
    ]


def test_json_lines_are_places(read) -> None:
    parsed = read(b'{"a": "one"}\n\n{"a": "two"}\n', "a.jsonl")
    assert places(parsed) == {"line 1": "a: one", "line 3": "a: two"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": 1,}', "not valid JSON"),
        (b"[" * 100_000, "nested too deep|not valid JSON"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "nested too deep"),
        (b"[]", "no text"),
        (b'{"a": 1}\n{"a"', "line 2"),
    ],
)
def test_json_that_cannot_be_read(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        parse_bytes(data, "a.json")


def test_a_lone_surrogate_in_json_does_no_harm(read) -> None:
    assert read(b'{"a": "x\\ud800y"}', "a.json").text == "a: xy"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "a.srt",
            b"1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>The tide</i>\r\nis\r\n\r\n"
            b"2\r\n00:00:02,500 --> 00:00:04,000\r\nhigh today.\r\n\r\n"
            b"3\r\n01:02:03,000 --> 01:02:04,000\r\n- Bring boots\r\n",
        ),
        (
            "a.vtt",
            b"WEBVTT\n\nNOTE no\n\n00:01.000 --> 00:02.000 align:left\n<v Ada>The tide is\n\n"
            b"x\n00:02.500 --> 00:04.000\nhigh today.\n\n"
            b"01:02:03.000 --> 01:02:04.000\n- Bring boots\n",
        ),
    ],
)
def test_subtitles_become_sentences(read, name: str, data: bytes) -> None:
    assert places(read(data, name)) == {
        "0:00:01": "The tide is high today.",
        "1:02:03": "- Bring boots",
    }


# Hostile containers


def test_bombs_are_refused_before_they_are_unpacked(make) -> None:
    bomb = make.zipped({"word/document.xml": b" " * 40_000_000})
    with pytest.raises(UnreadableDocument, match="would unpack to"):
        parse_bytes(bomb, "a.docx")


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".xlsx", ".odt", ".ods", ".epub"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04broken", "damaged or not"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "encrypted"),
        (b"plain words", "damaged"),
    ],
)
def test_broken_containers_are_named(suffix: str, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        parse_bytes(data, f"a{suffix}")


def test_entities_are_not_expanded(make, tmp_path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET", encoding="utf-8")
    for entity in (f'SYSTEM "{secret.as_uri()}"', '"ha ha"'):
        document = (
            f"<!DOCTYPE d [<!ENTITY x {entity}>]>"
            '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
            "<w:body><w:p><w:r><w:t>seen &x;</w:t></w:r></w:p></w:body></w:document>"
        )
        with pytest.raises(UnreadableDocument, match="entities"):
            parse_bytes(make.zipped({"word/document.xml": document}), "a.docx")


def test_deep_xml_is_refused_or_read(make, sound) -> None:
    body = "<w:sdt>" * 5_000 + "</w:sdt>" * 5_000
    with pytest.raises(UnreadableDocument):
        parse_bytes(make.docx(body), "a.docx")


def test_an_archive_of_a_version_yet_unknown_is_named(make) -> None:
    data = bytearray(make.sample(".docx"))
    data[data.index(b"PK\x01\x02") + 6] = 99  # the version needed to read it, times ten
    with pytest.raises(UnreadableDocument, match=r"damaged or not the format .*version 9\.9"):
        parse_bytes(bytes(data), "a.docx")
