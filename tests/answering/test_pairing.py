from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from rag.answering import ask
from rag.answering.candidate import Candidate
from rag.answering.candidates import find_candidates
from rag.answering.comparing import asks_difference, holds_of_both
from rag.answering.naming import is_titled
from rag.answering.pairing import decide_pair, sides_of
from rag.answering.shape import Compared, compared
from rag.calibration import Calibrated
from rag.generation.judging import PREFIX
from rag.generation.protocol import Prompt
from rag.retrieval import Subject
from rag.testing import FakeGenerator, FakeReader
from rag.types import Document, Hit

BOATS = {
    "orla.md": "The Orla is a ferry that was built first, in 1911. It carries forty people.",
    "petrel.md": "The Petrel is a ferry that was built in 1938. It carries ninety people.",
    "mill.md": "The mill was built in 1802. Flour is sold on Mondays.",
}
QUESTION = "Which ferry was built first, the Orla or the Petrel?"


def judged(generator: FakeGenerator, texts: int) -> list[Prompt]:
    """The prompts that asked whether so many texts state the answer."""
    asked = [p for p in generator.prompts if p.prefix == PREFIX]
    return [p for p in asked if p.rest.count("Text:") == texts]


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
    together = [p.rest for p in judged(generator, 2)]
    assert together
    assert all("Orla" in rest and "Petrel" in rest for rest in together)


def test_a_thing_that_no_document_names_is_not_compared(make) -> None:
    only = {"orla.md": BOATS["orla.md"], "mill.md": BOATS["mill.md"]}
    answer = ask(QUESTION, make(only))
    assert "petrel.md" not in {c.document for c in answer.citations}
    assert len(answer.citations) <= 1


NOVEL = {
    "The_Mill.txt": "The Mill is a novel by Lena Falk. It has nine chapters.",
    "Lena_Falk.txt": "Lena Falk was a writer from Oslo, a harbour city. She kept bees.",
    "Fishing.txt": "Herring is caught with nets in the north of the fjord.",
}
CHAIN = "From which harbour city was the writer of the novel The Mill?"
DOUBTING = Calibrated(
    "doubting", -2.5, {"judge": 0.8}, {"answer": 0.5, "alone_above": 1.0, "alone_below": 0.0}
)


def test_a_sentence_and_the_one_that_completes_it_answer_together(make) -> None:
    generator = FakeGenerator()
    workshop = make(NOVEL, generator=generator, calibration=DOUBTING)
    answer = ask(CHAIN, workshop)
    assert answer.status == "answered"
    assert {c.document for c in answer.citations} == {"The_Mill.txt", "Lena_Falk.txt"}
    singles = judged(generator, 1)
    assert singles
    assert all(
        DOUBTING.probability({"judge": j}) < 0.5 for j in generator.preference(singles, "yes", "no")
    )


def test_a_sentence_that_nothing_completes_is_not_asked_again(make) -> None:
    generator = FakeGenerator()
    only = {"The_Mill.txt": NOVEL["The_Mill.txt"], "Fishing.txt": NOVEL["Fishing.txt"]}
    answer = ask(CHAIN, make(only, generator=generator, calibration=DOUBTING))
    assert answer.status == "not_found"
    assert not judged(generator, 2)


def test_what_two_sentences_leave_open_stays_unanswered(make) -> None:
    stern = replace(DOUBTING, intercept=-20.0)
    answer = ask(CHAIN, make(NOVEL, generator=FakeGenerator(), calibration=stern))
    assert answer.status == "not_found"
    assert not answer.citations


PLANTS = (
    "Dieffenbachia is a genus of tropical flowering plants in the family Araceae.",
    "Carlina is a genus of flowering plants in the aster family, Asteraceae.",
)


@pytest.mark.parametrize(
    ("sentence", "holds"),
    [
        ("Both Dieffenbachia and Carlina belong to the family Araceae.", False),
        ("Both Dieffenbachia and Carlina belong to the group of flowering plants.", True),
        ("Dieffenbachia and Carlina are both tropical.", False),
        ("Dieffenbachia belongs to the family Araceae.", True),
    ],
)
def test_what_is_said_of_both_stands_in_both_sources(sentence, holds) -> None:
    assert holds_of_both(sentence, PLANTS) is holds


def test_a_wording_that_holds_of_one_alone_is_not_shown(make) -> None:
    generator = FakeGenerator(["Both the Orla and the Petrel were built in 1911."])
    answer = ask("Were the Orla and the Petrel both built first?", make(BOATS, generator=generator))
    assert "Both the" not in answer.answer
    assert any("of both" in r.reason for r in answer.removed)
    generator = FakeGenerator(["Both the Orla and the Petrel are a ferry."])
    answer = ask("What are both the Orla and the Petrel?", make(BOATS, generator=generator))
    assert not any("both" in r.reason for r in answer.removed)


def test_a_sentence_that_names_both_compares_them_itself(make) -> None:
    texts = {**BOATS, "both.md": "The Orla was built first, the Petrel ferry second."}
    answer = ask(QUESTION, make(texts, generator=FakeGenerator()))
    assert answer.citations[0].document == "both.md"


