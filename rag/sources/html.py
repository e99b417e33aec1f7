"""HTML: what a reader of the page sees, in order, with headings and tables."""

from __future__ import annotations

import re
from typing import Any

from rag.errors import UnreadableDocument
from rag.sources.building import TextBuilder, clean, one_line, raised, tidy
from rag.sources.decoding import decode
from rag.sources.grids import guess_heads, has_figures
from rag.sources.hidden import hidden_selectors, is_hidden
from rag.sources.limits import MAX_CELLS
from rag.sources.protocol import Parsed

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]+)")
_BLOCK_TAGS = (
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main ol p pre section summary "
    "table tbody td tfoot th thead tr ul"
)
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_CLOSE_TOGETHER = frozenset({"li", "dd", "dt", "td", "th", "tr"})
_LAYOUT = "h1|h2|h3|h4|h5|h6|table|ul|ol|pre|article|section"
_MAX_SPAN = 200
_NOTE_MARKS = ("sdfootnotesym", "sdendnotesym")
"""What word processors mark the number before a note's text with: it is set apart by a tab."""


class Html:
    """Reads `.html`: hidden text, scripts, styles and navigation are left out."""

    def parse(self, data: bytes, document: str) -> Parsed:
        """The visible text: a block each paragraph, heading, list item, table row."""
        root = html_tree(decode(data, document, _declared(data)), document)
        builder = TextBuilder(document)
        add_html(root, builder)
        return builder.finish(title=root.findtext(".//title"))


def _declared(data: bytes) -> str | None:
    """The encoding that a page names for itself, if it can be that."""
    found = _XML_CHARSET.match(data) or _CHARSET.search(data[:4096])
    encoding = found[1].decode("ascii", "replace").lower() if found else None
    # A page whose declaration can be read byte by byte has no two or four bytes a character.
    return None if encoding and encoding.startswith(("utf-16", "utf-32")) else encoding


def html_tree(text: str, document: str) -> Any:
    """The element tree of a page. Raises `UnreadableDocument` where there is none."""
    from lxml import etree

    # The text is decoded already: a declaration inside it may name another encoding.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_pis=True, huge_tree=False)
    try:
        root = etree.fromstring(clean(text).encode("utf-8"), parser)
    except (etree.LxmlError, ValueError) as exc:
        raise UnreadableDocument(document, f"it is not readable as HTML ({exc})") from exc
    if root is None:
        raise UnreadableDocument(document, "it holds no text")
    return root


def add_html(root: Any, builder: TextBuilder, shift: int = 0, css: str = "") -> None:
    """Add the visible text under `root`; `shift` is added to the level of each heading.

    `css` are style sheets that the page refers to.
    """
    css = "\n".join([css, *(style.text or "" for style in root.iter("style"))])
    _Walker(builder, hidden_selectors(css), shift).walk(root)


class _Walker:
    def __init__(self, builder: TextBuilder, selectors: frozenset[str], shift: int) -> None:
        self.builder, self.selectors, self.shift = builder, selectors, shift
        self.words: list[str] = []
        self.level: int | None = None
        self.close = False
        self.literal = 0
        self.raised: int | None = None

    def walk(self, root: Any) -> None:
        from lxml import etree

        # An event stream, not recursion: a hostile page nests deeper than Python's stack.
        events = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        skipped = None
        for event, element in events:
            if event in ("comment", "pi"):
                self._say(element.tail)
            elif event == "start":
                if skipped is None and self._skips(element):
                    skipped = element
                    events.skip_subtree()
                elif skipped is None:
                    self._open(element)
            else:
                if skipped is element:
                    skipped = None
                else:
                    self._close(element)
                if element is not root:
                    self._say(element.tail)
        self._flush()

    def _skips(self, element: Any) -> bool:
        if is_hidden(element, self.selectors):
            return True
        if element.tag == "table" and not _is_layout(element):
            self._flush()
            heads, rows = _cells(element, self.selectors)
            caption = element.find("caption")
            if caption is not None and not is_hidden(caption, self.selectors):
                self.builder.add(_cell_text(caption, self.selectors))
            self._table(heads, rows)
            return True
        return False

    def _table(self, heads: list[str], rows: list[list[str]]) -> None:
        # A title of one cell may stand above the heads.
        while not heads and len(rows) > 2 and _filled(rows[0]) == 1 < _filled(rows[1]):
            self.builder.add("".join(rows.pop(0)))
        if not heads and guess_heads(rows) and has_figures(rows[1:]):
            heads = rows.pop(0)
        self.builder.table(rows, heads)

    def _open(self, element: Any) -> None:
        tag = element.tag
        if tag in _BLOCKS:
            self._flush()
            self.close = tag in _CLOSE_TOGETHER
            if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
                self.level = int(tag[1]) + self.shift
            self.literal += tag == "pre"
        elif tag == "br":
            self.words.append("\n")
        elif tag == "sup":
            self.raised = len(self.words)
        self._say(element.text)

    def _close(self, element: Any) -> None:
        if element.tag in _BLOCKS:
            self._flush()
            self.literal -= element.tag == "pre"
            self.level = None
        elif element.tag == "sup" and self.raised is not None:
            self.words[self.raised :] = [raised("".join(self.words[self.raised :]).strip())]
            self.raised = None
        elif (element.get("class") or "").startswith(_NOTE_MARKS):
            self.words.append(" ")

    def _say(self, text: str | None) -> None:
        if text:
            self.words.append(text if self.literal else re.sub(r"\s+", " ", text))

    def _flush(self) -> None:
        text = clean("".join(self.words)).strip("\n") if self.literal else tidy("".join(self.words))
        self.words.clear()
        self.raised = None
        if text.strip():
            text = one_line(text) if self.level else text
            self.builder.add(text, level=self.level, before="\n" if self.close else "\n\n")
            self.close = False


