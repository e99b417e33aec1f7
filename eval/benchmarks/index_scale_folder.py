"""A folder as people have them: PDFs and office files with pictures, mails with attachments, text.

Everything is made from the sentences it is given and a seed, in the folder's own formats by this
module alone. Pictures are noise, packed without compression, so that they take the room that a
photograph takes; sizes are log-normal, so that a few files are many times larger than most.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np  # noqa: TID253

LARGEST = 45_000_000
"""Bytes of pictures in one file; with base64 around it a mail stays under 64 MiB."""

_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"

_STYLES = (
    f'<w:styles xmlns:w="{_WORD}"><w:style w:type="paragraph" w:styleId="Heading1">'
    '<w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style></w:styles>'
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A format: files in two gigabytes, sentences and megabytes of pictures of the middle one."""

    suffix: str
    files: int
    sentences: int
    megabytes: float


KINDS = (
    Kind("pdf", 270, 250, 1.4),
    Kind("docx", 130, 250, 1.1),
    Kind("pptx", 60, 80, 2.6),
    Kind("xlsx", 60, 400, 0.0),
    Kind("eml", 260, 25, 0.9),
    Kind("png", 60, 0, 1.5),
    Kind("txt", 130, 700, 0.0),
    Kind("md", 130, 200, 0.0),
)


def make_folder(folder: Path, sentences: Iterator[str], gigabytes: float, seed: int = 12) -> int:
    """Makes the files of so many gigabytes under `folder`; gives their bytes together."""
    chance = np.random.default_rng(seed)
    total = 0
    for kind in KINDS:
        (folder / kind.suffix).mkdir(parents=True)
        for number in range(round(kind.files * gigabytes / 2)):
            size = chance.lognormal(0, 1.2)
            lines = [next(sentences) for _ in range(round(kind.sentences * min(size, 8)))]
            pictures = _pictures(chance, kind.megabytes * size * 1e6)
            data = MAKERS[kind.suffix](lines, pictures)
            (folder / kind.suffix / f"{number:05d}.{kind.suffix}").write_bytes(data)
            total += len(data)
    return total


def _pictures(chance: np.random.Generator, size: float) -> list[bytes]:
    """Pixels of pictures of about 4 megabytes, as many as take `size` bytes together."""
    left, found = min(int(size), LARGEST), []
    while left > 0:
        found.append(chance.bytes(min(left, 4_000_000) // 3000 * 3000 or 3000))
        left -= 4_000_000
    return found


def _png(pixels: bytes) -> bytes:
    """Red, green, blue; a thousand pixels a row."""
    height = len(pixels) // 3000
    rows = b"".join(b"\0" + pixels[at : at + 3000] for at in range(0, height * 3000, 3000))
    parts = [b"\x89PNG\r\n\x1a\n"]
    header = struct.pack(">IIBBBBB", 1000, height, 8, 2, 0, 0, 0)
    for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b"")):
        check = zlib.crc32(name + data)
        parts.append(struct.pack(">I", len(data)) + name + data + struct.pack(">I", check))
    return b"".join(parts)


