from __future__ import annotations

from rag.answering import ask
from rag.testing import FakeGenerator

BOATS = {
    "orla.md": "The Orla is a ferry that was built first, in 1911. It carries forty people.",
    "petrel.md": "The Petrel is a ferry that was built in 1938. It carries ninety people.",
    "mill.md": "The mill was built in 1802. Flour is sold on Mondays.",
}
QUESTION = "Which ferry was built first, the Orla or the Petrel?"


def test_a_comparison_cites_a_sentence_of_each(make) -> None:
    answer = ask(QUESTION, make(BOATS))
    assert answer.status == "answered"
    assert {c.document for c in answer.citations} == {"orla.md", "petrel.md"}
    assert "1911" in answer.answer
    assert "1938" in answer.answer


def test_the_model_judges_both_together(make) -> None:
    generator = FakeGenerator(["The Orla was built in 1911, the Petrel in 1938."])
    answer = ask(QUESTION, make(BOATS, generator=generator))
    assert {c.document for c in answer.citations} == {"orla.md", "petrel.md"}
    together = [p.rest for p in generator.prompts if "Do the texts" in p.rest]
    assert together
    assert all("Orla" in rest and "Petrel" in rest for rest in together)


def test_a_thing_that_no_document_names_is_not_compared(make) -> None:
    only = {"orla.md": BOATS["orla.md"], "mill.md": BOATS["mill.md"]}
    answer = ask(QUESTION, make(only))
    assert "petrel.md" not in {c.document for c in answer.citations}
    assert len(answer.citations) <= 1
