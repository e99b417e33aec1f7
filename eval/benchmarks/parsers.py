"""What the parsers keep of a file: words, order, sentences, tables, places; spans exact.

    python eval/benchmarks/parsers.py [FOLDER] [--json FILE] [--keep FOLDER] [--soffice PROGRAM]

Two measurements. Documents whose text is known are written and saved in a dozen formats by
LibreOffice, where `soffice` is installed: what is read from each is held against the truth. And
every PDF of FOLDER is held against `pdftotext` (Poppler) where that is installed, otherwise against
PDFium's own text: it has no truth, so what is not kept is listed for a person to judge.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from bisect import bisect_left
from collections import Counter
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from parser_documents import MAKERS, Piece, Truth

from rag.errors import UnreadableDocument
from rag.passages import make_passages, split_sentences
from rag.settings import Settings
from rag.sources import read_files, walk
from rag.types import Document

FORMATS = {
    "report": ("odt", "docx", "pdf", "html", "epub", "rtf", "txt"),
    "book": ("ods", "xlsx", "pdf", "html", "csv"),
    "talk": ("odp", "pptx", "pdf"),
}
"""What each document is saved as."""

_WORD = re.compile(r"\w+(?:[.,'’]\w+)*")
_UNSEEN = {**dict.fromkeys(map(ord, "\u00ad\u200b")), **dict.fromkeys(map(ord, "⁰¹²³⁴⁵⁶⁷⁸⁹"), " ")}
"""What is no part of the words beside it: soft hyphens, and the marks of notes."""

Figures = dict[str, dict[str, object]]
"""The measures of each file, by its name."""


class Reading:
    """A document's text without regard to case, ligatures and white space, and the way back."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.sentences = split_sentences(document)
        chars: list[str] = []
        self.origin: list[int] = []
        for at, char in enumerate(document.text):
            for one in plain(char) or " ":
                if one == " " and (not chars or chars[-1] == " "):
                    continue
                if one == "%" and chars and chars[-1] == " ":
                    del chars[-1], self.origin[-1]
                chars.append(one)
                self.origin.append(at)
        self.text = "".join(chars)

    def find(self, words: str, after: int = 0) -> int | None:
        """The offset in the document of words that stand there as one run; None without."""
        at = self.text.find(plain(words), bisect_left(self.origin, after))
        return self.origin[at] if at >= 0 else None

    def sentence_at(self, offset: int) -> str:
        """The plain text of the sentence around an offset."""
        around = (s for s in self.sentences if s.start <= offset < s.end)
        return plain(next((s.of(self.document.text) for s in around), ""))


def plain(text: str) -> str:
    """Words as they are compared: composed, lower case, single spaces, no soft hyphens."""
    composed = unicodedata.normalize("NFKC", text.translate(_UNSEEN)).casefold()
    return re.sub(r"\s+(?=%)", "", re.sub(r"\s+", " ", composed))


def words(text: str) -> Counter[str]:
    """How often each word stands in a text."""
    return Counter(_WORD.findall(plain(text)))


