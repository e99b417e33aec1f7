"""Which parser reads which file."""

from __future__ import annotations

from pathlib import PurePath

from rag.sources.code import Code
from rag.sources.delimited import Delimited
from rag.sources.epub import Epub
from rag.sources.html import Html
from rag.sources.mail import Mail
from rag.sources.markdown import Markdown
from rag.sources.opendocument import OpenDocument
from rag.sources.pdf import Pdf
from rag.sources.plain import PlainText
from rag.sources.protocol import Parser
from rag.sources.records import Json
from rag.sources.slides import Slides
from rag.sources.subtitles import Subtitles
from rag.sources.word import Word
from rag.sources.workbook import Workbook

PLAIN = PlainText()

PARSERS: tuple[Parser, ...] = (
    PLAIN,
    Markdown(),
    Html(),
    Pdf(),
    Word(),
    Slides(),
    Workbook(),
    OpenDocument(),
    Delimited(),
    Epub(),
    Mail(),
    Json(),
    Subtitles(),
    Code(),
)
"""Every parser; a suffix that none of them claims is read as plain text."""

_BY_SUFFIX = {suffix: parser for parser in PARSERS for suffix in parser.suffixes}


def parser_for(path: PurePath | str) -> Parser:
    """The parser of a file, by its suffix; the plain-text parser where none claims it."""
    return _BY_SUFFIX.get(PurePath(path).suffix.lower(), PLAIN)


def parser_versions() -> dict[str, str]:
    """Each parser's name and version, as an index records them."""
    return {parser.name: parser.version for parser in PARSERS}
