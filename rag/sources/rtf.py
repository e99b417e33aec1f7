"""Rich Text Format: paragraphs, headings, lists, tables and notes.

Read by rules of our own after the specification 1.9.1: the libraries on offer give bare text
without headings, and run table cells together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rag.errors import UnreadableDocument
from rag.sources.building import TextBuilder, raised, tidy
from rag.sources.grids import guess_heads
from rag.sources.limits import MAX_CELLS
from rag.sources.protocol import Parsed

_TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<value>-?\d{1,9})? ?|\\'(?P<byte>[0-9a-fA-F]{2})"
    r"|\\(?P<sign>[^a-zA-Z])|(?P<brace>[{}])|[\r\n]+|(?P<text>[^\\{}\r\n]+)",
    re.DOTALL,
)
_UNSEEN_WORDS = (
    "fonttbl colortbl stylesheet info pict object header headerl headerr headerf footer footerl "
    "footerr footerf fldinst themedata datastore listtable listoverridetable revtbl rsidtbl "
    "generator latentstyles xmlnstbl nonshppict pgdsctbl bkmkstart bkmkend annotation atnid "
    "atnauthor filetbl colorschememapping ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn"
)
_UNSEEN = frozenset(_UNSEEN_WORDS.split())
_SIGNS = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ",
    "qmspace": " ", "softline": "\n", "lbr": "\n",
}  # fmt: skip
_CHARSETS = {
    128: "cp932", 129: "cp949", 134: "gbk", 136: "big5", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 77: "mac-roman",
}  # fmt: skip
_HEADING = re.compile(r"(?:heading|überschrift|título|titre)\s*(\d)\s*;?$", re.IGNORECASE)
_FONT = re.compile(r"\\f(\d+)[^{};]{0,80}?\\fcharset(\d+)")
_STYLE = re.compile(r"\{\\s(\d+)((?:\\[a-zA-Z*]+-?\d* ?|[{}\r\n]){0,80})([^\\{};]{0,80});")
_BULLET = re.compile(r"^[•·▪–\uf0b7-]\s+")
_MAX_GROUPS = 5_000


@dataclass(frozen=True, slots=True)
class _State:
    """What holds within a group: for characters, and for the paragraph at hand."""

    unseen: bool = False
    hidden: bool = False
    high: bool = False
    skip: int = 1  # characters that stand in for one in Unicode
    encoding: str = "cp1252"
    note: bool = False
    label: bool = False  # the number or bullet before an item


class Rtf:
    """Reads `.rtf`: what is shown, in order; hidden text, headers and footers are left out."""

    def parse(self, data: bytes, document: str) -> Parsed:
        """The text: a block each paragraph, heading, list item and table row; notes at the end."""
        if not data.lstrip()[:5] == b"{\\rtf":
            raise UnreadableDocument(document, "it is not an RTF file, or its beginning is damaged")
        text = data.decode("latin-1")
        reader = _Reader(TextBuilder(document), text)
        reader.read()
        return reader.finish()


class _Reader:
    def __init__(self, builder: TextBuilder, text: str) -> None:
        self.builder, self.text = builder, text
        self.state = _State()
        self.stack: list[_State] = []
        self.words: list[str] = []
        self.waiting = bytearray()  # bytes of one encoding
        self.to_skip = 0
        self.level: int | None = None
        self.in_table = self.is_list = False
        self.cells: list[str] = []
        self.rows: list[list[str]] = []
        self.heads = self.count = 0
        self.is_head = False
        self.notes: list[str] = []
        self.outside: list[str] = []
        codepage = re.search(r"\\ansicpg(\d{3,5})", text[:2000])
        self.default = f"cp{codepage[1]}" if codepage and _known(f"cp{codepage[1]}") else "cp1252"
        self.fonts = {n: _CHARSETS.get(int(c), self.default) for n, c in _FONT.findall(text)}
        named = ((n, _HEADING.match(name)) for n, _, name in _STYLE.findall(text))
        self.styles = {number: int(match[1]) for number, match in named if match}

    def read(self) -> None:
        """Go through the file once."""
        self.state = replace(self.state, encoding=self.default)
        at = 0
        starred = False
        while match := _TOKEN.match(self.text, at):
            at = match.end()
            word = match["word"]
            if match["byte"] is None:
                self._spell()
            if match["brace"]:
                self._brace(match["brace"])
            elif word:
                value = int(match["value"]) if match["value"] else None
                if word == "bin" and value:
                    at += max(0, value)
                elif word in _UNSEEN or (starred and word != "footnote"):
                    self.state = replace(self.state, unseen=True)
                else:
                    self._word(word, value)
            elif match["byte"]:
                self._byte(int(match["byte"], 16))
            elif match["sign"]:
                self._sign(match["sign"])
            elif match["text"]:
                self._say(match["text"], given=True)
            starred = match["sign"] == "*"
        self._spell()

    def finish(self) -> Parsed:
        """What was read."""
        self._paragraph()
        self._end_table()
        for note in self.notes:
            self.builder.add(note)
        title = re.search(r"\{\\title ([^\\{}]{1,300})\}", self.text[:20_000])
        return self.builder.finish(title=title[1] if title else None)

    def _brace(self, brace: str) -> None:
        if brace == "{":
            if len(self.stack) >= _MAX_GROUPS:
                raise UnreadableDocument(self.builder.document, "its groups are nested too deep")
            self.stack.append(self.state)
            return
        before = self.stack.pop() if self.stack else _State(encoding=self.default)
        if self.state.note and not before.note:
            note = tidy("".join(self.words))
            self.notes.extend([note] if note else [])
            self.words, self.outside = self.outside, []
        self.state = before
        self.to_skip = 0

    def _word(self, word: str, value: int | None) -> None:
        if self.state.unseen:
            return
        on = value != 0
        if word in _SIGNS:
            self._say(_SIGNS[word])
        elif word == "u" and value is not None:
            self._say(chr(value % 65536))
            self.to_skip = self.state.skip
        elif word == "uc" and value is not None:
            self.state = replace(self.state, skip=min(max(value, 0), 10))
        elif word == "f" and value is not None:
            self.state = replace(self.state, encoding=self.fonts.get(str(value), self.default))
        elif word in ("v", "super", "nosupersub", "plain"):
            high = on if word == "super" else self.state.high and word == "v"
            hidden = on if word == "v" else self.state.hidden and word != "plain"
            self.state = replace(self.state, high=high, hidden=hidden)
        elif word in ("footnote", "annotation") and not self.state.note:
            self.outside, self.words = self.words, []
            self.state = replace(self.state, note=True)
        elif word == "chftn":
            return
        elif self.state.note:
            self._say(" " if word == "par" else "")
        else:
            self._layout(word, value)

    def _layout(self, word: str, value: int | None) -> None:
        if self.state.label:
            return  # a label's own layout is not its paragraph's
        if word in ("par", "sect", "page"):
            self._paragraph()
        elif word == "pard":
            self.level, self.in_table, self.is_list = None, False, False
        elif word == "s" and value is not None:
            self.level = self.styles.get(str(value), self.level)
        elif word == "outlinelevel" and value is not None and 0 <= value < 9:
            self.level = value + 1
        elif word in ("listtext", "pntext", "ls"):
            self.is_list = True
            self.state = replace(self.state, label=word != "ls")
        elif word == "intbl":
            self.in_table = True
        elif word == "trhdr":
            self.is_head = True
        elif word in ("cell", "nestcell"):
            self.cells.append(tidy("".join(self.words)))
            self.words.clear()
        elif word in ("row", "nestrow"):
            self._row()

    def _sign(self, sign: str) -> None:
        if sign in "\\{}":
            self._say(sign, given=True)
        elif sign in "~_":
            self._say("\u00a0" if sign == "~" else "-")
        elif sign in "\r\n":
            self._word("par", None)

    def _byte(self, value: int) -> None:
        if self.to_skip:
            self.to_skip -= 1
        elif not (self.state.unseen or self.state.hidden):
            self.waiting.append(value)

    def _spell(self) -> None:
        if self.waiting:
            data, self.waiting = self.waiting, bytearray()
            self._say(data.decode(self.state.encoding, errors="replace"))

    def _say(self, text: str, given: bool = False) -> None:
        if self.state.unseen or self.state.hidden:
            return
        if given and self.to_skip:
            text, self.to_skip = text[self.to_skip :], max(0, self.to_skip - len(text))
        self.words.append(raised(text.strip()) if self.state.high and text.strip() else text)

    def _paragraph(self) -> None:
        text = tidy(_paired("".join(self.words)))
        if self.in_table and not self.state.note:
            self.words.append("\n")
            return
        self.words.clear()
        if not text:
            return
        self._end_table()
        close = self.is_list and self.level is None
        text = _BULLET.sub("", text) if close else text
        self.builder.add(text, level=self.level, before="\n" if close else "\n\n")

    def _row(self) -> None:
        cells = [" ".join(_paired(cell).split()) for cell in self.cells]
        self.count += len(cells)
        if self.count > MAX_CELLS:
            raise UnreadableDocument(self.builder.document, f"more than {MAX_CELLS:,} cells")
        if any(cells):
            self.heads += self.is_head and self.heads == len(self.rows)
            self.rows.append(cells)
        self.cells, self.is_head = [], False

    def _end_table(self) -> None:
        rows, heads = self.rows, self.heads
        self.rows, self.heads = [], 0
        if self.cells:  # a row that does not end
            rows.append([" ".join(cell.split()) for cell in self.cells])
            self.cells = []
        if not heads and guess_heads(rows):
            heads = 1
        heads = 0 if heads >= len(rows) else heads
        width = max((len(row) for row in rows[:heads]), default=0)
        named = [
            " ".join(dict.fromkeys(r[c] for r in rows[:heads] if c < len(r) and r[c]))
            for c in range(width)
        ]
        self.builder.table(rows[heads:], named)


def _paired(text: str) -> str:
    """`text` with the halves of characters beyond 16 bits, which RTF writes apart, put together."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _known(encoding: str) -> bool:
    import codecs

    try:
        codecs.lookup(encoding)
    except LookupError:
        return False
    return True
