"""PDF: pages, paragraphs, headings, tables, and the reasons why one cannot be read."""

from __future__ import annotations

import pytest

from rag.errors import UnreadableDocument
from rag.passages import split_sentences
from rag.sources.reading import parse_bytes
from rag.types import Document

PROSE = [
    "The board of the harbour met on Tuesday evening in the old customs",
    "house and spoke at length about the state of the northern break-",
    "water, which has lost eleven stones since the storms of January and",
    "must be mended before the autumn.",
]


def blocks(parsed) -> list[str]:
    return [block.of(parsed.text) for block in parsed.blocks]


def document_of(parsed) -> Document:
    return Document("a.pdf", parsed.text, "0" * 64, "pdf/2", blocks=parsed.blocks)


def test_line_ends_become_spaces_and_divided_words_whole(read, make) -> None:
    parsed = read(make.pdf([make.text_page(PROSE)]), "a.pdf")
    assert blocks(parsed) == [
        "The board of the harbour met on Tuesday evening in the old customs house and spoke at "
        "length about the state of the northern breakwater, which has lost eleven stones since "
        "the storms of January and must be mended before the autumn."
    ]


def test_compounds_keep_their_hyphen(read, make) -> None:
    lines = ["The long-term plan and the short-term plan differ, so the long-", "term plan stays."]
    assert "the long-term plan stays" in read(make.pdf([make.text_page(lines)]), "a.pdf").text


def test_pages_headers_and_sentences_over_a_page(read, make) -> None:
    pages = []
    texts = [PROSE[:3], PROSE[3:], ["Nothing else was said."]]
    for number, lines in enumerate(texts, 1):
        page = make.text_page(lines)
        page += [(72, 800, 9, "Harbour board, minutes"), (290, 40, 9, f"Page {number} of 3")]
        pages.append(page)
    parsed = read(make.pdf(pages), "a.pdf")
    assert parsed.text.count("Harbour board, minutes") == 1
    assert "Page 2" not in parsed.text
    assert "storms of January and must be mended" in parsed.text
    assert len(parsed.pages) == 3
    assert parsed.text[parsed.pages[1] :].startswith("must be mended")
    assert parsed.text[parsed.pages[2] :] == "Nothing else was said."


def test_an_empty_page_still_counts(read, make) -> None:
    parsed = read(make.pdf([[], make.text_page(["Two."]), [], make.text_page(["Four."])]), "a.pdf")
    assert len(parsed.pages) == 4
    assert parsed.pages[0] == parsed.pages[1] == 0
    assert parsed.text[parsed.pages[3] :] == "Four."


def test_larger_type_is_a_heading(read, make) -> None:
    page = [(72, 760, 20, "Annual report"), (72, 720, 14, "1. Markets")]
    page += make.text_page(PROSE, top=690)
    parsed = read(make.pdf([page]), "a.pdf")
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "Annual report"), (2, "1. Markets")]
    assert parsed.title == "Annual report"


def test_rows_of_a_table_carry_their_heads(read, make) -> None:
    rows = [
        ("", "2023", "2024"),
        ("Milk, litres", "148.6", "151.2"),
        ("Turnover", "121.7", "129.8"),
    ]
    page = make.text_page(PROSE, top=780)
    for number, row in enumerate(rows):
        for x, words in zip((72, 250, 330), row, strict=True):
            if words:
                page.append((x, 680 - 16 * number, 11, words))
    assert blocks(read(make.pdf([page]), "a.pdf"))[1:] == [
        "Milk, litres | 2023: 148.6 | 2024: 151.2",
        "Turnover | 2023: 121.7 | 2024: 129.8",
    ]


def test_cells_of_several_lines_stay_in_their_row(read, make) -> None:
    page = [(72, 700, 10, "Code"), (120, 700, 10, "Meaning"), (300, 700, 10, "What to do")]
    for y, code, first, second, do in (
        (684, "E1", "Sensor for humidity", "failed at start", "Call the service"),
        (652, "E2", "Ice on the cooling", "fins inside", "Switch it off"),
    ):
        page += [
            (72, y, 10, code),
            (120, y, 10, first),
            (120, y - 12, 10, second),
            (300, y, 10, do),
        ]
    assert blocks(read(make.pdf([page]), "a.pdf")) == [
        "Code: E1 | Meaning: Sensor for humidity failed at start | What to do: Call the service",
        "Code: E2 | Meaning: Ice on the cooling fins inside | What to do: Switch it off",
    ]