def _is_layout(table: Any) -> bool:
    """Whether a table only places other things: it holds headings, lists or further tables."""
    if (table.get("role") or "") == "presentation":
        return True
    return any(
        isinstance(e.tag, str) and e.tag in _LAYOUT.split("|") and e is not table
        for e in table.iter()
    )


def _cells(table: Any, selectors: frozenset[str]) -> tuple[list[str], list[list[str]]]:
    """The column heads (none where no row is made of `th` or stands in `thead`) and the rows."""
    heads: list[list[str]] = []
    rows: list[list[str]] = []
    carried: dict[int, tuple[int, str]] = {}
    count = 0
    for row in table.iter("tr"):
        if is_hidden(row, selectors):
            continue
        cells = [c for c in row if c.tag in ("td", "th") and not is_hidden(c, selectors)]
        values = _row_values(cells, carried, selectors)
        count += len(values)
        if count > MAX_CELLS:
            break
        parent = row.getparent()
        in_head = parent is not None and parent.tag == "thead"
        if not rows and (in_head or (cells and all(c.tag == "th" for c in cells))):
            heads.append(values)
        else:
            rows.append(values)
    return _joined_heads(heads), rows


def _row_values(
    cells: list[Any], carried: dict[int, tuple[int, str]], selectors: frozenset[str]
) -> list[str]:
    """One row's values by column; `carried` keeps what spans rows and is brought up to date."""
    values: list[str] = []
    pending = iter(cells)
    cell = next(pending, None)
    while cell is not None or len(values) in carried:
        column = len(values)
        if column in carried:
            left, value = carried.pop(column)
            if left > 1:
                carried[column] = (left - 1, value)
            values.append(value)
            continue
        if cell is None:
            break
        value = _cell_text(cell, selectors)
        rows, columns = _span(cell, "rowspan"), _span(cell, "colspan")
        for at in range(column, column + columns):
            # Only a head is repeated over the columns it spans; a value is said once.
            shown = value if at == column or cell.tag == "th" else ""
            values.append(shown)
            if rows > 1:
                carried[at] = (rows - 1, shown)
        cell = next(pending, None)
    return values


def _filled(row: list[str]) -> int:
    return sum(1 for value in row if value)


def _joined_heads(heads: list[list[str]]) -> list[str]:
    width = max((len(row) for row in heads), default=0)
    joined = []
    for column in range(width):
        parts = [row[column] for row in heads if column < len(row) and row[column]]
        joined.append(" ".join(dict.fromkeys(parts)))
    return joined


def _span(cell: Any, name: str) -> int:
    try:
        return max(1, min(int(cell.get(name) or 1), _MAX_SPAN))
    except ValueError:
        return 1


def _cell_text(cell: Any, selectors: frozenset[str]) -> str:
    from lxml import etree

    words = [cell.text or ""]
    begun = 0
    events = etree.iterwalk(cell, events=("start", "end", "comment", "pi"))
    skipped = None
    for event, element in events:
        if element is cell:
            continue
        if event == "start" and skipped is None:
            if is_hidden(element, selectors):
                skipped = element
                events.skip_subtree()
                continue
            words.append(" " if element.tag in _BLOCKS or element.tag == "br" else "")
            begun = len(words)
            words.append(element.text or "")
        elif event != "start":
            if event == "end" and element.tag == "sup" and skipped is None:
                words[begun:] = [raised("".join(words[begun:]).strip())]
            skipped = None if skipped is element else skipped
            words.append(element.tail or "")
    return one_line("".join(words))
