from __future__ import annotations

import pytest

from rag.answering import ask

CONTRACT = (
    "The total liability of the seller is limited to 250,000 pounds. Risk passes on unloading."
)


@pytest.mark.parametrize(
    "change",
    [
        "In clause 3 the amount of 250,000 pounds is replaced by 400,000 pounds.",
        "The cap now stands at £400,000 instead of £250,000.",
        "The parties raise the sum from 250,000 pounds to 400,000 pounds.",
    ],
)
def test_an_amendment_that_names_the_value_alone_is_cited_first(make, change) -> None:
    texts = {"contract.txt": CONTRACT, "amendment.txt": f"{change} All else remains unchanged."}
    answer = ask("To what is the total liability of the seller limited?", make(texts))
    assert [c.document for c in answer.citations] == ["amendment.txt", "contract.txt"]
    assert answer.citations[0].quote == change
    assert any("amendment.txt changes" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("note.txt", "The price of 250,000 pounds is paid in advance, 400,000 pounds later."),
        ("note.txt", "The stock of 250,000 bolts was increased to 400,000 bolts."),
        ("note.txt", "The amount of 300,000 pounds is replaced by 400,000 pounds."),
        ("2019-03-02-note.txt", "The amount of 250,000 pounds is replaced by 400,000 pounds."),
    ],
)
def test_another_matter_or_an_earlier_document_changes_nothing(make, name, other) -> None:
    texts = {"2024-05-01-contract.txt": CONTRACT, name: other}
    answer = ask("To what is the total liability of the seller limited?", make(texts))
    assert [c.document for c in answer.citations] == ["2024-05-01-contract.txt"]
    assert not answer.notes


def test_a_date_is_no_amount(make) -> None:
    texts = {
        "policy.txt": "The insurance runs from 1 September 2024 to 31 August 2025.",
        "lease.txt": "The rent may be raised on 1 September 2024 and again in 2026.",
    }
    answer = ask("From when to when does the insurance run?", make(texts))
    assert [c.document for c in answer.citations] == ["policy.txt"]
    assert not answer.notes