def exact(document: Document) -> bool:
    """Whether every passage and sentence is the text at its span, and together they hold it all."""
    passages = make_passages(document, lambda texts: [len(t) // 4 + 1 for t in texts])
    text, covered = document.text, bytearray(len(document.text))
    for passage in passages:
        if passage.span.of(text) != passage.text:
            return False
        covered[passage.span.start : passage.span.end] = b"\1" * len(passage.span)
    apart = all(a.end <= b.start for p in passages for a, b in pairwise(p.sentences))
    return apart and all(covered[i] or not c.isalnum() for i, c in enumerate(text))


def against_truth(document: Document, truth: Truth) -> dict[str, object]:
    """What is kept of a document whose text is known."""
    reading = Reading(document)
    expected = sum((words(piece.text) for piece in truth.pieces), Counter())
    heads = sum((words(" ".join(piece.heads)) for piece in truth.pieces), Counter())
    found = words(document.text)
    lost = expected - found
    extra = found - expected - heads - sum((words(line) for line in truth.once), Counter())
    whole: list[bool] = []
    rows: list[bool] = []
    headed: list[bool] = []
    placed: list[bool] = []
    offsets: list[int] = []
    for piece in truth.pieces:
        first = piece.text.split("\t")[0]
        at = reading.find(first, offsets[-1] if offsets else 0)
        at = reading.find(first) if at is None else at
        if piece.kind == "row":
            rows.append(at is not None and row_is_whole(reading, piece, at))
            headed.extend(headed_values(reading, piece, at) if at is not None else [False])
        else:
            whole.append(at is not None)
        if at is None:
            continue
        if piece.kind != "note":
            offsets.append(at)
        if piece.place and document.places:
            placed.append(document.place_at(at) == piece.place)
        if piece.page and document.pages:
            placed.append(document.page_at(at) == piece.page)
    repeats = [reading.text.count(plain(line)) for line in truth.once]
    return {
        "words": 1 - lost.total() / expected.total(),
        "extra": extra.total() / expected.total(),
        "whole": share(whole),
        "order": share([a < b for a, b in pairwise(offsets)]),
        "rows": share(rows),
        "heads": share(headed),
        "places": share(placed),
        "running": max(repeats, default=0),
        "hidden": sum(reading.text.count(plain(line)) for line in truth.never),
        "spans": exact(document),
        "lost": sorted(lost.elements())[:20],
        "added": sorted(extra.elements())[:20],
        "missing": [
            p.text[:60] for p in truth.pieces if p.kind != "row" and reading.find(p.text) is None
        ],
    }


def expected_of(truth: Truth, suffix: str) -> Truth:
    """What a document holds once it is saved in a format: not every format keeps everything."""
    pieces = truth.pieces
    if suffix == "csv":  # the first sheet
        named = [
            replace(p, place=f"row {p.place.split('!A')[1].split(':')[0]}")
            for p in pieces
            if p.place and p.place.startswith("Arrivals")
        ]
        pieces = named
    if suffix == "pdf":  # no speaker's notes
        pieces = [p for p in pieces if p.kind != "note" or not p.place]
    return replace(truth, pieces=pieces)


def row_is_whole(reading: Reading, piece: Piece, at: int) -> bool:
    """Whether all values of a table's row stand in one sentence."""
    sentence = reading.sentence_at(at)
    return all(plain(value) in sentence for value in piece.text.split("\t"))


def headed_values(reading: Reading, piece: Piece, at: int) -> list[bool]:
    """For each value but the first: whether its sentence says what it is of."""
    sentence = reading.sentence_at(at)
    pairs = list(zip(piece.heads, piece.text.split("\t"), strict=True))[1:]
    return [plain(head) in sentence and plain(value) in sentence for head, value in pairs]


def share(values: list[bool]) -> float | None:
    """The share that holds; None of nothing."""
    return sum(values) / len(values) if values else None


def against_raw(document: Document, raw: list[str]) -> dict[str, object]:
    """What is kept of a PDF, by the pages of another program's text."""
    # Another program leaves a divided word in two, and says a running header on every page.
    reference = re.sub(r"(?<=\w)[-\u00ad]\n\s*(?=[a-zß-ÿ])", "", "\n".join(raw))
    lines = Counter(plain(line.strip()) for page in raw for line in page.split("\n"))
    often = {line for line, count in lines.items() if count >= max(2, len(raw) / 3)}
    kept_once, said = [], set()
    for line in reference.split("\n"):
        key = plain(line.strip())
        if key not in often or key not in said:
            kept_once.append(line)
        said.add(key)
    expected, found = words("\n".join(kept_once)), words(document.text)
    lost = expected - found
    pages = [
        order(page, document.text[start:end])
        for page, start, end in zip(
            raw, document.pages, (*document.pages[1:], len(document.text)), strict=False
        )
    ]
    divided = len(re.findall(r"[^\W\d_]-\s+[a-z]", document.text))
    rows = sum(" | " in s.of(document.text) for s in split_sentences(document))
    return {
        "pages": len(raw),
        "words": 1 - lost.total() / max(1, expected.total()),
        "order": sum(a for a, _ in pages) / max(1, sum(b for _, b in pages)),
        "divided": divided,
        "rows": rows,
        "spans": exact(document),
        "lost": [f"{w} {n}" for w, n in lost.most_common(20)],
    }


def order(page: str, text: str) -> tuple[int, int]:
    """How many words of both stand in one order, and how many they share at all."""
    a, b = _WORD.findall(plain(page)), _WORD.findall(plain(text))
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks), (Counter(a) & Counter(b)).total()


def raw_pages(path: Path) -> list[str]:
    """The text of each page as another program, or PDFium itself, gives it."""
    if tool := shutil.which("pdftotext"):
        done = subprocess.run([tool, path, "-"], capture_output=True, check=True)
        return done.stdout.decode("utf-8").split("\f")[:-1]
    import pypdfium2

    file = pypdfium2.PdfDocument(path)
    return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in file]


