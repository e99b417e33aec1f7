"""Which parser reads which file: the table of formats.

Parsers are imported when the first file of their kind is read, so that knowing the formats and
their versions, which every search checks an index against, costs next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import PurePath
from typing import Any

from rag.sources.protocol import Parsed, Parser


@dataclass(frozen=True)
class Format:
    """A `Parser` that imports what it needs with its first file.

    A new `version` is due whenever the same bytes may give another text, map, block or passage.
    """

    name: str
    version: str
    module: str
    reader: str
    endings: str

    @cached_property
    def suffixes(self) -> frozenset[str]:
        """The suffixes it reads, lower case, with the dot."""
        return frozenset(self.endings.split())

    @cached_property
    def _parser(self) -> Any:
        return getattr(import_module(f"rag.sources.{self.module}"), self.reader)()

    def parse(self, data: bytes, document: str) -> Parsed:
        """The text of `data` and its map. Raises `UnreadableDocument` with the reason."""
        parsed: Parsed = self._parser.parse(data, document)
        return parsed


_CODE = (
    ".py .pyi .js .mjs .jsx .ts .tsx .java .kt .kts .scala .go .rs .c .h .cc .cpp .cxx .hpp "
    ".cs .swift .rb .php .pl .pm .lua .r .jl .sh .bash .zsh .ps1 .bat .sql .css .scss .less "
    ".vue .svelte .dart .ex .exs .erl .hs .ml .clj .lisp .f90 .m .mm .tex .bib .toml .yaml "
    ".yml .ini .cfg .conf .xml .proto .graphql .tf .gradle .cmake .make .mk"
)

_FORMATS = (
    Format("text", "7", "plain", "PlainText", ".txt .text .log"),
    Format("markdown", "4", "markdown", "Markdown", ".md .markdown .mdown .mkd"),
    Format("html", "5", "html", "Html", ".html .htm .xhtml"),
    Format("pdf", "5", "pdf", "Pdf", ".pdf"),
    Format("docx", "5", "word", "Word", ".docx .docm .dotx"),
    Format("pptx", "5", "slides", "Slides", ".pptx .pptm .ppsx"),
    Format("xlsx", "5", "workbook", "Workbook", ".xlsx .xlsm .xltx"),
    Format(
        "opendocument", "5", "opendocument", "OpenDocument", ".odt .ods .odp .ott .fodt .fods .fodp"
    ),
    Format("rtf", "4", "rtf", "Rtf", ".rtf"),
    Format("csv", "5", "delimited", "Delimited", ".csv .tsv .tab"),
    Format("epub", "5", "epub", "Epub", ".epub"),
    Format("mail", "7", "mail", "Mail", ".eml"),
    Format("json", "4", "records", "Json", ".json .jsonl .ndjson .geojson"),
    Format("subtitles", "3", "subtitles", "Subtitles", ".srt .vtt"),
    Format("code", "3", "code", "Code", _CODE),
)

PARSERS: tuple[Parser, ...] = _FORMATS
"""Every parser; a suffix that none of them claims is read as plain text, the first one."""

_BY_SUFFIX = {suffix: parser for parser in _FORMATS for suffix in parser.suffixes}


def parser_for(path: PurePath | str) -> Parser:
    """The parser of a file, by its suffix; the plain-text parser where none claims it."""
    return _BY_SUFFIX.get(PurePath(path).suffix.lower(), _FORMATS[0])


def is_claimed(path: PurePath | str) -> bool:
    """Whether a parser claims a file's suffix; what none claims is read as text by guess."""
    return PurePath(path).suffix.lower() in _BY_SUFFIX


def parser_versions() -> dict[str, str]:
    """Each parser's name and version, as an index records them."""
    return {parser.name: parser.version for parser in PARSERS}
