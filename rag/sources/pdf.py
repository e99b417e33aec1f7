"""PDF: text with its pages, built so that sentences survive line ends, columns and pages."""

from __future__ import annotations

import re
from typing import Any

from rag.errors import UnreadableDocument
from rag.sources.building import TextBuilder, one_line
from rag.sources.limits import MAX_PAGES
from rag.sources.pdf_layout import Layout
from rag.sources.pdf_lines import page_lines, with_true_sizes
from rag.sources.pdf_running import without_repeats
from rag.sources.protocol import Parsed

_PASSWORD = 4
_SECURITY = 5
_COUNT_OF_NONE = re.compile(rb"/Count\s+0\b")
_A_PAGE = re.compile(rb"/Type\s*/Page\b")


class Pdf:
    """Reads `.pdf` with PDFium.

    Line ends within a paragraph become spaces, divided words are put together, a running header
    is said once, page numbers are left out, a row of a table carries its column heads where they
    can be told. Headings are told by the size and weight of type.
    """

    def parse(self, data: bytes, document: str) -> Parsed:
        """The text of all pages. Raises for encrypted, damaged, empty and scanned files."""
        if b"%PDF-" not in data[:1024]:
            raise UnreadableDocument(document, "it is not a PDF, or its beginning is damaged")
        import pypdfium2 as pdfium

        try:
            file = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as exc:
            raise UnreadableDocument(document, _reason(exc, data)) from exc
        try:
            return _read(file, document)
        except pdfium.PdfiumError as exc:
            raise UnreadableDocument(document, f"the PDF is damaged ({exc})") from exc
        finally:
            file.close()


def _reason(exc: Any, data: bytes) -> str:
    code = getattr(exc, "err_code", None)
    words = str(exc).lower()
    if code == _PASSWORD or "password" in words:
        return "it is encrypted: save a copy without a password"
    if code == _SECURITY or "security" in words:
        return "it is encrypted in a way that is not supported: save a copy without protection"
    if _COUNT_OF_NONE.search(data) and not _A_PAGE.search(data):  # PDFium refuses to open it
        return "the PDF has no pages"
    return "the PDF is damaged or truncated"


def _read(file: Any, document: str) -> Parsed:
    count = len(file)
    if not count:
        raise UnreadableDocument(document, "the PDF has no pages")
    if count > MAX_PAGES:
        raise UnreadableDocument(document, f"{count:,} pages, the limit is {MAX_PAGES:,}: split it")
    pages, heights, failed = [], [], 0
    for number in range(count):
        lines, height = _page(file, number)
        failed += height == 0.0
        pages.append(lines)
        heights.append(height or 1.0)
    if not any(pages):
        if failed == count:
            raise UnreadableDocument(document, "the PDF is damaged: no page can be read")
        if not failed and _is_blank(file):
            raise UnreadableDocument(document, "it holds no text: nothing stands on its pages")
        pages_text = "1 page" if count == 1 else f"{count} pages"
        raise UnreadableDocument(
            document, f"scanned: no text layer, {pages_text}; run text recognition on it first"
        )
    return _build(without_repeats(with_true_sizes(pages), heights), _title(file), document)


def _is_blank(file: Any) -> bool:
    """Whether no page holds anything at all, not even a picture."""
    for number in range(len(file)):
        page = file[number]
        try:
            if next(iter(page.get_objects(max_depth=1)), None) is not None:
                return False
        finally:
            page.close()
    return True


def _page(file: Any, number: int) -> tuple[list[Any], float]:
    import pypdfium2 as pdfium

    try:
        page = file[number]
    except pdfium.PdfiumError:
        return [], 0.0
    try:
        return page_lines(page, number), page.get_height()
    except pdfium.PdfiumError:
        return [], 0.0
    finally:
        page.close()


def _title(file: Any) -> str | None:
    import pypdfium2 as pdfium

    try:
        words = one_line(file.get_metadata_value("Title"))
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return None
    # Word processors write the file's name there, which says less than the first heading.
    return None if not words or words.lower().endswith((".doc", ".docx", ".dot")) else words


def _build(pages: list[list[Any]], title: str | None, document: str) -> Parsed:
    builder = TextBuilder(document)
    begun = 0
    row = False
    for block in Layout(pages).blocks():
        while begun <= block.page:
            builder.page()
            begun += 1
        at: list[int] = []
        for offset, page in block.starts:
            at.extend([offset] * (page + 1 - begun))
            begun = max(begun, page + 1)
        builder.add(
            block.text,
            level=block.level,
            before="\n" if row and block.row else "\n\n",
            page_at=at,
        )
        row = block.row
    while begun < len(pages):
        builder.page()
        begun += 1
    parsed = builder.finish(title=title)
    if title is None and parsed.headings:
        return builder.finish(title=min(parsed.headings[:10], key=lambda h: h.level).text)
    return parsed
