"""What a file may cost. Every number bounds memory or time before it is spent."""

from __future__ import annotations

from rag.errors import UnreadableDocument

MAX_TEXT_CHARS = 50_000_000
"""Characters of one document: a Bible holds 4 million."""

MAX_PAGES = 20_000
"""Pages of a PDF, slides of a presentation, sheets of a workbook."""

MAX_CELLS = 2_000_000
"""Cells of a workbook or a delimited file."""

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
"""Bytes of all members of an archive together."""

MAX_MEMBER_BYTES = 256 * 1024 * 1024
"""Bytes of one member of an archive."""

MAX_MEMBERS = 20_000
"""Members of an archive."""

MAX_RATIO = 200
"""Bytes unpacked for each byte packed. Text packs 3 to 30 fold, a bomb a thousandfold; XML of
an empty spreadsheet has been seen at 150."""

RATIO_FREE_BYTES = 8 * 1024 * 1024
"""An archive that unpacks to less than this is not judged by its ratio."""

MAX_DEPTH = 200
"""Nesting of elements, objects or containers."""

MAX_MAIL_DEPTH = 5
"""Mails inside mails."""

MAX_ATTACHMENTS = 200
"""Attachments of one mail, counted with those of the mails inside it."""

WORKER_MEMORY_BYTES = 2 * 1024**3
"""Address space a worker process may take beyond what it holds when it starts."""


def check_chars(count: int, document: str) -> None:
    """Raise `UnreadableDocument` where a text of `count` characters is too long."""
    if count > MAX_TEXT_CHARS:
        raise UnreadableDocument(
            document, f"its text is longer than {MAX_TEXT_CHARS:,} characters; split it"
        )
