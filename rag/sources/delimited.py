"""Tables in text files: comma, semicolon, tab or bar between the values."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rag.errors import UnreadableDocument
from rag.sources.building import TextBuilder
from rag.sources.decoding import decode
from rag.sources.limits import check_chars
from rag.sources.protocol import Parsed
from rag.sources.sheets import SheetWriter

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50
_MAX_FIELD_CHARS = 10_000_000


class Delimited:
    """Reads `.csv` and `.tsv`: one line a row, each value with its column's head."""

    def parse(self, data: bytes, document: str) -> Parsed:
        """The text, a block and a place (`row 5`, counted as a spreadsheet counts) each row."""
        text = decode(data, document)
        if not text.strip():
            raise UnreadableDocument(document, "it is empty: nothing but white space")
        check_chars(len(text), document)
        import csv

        csv.field_size_limit(_MAX_FIELD_CHARS)
        builder = TextBuilder(document)
        try:
            writer = SheetWriter(builder, "row {row}", joined=True)
            writer.sheet("", _rows(text), heading=False)
        except csv.Error as exc:
            raise UnreadableDocument(document, f"not a table ({exc})") from exc
        return builder.finish()


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    import csv

    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    for number, values in enumerate(reader, 1):
        if any(value.strip() for value in values):
            yield number, values


def delimiter_of(text: str) -> str:
    """The delimiter that gives the most even rows of more than one value."""
    import csv

    lines = text.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES]
    sample = "\n".join(line for line in lines if line.strip())
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        counts = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row]
        usual = max(set(counts), key=counts.count, default=1)
        score = counts.count(usual) / max(1, len(counts)) * min(usual, 20) if usual > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best
