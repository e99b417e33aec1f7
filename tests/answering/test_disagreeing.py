from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answering import ask
from rag.answering.candidate import Candidate, Judged
from rag.answering.disagreeing import as_likely, differing, disagreement_note, newer
from rag.types import Hit, Passage, Phrase, Span


def test_what_is_said_of_another_named_thing_is_no_disagreement(make) -> None:
    texts = {
        "dx-30.txt": "The filter of the DX-30 lasts 3 months in daily use.",
        "dx-40.txt": "The filter of the DX-40 lasts 6 months in daily use.",
    }
    answer = ask("How long does the filter of the DX-40 last?", make(texts))
    assert [c.document for c in answer.citations] == ["dx-40.txt"]
    assert not answer.notes


def test_whom_both_documents_are_about_may_stand_at_their_heads_alone(make) -> None:
    day = "The employee may work from home on up to {} days a week."
    for other, differ in (("Ines Moreau", True), ("Jan Okoro", False)):
        texts = {
            "contract.txt": f"2 February 2025\n\nInes Moreau\n\n{day.format('two')}",
            "letter.txt": f"5 May 2025\n\nTo {other}\n\n{day.format('three')}",
        }
        document = make(texts).document
        first = pointing(texts, "contract.txt", "two")
        later = pointing(texts, "letter.txt", "three")
        question = "How many days a week may Ines Moreau work from home?"
        assert (differing(question, first, [later], 0.5, document) is later) is differ
        assert (newer(question, first, [later], 0.5, document) is later) is differ


def pointing(texts: dict[str, str], name: str, phrase: str) -> Judged:
    """A judged candidate: the sentence from the last capital "The" on, pointing at a phrase."""
    text = texts[name]
    start, at = text.rindex("The"), text.index(phrase)
    found = Phrase(phrase, name, Span(at, at + len(phrase)))
    hit = Hit(Passage(name, name, Span(0, 1), "x", (Span(0, 1),)), 1, 1.0)
    span = Span(start, len(text))
    candidate = Candidate(name, span, text[start:], found, 1.0, 1.0, 1.0, hit, "Open day")
    return Judged(candidate, {}, 0.9, True)


def test_what_only_stands_under_the_same_heading_is_not_later_word_of_it(make) -> None:
    texts = {
        "2025-04-08-board.md": "The open day takes place on 28 June.",
        "2025-06-10-board.md": "Open day.\n\nThe next talk will be given on 9 September.",
    }
    document = make(texts).document
    first = pointing(texts, "2025-04-08-board.md", "28 June")
    other = pointing(texts, "2025-06-10-board.md", "9 September")
    question = "When does the open day take place?"
    assert newer(question, first, [other], 0.5, document) is None
    leaning = replace(other, candidate=replace(other.candidate, text="It is on 9 September."))
    assert newer(question, first, [leaning], 0.5, document) is leaning


def test_a_day_that_a_sentence_speaks_of_makes_it_no_later_word(make) -> None:
    texts = {
        "plan.txt": "3 May 2025\n\nThe open day costs 40 pounds.",
        "offer.txt": "The open day costs 90 pounds until 30 September 2025.",
        "letter.txt": "9 June 2025\n\nThe open day costs 90 pounds until 30 September 2025.",
    }
    document = make(texts).document
    first, offer, letter = (
        pointing(texts, name, price)
        for name, price in zip(texts, ("40 pounds", "90 pounds", "90 pounds"), strict=True)
    )
    question = "What does the open day cost?"
    assert newer(question, first, [offer], 0.5, document) is None
    assert newer(question, first, [letter], 0.5, document) is letter


def test_a_later_document_is_not_passed_over(make) -> None:
    texts = {
        "2023-04-02-board.txt": "The gateway is paid for by the board alone, Mr Teale said.",
        "2024-05-06-report.txt": "For the gateway the firm is paid two thirds by Marrow Ltd.",
        "undated.txt": "The gateway is paid.",
    }
    answer = ask("Who paid for the gateway?", make(texts))
    assert {c.document for c in answer.citations} == {
        "2023-04-02-board.txt",
        "2024-05-06-report.txt",
    }
    assert any("2024-05-06-report.txt is later" in note for note in answer.notes)
    assert answer.citations[0].document == "2024-05-06-report.txt"


@pytest.mark.parametrize(
    ("name", "chance", "judged", "shown"),
    [
        ("2026-02-03-news.txt", 0.9, True, True),
        ("news.txt", 0.9, True, True),
        ("2026-02-03-news.txt", 0.85, True, False),  # less likely than the first one
        ("2026-02-03-news.txt", 0.9, False, False),
        ("faq.txt", 0.9, True, False),  # the same document
    ],
)
def test_what_is_as_likely_elsewhere_is_shown_too(make, name, chance, judged, shown) -> None:
    texts = {"faq.txt": "The money comes after ten days."}
    texts |= {} if name in texts else {name: "The claims are paid in five days."}
    first = pointing(texts, "faq.txt", "ten days")
    if name == "faq.txt":
        texts = {"faq.txt": "The money comes after ten days. The rest is paid in five days."}
    other = replace(pointing(texts, name, "five days"), probability=chance, judged=judged)
    found = as_likely("How long until a claim is paid?", first, [other], make(texts).document)
    assert (found is other) is shown


def test_no_second_value_where_dates_tell_or_the_value_is_the_same(make) -> None:
    question = "How long until a claim is paid?"
    texts = {
        "2024-02-03-faq.txt": "The money comes after ten days.",
        "2026-02-03-news.txt": "The claims are paid in five days.",
        "leaflet.txt": "The claims are paid in ten days.",
    }
    first = pointing(texts, "2024-02-03-faq.txt", "ten days")
    dated = pointing(texts, "2026-02-03-news.txt", "five days")
    same = pointing(texts, "leaflet.txt", "ten days")
    assert as_likely(question, first, [dated, same], make(texts).document) is None


def test_a_later_document_that_adds_does_not_disagree(make) -> None:
    texts = {
        "contract.txt": "3 June 2024\n\nThe cleaners do floors 2 to 4.",
        "letter.txt": "20 November 2025\n\nThe cleaners {}do the fifth floor.",
    }
    notes = {}
    for word in ("", "also "):
        told = {**texts, "letter.txt": texts["letter.txt"].format(word)}
        document = make(told).document
        first = pointing(told, "contract.txt", "floors 2 to 4").candidate
        later = pointing(told, "letter.txt", "fifth").candidate
        notes[word] = disagreement_note(first, later, document)
    assert notes["also "] == ("letter.txt is later than contract.txt and adds to it", True)
    assert notes[""][0].startswith("two documents disagree")


def test_the_last_days_of_two_years_are_two_values(make) -> None:
    texts = {
        "lease.txt": "Lease of 14 May 2023\n\nThe term of the lease ends on 31 December 2025.",
        "more.txt": (
            "Amendment to the lease of 14 May 2023, signed on 2 October 2025\n\n"
            "The term of the lease ends on 31 December 2027."
        ),
    }
    first = pointing(texts, "lease.txt", "31 December 2025")
    later = pointing(texts, "more.txt", "31 December 2027")
    document = make(texts).document
    question = "When does the lease end?"
    assert differing(question, first, [later], 0.5, document) is later
    assert newer(question, first, [later], 0.5, document) is later
