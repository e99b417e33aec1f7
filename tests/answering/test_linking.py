from __future__ import annotations

from rag.answering.candidates import find_candidates
from rag.answering.linking import second_source, title_of
from rag.answering.sentences import sentences_holding, within_one
from rag.testing import FakeReader
from rag.types import Document, Hit, Span

TEXTS = {
    "The_Mill.txt": "The Mill is a novel by Lena Falk. It has nine chapters.",
    "Lena_Falk.txt": "Lena Falk was a writer from Oslo. She kept bees.",
    "Oslo.txt": "Oslo is the capital of Norway.",
}


def found(make, question):
    workshop = make(TEXTS)
    hits = workshop.search(question, 10)
    first = find_candidates(question, hits, FakeReader(), workshop.document)[0]
    return first, second_source(question, first, hits, workshop.document)


def test_the_second_sentence_ties_to_the_first_and_adds_what_is_left(make) -> None:
    first, second = found(make, "From which city was the writer of the novel The Mill?")
    assert {first.document, second.document} == {"The_Mill.txt", "Lena_Falk.txt"}


def test_the_second_sentence_may_come_from_a_search_with_the_first(make) -> None:
    question = "From which city was the writer of the novel The Mill?"
    workshop = make(TEXTS)
    hits = [h for h in workshop.search(question, 10) if h.passage.document == "The_Mill.txt"]
    first = find_candidates(question, hits, FakeReader(), workshop.document)[0]
    asked: list[str] = []

    def search(text: str) -> list[Hit]:
        asked.append(text)
        return list(workshop.search(text, 10))

    assert second_source(question, first, hits, workshop.document) is None
    second = second_source(question, first, hits, workshop.document, search)
    assert second is not None
    assert second.document == "Lena_Falk.txt"
    assert asked == [f"{question} {first.text}"]


def test_a_question_whose_words_all_stand_in_the_first_sentence_is_not_searched_again(make) -> None:
    question = "Is Oslo the capital of Norway?"
    workshop = make(TEXTS)
    hits = workshop.search(question, 10)
    first = find_candidates(question, hits, FakeReader(), workshop.document)[0]
    asked: list[str] = []
    second_source(question, first, hits, workshop.document, lambda t: asked.append(t) or [])
    assert not asked


def test_a_fact_that_one_sentence_states_has_no_second_source(make) -> None:
    _, second = found(make, "Oslo is the capital of which country?")
    assert second is None


def test_a_title_is_the_documents_own_or_its_name() -> None:
    named = Document("a/Tea_Moderna_(magazine).txt", "x", "0", "plain/1")
    assert title_of(named).split() == ["Tea", "Moderna"]
    titled = Document("a.html", "x", "0", "html/1", title="Tea Moderna")
    assert title_of(titled) == "Tea Moderna"


def test_the_shortest_run_of_whole_sentences() -> None:
    sentences = [Span(0, 10), Span(11, 20), Span(21, 30)]
    assert sentences_holding(Span(12, 15), sentences) == Span(11, 20)
    assert sentences_holding(Span(8, 13), sentences) == Span(0, 20)
    assert sentences_holding(Span(40, 45), sentences) is None


def test_a_phrase_that_runs_over_keeps_the_part_in_the_sentence_that_holds_more() -> None:
    sentences = [Span(0, 10), Span(11, 20), Span(21, 30)]
    assert within_one(Span(2, 13), sentences) == Span(2, 10)
    assert within_one(Span(8, 18), sentences) == Span(11, 18)
    assert within_one(Span(22, 25), sentences) == Span(22, 25)
    assert within_one(Span(40, 45), sentences) == Span(40, 45)


def test_the_names_of_a_tables_columns_complete_nothing(make) -> None:
    question = "On which day does the Library Van stop in Nether Wick?"
    texts = {
        "minutes.md": "From October the library van will stop in Nether Wick on Tuesdays.",
        "library van.md": "| Place | Day | Time |\n|---|---|---|\n| Tallow | Monday | 9:00 |\n",
    }
    workshop = make(texts)
    hits = workshop.search(question, 10)
    found = find_candidates(question, hits, FakeReader(), workshop.document)
    first = next(c for c in found if c.document == "minutes.md")
    assert second_source(question, first, hits, workshop.document) is None
    prose = make({**texts, "library van.md": "Place, day and time are in the list.\n"})
    hits = prose.search(question, 10)
    assert second_source(question, first, hits, prose.document) is not None


def test_a_title_that_is_no_name_ties_nothing_together(make) -> None:
    texts = {
        "letter.md": "# Letter of Ines Moreau\n\nThe salary is raised to 4,100 euros.\n",
        "contract.md": "# Employment contract\n\nThe employment contract is kept by the owner.\n",
    }
    workshop = make(texts)
    for asked, ties in (("employment contract", False), ("Employment Contract", True)):
        question = f"What is the salary raised to in the {asked} that the owner keeps?"
        hits = workshop.search(question, 10)
        found = find_candidates(question, hits, FakeReader(), workshop.document)
        first = next(c for c in found if "4,100" in c.text)
        assert (second_source(question, first, hits, workshop.document) is not None) is ties


def test_a_line_of_names_completes_nothing(make) -> None:
    question = "Where will the River Board of Marrow build the beds?"
    for line, completes in (
        ("(2) Sele River Board, Marrow Bridge.", False),
        ("The River Board meets at Marrow Bridge.", True),
    ):
        texts = {
            "minutes.md": "Two beds are built at Ostle, said Ann Lee.",
            "Ann Lee.md": f"{line} Ann Lee.",
        }
        workshop = make(texts)
        hits = workshop.search(question, 10)
        found = find_candidates(question, hits, FakeReader(), workshop.document)
        first = next(c for c in found if c.document == "minutes.md")
        second = second_source(question, first, hits, workshop.document)
        assert (second is not None) is completes