def make(folder: Path, soffice: str) -> dict[str, Truth]:
    """The truth of each document by its stem; the files are written into `folder`.

    What stands there already, made from the same text, is left as it is.
    """
    truths = {}
    for stem, (maker, suffix) in MAKERS.items():
        text, truths[stem] = maker()
        source = folder / f"{stem}.{suffix}"
        same = source.exists() and source.read_text(encoding="utf-8") == text
        source.write_text(text, encoding="utf-8")
        for target in FORMATS[stem]:
            if same and (folder / f"{stem}.{target}").exists():
                continue
            wanted = "txt:Text (encoded):UTF8" if target == "txt" else target
            profile = f"-env:UserInstallation=file://{folder / '.profile'}"
            subprocess.run(
                [
                    soffice,
                    profile,
                    "--headless",
                    "--convert-to",
                    wanted,
                    "--outdir",
                    folder,
                    source,
                ],
                check=True,
                capture_output=True,
                timeout=300,
            )
    return truths


def read(folder: Path, names: set[str] | None = None) -> dict[str, Document]:
    """The documents of a folder by their names; what cannot be read is printed."""
    found = [f for f in walk([folder]) if names is None or f.document in names]
    documents = {}
    for result in read_files(found, Settings(), workers=2):
        if isinstance(result, UnreadableDocument):
            print(f"  {result}")
        else:
            documents[result.path] = result
    return documents


def main() -> None:
    """Prints the tables and, with --json FILE, writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="PDFs to hold against pdftotext")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path, help="write the documents there and leave them")
    parser.add_argument("--soffice", default=shutil.which("soffice"))
    options = parser.parse_args()
    figures: dict[str, Figures] = {"made": {}, "found": {}}
    if options.soffice:
        with tempfile.TemporaryDirectory() as temporary:
            folder = (options.keep or Path(temporary)).resolve()
            folder.mkdir(parents=True, exist_ok=True)
            truths = make(folder, options.soffice)
            documents = read(folder)
        for name, document in sorted(documents.items()):
            stem, suffix = name.split(".")
            figures["made"][name] = against_truth(document, expected_of(truths[stem], suffix))
    if options.folder:
        for name, document in sorted(read(options.folder).items()):
            if name.endswith(".pdf"):
                figures["found"][name] = against_raw(document, raw_pages(options.folder / name))
    show(figures["made"], ("words", "extra", "whole", "order", "rows", "heads", "places"))
    show(figures["found"], ("pages", "words", "order", "divided", "rows"))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


def show(figures: Figures, columns: tuple[str, ...]) -> None:
    """Prints one table, as Markdown."""
    if not figures:
        return
    print(
        "\n| file | " + " | ".join(columns) + " | spans |\n|---" + "|---" * (len(columns) + 1) + "|"
    )
    for name, row in figures.items():
        cells = [f"{v:.3f}" if isinstance(v := row[c], float) else str(v) for c in columns]
        cells = ["–" if cell == "None" else cell for cell in cells]
        print(f"| {name} | {' | '.join(cells)} | {'exact' if row['spans'] else 'WRONG'} |")


if __name__ == "__main__":
    main()