def test_names_and_values_of_a_form_stand_together(read, make) -> None:
    page = []
    for y, cells in (
        (700, ("Age:", "58", "Seat:", "Left")),
        (684, ("Class:", "3", "Rating:", "None")),
    ):
        page += [(x, y, 10, words) for x, words in zip((72, 150, 300, 380), cells, strict=True)]
    assert blocks(read(make.pdf([page]), "a.pdf")) == [
        "Age: 58 | Seat: Left",
        "Class: 3 | Rating: None",
    ]


def test_two_columns_are_read_one_after_the_other(read, make) -> None:
    left = make.text_page(["The left column ends in the", "middle of its"], left=72)
    right = make.text_page(["sentence and goes on here.", "It ends now."], left=320)
    parsed = read(make.pdf([left + right]), "a.pdf")
    assert "middle of its sentence and goes on here." in parsed.text


def test_a_list_has_a_block_each_item(read, make) -> None:
    lines = ["We need these things:", "1. a rope of ten metres", "2. two red buoys", "• paint"]
    assert blocks(read(make.pdf([make.text_page(lines)]), "a.pdf")) == [
        "We need these things:",
        "1. a rope of ten metres",
        "2. two red buoys",
        "paint",
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bytes(range(256)) * 9, "not a PDF"),
        (b"%PDF-1.4\n1 0 obj\n<< /Type", "damaged"),
        (b"%PDF-1.7\n", "damaged"),
    ],
)
def test_damaged_files_are_named(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        parse_bytes(data, "a.pdf")


def test_a_truncated_file_is_named_or_read(make, sound) -> None:
    data = make.pdf([make.text_page(PROSE)])
    for size in range(20, len(data), 97):
        try:
            parsed, _ = parse_bytes(data[:size], "a.pdf")
        except UnreadableDocument:
            continue
        sound(parsed)


def test_a_scan_says_so(make) -> None:
    drawn = b"0 0 595 842 re f\n"  # what stands on the pages is no text
    data = make.pdf([[], []]).replace(
        b"/Length 0 >> stream\n", b"/Length %d >> stream\n" % len(drawn) + drawn
    )
    with pytest.raises(UnreadableDocument, match="scanned: no text layer, 2 pages"):
        parse_bytes(data, "scan.pdf")


def test_blank_pages_and_no_pages_are_not_called_a_scan(make) -> None:
    with pytest.raises(UnreadableDocument, match="nothing stands on its pages"):
        parse_bytes(make.pdf([[], []]), "blank.pdf")
    with pytest.raises(UnreadableDocument, match="the PDF has no pages"):
        parse_bytes(make.pdf([]), "none.pdf")


def test_an_encrypted_file_says_so(make) -> None:
    data = make.pdf([make.text_page(["Hidden."])])
    entry = (
        b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"41" * 32 + b"> /U <" + b"42" * 32
        + b"> >> /ID [<00><00>] "
    )  # fmt: skip
    with pytest.raises(UnreadableDocument, match="encrypted"):
        parse_bytes(data.replace(b"/Root 1 0 R", entry + b"/Root 1 0 R"), "a.pdf")


def test_marks_of_notes_are_set_high_and_end_no_word(read, make) -> None:
    page = [
        (72, 700, 11, "The rent was raised twice."),
        (198, 705, 6, "12"),
        (212, 700, 11, "Nobody complained about it."),
    ]
    parsed = read(make.pdf([page]), "a.pdf")
    assert "raised twice.¹² Nobody complained" in parsed.text
    sentences = [s.of(parsed.text) for s in split_sentences(document_of(parsed))]
    assert sentences == ["The rent was raised twice.¹²", "Nobody complained about it."]


def test_a_hyphen_that_the_file_sets_apart_still_divides_a_word(read, make) -> None:
    # The word processor moved the hyphen by a point; PDFium then sees a space before it.
    page = [(72, 700, 11, "We pay for the infrastruc"), (193.5, 700, 11, "-")]
    page += [(72, 686, 11, "ture of the harbour this year and the next.")]
    assert "the infrastructure of the harbour" in read(make.pdf([page]), "a.pdf").text


def test_halves_of_divided_words_are_no_words_of_their_own(read, make) -> None:
    lines = ["The board must keep the notwith-", "standing clause that the notwith-"]
    lines += ["standing paragraph of the old con-", "tract and the new con-", "tract name."]
    text = read(make.pdf([make.text_page(lines)]), "a.pdf").text
    assert text.count("notwithstanding") == 2
    assert text.count("contract") == 2


def test_a_chain_of_words_keeps_its_hyphens(read, make) -> None:
    lines = ["During the third touch-", "and-go landing the wind had turned to the north."]
    assert "touch-and-go landing" in read(make.pdf([make.text_page(lines)]), "a.pdf").text


def test_a_paragraph_that_begins_every_page_is_text_on_each(read, make) -> None:
    pages = []
    for number, finding in ((1, "for the owner"), (2, "nothing"), (3, "against the master")):
        lines = [
            f"Case {number} was heard by the full board of the harbour on that day, and the",
            "master of the ship gave his account of the night on which the quay was hit.",
            f"After a long and sometimes heated discussion the board found {finding}.",
        ]
        page = make.text_page(lines, top=790)
        pages.append([*page, (72, 820, 9, "Minutes of the board")])
    text = read(make.pdf(pages), "a.pdf").text
    assert [f"Case {n} was heard" in text for n in (1, 2, 3)] == [True, True, True]
    assert text.count("the quay was hit") == 3
    assert text.count("Minutes of the board") == 1


def test_figures_at_the_right_stand_under_heads_at_the_left(read, make) -> None:
    page = []
    rows = [("Berth", "Length", "Fee"), ("North quay", "412", "98"), ("Slipway", "64", "22")]
    rows.append(("Fish quay", "188", "41"))
    for number, (name, length, fee) in enumerate(rows):
        shift = 40 if number else 0
        page += [(x, 700 - 16 * number, 10, w) for x, w in ((72, name), (200 + shift, length))]
        page.append((300 + shift, 700 - 16 * number, 10, fee))
    found = blocks(read(make.pdf([page]), "a.pdf"))
    assert found[0] == "Berth: North quay | Length: 412 | Fee: 98"
    assert found[2] == "Berth: Fish quay | Length: 188 | Fee: 41"


def test_a_running_header_is_no_heading(read, make) -> None:
    pages = [
        [(72, 810, 18, "Minutes of the board"), *make.text_page(PROSE, top=690 - 40 * n)]
        for n in range(3)
    ]
    parsed = read(make.pdf(pages), "a.pdf")
    assert parsed.text.count("Minutes of the board") == 1
    assert parsed.headings == ()


def test_large_type_with_sentences_in_it_is_a_paragraph(read, make) -> None:
    lines = ["This is for the members of the board. Without their leave", "it is forbidden to hand"]
    lines[1] += " any of it on to anybody, by any means"
    page = [(72, 760 - 20 * n, 15, line) for n, line in enumerate(lines)]
    page += [(72, 720, 15, "who is not of the board.")]
    page += make.text_page(PROSE * 3, top=600)
    parsed = read(make.pdf([page]), "a.pdf")
    assert parsed.headings == ()
    assert "by any means who is not of the board." in parsed.text


def test_a_title_may_end_with_a_full_stop(read, make) -> None:
    page = [(72, 760, 20, "The mending of the northern"), (72, 736, 20, "breakwater of Dunmore.")]
    parsed = read(make.pdf([page + make.text_page(PROSE, top=680)]), "a.pdf")
    assert [h.text for h in parsed.headings] == [
        "The mending of the northern breakwater of Dunmore."
    ]


def test_a_name_without_a_value_takes_no_other_columns(read, make) -> None:
    rows = [("Wind:", "calm", "Turbulence:", "none"), ("Cloud:", "", "Visibility", "10 miles")]
    rows.append(("Light:", "day", "Ceiling:", "9000 feet"))
    page = [
        (x, 700 - 16 * number, 10, cell)
        for number, row in enumerate(rows)
        for x, cell in zip((72, 160, 260, 380), row, strict=True)
        if cell
    ]
    assert blocks(read(make.pdf([page]), "a.pdf")) == [
        "Wind: calm | Turbulence: none",
        "Cloud: | Visibility | 10 miles",
        "Light: day | Ceiling: 9000 feet",
    ]
