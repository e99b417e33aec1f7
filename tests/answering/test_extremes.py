"""The row that holds the most or the least is reckoned over all rows of its table."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering import ask, extremes
from rag.answering.extremes import extreme_row
from rag.answering.superlatives import asked_extreme
from rag.types import Document, Span

_FERRIES = (
    ("Tarn - Holm", "25", "14", "6.40", "free", "21.00"),
    ("Tarn - Skarv", "70", "6", "11.80", "2.00", "38"),
    ("Holm - Lunde", "40", "5", "8.90", "3.50", "-"),
    ("Lunde - Skarv", "95", "2", "17.20", "3.50", "44"),
)
_NAMES = ("Route", "Crossing time (min)", "Sailings per day", "Adult fare", "Bicycle", "Car")
FERRIES = "\n".join(
    " | ".join(f"{name}: {value}" for name, value in zip(_NAMES, row, strict=True))
    for row in _FERRIES
)
BRIDGES = (
    "Our bridges.\n\n| Bridge | Built | Length | Weight limit |\n|---|---|---|---|\n"
    "| Mill | 1911 | 1,204 m | 3 t |\n| Quay | 1987 | 88 m | 40 t |\n"
    "| Holm | 1954 | 310 m | 7.5 t |\n\n"
    "All were painted | twice."
)


def found(question: str, text: str, inside: str):
    document = Document("a.md", text, "0" * 64, "markdown/1")
    at = text.index(inside)
    extreme = extreme_row(question, document, Span(at, at + len(inside)))
    return extreme and (
        extreme.row.of(text),
        extreme.cell.of(text),
        f"{extreme.rank} of {extreme.of}",
    )


@pytest.mark.parametrize(
    ("question", "begins", "cell", "rank"),
    [
        (
            "Which crossing is the shortest?",
            "Route: Tarn - Holm",
            "25",
            "lowest Crossing time (min) of 4",
        ),
        ("What is the cheapest crossing?", "Route: Tarn - Holm", "6.40", "lowest Adult fare of 4"),
        (
            "Which is the most expensive crossing for a car?",
            "Route: Lunde",
            "44",
            "highest Car of 3",
        ),
        ("Which route from Tarn to Skarv is the slowest?", None, None, None),  # a single row
        (
            "Which route from Tarn is the slowest?",
            "Route: Tarn - Skarv",
            "70",
            "highest Crossing time (min) of 2",
        ),
        (
            "Which route is the cheapest with a bicycle?",
            "Route: Tarn - Holm",
            "free",
            "lowest Bicycle of 4",
        ),
        ("Which route is the dearest with a bicycle?", None, None, None),  # two cost the same
        ("Which takes longest?", "Route: Lunde", "95", "highest Crossing time (min) of 4"),
        ("Which ferry is the oldest?", None, None, None),  # no column tells
        ("Which route is the most beautiful?", None, None, None),
        ("How long is the crossing to Lunde?", None, None, None),
    ],
)
def test_of_a_table_whose_rows_name_their_columns(question, begins, cell, rank) -> None:
    extreme = found(question, FERRIES, "Route: Holm - Lunde")
    if begins is None:
        assert extreme is None
    else:
        assert extreme[0].startswith(begins)
        assert extreme[1:] == (cell, rank)


@pytest.mark.parametrize(
    ("question", "row", "rank"),
    [
        ("Which bridge is the oldest?", "| Mill |", "lowest Built of 3"),
        ("What is the newest bridge?", "| Quay |", "highest Built of 3"),
        ("Which is the longest bridge?", "| Mill |", "highest Length of 3"),
        ("Which bridge has the lowest weight limit?", "| Mill |", "lowest Weight limit of 3"),
        ("Which bridge is the heaviest?", "| Quay |", "highest Weight limit of 3"),
    ],
)
def test_of_a_table_under_the_names_of_its_columns(question, row, rank) -> None:
    extreme = found(question, BRIDGES, "Holm")
    assert extreme[0].startswith(row)
    assert extreme[2] == rank


@pytest.mark.parametrize("value", ["none offered", "n/a", "-"])
def test_a_row_without_a_value_is_passed_over(value) -> None:
    text = BRIDGES.replace("310 m", value)
    assert found("Which is the longest bridge?", text, "Holm")[2] == "highest Length of 2"


@pytest.mark.parametrize("value", ["12 to 15", "12.05.2024", "unlimited", "9 km", "about 3 or 4 m"])
def test_what_cannot_be_compared_is_not(value) -> None:
    text = BRIDGES.replace("310 m", value)
    assert found("Which is the longest bridge?", text, "Holm") is None


def test_a_row_may_leave_the_column_empty(make) -> None:
    rows = ("Tool: Saw | Price: 40 | Note: new", "Tool: Axe | Note: lent", "Tool: Vice | Price: 90")
    text = "\n".join(rows)
    assert found("Which tool has the highest price?", text, "Tool: Axe")[1:] == (
        "90",
        "highest Price of 2",
    )
    answer = ask("Which tool has the highest price?", make({"tools.csv": text}))
    assert "Vice" in answer.answer


def test_a_row_may_have_an_empty_cell_and_a_row_of_totals_is_none() -> None:
    rows = ("| Saw | new | 40 |", "| Vice | | 90 |", "| Axe | old | |", "| **Total** | | 130 |")
    text = "\n".join(("| Tool | Note | Price |", "|---|---|---|", *rows))
    assert found("Which tool is the most expensive?", text, "| Saw")[0].startswith("| Vice")
    assert found("Which tool is the cheapest?", text, "| Saw")[1:] == ("40", "lowest Price of 2")


def extreme_of(question: str, title: str, names: str, *rows: str) -> str | None:
    """The first cell of the row found in a table with those columns, under a title."""
    lines = [f"| {' | '.join(row.split())} |" for row in (names, *rows)]
    table = "\n".join([lines[0], "|---" * len(names.split()) + "|", *lines[1:]])
    text = f"# {title}\n\n{table}\n"
    start = text.index(lines[1])
    document = Document("a.md", text, "0" * 64, "markdown/1", title=title)
    extreme = extreme_row(question, document, Span(start, start + len(lines[1])))
    return extreme.row.of(text).split()[1] if extreme else None


WINES = ("Wine Colour Price", "Rioja red 12", "Soave white 8", "Merlot red 9")
TOOLS = ("Item Kind Price", "Saw tool 40", "Vice tool 60", "Tower access 90")
CROSSINGS = ("Crossing Minutes Price", "Alm 20 5", "Borg 30 9", "Corn 55 16")
SITES = ("Site Depth", "Reef -12", "Wreck -38", "Wall -25")


@pytest.mark.parametrize(
    ("question", "title", "table", "first"),
    [
        ("Which is the cheapest red wine?", "Red and white wines", WINES, "Merlot"),
        ("What is the dearest thing in the tool library?", "The tool library", TOOLS, "Tower"),
        ("What is the dearest tool?", "The tool library", TOOLS, "Vice"),
        ("Which crossing is the cheapest?", "Ferries", CROSSINGS, "Alm"),
        ("Which crossing is the second cheapest?", "Ferries", CROSSINGS, None),
        ("Which are the two cheapest crossings?", "Ferries", CROSSINGS, None),
        ("Which crossing is the most expensive?", "Ferries", CROSSINGS, "Corn"),
        ("Which crossing is the second most expensive?", "Ferries", CROSSINGS, None),
        ("Which crossing is not the cheapest?", "Ferries", CROSSINGS, None),
        ("Which crossings have a price of at most 10 euros?", "Ferries", CROSSINGS, None),
        ("What price do most people pay?", "Ferries", CROSSINGS, None),
        ("Which crossing has the most minutes?", "Ferries", CROSSINGS, "Corn"),
        ("Which is the deepest site?", "Dives", SITES, "Wreck"),
        ("Which is the deepest site?", "Dives", (*SITES, "Cave 40"), None),
        ("Which has the highest cost?", "Costs", ("No What Cost", "1 Roof 50", "2 Total 50"), None),
        (
            "Which has the highest cost?",
            "Costs",
            ("What Cost", "Roof 50", "Paint 20", "Sum: 70"),
            "Roof",
        ),
        (
            "Which has the highest cost?",
            "Costs",
            ("What Cost", "Roof 50", "Paint 20", "Both 70"),
            None,
        ),
        (
            "Which film has the lowest rating?",
            "Films",
            ("Film Rating", "Mean_Streets 3", "Heat 5"),
            "Mean_Streets",
        ),
        ("Which is the dearest?", "Prices", ("What Price", "A 1.200", "B 950", "C 80"), None),
        ("Which has the fewest seats?", "Rooms", ("Room Seats", "A free", "B 12", "C 9"), None),
        (
            "Which is the oldest house?",
            "Houses",
            ("House Built", "A 1850", "B 1900", "C not_before_1700"),
            None,
        ),
    ],
)
def test_which_row_is_meant(question, title, table, first) -> None:
    assert extreme_of(question, title, *table) == first


def test_each_table_of_a_passage_is_looked_at(make) -> None:
    ships = "Ship: Gull | Seats: 350\nShip: Tern | Seats: 280\nShip: Auk | Seats: 90"
    text = f"Harbour: Alm | Boats\nHarbour: Borg | Yachts\n\n{ships}"
    answer = ask("Which ship has the fewest seats?", make({"ferries.html": text}))
    assert "Auk" in answer.considered[0].text


@pytest.mark.parametrize(
    ("values", "coldest"),
    [
        (("\u20138 °C", "\u201312 °C", "3 °C"), "| Borg"),
        (("-8 °C", "-12 °C", "3 °C"), "| Borg"),
        (("(8)", "(12)", "3"), None),
    ],
)
def test_other_ways_to_write_less_than_nothing(values, coldest) -> None:
    rows = [f"| {name} | {v} |" for name, v in zip(("Alva", "Borg", "Cele"), values, strict=True)]
    text = "\n".join(("| Lake | Temperature |", "|---|---|", *rows))
    extreme = found("Which lake is the coldest?", text, "| Alva")
    assert extreme is None if coldest is None else extreme[0].startswith(coldest)


def test_columns_without_a_name_and_bars_in_cells_keep_their_places() -> None:
    text = "| | Price | |\n|---|---|---|\n| Kayak | 25 | |\n| Raft \\| tow | 10 | x |\n"
    assert found("Which is the cheapest?", text, "| Kayak")[1:] == ("10", "lowest Price of 2")
    ragged = text + "| Canoe | 5 |\n"
    assert found("Which is the cheapest?", ragged, "| Kayak") is None


def test_a_column_of_an_exported_file_is_named_by_its_words() -> None:
    text = "tool: Saw | cost_eur: 40 | loan_days: 7\ntool: Vice | cost_eur: 90 | loan_days: 3"
    assert found("Which tool is the most expensive?", text, "tool: Saw")[1] == "90"
    assert found("Which tool has the most loan days?", text, "tool: Vice")[1] == "7"


@pytest.mark.parametrize(("asked", "place"), [("coldest", "Tarn"), ("warmest", "Holm")])
def test_below_zero_is_less(asked, place) -> None:
    text = "Place: Holm | Low: 3 °C\nPlace: Skarv | Low: -5 °C\nPlace: Tarn | Low: \u221212 °C"
    text = text.replace("Low", "Temperature")
    assert found(f"Which place is the {asked}?", text, "Place: Skarv")[0].startswith(
        f"Place: {place}"
    )


def test_a_table_is_read_once_however_many_hits_it_has(monkeypatch, make) -> None:
    text = "\n".join(f"Shop: S{i} | Staff: {i % 7} to 9" for i in range(400))
    read: list[int] = []
    whole = extremes.rows_of
    monkeypatch.setattr(extremes, "rows_of", lambda *given: read.append(1) or whole(*given))
    ask("Which shop has the most staff?", make({"shops.txt": text}))
    assert len(read) == 1


@given(st.lists(st.integers(-99999, 99999), min_size=2, max_size=30, unique=True), st.data())
def test_it_is_the_row_that_max_and_min_give(values, data) -> None:
    text = "\n".join(f"Shop: S{i} | Sales: {v:,}" for i, v in enumerate(values))
    asked = data.draw(st.sampled_from(["most", "highest", "fewest", "lowest"]))
    best = max(values) if asked in ("most", "highest") else min(values)
    [row, cell, rank] = found(f"Which shop had the {asked} sales?", text, "Shop: S1 ")
    assert cell == f"{best:,}"
    assert row.startswith(f"Shop: S{values.index(best)} ")
    assert rank.endswith(f"of {len(values)}")


def test_most_of_what_people_ask_asks_for_no_extreme() -> None:
    assert asked_extreme("What did the council decide?") is None
    assert asked_extreme("Which is the least expensive?") is not None


_CELLS = st.sampled_from(
    ["Tool: Saw", "Price: 40", "Price: -5", "Price: free", "Note: new", "Price:"]
)


@given(st.lists(st.lists(_CELLS, max_size=4), min_size=1, max_size=6), st.booleans())
def test_no_table_makes_it_fail(rows, piped) -> None:
    text = "\n".join(f"| {' | '.join(r)} |" if piped else " | ".join(r) for r in rows) + "\n|x|"
    for line in re.finditer(r"[^\n]+", text):
        row = Span(line.start(), line.end())
        document = Document("t.csv", text, "0" * 64, "csv/1")
        extreme = extreme_row("Which tool has the highest price?", document, row)
        assert extreme is None or extreme.row.contains(extreme.cell)
