"""What a parser is: bytes of one file in, text with a map of its places out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rag.types import Heading, Place, Span


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a file: a mail's attachment, read as a document of its own."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser gives back: the text and its map, as `Document` describes them."""

    text: str
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    places: tuple[Place, ...] = ()
    blocks: tuple[Span, ...] = ()
    title: str | None = None
    attachments: tuple[Attachment, ...] = ()


class Parser(Protocol):
    """Reads one family of formats.

    `version` changes whenever the same bytes may give another text, map or block: an index
    records it. `suffixes` are lower case, with the dot.
    """

    @property
    def name(self) -> str:
        """The parser's name, such as `markdown`."""

    @property
    def version(self) -> str:
        """The version of the text it makes, such as `1`."""

    @property
    def suffixes(self) -> frozenset[str]:
        """The suffixes it reads, lower case, with the dot."""

    def parse(self, data: bytes, document: str) -> Parsed:
        """The text of `data` and its map; `document` names the file in errors.

        Raises `UnreadableDocument` with the reason. Opens no other file, no network connection.
        """
