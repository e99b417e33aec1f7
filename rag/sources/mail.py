"""Mails: headers, body, and what is attached as documents of their own."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rag.errors import UnreadableDocument
from rag.sources.building import TextBuilder, clean, one_line
from rag.sources.decoding import decode, usual
from rag.sources.html import add_html, html_tree
from rag.sources.limits import MAX_ATTACHMENTS, MAX_DEPTH
from rag.sources.lines import paragraphs, split_blocks
from rag.sources.protocol import Attachment, Parsed

if TYPE_CHECKING:
    from email.message import Message

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_MAX_HEADER_CHARS = 2_000
_HEADER = re.compile(rb"^[A-Za-z][\w-]{1,60}:[ \t]", re.MULTILINE)


class Mail:
    """Reads `.eml`: the headers a person reads and the body, of alternatives the plain one.

    The message's own line breaks are kept within a paragraph.
    """

    def parse(self, data: bytes, document: str) -> Parsed:
        """The text of the mail, and its attachments."""
        data = data.removeprefix(codecs.BOM_UTF8).lstrip()
        head = data[:2000]
        if head.startswith(b"From "):  # how a mail begins that was taken out of a mailbox
            head = head.partition(b"\n")[2]
        if not _HEADER.match(head):
            raise UnreadableDocument(document, "it does not begin with the headers of a mail")
        # The email package costs 30 ms to import.
        from email.parser import BytesParser

        message = BytesParser().parsebytes(data)
        if not any(_header(message, name) for name in _HEADERS):
            raise UnreadableDocument(document, "it holds none of the headers of a mail")
        builder = TextBuilder(document)
        for name in _HEADERS:
            if value := _header(message, name):
                builder.add(f"{name}: {value}", before="\n")
        leaves = list(_leaves(message))
        _body([(part, whole) for part, whole in leaves if not _is_attached(part)], builder)
        attached = _attachments([part for part, _ in leaves if _is_attached(part)])
        return builder.finish(_header(message, "Subject") or None, attached)


def _header(message: Any, name: str) -> str:
    """The words of a header.

    The package's modern policy parses addresses and dates; on hostile headers its parser takes
    minutes and recurses without end.
    """
    given = (str(value) for key, value in message.raw_items() if key.lower() == name.lower())
    return _decoded(next(given, ""))


def _decoded(value: str) -> str:
    """A header's value with encoded words decoded, cut to a sane length before anything else."""
    from email.errors import HeaderParseError
    from email.header import decode_header

    raw = one_line(_printable(value[: 2 * _MAX_HEADER_CHARS]))[:_MAX_HEADER_CHARS]
    try:
        parts = decode_header(raw)
    except (HeaderParseError, ValueError):
        return raw
    words = []
    for part, charset in parts:
        if isinstance(part, str):
            words.append(part)
            continue
        try:
            words.append(part.decode(usual(charset or "utf-8"), errors="replace"))
        except LookupError:
            words.append(part.decode("latin-1"))
    return one_line("".join(words))


def _printable(text: str) -> str:
    """`text` with bytes that the parser could not decode taken as UTF-8, or else as Latin-1."""
    data = text.encode("utf-8", "surrogateescape")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _leaves(message: Message) -> Iterator[tuple[Any, int]]:
    """The parts that hold no parts, with a mail inside the mail as one; not deeper than allowed.

    With each the number of the `multipart/alternative` it is part of, 0 outside of one.
    """
    waiting: list[tuple[Any, int, int]] = [(message, 0, 0)]
    choices = 0
    while waiting:
        part, depth, choice = waiting.pop()
        if depth > MAX_DEPTH:
            continue
        if part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), list):
            if not choice and part.get_content_type() == "multipart/alternative":
                choice = choices = choices + 1
            below = part.get_payload()[::-1]
            waiting.extend((inner, depth + 1, choice) for inner in below)
        else:
            yield part, choice


def _is_attached(part: Any) -> bool:
    if part.get_content_disposition() == "attachment":
        return True
    return part.get_content_type() not in ("text/plain", "text/html") or bool(_file_name(part))


def _file_name(part: Any) -> str:
    try:
        name = str(part.get_filename() or "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    # A name is a name: no folders, no way up, nothing that a terminal obeys.
    return re.sub(r"[\x00-\x1f\x7f/\\:]", "_", one_line(_decoded(name))).strip(". ")[:120]


def _body(shown: list[tuple[Any, int]], builder: TextBuilder) -> None:
    """Add the parts in order; of alternatives the plain one, where there is something in it."""
    texts = [(part, choice, _text(part, builder.document)) for part, choice in shown]
    plain = {
        choice for part, choice, text in texts if text.strip() and not _is_html(part) and choice
    }
    for part, choice, text in texts:
        if not text.strip() or (_is_html(part) and choice in plain):
            continue
        if _is_html(part):
            _add_page(text, builder)
            continue
        for group in paragraphs(text):
            for at, span in enumerate(split_blocks(text, group)):
                builder.add(span.of(text), before="\n" if at else "\n\n")


def _add_page(text: str, builder: TextBuilder) -> None:
    try:
        root = html_tree(text, builder.document)
    except UnreadableDocument:  # nothing in it, such as a comment alone: the rest is still a mail
        return
    add_html(root, builder)


def _is_html(part: Any) -> bool:
    return bool(part.get_content_type() == "text/html")


def _text(part: Any, document: str) -> str:
    data = part.get_payload(decode=True) or b""
    try:
        charset = part.get_content_charset()
    except (ValueError, LookupError, TypeError, AttributeError):
        charset = None
    try:
        return clean(decode(data, document, charset))
    except UnreadableDocument:
        return ""


def _attachments(attached: list[Any]) -> list[Attachment]:
    found: list[Attachment] = []
    names: set[str] = set()
    for part in attached:
        if len(found) >= MAX_ATTACHMENTS:
            break
        name, data = _attached(part, len(found) + 1)
        if not data:
            continue
        stem, dot, suffix = name.rpartition(".")
        unique, number = name, 2
        while unique in names:
            unique = f"{stem}-{number}.{suffix}" if dot else f"{name}-{number}"
            number += 1
        names.add(unique)
        found.append(Attachment(unique, data))
    return found


def _attached(part: Any, number: int) -> tuple[str, bytes]:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        inner = inner[0] if isinstance(inner, list) and inner else None
        subject = _header(inner, "Subject") if inner is not None else ""
        name = _file_name(part) or re.sub(r"[\x00-\x1f/\\:]", "_", subject)[:80].strip(". ")
        name = name or f"message-{number}"
        data = inner.as_bytes() if inner is not None else b""
        return name if name.lower().endswith(".eml") else f"{name}.eml", data
    kind = {"text/plain": ".txt", "text/html": ".html", "application/pdf": ".pdf"}
    name = _file_name(part) or f"attachment-{number}{kind.get(part.get_content_type(), '')}"
    return name, part.get_payload(decode=True) or b""
