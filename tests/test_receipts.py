from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

import pytest

from rag.answering import Workshop, ask
from rag.calibration import Calibrated
from rag.errors import RagError, ReceiptInvalid
from rag.receipts import read_receipt, receipt_of, replay, write_receipt
from rag.settings import Settings
from rag.testing import FakeGenerator, FakeReader
from rag.types import Answer, Document, Hit, Passage, Span

TEXT = "Dogs are not permitted. Rent of €940 is due on the third working day."


@dataclass
class OneDocument:
    """An index of one document, answered with fakes."""

    text: str = TEXT
    digest: str = "d1"
    settings: Settings = field(default_factory=Settings)
    model: str = "fake-generator"

    def document(self, name: str) -> Document:
        if name != "lease.txt":
            raise RagError(f"no document {name}")
        return Document(name, self.text, "0" * 64, "plain/1")

    def ask(self, question: str, **options: Any) -> Answer:
        cut = self.text.index(". ") + 1
        sentences = (Span(0, cut), Span(cut + 1, len(self.text)))
        passage = Passage("p", "lease.txt", Span(0, len(self.text)), self.text, sentences)
        workshop = Workshop(
            lambda query, k: [Hit(passage, 1, 1.0)],
            self.document,
            FakeReader(),
            FakeGenerator(name=self.model),
            self.digest,
            calibration=Calibrated("judged", 0.0, {"judge": 1.0}),
            alone=Calibrated("alone", 0.0, {}),
        )
        return ask(question, workshop, quote_only=bool(options.get("quote")))


@pytest.fixture
def written(tmp_path):
    index = OneDocument()
    path = tmp_path / "receipt.json"
    write_receipt(path, index.ask("How much is the rent?"), index, {"quote": False, "k": None})
    return path


def test_a_receipt_holds_against_the_same_documents(written) -> None:
    result = replay(written, OneDocument(), generate=True)
    assert result.holds
    assert result.differs == ()
    assert result.question == "How much is the rent?"


def test_a_receipt_names_what_made_the_answer(written) -> None:
    receipt = read_receipt(written)
    assert receipt["answer"]["model"]["name"] == "fake-generator"
    assert receipt["settings"]["seed"] == 0
    assert "numpy" in receipt["machine"]["versions"]
    assert receipt["options"] == {"quote": False}
    assert any("940" in text for text in receipt["prompts"]["asked"])
    assert receipt["evidence"][0]["outcome"] == "cited"


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_a_receipt_is_readable_by_its_owner_only(written) -> None:
    assert written.stat().st_mode & 0o077 == 0
    assert list(written.parent.iterdir()) == [written]


def test_a_changed_quotation_is_found_without_a_model(written) -> None:
    result = replay(written, OneDocument(TEXT.replace("940", "980"), "d2"))
    assert not result.holds
    assert "no longer says" in result.differs[0]
    assert any("changed" in line for line in result.differs)


def test_a_moved_quotation_is_found_and_placed(written) -> None:
    result = replay(written, OneDocument("New first line. " + TEXT, "d2"))
    assert not result.holds
    assert f"now stands at {TEXT.index('Rent') + 16}" in result.differs[0]


def test_another_index_with_the_same_text_still_holds(written) -> None:
    result = replay(written, OneDocument(digest="d2"))
    assert result.holds
    assert len(result.differs) == 1


def test_a_document_that_is_gone_is_named(written) -> None:
    index = OneDocument()
    index.document = lambda name: (_ for _ in ()).throw(RagError("gone"))  # type: ignore[method-assign]
    assert "no longer in the index" in replay(written, index).differs[0]


def test_an_answer_that_cannot_be_reproduced_says_what_differs(written) -> None:
    text = TEXT.replace("third", "fifth")
    result = replay(written, OneDocument(text, "d1", model="another"), generate=True)
    assert not result.holds
    assert any(line.startswith("sentences is now") for line in result.differs)
    assert any(line.startswith("the model: name is now") for line in result.differs)


def test_an_altered_receipt_is_noticed(written) -> None:
    raw = json.loads(written.read_text(encoding="utf-8"))
    raw["answer"]["answer"] = "The rent is 5 euros. [1]"
    written.write_text(json.dumps(raw), encoding="utf-8")
    result = replay(written, OneDocument())
    assert not result.holds
    assert "altered" in result.differs[0]


_NO_RECEIPTS = [
    b"",
    b"{",
    b"[]",
    b"\xff\xfe",
    b'{"format": 9}',
    b'{"format": 1}',
    b'{"format": 1, "answer": {}}',
    b'{"format": 1, "answer": {"question": "q", "citations": [{"marker": 1}]}}',
]


@pytest.mark.parametrize("content", _NO_RECEIPTS)
def test_what_is_no_receipt_is_refused(tmp_path, content) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(content)
    with pytest.raises(ReceiptInvalid, match=r"receipt\.json"):
        replay(path, OneDocument())


def test_a_missing_receipt_is_refused(tmp_path) -> None:
    with pytest.raises(ReceiptInvalid, match="nothing"):
        replay(tmp_path / "nothing.json", OneDocument())


def test_a_receipt_that_cannot_be_written_is_an_error(tmp_path) -> None:
    index = OneDocument()
    answer = index.ask("How much is the rent?")
    with pytest.raises(RagError, match="cannot be written"):
        write_receipt(tmp_path / "no" / "receipt.json", answer, index, {})


def test_what_judges_is_named_by_its_hash_where_the_model_has_a_head() -> None:
    def hashes(model: str) -> Any:
        index: Any = OneDocument(model=model)
        receipt = receipt_of(index.ask("Are dogs permitted?"), index, {})
        return receipt["prompts"]["constant_sha256"]

    assert len(hashes("qwen2.5-coder-1.5b-instruct")["head"]) == 64
    assert "head" not in hashes("fake-generator")
