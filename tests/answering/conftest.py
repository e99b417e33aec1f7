"""A workshop over documents given as text, with the fakes that ship with the package."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from rag.answering import Workshop
from rag.calibration import Calibrated
from rag.testing import FakeReader
from rag.types import Document, Hit, Passage, Span

_SENTENCE = re.compile(r"\S[^.!?\n]*(?:\.(?=\d)[^.!?\n]*)*[.!?]?")
# Fixed, so that no test here depends on the coefficients that are shipped.
ALONE = Calibrated("alone", 0.2, {"margin": 0.4, "overlap": 1.0}, {"answer": 0.5})
JUDGED = Calibrated("judged", -0.2, {"judge": 0.6, "margin": 0.2, "overlap": 1.0}, {"answer": 0.5})
HOUSE = {
    "minutes.md": (
        "# Works council, 4 March\n\nThe council agreed to raise spending on training to 3.5 % of "
        "payroll by 2031. Ms Adeyemi abstained.\n\nThe fitting of the boiler costs 18,400 euros.\n"
    ),
    "lease.txt": (
        "The tenant may keep one cat. Dogs are not permitted.\nRent of €940 is due on the third "
        "working day of each month.\nNotice must be given in writing ninety days before leaving.\n"
    ),
    "orders.txt": "Delivery note 77. Forty crates of lamps were delivered to Hall 6 [1].\n",
}


def passages_of(document: Document, size: int = 4) -> list[Passage]:
    spans = [Span(*m.span()) for m in _SENTENCE.finditer(document.text)]
    groups = [spans[i : i + size] for i in range(0, len(spans), size)]
    return [
        Passage(
            f"{document.path}-{group[0].start}",
            document.path,
            Span(group[0].start, group[-1].end),
            document.text[group[0].start : group[-1].end],
            tuple(group),
            document.heading_at(group[0].start),
            None,
            document.line_at(group[0].start),
        )
        for group in groups
    ]


def workshop_of(texts: dict[str, str], **parts: object) -> Workshop:
    documents = {k: Document(k, v, "0" * 64, "plain/1") for k, v in texts.items()}
    passages = [p for d in documents.values() for p in passages_of(d)]
    reader = FakeReader()

    def search(query: str, k: int) -> list[Hit]:
        best = [(r.answerable, p) for p in passages for r in reader.read(query, [p.text])]
        best.sort(key=lambda pair: (-pair[0], pair[1].id))
        return [Hit(p, i, round(score, 4)) for i, (score, p) in enumerate(best[:k], 1)]

    given = {"alone": ALONE, "calibration": JUDGED if "generator" in parts else ALONE, **parts}
    return Workshop(search, documents.__getitem__, reader, index_digest="d1", **given)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def make() -> Callable[..., Workshop]:
    return workshop_of


@pytest.fixture
def house() -> dict[str, str]:
    return dict(HOUSE)
