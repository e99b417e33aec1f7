"""One file in, documents out, in this process."""

from __future__ import annotations

from pathlib import Path, PurePath

from rag.errors import NoText, UnreadableDocument
from rag.settings import Settings
from rag.sources.decoding import decode
from rag.sources.limits import MAX_ATTACHMENTS, MAX_MAIL_DEPTH
from rag.sources.protocol import Attachment, Parsed
from rag.sources.registry import is_claimed, parser_for
from rag.sources.textless import EMPTY, UNREAD, is_textless
from rag.types import Document

_TEXTUAL = frozenset({"text", "markdown", "html", "csv", "json", "subtitles", "code"})
_HEAD_BYTES = 64 * 1024
_BLANK = b" \t\r\n\x0b\x0c\xef\xbb\xbf"


def read_file(
    path: Path,
    document: str,
    settings: Settings,
    problems: list[UnreadableDocument] | None = None,
) -> list[Document]:
    """The documents of one file: itself first, then what is attached to it (of a mail).

    `document` is its name in output; an attachment is named `mail.eml/offer.pdf`. An attachment
    that cannot be read is left out and appended to `problems`; one without text (a picture) is
    left out. Raises `UnreadableDocument` with the reason, `NoText` where nothing is wrong with the
    file. Parses in this process and so has no time or memory limit: `read_files` has both.
    """
    data, modified = _bytes_of(path, document, settings.max_file_bytes)
    documents: list[Document] = []
    waiting = [(Attachment(document, data), 0)]
    while waiting:
        item, depth = waiting.pop(0)
        try:
            parsed, parser = parse_bytes(item.data, item.name)
        except UnreadableDocument as exc:
            if depth == 0:
                raise
            if problems is not None and not isinstance(exc, NoText) and not is_textless(item.name):
                problems.append(exc)
            continue
        if parsed.text.strip():
            documents.append(_document(item, parsed, parser, modified))
        if depth < MAX_MAIL_DEPTH:
            room = MAX_ATTACHMENTS - len(waiting) - len(documents)
            for attached in parsed.attachments[: max(0, room)]:
                name = f"{item.name}/{attached.name}"
                waiting.append((Attachment(name, attached.data), depth + 1))
    if not documents:
        raise UnreadableDocument(document, "it holds no text")
    return documents


def parse_bytes(data: bytes, document: str) -> tuple[Parsed, str]:
    """What a parser makes of `data`, and the parser as `name/version`.

    The parser is chosen by the suffix of `document`. Raises `UnreadableDocument`, and nothing
    else, whatever the bytes are; its kind `NoText` where the name promises no text either.
    """
    parser = parser_for(document)
    if not data or (parser.name in _TEXTUAL and not data.strip(_BLANK)):
        error = NoText if parser.name in _TEXTUAL else UnreadableDocument
        raise error(document, f"{EMPTY}: nothing but white space" if data else f"{EMPTY} (0 bytes)")
    try:
        parsed = parser.parse(data, document)
    except NoText as exc:
        if is_claimed(document):
            raise UnreadableDocument(document, exc.reason) from exc
        if advice := UNREAD.get(PurePath(document).suffix.lower()):
            raise UnreadableDocument(document, advice) from exc
        raise
    except UnreadableDocument:
        raise
    except MemoryError as exc:
        raise UnreadableDocument(document, "it needs more memory than it may take") from exc
    except Exception as exc:
        what = f"{type(exc).__name__}: {exc}"[:200]
        raise UnreadableDocument(document, f"damaged or not a {parser.name} file ({what})") from exc
    return parsed, f"{parser.name}/{parser.version}"


def _bytes_of(path: Path, document: str, limit: int) -> tuple[bytes, float]:
    try:
        with path.open("rb") as file:
            # One byte more than allowed: a file that grows while it is read is noticed too.
            data = file.read(limit + 1)
        modified = path.stat().st_mtime
    except FileNotFoundError as exc:
        raise UnreadableDocument(document, "it does not exist any more") from exc
    except IsADirectoryError as exc:
        raise UnreadableDocument(document, "it is a folder") from exc
    except PermissionError as exc:
        raise UnreadableDocument(document, "no permission to read it") from exc
    except OSError as exc:
        raise UnreadableDocument(document, f"it cannot be read ({exc.strerror or exc})") from exc
    if len(data) > limit:
        raise too_large(document, data, limit)
    return data, modified


def too_large(document: str, head: bytes, limit: int) -> UnreadableDocument:
    """Why a file of more than `limit` bytes, which begins with `head`, is not read."""
    if not is_claimed(document):
        try:
            decode(head[:_HEAD_BYTES], document)
        except NoText as exc:
            return exc
        except UnreadableDocument:
            pass
    reason = f"larger than {limit:,} bytes: raise the setting 'max_file_bytes' or split it"
    return UnreadableDocument(document, reason)


def _document(item: Attachment, parsed: Parsed, parser: str, modified: float) -> Document:
    import hashlib

    return Document(
        path=item.name,
        text=parsed.text,
        sha256=hashlib.sha256(item.data).hexdigest(),
        parser=parser,
        pages=parsed.pages,
        headings=parsed.headings,
        places=parsed.places,
        blocks=parsed.blocks,
        title=parsed.title,
        modified=modified,
    )
