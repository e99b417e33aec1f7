"""What a question gets: an answer that can be checked, or that the documents do not say."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answering import Event, QuotationReady, SentenceReady, ask
from rag.answering.writing import shown_text
from rag.calibration import Calibrated
from rag.errors import QuestionInvalid
from rag.json_form import answer_json
from rag.retrieval import Subject
from rag.testing import FakeGenerator

STAGES = {"retrieve", "select", "first_token", "generate", "verify", "total"}


def check_form(answer, texts) -> None:
    markers = [c.marker for c in answer.citations]
    assert markers == list(range(1, len(markers) + 1))
    assert sorted({int(m) for m in re.findall(r"\[(\d+)\]", answer.answer)}) == markers
    for citation in answer.citations:
        text = texts[citation.document]
        assert text[citation.span.start : citation.span.end] == citation.quote
        assert citation.line == text.count("\n", 0, citation.span.start) + 1
    for sentence in answer.sentences:
        assert sentence.citations
        assert set(sentence.citations) <= set(markers)
        assert 0 <= sentence.support <= 1
    if answer.phrase:
        assert (
            texts[answer.phrase.document][answer.phrase.span.start : answer.phrase.span.end]
            == answer.phrase.text
        )
    assert 0 <= answer.confidence <= 1
    assert set(answer.timings_ms) == STAGES
    if answer.status == "not_found":
        assert not answer.sentences
        assert not answer.citations
        assert not answer.answer
        assert answer.hits


@pytest.mark.parametrize("with_model", [False, True])
@pytest.mark.parametrize(
    ("question", "holds", "document"),
    [
        ("How much is the rent?", "940", "lease.txt"),
        ("How many crates were delivered to Hall 6?", "Forty", "orders.txt"),
        ("What does the fitting of the boiler cost?", "18,400", "minutes.md"),
    ],
)
def test_a_single_fact_is_quoted_with_its_source(
    make, house, question, holds, document, with_model
) -> None:
    workshop = make(house, generator=FakeGenerator() if with_model else None)
    answer = ask(question, workshop)
    check_form(answer, house)
    assert answer.status == "answered"
    assert holds in answer.answer
    assert [c.document for c in answer.citations] == [document]
    assert len(answer.citations[0].quote) < 100
    assert answer.phrase is not None
    assert answer.citations[0].span.contains(answer.phrase.span)


@pytest.mark.parametrize("with_model", [False, True])
def test_what_no_document_says_is_not_found(make, house, with_model) -> None:
    workshop = make(house, generator=FakeGenerator() if with_model else None)
    answer = ask("Who won the chess tournament in Lisbon?", workshop)
    check_form(answer, house)
    assert answer.status == "not_found"
    assert answer.phrase is None
    assert answer.considered  # the nearest sentences, for "closest, but they do not say"
    assert answer.notes == ()


def test_the_reader_alone_names_itself_as_the_model(make, house) -> None:
    answer = ask("How much is the rent?", make(house, generator=FakeGenerator()), quote_only=True)
    assert answer.model.name == "fake-reader"
    assert answer.prompt_tokens == answer.completion_tokens == 0
    assert answer.timings_ms["first_token"] > 0


def test_an_unknown_model_is_said_to_be_uncalibrated(make, house) -> None:
    question = "When does the tenant give the notice?"  # the reader alone is in doubt
    answer = ask(question, make(house, generator=FakeGenerator(), calibration=None))
    assert answer.model.name == "fake-generator"
    assert answer.prompt_tokens > 0
    assert len(answer.prompts) >= 1
    if answer.status != "not_found":
        assert any("not calibrated" in note for note in answer.notes)


def test_no_model_is_asked_where_the_reader_is_sure(make, house) -> None:
    generator = FakeGenerator()
    sure = Calibrated("sure", 5.0, {"margin": 1.0})
    answer = ask("How much is the rent?", make(house, generator=generator, alone=sure))
    assert answer.status == "answered"
    assert generator.prompts == []
    assert answer.prompt_tokens == 0
    lost = Calibrated("lost", -20.0, {})
    assert ask("How much?", make(house, generator=generator, alone=lost)).status == "not_found"
    assert generator.prompts == []


def test_a_documents_own_marker_is_no_citation(make, house) -> None:
    answer = ask("How many crates were delivered to Hall 6?", make(house))
    assert "[1]" in answer.citations[0].quote
    assert answer.answer.count("[1]") == 1
    assert answer.answer.endswith("[1]")
    assert "Hall 6 (1)." in answer.sentences[0].text


def test_part_of_a_question_can_stay_open(make, house) -> None:
    answer = ask("How much is the rent and who painted the town hall?", make(house))
    check_form(answer, house)
    assert answer.status == "partial"
    assert answer.missing == "who painted the town hall?"
    assert "940" in answer.answer


def test_both_parts_of_a_question_are_answered(make, house) -> None:
    answer = ask("How much is the rent and how much does the fitting cost?", make(house))
    check_form(answer, house)
    assert answer.status == "answered"
    assert "940" in answer.answer
    assert "18,400" in answer.answer
    assert [s.citations for s in answer.sentences] == [(1,), (2,)]


def test_documents_that_disagree_are_both_cited_the_later_first(make) -> None:
    texts = {
        "letters/2023-05-01-rent.txt": "The monthly rent of the flat is 800 euros.",
        "letters/2025-02-20-rent.txt": "The monthly rent of the flat is 880 euros.",
    }
    answer = ask(
        "How much is the monthly rent of the flat?", make(texts, generator=FakeGenerator())
    )
    check_form(answer, texts)
    assert [c.document for c in answer.citations] == [
        "letters/2025-02-20-rent.txt",
        "letters/2023-05-01-rent.txt",
    ]
    assert any("disagree" in n and "2025-02-20" in n for n in answer.notes)
    assert any("of one form: name the one" in n for n in answer.notes)


def test_documents_that_agree_are_cited_once(make) -> None:
    texts = {
        "a.txt": "The monthly rent of the flat is 800 euros.",
        "b.txt": "For the flat the monthly rent is 800 euros.",
    }
    answer = ask(
        "How much is the monthly rent of the flat?", make(texts, generator=FakeGenerator())
    )
    assert len(answer.citations) == 1
    assert not any("disagree" in n for n in answer.notes)


def test_a_question_about_two_documents_cites_both(make) -> None:
    texts = {
        "Otto_Brahm.txt": "Otto Brahm was a stage director from Hamburg.",
        "Lena_Falk.txt": "Lena Falk was a stage director from Oslo.",
        "Other.txt": "The theatre of Bremen has 300 seats.",
    }
    question = "Were Otto Brahm and Lena Falk both a stage director?"
    answer = ask(question, make(texts, generator=FakeGenerator()))
    check_form(answer, texts)
    assert {c.document for c in answer.citations} == {"Otto_Brahm.txt", "Lena_Falk.txt"}


def test_events_tell_of_the_quotation_first_and_only_of_what_is_in_the_answer(make, house) -> None:
    seen: list[Event] = []
    answer = ask("How much is the rent?", make(house), on_event=seen.append)
    assert isinstance(seen[0], QuotationReady)
    told = [e.sentence for e in seen if isinstance(e, SentenceReady)]
    assert tuple(told) == answer.sentences


def test_nothing_is_told_when_nothing_is_found(make, house) -> None:
    seen: list[Event] = []
    ask("Who won the chess tournament in Lisbon?", make(house), on_event=seen.append)
    assert seen == []


def test_a_worded_sentence_with_another_number_is_removed(make) -> None:
    texts = {
        "Otto_Brahm.txt": "Otto Brahm was born in Hamburg in 1856.",
        "Lena_Falk.txt": "Lena Falk was born in Oslo in 1872.",
    }
    lie = "Otto Brahm, born in 1856, is older than Lena Falk, born in 1899."
    seen: list[Event] = []
    answer = ask(
        "Who was born first, Otto Brahm or Lena Falk?",
        make(texts, generator=FakeGenerator([lie])),
        on_event=seen.append,
    )
    check_form(answer, texts)
    assert "1899" not in answer.answer
    assert [r.text for r in answer.removed] == [lie]
    assert "1899" in answer.removed[0].reason
    assert not any("1899" in str(event) for event in seen)


def test_a_worded_sentence_that_never_ends_is_not_shown(make) -> None:
    texts = {
        "Otto_Brahm.txt": "Otto Brahm was born in Hamburg in 1856.",
        "Lena_Falk.txt": "Lena Falk was born in Oslo in 1872.",
    }
    loop = "born in Hamburg " * 60
    answer = ask(
        "Who was born first, Otto Brahm or Lena Falk?", make(texts, generator=FakeGenerator([loop]))
    )
    assert "Hamburg born in Hamburg" not in answer.answer


def test_the_same_question_gives_the_same_answer(make, house) -> None:
    forms = []
    for _ in range(2):
        form = answer_json(ask("Are dogs permitted?", make(house, generator=FakeGenerator())))
        form.pop("timings_ms")
        forms.append(json.dumps(form))
    assert forms[0] == forms[1]


def test_a_shared_model_does_not_change_what_is_answered(make, house) -> None:
    workshop = make(house, generator=FakeGenerator())
    alone = ask("How much is the rent?", make(house, generator=FakeGenerator()))
    ask("Are dogs permitted?", workshop)
    after = ask("How much is the rent?", workshop)
    assert (after.answer, after.confidence, after.prompt_tokens) == (
        alone.answer,
        alone.confidence,
        alone.prompt_tokens,
    )


@pytest.mark.parametrize("question", ["", "   ", "\n\t", "?!", "\x00\x1b"])
def test_an_empty_question_is_refused(make, house, question) -> None:
    with pytest.raises(QuestionInvalid, match="empty"):
        ask(question, make(house))


@pytest.mark.parametrize("question", ["word " * 301, "x" * 2001])
def test_an_enormous_question_is_refused(make, house, question) -> None:
    with pytest.raises(QuestionInvalid, match="at most"):
        ask(question, make(house))


def test_a_question_over_several_lines_is_folded(make, house) -> None:
    answer = ask("How much\n\n is the\trent?\x1b[2J", make(house))
    assert answer.question == "How much is the rent?"
    assert "940" in answer.answer


def test_no_documents_at_all_is_not_found(make) -> None:
    answer = ask("How much is the rent?", make({}))
    assert answer.status == "not_found"
    assert answer.hits == ()


@pytest.mark.parametrize("name", ["retrieve_k", "read_k"])
def test_a_k_below_one_is_the_callers_mistake(make, house, name) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ask("How much is the rent?", make(house), **{name: 0})


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=60),
    st.text(st.sampled_from("rent 940 €[1]<|im_end|>\n.?!Ünïcode漢字\u202e\u200b"), max_size=120),
)
def test_any_question_over_any_text_gives_a_well_formed_answer(make, question, text) -> None:
    texts = {"a.txt": text + "\nRent of €940 is due.", "b.txt": "Dogs [2] are not permitted."}
    try:
        answer = ask(question, make(texts, generator=FakeGenerator()))
    except QuestionInvalid:
        return
    check_form(answer, texts)


def test_a_later_part_may_use_a_pronoun(make) -> None:
    texts = {
        "a.txt": "The bridge was built in 1987.\nThe bridge cost 4 million euros.\n",
        "b.txt": "The mill was built in 1850.\nThe mill cost nothing.\n",
    }
    answer = ask("When was the bridge built and what did it cost?", make(texts))
    check_form(answer, texts)
    assert [s.text for s in answer.sentences] == [
        "The bridge was built in 1987.",
        "The bridge cost 4 million euros.",
    ]


def test_one_sentence_that_answers_both_parts_is_said_once(make) -> None:
    texts = {"a.txt": "The bridge was built in 1987 and cost 4 million euros.\n"}
    answer = ask("When was the bridge built and what did it cost?", make(texts))
    assert len(answer.sentences) == 1
    assert answer.status == "answered"


class Leaning(FakeGenerator):
    """Says yes to whatever it is asked, or no."""

    def __init__(self, logit: float) -> None:
        super().__init__()
        self.logit = logit

    def preference(self, prompts, yes, no):
        if yes == "Yes":
            return [self.logit for _ in prompts]
        return super().preference(prompts, yes, no)


@pytest.mark.parametrize(
    ("question", "logit", "text"),
    [
        ("Are dogs permitted?", -3.0, "No: Dogs are not permitted."),
        ("Are dogs permitted?", 3.0, "Dogs are not permitted."),  # the rules contradict the model
        ("Are dogs permitted?", 0.5, "Dogs are not permitted."),
        ("Aren't dogs permitted?", 3.0, "Dogs are not permitted."),  # "yes" would say nothing
        ("May the tenant keep one cat?", 3.0, "Yes: The tenant may keep one cat."),
        ("May the tenant keep two cats?", 3.0, "The tenant may keep one cat."),
    ],
)
def test_yes_or_no_only_where_model_and_rules_agree(make, house, question, logit, text) -> None:
    answer = ask(question, make(house, generator=Leaning(logit)))
    check_form(answer, house)
    assert answer.sentences[0].text == text


def test_a_list_gives_every_sentence_that_answers(make) -> None:
    texts = {
        "a.txt": "The duties of the tenant are cleaning the stairs.\nThe garden is shared.\n"
        "The duties of the tenant are also sweeping snow.\n"
    }
    answer = ask("What are the duties of the tenant?", make(texts, generator=FakeGenerator()))
    check_form(answer, texts)
    assert "stairs" in answer.answer
    assert "snow" in answer.answer
    assert "garden" not in answer.answer


def test_what_was_reckoned_over_a_table_is_said(make) -> None:
    texts = {
        "boats.txt": "Boat: Kayak | Price: 25\nBoat: Canoe | Price: 30\nBoat: Raft | Price: 55\n"
    }
    answer = ask("Which boat is the cheapest?", make(texts, generator=FakeGenerator()))
    check_form(answer, texts)
    assert answer.answer.startswith("Boat: Kayak")
    assert "boats.txt: the lowest Price of 3 rows" in answer.notes


def test_the_time_of_each_stage_is_told(make) -> None:
    texts = {
        "Otto_Brahm.txt": "Otto Brahm was born in Hamburg in 1856.",
        "Lena_Falk.txt": "Lena Falk was born in Oslo in 1872.",
    }
    words = "Otto Brahm was born in 1856, before Lena Falk, who was born in 1872."
    question = "Who was born first, Otto Brahm or Lena Falk?"
    answer = ask(question, make(texts, generator=FakeGenerator([words])))
    spent = answer.timings_ms
    assert answer.sentences[-1].text == words
    assert spent["verify"] > 0
    parts = spent["retrieve"] + spent["select"] + spent["generate"] + spent["verify"]
    assert parts <= spent["total"]


def test_two_documents_that_name_another_firm_are_both_cited(make) -> None:
    texts = {
        "minutes/2025-03-11.txt": "The contract for the pontoon goes to Lowmar Marine.",
        "minutes/2025-05-13.txt": "The contract for the pontoon goes to Strand Daughter.",
    }
    answer = ask("Who has the contract for the pontoon?", make(texts, generator=FakeGenerator()))
    check_form(answer, texts)
    assert [c.document for c in answer.citations] == [
        "minutes/2025-05-13.txt",
        "minutes/2025-03-11.txt",
    ]
    assert any("disagree" in n for n in answer.notes)


def test_a_sure_sentence_is_not_the_end_while_another_document_may_say_otherwise(make) -> None:
    texts = {
        "2025-05-14-minutes.txt": "The gateway is paid for by the board alone.",
        "2025-06-11-minutes.txt": "For the gateway the firm is paid two thirds by its owner.",
    }
    eager = Calibrated(
        "eager", 2.0, {"judge": 0.6, "margin": 0.2}, {"answer": 0.3, "sure": 0.5, "alone_above": 1}
    )
    sure_alone = Calibrated("alone", 3.0, {"margin": 0.2}, {"answer": 0.3})
    workshop = make(texts, generator=FakeGenerator(), calibration=eager, alone=sure_alone)
    answer = ask("Who paid for the gateway?", workshop)
    assert {c.document for c in answer.citations} == set(texts)
    assert answer.citations[0].document == "2025-06-11-minutes.txt"


def test_a_reader_alone_is_not_believed_where_no_word_of_the_question_stands(make) -> None:
    believing = Calibrated("alone", 3.0, {}, {"answer": 0.3})
    workshop = make({"a.txt": "Sie trägt höchstens zwölf Tonnen."}, alone=believing)
    workshop = replace(workshop, calibration=believing)
    assert ask("Who won the chess tournament in Lisbon?", workshop).status == "not_found"
    assert ask("Wie viele Tonnen trägt sie?", workshop).status == "answered"


def test_the_choice_weighs_what_the_confidence_leaves_out(make) -> None:
    texts = {"a.txt": "Boats are painted green in spring.\nSails are painted white in spring.\n"}
    chosen = {}
    for name, choice in (("boats", {"own": 5.0}), ("last", {"own": -5.0})):
        calibration = Calibrated("c", 3.0, {}, choice=choice)
        answer = ask(
            "Which colour are boats painted?", make(texts, alone=calibration), quote_only=True
        )
        check_form(answer, texts)
        chosen[name] = answer.sentences[0].text
        assert answer.confidence == pytest.approx(0.9526, abs=1e-4)
    assert "Boats" in chosen["boats"]
    assert "Sails" in chosen["last"]


def test_yes_or_no_is_not_answered_by_what_speaks_of_something_else(make) -> None:
    calibration = Calibrated("c", 3.0, {}, {"answer": 0.46})
    texts = {"letter.txt": "You may now charge your car in the garage."}
    workshop = make(texts, alone=calibration, calibration=calibration)
    other = "May the brass band rehearse its loud marches in the garage on Sunday evenings?"
    assert ask(other, workshop).status == "not_found"
    assert ask("May I charge my car in the garage?", workshop).status == "answered"


def test_a_quotation_brings_what_it_leans_on(make) -> None:
    texts = {"a.txt": "The mill at Harl was sold. It was bought for 900 crowns by Lena Falk.\n"}
    answer = ask("For how many crowns was it bought by Lena Falk?", make(texts))
    assert [c.quote for c in answer.citations] == [texts["a.txt"].strip()]
    check_form(answer, texts)


def test_a_judge_is_told_the_line_that_names_the_document(make) -> None:
    texts = {"pay.txt": "between Halden Ltd and Ines Moreau\n\nThe salary is 3,850 euros.\n"}
    generator = FakeGenerator()
    named = Subject(("moreau",), {"pay.txt": 1.0})
    workshop = make(texts, generator=generator, subject=lambda _: named)
    ask("What is the salary of Ines Moreau?", workshop)
    asked = next(p.rest for p in generator.prompts if "3,850" in p.rest)
    assert "between Halden Ltd and Ines Moreau" in asked


def test_a_later_document_is_judged_though_an_earlier_one_is_sure(make) -> None:
    texts = {
        "2024-03-01-letter.txt": "The tower is put off and will be built next to the dairy.\n",
        "2025-03-01-report.txt": "The members chose that no tower is built.\n",
    }
    eager = Calibrated("eager", 2.0, {"judge": 0.6}, {"answer": 0.3, "sure": 0.5, "alone_above": 1})
    even = Calibrated("alone", 0.0, {}, {"answer": 0.3}, choice={"own": 1.0})
    for names in (list(texts), ["2024-03-01-letter.txt", "report.txt"]):
        generator = FakeGenerator()
        there = dict(zip(names, texts.values(), strict=True))
        workshop = make(there, generator=generator, calibration=eager, alone=even)
        ask("Will the tower be built next to the dairy?", workshop)
        judged = [p for p in generator.prompts if "members chose" in p.rest]
        assert bool(judged) is (names[1] != "report.txt")


@pytest.mark.parametrize(
    ("told", "begins"),
    [
        ("The glaze room was moved upstairs.", "Yes: The glaze room was moved"),
        ("Bo proposed that the glaze room be moved upstairs.", "Bo proposed"),
        ("Bo proposed that the glaze room be moved upstairs. It was refused.", "Bo proposed"),
    ],
)
def test_a_proposal_is_no_yes(make, told, begins) -> None:
    answer = ask(
        "Was the glaze room moved upstairs?", make({"m.txt": told}, generator=FakeGenerator())
    )
    assert answer.answer.startswith(begins)
    assert ("refused" in answer.answer) == ("refused" in told)


def test_the_marks_of_a_quoted_mail_are_not_shown(make) -> None:
    texts = {"mail.txt": "> The rent of the hall is 940.\n"}
    answer = ask("How much is the rent of the hall?", make(texts))
    assert answer.answer == "The rent of the hall is 940. [1]"
    check_form(answer, texts)
    assert shown_text("> The rent is 940,\n>> due in May.") == "The rent is 940, due in May."
    assert shown_text("5 > 3, and a\n> 2") == "5 > 3, and a > 2"  # perhaps more than 2


@pytest.mark.parametrize(
    "question", ["Is damage by flood to the cellar covered?", "List the damage by flood covered."]
)
def test_what_a_label_denies_is_quoted_with_it(make, question) -> None:
    texts = {"policy.txt": "Excluded:\n- Damage by flood to the cellar.\n\nThe roof is covered.\n"}
    answer = ask(question, make(texts, generator=FakeGenerator()))
    check_form(answer, texts)
    assert [c.quote for c in answer.citations][:2] == [
        "Excluded:",
        "- Damage by flood to the cellar.",
    ]
