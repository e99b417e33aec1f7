"""Plain text, Markdown and code: the text is the file, structure is spans of it."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import UnreadableDocument
from rag.sources.decoding import decode
from rag.sources.reading import parse_bytes

LINES = st.lists(
    st.text(
        st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff"),
        max_size=40,
    ),
    min_size=1,
    max_size=12,
)


def blocks(parsed) -> list[str]:
    return [block.of(parsed.text) for block in parsed.blocks]


def headings(parsed) -> list[tuple[int, str]]:
    return [(heading.level, heading.text) for heading in parsed.headings]


@settings(deadline=None)
@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_text_is_the_decoded_file_itself(lines: list[str], end: str, marked: bool) -> None:
    text = "x" + end.join(lines)
    data = (codecs.BOM_UTF8 if marked else b"") + text.encode()
    assert decode(data, "a.txt") == text.replace("\r\n", "\n").replace("\r", "\n")


@settings(deadline=None)
@given(LINES, st.sampled_from([".txt", ".md", ".py"]))
def test_blocks_are_ordered_disjoint_and_miss_no_word_of_plain_text(lines, suffix) -> None:
    text = "start\n" + "\n".join(lines)
    parsed, _ = parse_bytes(text.encode(), f"a{suffix}")
    assert parsed.text == text
    end = 0
    left = ""
    for block in parsed.blocks:
        assert end <= block.start < block.end <= len(text)
        left += text[end : block.start]
        end = block.end
    left += text[end:]
    if suffix == ".py":
        assert not left.strip()
    if suffix == ".txt":
        # Only bullets and ruled lines are no part of a block.
        assert not any(c.isalnum() for c in left)


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("cp1252", b""),
    ],
)
def test_encodings_are_found_out(encoding: str, mark: bytes) -> None:
    text = "Die Brücke über die Ilse wurde 1987 für 3 Millionen € gebaut."
    assert decode(mark + text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_plain_letters_in_utf_16_without_a_mark_are_text(encoding: str) -> None:
    text = "The crane lifts twelve tonnes every day."
    assert decode(text.encode(encoding), "a.txt") == text


def test_cyrillic_without_a_mark_is_detected() -> None:
    text = "Собрание жильцов состоялось во вторник вечером. Обсуждали ремонт крыши. " * 6
    assert decode(text.encode("cp1251"), "a.txt") == text


def test_a_cut_character_at_the_end_costs_only_itself() -> None:
    assert decode("Die Brücke steht. Größe: ä".encode()[:-1], "a.txt").startswith(
        "Die Brücke steht. Größe: "
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (bytes(range(256)) * 9, "binary"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "a PNG image"),
        (b"%PDF-1.4\n%stuff", "a PDF"),
        (b"\x7fELF" + bytes(40), "a program"),
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ".md", ".unknown", ""])
def test_what_is_no_text_is_named(data: bytes, reason: str, suffix: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason) as caught:
        parse_bytes(data, f"a{suffix}")
    assert caught.value.path == f"a{suffix}"


def test_wrapped_lines_are_one_block_and_items_are_several(read) -> None:
    parsed = read(
        b"The tenant keeps the flat in good order and\nreports damage without delay.\n\n"
        b"- keys: two\n- cards: one,\n  kept by the caretaker\n\n1) first\n2) second\n",
        "a.txt",
    )
    assert blocks(parsed) == [
        "The tenant keeps the flat in good order and\nreports damage without delay.",
        "keys: two",
        "cards: one,\n  kept by the caretaker",
        "1) first",
        "2) second",
    ]


def test_a_number_at_a_line_start_does_not_break_its_sentence(read) -> None:
    text = (
        b"The bridge was opened on the second of May\n1987. It carries twelve tons and no\nmore.\n"
    )
    assert blocks(read(text, "a.txt")) == [text.decode().strip()]


def test_a_message_or_note_that_begins_with_its_time_is_a_block(read) -> None:
    lines = (
        ["[12/09/2026, 18:02] Ann: who is\nbringing what", "[12/09/2026, 18:04] Bo: the big tent"],
        ["2026-03-04 10:31:07 pool exhausted", "2026-03-04 11:02:55 back to 4.11"],
        ["12.09.26, 6:02 PM - Ann: hello", "12.09.26, 6:04 PM - Bo: hello you"],
        ["9:38 new version", "09:42 errors", "10:31 Tom finds the cause"],
    )
    for notes in lines:
        assert blocks(read("\n".join(notes).encode(), "a.txt")) == notes
    wrapped = "The ferry leaves the pier in front of the mill at\n10:30 on Sundays only."
    assert blocks(read(wrapped.encode(), "a.txt")) == [wrapped]


def test_the_marks_of_a_quoted_mail_begin_no_sentence(read) -> None:
    text = (
        "On Monday you wrote:\n> The van comes at nine.\n> We need two more\n> people.\n>\n"
        ">> Who has the key?\n>>\n>> Ask the\n>> 2 from Ann's.\n\nMe.\n\nReject parts with gaps\n"
        "> 5 mm.\n"
    )
    assert blocks(read(text.encode(), "a.txt")) == [
        "On Monday you wrote:",
        "The van comes at nine.\n> We need two more\n> people.",
        "Who has the key?",
        "Ask the\n>> 2 from Ann's.",
        "Me.",
        "Reject parts with gaps\n> 5 mm.",
    ]


def test_one_paragraph_a_line_gives_one_block_a_line(read) -> None:
    first = "The council met in the hall and talked about the harbour wall. " * 3
    second = "Nobody spoke against it."
    assert blocks(read(f"{first.strip()}\n{second}\n".encode(), "a.txt")) == [
        first.strip(),
        second,
    ]


def test_headers_of_a_pasted_mail_are_a_block_each(read) -> None:
    parsed = read(b"From: Ada Finch\nTo: all\nSubject: Hotel limits\n\nDear all,\n", "a.txt")
    assert blocks(parsed) == ["From: Ada Finch", "To: all", "Subject: Hotel limits", "Dear all,"]


def test_headings_of_plain_text(read) -> None:
    parsed = read(
        b"RESIDENTIAL LEASE\n\n1. The Flat\n\n1.1 The Flat lies on the second floor.\n\n"
        b"Keys\n----\n\nLost keys are replaced.\n",
        "a.txt",
    )
    assert headings(parsed) == [(1, "RESIDENTIAL LEASE"), (2, "1. The Flat"), (2, "Keys")]
    assert parsed.title == "RESIDENTIAL LEASE"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2. What is not covered\n2.1 Damage by flood.\n2.2 Rust.\n", ["2. What is not covered"]),
        (
            "3. What you pay\nThe first 250 of each claim is yours, and of burst pipes 500.\n",
            ["3. What you pay"],
        ),
        ("1. Milk\n2. Eggs and a loaf of white bread from the shop on the corner\n", []),
        ("3. The committee agreed that the\nTreasurer should write to the firm again.\n", []),
        ("4. Pets\nare not kept in the house or in the garden behind it at all.\n", []),
    ],
)
def test_a_numbered_line_above_its_clauses_is_a_heading(read, text, found) -> None:
    assert [h for _, h in headings(read(text.encode(), "a.txt"))] == found


def test_headings_of_markdown(read) -> None:
    parsed = read(
        b"Annual *report*\n===============\n\n## [Figures](f.html) and `code` ##\n\n"
        b"```\n# not a heading\n```\n\n    # nor this\n\nLast\n----\n",
        "a.md",
    )
    assert headings(parsed) == [(1, "Annual report"), (2, "Figures and code"), (2, "Last")]
    assert parsed.title == "Annual report"
    assert "Annual *report*" in blocks(parsed)
    assert "```" not in "".join(blocks(parsed))


def test_blocks_of_markdown(read) -> None:
    parsed = read(
        b"One line\nand its second.\n\n- *one* thing\n  goes on\n    - below\n2. second\n\n"
        b"> quoted words\n\n| Sum | Year |\n|-----|------|\n| 12  | 2024 |\n\n"
        b"<!-- a secret -->\n\n***\n\nEnd.\n",
        "a.md",
    )
    assert blocks(parsed) == [
        "One line\nand its second.",
        "*one* thing\n  goes on",
        "below",
        "2. second",
        "quoted words",
        "| Sum | Year |",
        "| 12  | 2024 |",
        "End.",
    ]


@pytest.mark.parametrize("unit", ["*a", "[", "[a](", "`a", "**", "!["])
def test_an_endless_heading_is_a_block_and_costs_no_time(read, unit: str) -> None:
    parsed = read(b"# " + unit.encode() * 60_000 + b"\n\nText.\n", "a.md")
    assert headings(parsed) == []
    assert len(parsed.blocks) == 2


def test_a_rule_at_the_top_begins_no_front_matter(read) -> None:
    parsed = read(b"---\n\n# Rent\n\nDue on the\nthird day.\n\n---\n\nNotice.\n", "a.md")
    assert [h.text for h in parsed.headings] == ["Rent"]
    assert blocks(parsed) == ["Rent", "Due on the\nthird day.", "Notice."]
    commented = read(b"---\n# of the club\ntitle: Rules\n---\n\nNo dogs.\n", "b.md")
    assert (commented.title, blocks(commented)[-1]) == ("Rules", "No dogs.")


def test_rich_text_under_another_name_says_how_to_have_it_read() -> None:
    with pytest.raises(UnreadableDocument, match=r"let its name end in \.rtf"):
        parse_bytes(b"{\\rtf1\\ansi Rent.}", "a.doc")


def test_front_matter_is_text_with_a_title(read) -> None:
    parsed = read(b'---\ntitle: "The Tide"\ndate: 2025-01-02\n---\n\n# Other\n\nText.\n', "a.md")
    assert parsed.title == "The Tide"
    assert headings(parsed) == [(1, "Other")]
    assert parsed.text.startswith("---\ntitle")
    assert blocks(parsed) == ['title: "The Tide"', "date: 2025-01-02", "Other", "Text."]


@pytest.mark.parametrize(
    "text", ["\x0b a", "a\x0cb\n\x0b# h", "\x0b\n> \x0b\n- \x0c", "a\x85b\u2028# c"]
)
def test_odd_white_space_shifts_nothing(read, text: str) -> None:
    for suffix in (".md", ".txt", ".py"):
        read(f"word {text}".encode(), f"a{suffix}")


def test_definitions_are_the_headings_of_code(read) -> None:
    parsed = read(
        b"import os\n\n\nclass Boat:\n    def sail(self):\n        return 1\n\n\n"
        b"def row():\n    pass\n",
        "a.py",
    )
    assert headings(parsed) == [(1, "class Boat"), (2, "def sail"), (1, "def row")]
    assert blocks(parsed)[0] == "import os"
    assert len(parsed.blocks) == 4


def test_an_indented_letter_in_markdown_begins_a_block(read) -> None:
    points = (
        b"1. Opening\n2. Money\n   a. Fees rise from 45\n      to 52 euros.\n   b. Uwe said no.\n"
        b"3. End\n\n   a) one\n   b) two\n"
    )
    parsed = read(points, "a.md")
    assert [block.of(parsed.text) for block in parsed.blocks] == [
        "1. Opening",
        "2. Money",
        "a. Fees rise from 45\n      to 52 euros.",
        "b. Uwe said no.",
        "3. End",
        "a) one",
        "b) two",
    ]


@pytest.mark.parametrize("line", ["a. no item, not indented", "   I. Newton wrote it"])
def test_other_letters_in_markdown_begin_no_block(read, line: str) -> None:
    assert len(read(f"It was said by\n{line}\n".encode(), "a.md").blocks) == 1


@pytest.mark.parametrize("mark", ["-- ", "--"])
def test_a_signature_is_no_part_of_the_sentence_above_it(read, make, mark: str) -> None:
    letter = f"The boiler\nbroke.\n{mark}\nAda Byron\nTreasurer\n"
    told = ["The boiler\nbroke.", "Ada Byron\nTreasurer"]
    for data, name in ((letter.encode(), "a.txt"), (make.mail(letter), "a.eml")):
        parsed = read(data, name)
        assert [block.of(parsed.text) for block in parsed.blocks][-2:] == told
