"""The row of a table that holds the most or the least of what a question asks for.

"Which crossing is the shortest?" is answered by no row alone. Which row it is, is reckoned over all
rows of the table; whether that answers the question is judged as of any other sentence, by a judge
that is told the row's rank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.answering.candidate import Candidate
from rag.answering.naming import Naming
from rag.answering.rows import Row, rows_of, table_lines
from rag.answering.sentences import candidate_at
from rag.answering.superlatives import ALL, DEPTH, PRICE, Asked, asked_extreme, dimension
from rag.answering.terms import terms
from rag.types import Document, Hit, Span

FEWEST_ROWS = 2
_CLOSE = 1e-6  # of a sum
_BEGIN = 3  # letters that no ending takes away

_PER = re.compile(r"\bper\s+\w+", re.IGNORECASE)  # "Visitors per day" tells no time
_DASHES = "-\u2012\u2013\u2212"
_NUMBER = re.compile(rf"(?<![\w.])[{_DASHES}]?(?:\d+(?:[,' ]\d{{3}})+(?:\.\d+)?|\d+(?:[.,]\d+)?)")
_MONEY = re.compile(r"[€$£]|\b(?:eur|euros?|usd|gbp)\b|\d[.,]\d{2}\b", re.IGNORECASE)
_EDGES = re.compile(r"^\W+|\W+$")
_FULL_STOPS = re.compile(r"\d{1,3}(?:\.\d{3})+")  # thousands or thousandths: nothing tells
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_THOUSANDS = re.compile(r"(?<=\d)[,' ](?=\d{3})")
_SUMS = re.compile(
    r"\W*(?:(?:sub|grand|net|gross|overall)[ -]?)?totals?(?:\s+(?:of|for|all)\b.*)?\W*|"
    r"\W*(?:sum|average|mean|median|overall|gesamt|insgesamt|summe|durchschnitt|somme|suma)\W*",
    re.IGNORECASE,
)
_NO_VALUE = re.compile(r"n/?a|none\b\D*|not\b\D*|unknown|", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Extreme:
    """The row that holds the least or the most of a column; `cell` is where that value stands.

    `rank` says so in words ("lowest Price"), `of` is the number of rows that were compared, `rows`
    are all rows of the table.
    """

    row: Span
    cell: Span
    rank: str
    of: int
    rows: tuple[Span, ...]


def extreme_row(question: str, document: Document, row: Span) -> Extreme | None:
    """The row with the most or least of what is asked, in the table that `row` stands in.

    Rows that lack one of the question's words which others hold are left out ("the cheapest from
    Tarn"), but for those that name the table; so are rows of totals or averages. None where no
    column, or more than one, can be meant, where its values are no numbers of one unit, where two
    rows hold the same one, where the first or last is the sum of all others, and of a single row.
    """
    asked = asked_extreme(question)
    if asked is None:
        return None
    return _extreme(asked, document, rows_of(document.text, table_lines(document.text, row)))


def _extreme(asked: Asked, document: Document, rows: Sequence[Row]) -> Extreme | None:
    if not rows:
        return None
    names = tuple(dict.fromkeys(name for r in rows for name in r.cells))
    column = _column(asked, {n: dimension(_PER.sub("", n)) or dimension(n) for n in names}, rows)
    if column is None:
        return None
    name, end = column
    heads = frozenset(t for n in names for t in terms(n))
    single = [row for row in rows if not any(_SUMS.fullmatch(value) for value in row.values)]
    telling = asked.terms - heads - _naming_table(asked, document, rows[0].span)
    found = _numbered(name, _meant(telling, single)) or []
    if any(meant == DEPTH for meant, _ in asked.meant):
        found = _depths(found)
    found.sort(key=lambda pair: -end * pair[0])
    if len(found) < FEWEST_ROWS or found[0][0] == found[1][0]:
        return None
    best = found[0][1]
    if best in (single[0], single[-1]) and _is_sum(found):
        return None
    cell, at = best.cells[name], best.span.start
    rank = f"{'highest' if end > 0 else 'lowest'} {name}"
    place = Span(at + cell.start, at + cell.end)
    return Extreme(best.span, place, rank, len(found), tuple(r.span for r in rows))


def _depths(found: list[tuple[float, Row]]) -> list[tuple[float, Row]]:
    """Depths told below zero as what they are; none where some are told so and others not."""
    if any(value > 0 for value, _ in found) and any(value < 0 for value, _ in found):
        return []
    return [(abs(value), row) for value, row in found]


def _is_sum(found: Sequence[tuple[float, Row]]) -> bool:
    """Whether the first value is the sum of the others, as in a row of totals that names none."""
    rest = sum(value for value, _ in found[1:])
    return len(found) > FEWEST_ROWS and abs(found[0][0] - rest) <= _CLOSE * abs(rest)


def _naming_table(asked: Asked, document: Document, row: Span) -> frozenset[str]:
    """The words by which a question names the table, not rows of it: two or more of its title.

    "The dearest thing in the tool library" means no tools alone, "the cheapest red wine" of "Red
    and white wines" red ones.
    """
    heading = document.heading_at(row.start) or ""
    above = [terms(text) for text in (document.path, document.title or "", heading)]
    pairs = {pair for words in above for pair in pairwise(words)}
    return frozenset(word for pair in pairwise(asked.words) if pair in pairs for word in pair)


def with_extreme(
    question: str, found: list[Candidate], hits: Sequence[Hit], named: Naming
) -> list[Candidate]:
    """Those found, behind the row that holds the most or least, where that is asked of a table.

    The first table of the hits in which there is one counts; its other rows do not answer.
    """
    asked = asked_extreme(question)
    if asked is None:
        return found
    for hit, whole, table in _tables(hits, named):
        extreme = _extreme(asked, whole, table)
        if extreme is None:
            continue
        holding = (h for h in hits if h.passage.document == whole.path)
        at = next((h for h in holding if h.passage.span.contains(extreme.row)), None)
        at = at or _of_row(hit, extreme.row, whole)
        best = candidate_at(at, extreme.row, extreme.cell, named)
        others = [
            c
            for c in found
            if c.document != whole.path or not any(c.span.overlaps(r) for r in extreme.rows)
        ]
        return [replace(best, rank=extreme.rank, ranked_of=extreme.of), *others]
    return found


def _tables(hits: Sequence[Hit], named: Naming) -> Iterator[tuple[Hit, Document, list[Row]]]:
    """The tables that the hits touch, each once, with a hit that does."""
    seen: dict[str, list[Span]] = {}
    for hit in hits:
        whole = named.document(hit.passage.document)
        spans = seen.setdefault(whole.path, [])
        for sentence in hit.passage.sentences:
            known = any(span.contains(sentence) for span in spans)
            if known or "|" not in sentence.of(whole.text):
                continue
            lines = table_lines(whole.text, sentence)
            spans.append(Span(lines[0].start, lines[-1].end))
            yield hit, whole, rows_of(whole.text, lines)


def _of_row(hit: Hit, row: Span, whole: Document) -> Hit:
    """A hit of a row that stands in none, in place of one of its table."""
    text = row.of(whole.text)
    passage = replace(
        hit.passage, id=f"{hit.passage.id}-{row.start}", span=row, text=text, sentences=(row,)
    )
    return replace(hit, passage=passage)


def _column(
    asked: Asked, names: dict[str, frozenset[str]], rows: Sequence[Row]
) -> tuple[str, int] | None:
    """The column that is meant and the end of its values; None where not just one can be.

    One of the dimension that the superlative means and that the question names, else one that it
    names, else one of that dimension. One of another dimension is not meant: the cheapest crossing
    has nothing to do with the time of crossing.
    """
    scored: list[tuple[float, str, int]] = []
    for name, head in names.items():
        end = next((end for meant, end in asked.meant if meant & head), 0)
        if asked.meant and not end and any(each & head for each in ALL):
            continue
        named = len(head & asked.terms) / len(head) if head else 0.0
        if (end or named) and _numbered(name, rows):
            score = named + (3.0 if end and named else 2.0 if named else 1.0)
            scored.append((score, name, end or asked.end))
    scored.sort(key=lambda entry: -entry[0])
    if not scored or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    return scored[0][1:]


def _meant(asked: frozenset[str], rows: Sequence[Row]) -> Sequence[Row]:
    """The rows that hold every one of the words that tell rows apart."""
    held: dict[Span, frozenset[str]] = {}

    def holds(row: Row, term: str) -> bool:
        # Reading the terms of each row takes most of the time of a long table, and a term begins
        # as its word does, but for `daily` and `annual`.
        if term[:_BEGIN] not in row.text.lower() and term not in ("day", "year"):
            return False
        if row.span not in held:
            held[row.span] = row.terms()
        return term in held[row.span]

    for term in sorted(asked):
        kept = [row for row in rows if holds(row, term)]
        rows = kept or rows
    return rows


def _numbered(name: str, rows: Sequence[Row]) -> list[tuple[float, Row]] | None:
    """The numbers of a column with their rows, without those that hold no value.

    None where a cell holds anything else, more than one number, or another unit.
    """
    found: list[tuple[float, Row]] = []
    units: set[str] = set()
    free: list[Row] = []
    money = bool(dimension(name) & PRICE)
    for row in rows:
        text = row.value(name)
        if text.lower() == "free":
            free.append(row)
            continue
        if _NO_VALUE.fullmatch(_EDGES.sub("", text)):
            continue
        money = money or bool(_MONEY.search(text))
        if _ISO.fullmatch(text):
            number, unit = text.replace("-", ""), "day"
        else:
            numbers = _NUMBER.findall(text)
            if len(numbers) != 1 or _FULL_STOPS.fullmatch(numbers[0]):
                return None
            number = _THOUSANDS.sub("", numbers[0]).replace(",", ".")
            number = f"-{number[1:]}" if number[0] in _DASHES else number
            unit = _NUMBER.sub(" ", text).strip(" .~").lower()
            # "12.05.2024" is no number, and "(450)" may be less than nothing
            if any(letter.isdigit() or letter in f"{_DASHES}()" for letter in unit):
                return None
        found.append((float(number), row))
        units.add(unit)
    if len(units) != 1 or (free and not money):  # a seat that is free is no price
        return None
    return [*((0.0, row) for row in free), *found]
