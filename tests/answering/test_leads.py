from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.leads import announces, items_in, lead_of, with_items
from rag.answering.surroundings import setting_of
from rag.sentences import split_sentences
from rag.types import Document, Span


def span_of(text: str, part: str) -> Span:
    return Span(text.index(part), text.index(part) + len(part))


@pytest.mark.parametrize(
    ("before", "lead"),
    [
        ("1. **Lift.** The motor is old.", "Lift"),
        ("- **Running costs**: They are high.", "Running costs"),
        ("Medicines: take one a day.", "Medicines"),
        ("(4) Garden and paths. Mrs Petrov helps.", "Garden and paths"),
        ("§ 7 Keys. There are four.", "Keys"),
        ("C4. Racing. It is not covered.", "Racing"),
        ("a) New shelves - Ms Tran asked for £1,250. Agreed.", "New shelves"),
        (
            "- Screen for Reception, £2,100 – turned down. It is dear.",
            "Screen for Reception, £2,100",
        ),
        ("- It was a long - and wet - day. We left.", ""),  # a sentence heads nothing
        ("New shelves - they are agreed. They come soon.", ""),  # no item
        ("[12/09/2026, 18:05] Ann: Great!", "Ann"),
        ("12.09.26, 6:02 PM - Ann Lee: Great!", "Ann Lee"),
        ("1. Lift. It is old.\n2. **Rent.** It is\nhigh for such a house.", "Rent"),
        ("Medicines: take one\na day. The\nother", "Medicines"),
        ("Medicines: take one a day.\n\nBathing is allowed.", ""),
        ("Medicines: take one a day.\nBathing is allowed.", ""),  # a paragraph of its own
        ("4. The garden is large. It has roses.", ""),  # a sentence heads nothing
        ("It was ten to one: he left. She stayed.", ""),
        ("They met at 10:30 in the hall.", ""),
        ("| Lift: | old |\n", ""),
        ("**Can I book?**\n\nYes, four weeks ahead.", "Can I book?"),
        ("Q: Can I book?\nA: Yes, four weeks ahead.", "Can I book?"),
        ("Can I book? Yes.\n\nThe hall is open.", ""),  # it was answered
        ("Result of the talks:\n", "Result of the talks"),
        ("**2. Result:**\n\n", "Result"),
        ("It rained.\nThe day is over. Result:\n", "Result"),
        ("You need:\n- boots\n- a lens that\n  magnifies\n\n- ", "You need"),
        ("You need:\nboots\na lens\n", "You need"),  # some formats drop the marks
        ("You need:\nboots\n\n", ""),  # a paragraph of its own
        ("You need:\n- boots\n\n", ""),
    ],
)
def test_the_words_that_an_item_begins_with_head_its_sentences(before, lead) -> None:
    text = f"{before} The offer was accepted."
    assert lead_of(text, span_of(text, "The offer was")) == lead


def test_what_an_item_begins_with_is_its_own() -> None:
    text = "1. **Lift.** The motor is old.\n2. The garden."
    assert lead_of(text, Span(0, 29)) == ""
    assert lead_of(text, span_of(text, "2. The garden.")) == ""
    minutes = Document("a.md", text, "0" * 64, "markdown/1", title="Minutes")
    setting = setting_of(minutes, span_of(text, "The motor is old."))
    assert setting == "Minutes > Lift"


@given(st.text("a1. \n:*|?", max_size=60), st.integers(0, 59))
def test_a_lead_is_short_and_stands_before_the_sentence(text, start) -> None:
    lead = lead_of(text + "x", Span(min(start, len(text)), len(text) + 1))
    assert len(lead) <= 100
    assert lead.split() == [] or lead.split()[0] in text[:start]


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("You need:\n- boots\n- a lens. It magnifies.\n\nMeet at nine.", "- a lens. It magnifies."),
        ("You need:\nboots\na lens\n\nMeet at nine.", "a lens"),
        ("You need:\n- boots\nFood:\n- bread", "- boots"),
        ("You need:\n\nMeet at nine.", "You need:"),
        ("You need:\nName: Ann\nAge: 7", "You need:"),
        ("You need:\n- boots\n- " + "very " * 150 + "big boots", "- boots"),  # no more than 700
    ],
)
def test_a_list_is_taken_with_what_announces_it(text, run) -> None:
    lines = tuple(
        Span(*m.span()) for m in re.finditer(r"(?<=- )[^\n]+|(?<![^\n])[^-\n][^\n]*", text)
    )
    sentences = split_sentences(Document("a.txt", text, "0" * 64, "text/3", blocks=lines))
    label = sentences[0]
    assert label.of(text) == "You need:"
    assert with_items(text, sentences, label).of(text) == text[: text.index(run) + len(run)]


@pytest.mark.parametrize(
    ("text", "so"),
    [
        ("Required textbook:", True),
        ("2. **Required textbook:**", True),
        ("Required textbook: none", False),
        ("You need:\n- boots", False),
        ("Item: Kayak | Day:", False),
    ],
)
def test_a_label_announces_and_states_nothing(text, so) -> None:
    assert announces(text) is so


def test_the_items_of_a_list_that_a_run_touches_are_counted() -> None:
    text = "He said no.\n- Fix the lamp. Today.\n- Pay the rent.\n"
    assert items_in(text, span_of(text, "He said no.")) == 0
    assert items_in(text, span_of(text, "Today.")) == 1
    assert items_in(text, span_of(text, "Today.\n- Pay")) == 2
