"""Small files of every format, made by hand so that each test sees what is in them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from email.message import EmailMessage

import pytest

from rag.sources.protocol import Parsed
from rag.sources.reading import parse_bytes

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ODF = (
    " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table", "presentation")
    )
    + ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
)


def zipped(members: dict[str, str | bytes]) -> bytes:
    """A ZIP file of these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def relationships(targets: dict[str, tuple[str, str]]) -> str:
    """An Open XML relationships part: id -> (kind, target)."""
    entries = "".join(
        f'<Relationship Id="{key}" Type="{KIND}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{RELS}">{entries}</Relationships>'


def docx(body: str, **parts: str) -> bytes:
    """A Word document with this body; `parts` such as styles or numbering by name."""
    members: dict[str, str | bytes] = {
        "_rels/.rels": relationships({"r1": ("officeDocument", "word/document.xml")}),
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": relationships(
            {name: (name, f"{name}.xml") for name in parts}
        ),
    }
    members.update({f"word/{name}.xml": content for name, content in parts.items()})
    return zipped(members)


def paragraph(text: str, properties: str = "") -> str:
    """A Word paragraph."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def pptx(slides: Sequence[str], notes: str | None = None) -> bytes:
    """A presentation of these slides' shapes; `notes` belong to the first."""
    a = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    p = f'xmlns:p="urn:p" xmlns:r="{KIND}" {a}'
    order = "".join(f'<p:sldId id="{256 + n}" r:id="s{n}"/>' for n in range(len(slides)))
    members: dict[str, str | bytes] = {
        "_rels/.rels": relationships({"r1": ("officeDocument", "ppt/presentation.xml")}),
        "ppt/presentation.xml": f"<p:presentation {p}><p:sldIdLst>{order}</p:sldIdLst>"
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": relationships(
            {f"s{n}": ("slide", f"slides/slide{n}.xml") for n in range(len(slides))}
        ),
    }
    for number, shapes in enumerate(slides):
        members[f"ppt/slides/slide{number}.xml"] = (
            f"<p:sld {p}><p:spTree>{shapes}</p:spTree></p:sld>"
        )
    if notes is not None:
        members["ppt/slides/_rels/slide0.xml.rels"] = relationships(
            {"n": ("notesSlide", "../notesSlides/n.xml")}
        )
        members["ppt/notesSlides/n.xml"] = f"<p:notes {p}>{shape(notes, 'body')}</p:notes>"
    return zipped(members)


def shape(text: str, kind: str = "") -> str:
    """A shape of a slide; `kind` such as `title` makes it a placeholder."""
    mark = f'<p:ph type="{kind}"/>' if kind else ""
    lines = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in text.split("\n"))
    head = f'<p:nvSpPr><p:cNvPr id="2" name="x"/><p:nvPr>{mark}</p:nvPr></p:nvSpPr>'
    return f"<p:sp>{head}<p:txBody>{lines}</p:txBody></p:sp>"


def odf(body: str) -> bytes:
    """An OpenDocument file with this content of `office:body`."""
    root = "office:document-content"
    content = f"<{root} {ODF}><office:body>{body}</office:body></{root}>"
    return zipped({"mimetype": "application/vnd.oasis", "content.xml": content})


def epub(chapters: Sequence[str], encrypted: str = "") -> bytes:
    """A book of these chapters' bodies."""
    items = "".join(
        f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>'
        for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    members: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="OEBPS/b.opf"/>'
        "</rootfiles></container>",
        "OEBPS/b.opf": "<package><metadata><title>The Tide Book</title></metadata>"
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
    }
    if encrypted:
        members["META-INF/encryption.xml"] = (
            f'<encryption><CipherReference URI="{encrypted}"/></encryption>'
        )
    for number, chapter in enumerate(chapters):
        members[f"OEBPS/c{number}.xhtml"] = f"<html><body>{chapter}</body></html>"
    return zipped(members)


def pdf(pages: Sequence[Sequence[tuple[float, float, float, str]]], bold: bool = False) -> bytes:
    """A PDF of pages of (x, y, size, words)."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    face = "Helvetica-Bold" if bold else "Helvetica"
    objects.append(
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{face} /Encoding /WinAnsiEncoding >>".encode()
    )
    for number, lines in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        drawn = b""
        for x, y, size, words in lines:
            escaped = words.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
            drawn += f"BT /F1 {size} Tf {x} {y} Td (".encode()
            drawn += escaped.encode("cp1252") + b") Tj ET\n"
        objects.append(b"<< /Length %d >> stream\n" % len(drawn) + drawn + b"endstream")
    data, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return (
        data
        + b"xref\n0 %d\n0000000000 65535 f \n" % size
        + table
        + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(data))
    )


def text_page(lines: Sequence[str], top: float = 700, size: float = 11, left: float = 72):
    """Lines of a PDF page one below the other."""
    return [(left, top - 1.3 * size * n, size, line) for n, line in enumerate(lines)]


def mail(body: str, *attachments: tuple[str, bytes], html: str = "", **headers: str) -> bytes:
    """A mail with these headers, body and attachments."""
    message = EmailMessage()
    for name, value in {"From": "ada@example.org", "Subject": "Boiler", **headers}.items():
        message[name] = value
    if body:
        message.set_content(body)
    if html:
        (message.add_alternative if body else message.set_content)(html, subtype="html")
    for name, data in attachments:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def xlsx(sheets: dict[str, Sequence[Sequence[object]]], hidden: Sequence[str] = ()) -> bytes:
    """A workbook of these sheets."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        if name in hidden:
            sheet.sheet_state = "hidden"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


