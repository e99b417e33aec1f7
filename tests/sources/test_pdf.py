"""PDF: pages, paragraphs, headings, tables, and the reasons why one cannot be read."""

from __future__ import annotations

import pytest

from rag.errors import UnreadableDocument
from rag.sources.reading import parse_bytes

PROSE = [
    "The board of the harbour met on Tuesday evening in the old customs",
    "house and spoke at length about the state of the northern break-",
    "water, which has lost eleven stones since the storms of January and",
    "must be mended before the autumn.",
]


def blocks(parsed) -> list[str]:
    return [block.of(parsed.text) for block in parsed.blocks]


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
    with pytest.raises(UnreadableDocument, match="scanned: no text layer, 2 pages"):
        parse_bytes(make.pdf([[], []]), "scan.pdf")


def test_an_encrypted_file_says_so(make) -> None:
    data = make.pdf([make.text_page(["Hidden."])])
    entry = (
        b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"41" * 32 + b"> /U <" + b"42" * 32
        + b"> >> /ID [<00><00>] "
    )  # fmt: skip
    with pytest.raises(UnreadableDocument, match="encrypted"):
        parse_bytes(data.replace(b"/Root 1 0 R", entry + b"/Root 1 0 R"), "a.pdf")