@pytest.mark.parametrize(
    ("other", "paired"),
    [("For 2023 the plan was 640.", False), ("The income of 2023 was 16,950.", True)],
)
def test_what_is_not_spoken_of_on_both_sides_is_no_pair(make, other, paired) -> None:
    workshop = make({"minutes.md": "The income of 2024 was 18,420.", "other.md": other})
    sure = Calibrated("sure", 3.0, {}, {"answer": 0.5})

    def find(side: Compared) -> list[Candidate]:
        hits = workshop.search(side.question, 5)
        return find_candidates(side.question, hits, FakeReader(), workshop.document)

    question = "How much higher was the income in 2024 than in 2023?"
    pair = compared(question)
    assert pair is not None
    sides = sides_of(pair, find, sure)
    assert sides is not None
    decision = decide_pair(question, sides, None, sure)
    assert decision.found is paired


def test_a_difference_is_quoted_and_not_reckoned(make) -> None:
    generator = FakeGenerator(["The Orla was built in 1911, the Petrel in 1938."])
    question = "By how many years was the ferry built first, the Orla or the Petrel?"
    answer = ask(question, make(BOATS, generator=generator))
    assert {c.document for c in answer.citations} == {"orla.md", "petrel.md"}
    assert judged(generator, 2)
    assert all(p.prefix == PREFIX for p in generator.prompts)


def test_a_model_whose_word_is_not_counted_is_not_asked_about_two(make) -> None:
    generator = FakeGenerator()
    deaf = Calibrated("deaf", 0.2, {"margin": 0.4}, {"answer": 0.99})
    ask(QUESTION, make(BOATS, generator=generator, calibration=deaf))
    assert not judged(generator, 2)
    heard = replace(deaf, weights={"margin": 0.4, "judge": 0.1})
    ask(QUESTION, make(BOATS, generator=generator, calibration=heard))
    assert judged(generator, 2)


def test_pairs_may_have_coefficients_of_their_own(make) -> None:
    heard = Calibrated("heard", -9.0, {"judge": 0.1}, {"answer": 0.5})
    refused = ask(QUESTION, make(BOATS, generator=FakeGenerator(), calibration=heard))
    assert refused.status == "not_found"
    own = {**heard.thresholds, "pair_intercept": 3.0, "pair_judge": 0.1}
    paired = replace(heard, thresholds=own)
    answer = ask(QUESTION, make(BOATS, generator=FakeGenerator(), calibration=paired))
    assert {c.document for c in answer.citations} == {"orla.md", "petrel.md"}


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("By how much did the rent rise?", True),
        ("How much higher was the income in 2024 than in 2023?", True),
        ("How many more boats has Orla than Petrel?", True),
        ("How many other boats are there?", False),
        ("How much water does the pump move?", False),
    ],
)
def test_what_asks_for_a_difference(question: str, asked: bool) -> None:
    assert asks_difference(question) is asked


MAGAZINES = {
    "Evening.txt": "Evening (magazine)\n\nThe magazine Evening was founded in 1931.",
    "Noon.txt": "Noon\n\nThe magazine Noon was founded in 1885.",
    **{
        f"{i}.txt": f"Ann Noon {i}\n\nThe first magazine that Ann Noon founded was Noon Press."
        for i in range(12)
    },
}


def test_what_is_compared_is_told_by_the_document_that_bears_its_name(make) -> None:
    plain = make(MAGAZINES)

    def search(text: str, count: int) -> list[Hit]:  # finds what only mentions the magazine
        return [h for h in plain.search(text, 19) if h.passage.document != "Noon.txt"][:count]

    def within(text: str, count: int, documents: Collection[str]) -> list[Hit]:
        return [h for h in plain.search(text, 19) if h.passage.document in documents][:count]

    def subject(text: str) -> Subject:
        held = (
            ("Evening.txt",)
            if "Evening" in text
            else tuple(m for m in MAGAZINES if m != "Evening.txt")
        )
        return Subject((held[0][:4].lower(),), dict.fromkeys(held, 1.0))

    shop = replace(make(MAGAZINES, subject=subject, within=within), search=search)
    answer = ask("Which magazine was founded first, Evening or Noon?", shop)
    assert {c.document for c in answer.citations} == {"Evening.txt", "Noon.txt"}


@pytest.mark.parametrize(
    ("path", "text", "title", "so"),
    [
        ("a.txt", "The Lady (magazine)\n\nIt is old.", None, True),
        ("The_Lady.txt", "It is old.", None, True),
        ("a.md", "# About\n\nIt is old.", "The Lady", True),
        ("a.txt", "The Lady of the Lake\n\nIt is old.", None, False),
        ("Ladybird.txt", "The lady is old.", None, False),
    ],
)
def test_a_document_bears_a_name_as_its_title_and_nothing_more(path, text, title, so) -> None:
    assert is_titled(Document(path, text, "0" * 64, "plain/1", title=title), "The Lady") is so