class Make:
    """The makers of files, by format."""

    docx = staticmethod(docx)
    paragraph = staticmethod(paragraph)
    pptx = staticmethod(pptx)
    shape = staticmethod(shape)
    odf = staticmethod(odf)
    epub = staticmethod(epub)
    pdf = staticmethod(pdf)
    text_page = staticmethod(text_page)
    mail = staticmethod(mail)
    xlsx = staticmethod(xlsx)
    zipped = staticmethod(zipped)
    W = W
    ODF = ODF

    @staticmethod
    def sample(suffix: str) -> bytes:
        """A sound little file of a format, for tests that damage it."""
        return SAMPLES[suffix]()


SAMPLES: dict[str, Callable[[], bytes]] = {
    ".txt": lambda: "The ferry leaves at six.\n\n- Ropes\n- Buoys\n\nÄpfel und Öl.\n".encode(),
    ".md": lambda: b"# Plan\n\nText *here*.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    ".html": lambda: (
        b"<html><head><title>T</title></head><body><h1>A</h1><p>b <b>c</b></p>"
        b"<table><tr><th>k</th><th>v</th></tr><tr><td>1</td><td>2</td></tr></table></body></html>"
    ),
    ".pdf": lambda: pdf([text_page(["The harbour opens at", "six in the morning."])]),
    ".docx": lambda: docx(paragraph("The rent is 940 a month.")),
    ".pptx": lambda: pptx([shape("Budget", "title") + shape("Spend less")], notes="Smile"),
    ".xlsx": lambda: xlsx({"Budget": [["Month", "Sum"], ["May", 12], ["June", 14]]}),
    ".odt": lambda: odf("<office:text><text:p>Two boats sank.</text:p></office:text>"),
    ".ods": lambda: odf(
        '<office:spreadsheet><table:table table:name="S"><table:table-row><table:table-cell>'
        "<text:p>7</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>"
    ),
    ".csv": lambda: b"name,year\nAda,1815\nGrace,1906\n",
    ".epub": lambda: epub(["<h1>Ebb</h1><p>The sea goes.</p>", "<p>It comes back.</p>"]),
    ".eml": lambda: mail("The boiler is broken.", ("note.txt", b"Call the fitter.")),
    ".json": lambda: b'[{"name": "Ada", "born": {"year": 1815}}, {"name": "Grace"}]',
    ".jsonl": lambda: b'{"a": 1}\n{"a": 2}\n',
    ".srt": lambda: b"1\n00:00:01,000 --> 00:00:03,000\nThe tide\nis high.\n\n",
    ".vtt": lambda: b"WEBVTT\n\n00:01.000 --> 00:03.000\nThe tide is low.\n",
    ".rtf": lambda: (
        rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\stylesheet{\s1 heading 1;}}\pard\s1 Quay\par"
        rb"\pard It is \'e4 wet{\*\footnote Very.}.\par\trowd\pard\intbl a\cell b\cell\row}"
    ),
    ".py": lambda: b'"""A module."""\n\n\ndef add(a, b):\n    return a + b\n',
}


@pytest.fixture(scope="session")
def make() -> type[Make]:
    """The makers of files."""
    return Make


@pytest.fixture(scope="session")
def read() -> Callable[[bytes, str], Parsed]:
    """Reads bytes under a name and checks what must hold of every parsed file."""

    def parse(data: bytes, name: str) -> Parsed:
        parsed, _ = parse_bytes(data, name)
        check(parsed)
        return parsed

    return parse


def check(parsed: Parsed) -> None:
    """What holds of the text and the map of any file."""
    text = parsed.text
    assert "\r" not in text
    assert "\x00" not in text
    assert not text.startswith("\ufeff")
    text.encode("utf-8")
    ends = 0
    for block in parsed.blocks:
        assert ends <= block.start < block.end <= len(text)
        words = block.of(text)
        assert words == words.strip()
        ends = block.end
    for starts in (
        parsed.pages,
        [heading.start for heading in parsed.headings],
        [place.start for place in parsed.places],
    ):
        assert list(starts) == sorted(starts)
        assert all(0 <= start <= len(text) for start in starts)
    assert all(heading.text and heading.level >= 1 for heading in parsed.headings)


@pytest.fixture(scope="session")
def sound() -> Callable[[Parsed], None]:
    """The check of what holds of any parsed file."""
    return check
