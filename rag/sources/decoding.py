"""Bytes of a text file as a string, or the reason why they are not text."""

from __future__ import annotations

import codecs
import re

from rag.errors import NoText, UnreadableDocument

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
_MAGIC_OF_TEXT = (
    (b"%PDF-", "a PDF; let its name end in .pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office file; save it in a new format"),
    (b"{\\rtf", "an RTF file; let its name end in .rtf"),
    (b"%!PS", "a PostScript file; convert it to PDF"),
)
"""Kinds that hold text which cannot be read here: such a file is one that could not be read."""
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SAMPLE_BYTES = 64 * 1024
_MAX_CONTROL_SHARE = 0.01


def kind_of(data: bytes) -> str | None:
    """What the first bytes say the content is, such as `a PDF`; None where they say nothing."""
    kinds = (*_MAGIC_OF_TEXT, *_MAGIC)
    return next((kind for magic, kind in kinds if data.startswith(magic)), None)


def decode(data: bytes, document: str, encoding: str | None = None) -> str:
    r"""The text of `data`: no byte order mark, `\n` for every line end, nothing else changed.

    Tried in order: a byte order mark, `encoding` (what the format itself declares), UTF-8, UTF-16
    without a mark, UTF-8 with a few damaged bytes (each becomes U+FFFD), then what
    charset-normalizer detects. Raises `NoText` where the content is binary, `UnreadableDocument`
    where it is a format that holds text.
    """
    text = _decoded(data, document, encoding)
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    if "\x00" in text or len(_CONTROLS.findall(text)) > _MAX_CONTROL_SHARE * len(text):
        raise NoText(document, "binary content, not text")
    return text


def _decoded(data: bytes, document: str, encoding: str | None) -> str:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, errors="replace")
    if kind := kind_of(data):
        holds_text = any(data.startswith(magic) for magic, _ in _MAGIC_OF_TEXT)
        raise (UnreadableDocument if holds_text else NoText)(document, f"binary content: {kind}")
    # ASCII in UTF-16 is UTF-8 too, with a NUL in every second place.
    wide = b"\x00" in data[:_SAMPLE_BYTES]
    for name in (*_meant(encoding), *(() if wide else ("utf-8",))):
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError, UnicodeError, ValueError):
            continue
    if wide:
        return _wide(data, document)
    text = data.decode("utf-8", errors="replace")
    legible = sum(1 for c in text if c > "\x7f" and c != "\ufffd")
    damage = text.count("\ufffd")
    if (damage <= 3 and legible > 10 * damage) or (damage == 1 and text.endswith("\ufffd")):
        return text
    return _detected(data, document)


def _meant(encoding: str | None) -> tuple[str, ...]:
    """What to try for an encoding that a format declares."""
    if encoding is None:
        return ()
    # Text that is not UTF-8 hardly ever happens to be valid UTF-8.
    return ("utf-8", "cp1252", encoding) if usual(encoding) != encoding else (encoding,)


def usual(encoding: str) -> str:
    """The encoding that is meant by a name: who says Latin-1 writes Windows-1252.

    As browsers read it (WHATWG, Encoding): the bytes that differ are quotation marks, dashes and
    the euro in the one, in the other control characters that nobody writes.
    """
    try:
        return "cp1252" if codecs.lookup(encoding).name == "iso8859-1" else encoding
    except (LookupError, ValueError):
        return encoding


def _wide(data: bytes, document: str) -> str:
    # Western text in UTF-16 has a zero in every second byte; random bytes have one in 256.
    sample = data[:_SAMPLE_BYTES]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = max(1, len(sample) // 2)
    for name, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros > 0.4 * half and others < 0.05 * half:
            return data.decode(name, errors="replace")
    raise NoText(document, "binary content, not text")


def _detected(data: bytes, document: str) -> str:
    from charset_normalizer import from_bytes

    sample = data[:_SAMPLE_BYTES]
    if len(_CONTROLS.findall(sample.decode("latin-1"))) > _MAX_CONTROL_SHARE * len(sample):
        raise NoText(document, "binary content, not text")
    best = from_bytes(sample).best()
    # On a few words the detector has nothing to go on; Windows-1252 is then the likeliest.
    names = [best.encoding] if best is not None and len(sample) > 200 else []
    for name in (*names, "cp1252", "latin-1"):
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    raise NoText(document, "binary content, not text")