def pdf(lines: list[str], pictures: list[bytes]) -> bytes:
    """Pages of 45 lines of Helvetica, then a page for each picture."""
    wrapped = [line[at : at + 90] for line in lines for at in range(0, len(line), 90)]
    pages = [wrapped[at : at + 45] for at in range(0, len(wrapped), 45)]
    objects: list[bytes] = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    objects.append(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    kids = []

    def add(body: bytes) -> int:
        objects.append(body)
        return len(objects)

    def page(content: bytes, resources: str) -> None:
        stream = add(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
        head = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {stream} 0 R"
        kids.append(add(f"{head}/Resources<<{resources}>>>>".encode()))

    for shown in pages:
        words = [line.encode("cp1252", "replace") for line in shown]
        for old, new in ((b"\\", b"\\\\"), (b"(", b"\\("), (b")", b"\\)")):
            words = [word.replace(old, new) for word in words]
        text = b"".join(b"(%s) Tj T*\n" % word for word in words)
        page(b"BT /F 11 Tf 14 TL 50 790 Td\n" + text + b"ET", "/Font<</F 3 0 R>>")
    for pixels in pictures:
        packed = zlib.compress(pixels, 0)
        head = "<</Type/XObject/Subtype/Image/Width 1000/ColorSpace/DeviceRGB/BitsPerComponent 8"
        head += f"/Height {len(pixels) // 3000}/Filter/FlateDecode/Length {len(packed)}>>stream\n"
        number = add(head.encode() + packed + b"\nendstream")
        page(b"q 495 0 0 700 50 70 cm /I Do Q", f"/XObject<</I {number} 0 R>>")
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{listed}]>>".encode()
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def _zipped(parts: dict[str, str], pictures: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
        for name, pixels in pictures.items():
            archive.writestr(zipfile.ZipInfo(name), _png(pixels), zipfile.ZIP_STORED)
    return out.getvalue()


def _relations(targets: list[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="r{i}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for i, (kind, target) in enumerate(targets)
    )
    return f'<Relationships xmlns="{_RELATIONS}">{entries}</Relationships>'


def docx(lines: list[str], pictures: list[bytes]) -> bytes:
    """A heading every forty sentences, paragraphs of four."""
    blocks = []
    for at in range(0, len(lines), 4):
        if at % 40 == 0:
            style = '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>'
            blocks.append(f"<w:p>{style}<w:r><w:t>Part {at // 40 + 1}</w:t></w:r></w:p>")
        text = escape("".join(lines[at : at + 4]))
        blocks.append(f'<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>')
    body = f'<w:document xmlns:w="{_WORD}"><w:body>{"".join(blocks)}</w:body></w:document>'
    media = {f"word/media/image{i}.png": pixels for i, pixels in enumerate(pictures)}
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _relations([("officeDocument", "word/document.xml")]),
        "word/document.xml": body,
        "word/styles.xml": _STYLES,
        "word/_rels/document.xml.rels": _relations(
            [("styles", "styles.xml"), *(("image", n.removeprefix("word/")) for n in media)]
        ),
    }
    return _zipped(parts, media)


def pptx(lines: list[str], pictures: list[bytes]) -> bytes:
    """Slides of four sentences."""
    slides = [lines[at : at + 4] for at in range(0, len(lines), 4)] or [["Pictures. "]]
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _relations([("officeDocument", "ppt/presentation.xml")]),
    }
    listed = "".join(f'<p:sldId id="{256 + i}" r:id="r{i}"/>' for i in range(len(slides)))
    names = f'xmlns:p="{_SLIDES}" xmlns:r="{_OFFICE}" xmlns:a="{_DRAWING}"'
    parts["ppt/presentation.xml"] = (
        f"<p:presentation {names}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>"
    )
    parts["ppt/_rels/presentation.xml.rels"] = _relations(
        [("slide", f"slides/slide{i}.xml") for i in range(len(slides))]
    )
    for i, shown in enumerate(slides):
        text = "".join(f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in shown)
        shape = f"<p:sp><p:nvSpPr><p:nvPr/></p:nvSpPr><p:txBody>{text}</p:txBody></p:sp>"
        tree = f"<p:cSld><p:spTree>{shape}</p:spTree></p:cSld>"
        parts[f"ppt/slides/slide{i}.xml"] = f"<p:sld {names}>{tree}</p:sld>"
    media = {f"ppt/media/image{i}.png": pixels for i, pixels in enumerate(pictures)}
    return _zipped(parts, media)


def xlsx(lines: list[str], pictures: list[bytes]) -> bytes:
    """A sheet with a row for each sentence: number, words, amount."""
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("List")
    sheet.append(["Number", "Subject", "Amount"])
    for i, line in enumerate(lines):
        sheet.append([i, line[:120], i * 7])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def eml(lines: list[str], pictures: list[bytes]) -> bytes:
    """A mail; its pictures are attached in turn as PDF, as Word document and as they are."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "ana@example.org", "ben@example.org"
    mail["Subject"] = " ".join(lines[0].split()[:9]) if lines else "Pictures"
    mail["Date"] = "Tue, 05 Mar 2024 09:30:00 +0000"
    half = len(lines) // 2
    mail.set_content("\n\n".join(lines[:half]) or "See the pictures.")
    rest = lines[half:]
    for i, pixels in enumerate(pictures):
        make, kind = ((pdf, "pdf"), (docx, "docx"), (None, "png"))[i % 3]
        data = make(rest, [pixels]) if make else _png(pixels)
        mail.add_attachment(
            data, maintype="application", subtype="octet-stream", filename=f"attached-{i}.{kind}"
        )
    return mail.as_bytes()


def png(lines: list[str], pictures: list[bytes]) -> bytes:
    """The first picture."""
    return _png(pictures[0])


def txt(lines: list[str], pictures: list[bytes]) -> bytes:
    """Paragraphs of five sentences."""
    return "\n\n".join("".join(lines[at : at + 5]) for at in range(0, len(lines), 5)).encode()


def md(lines: list[str], pictures: list[bytes]) -> bytes:
    """A heading every twenty sentences."""
    parts = []
    for at in range(0, len(lines), 20):
        parts += [f"## Part {at // 20 + 1}", "".join(lines[at : at + 20])]
    return "\n\n".join(parts).encode()


MAKERS: dict[str, Callable[[list[str], list[bytes]], bytes]] = {
    "pdf": pdf,
    "docx": docx,
    "pptx": pptx,
    "xlsx": xlsx,
    "eml": eml,
    "png": png,
    "txt": txt,
    "md": md,
}
