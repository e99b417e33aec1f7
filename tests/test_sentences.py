import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import MAX_SENTENCE_CHARS, cut, split_sentences
from rag.types import Document, Heading, Span

# '|' marks where a sentence ends; the text is the line without the marks.
ENGLISH = """
4. Pets. The Tenants shall not keep dogs.| 5. Notice. Two months are enough.
It may not end before 31 January 2026.| 7.1 Fees and costs. The tenant pays.
Mr. Smith met Dr. Jones at 5 p.m. on Friday.| They talked about the lease.
The rate rose by 2.5 percent in 1990.| It fell again in 1991.
She works at Acme Inc. in Berlin.| He works at Acme Inc.| The firm is old.
J. K. Rowling wrote it.| George W. Bush did not.
The U.S. Senate voted.| He moved to the U.S.| The move was hard.
See Fig. 3 and Sec. 2.1 for details.| Results are in Table 4.
He said no.| Then he left.
1. The tenant pays.| 2. The landlord repairs.| 3. Both sign.
4. Pets. Dogs are not allowed.
Inv. No. 12 is paid.| Inv. 13 is not.
We meet on Wed. 5 May in Bldg. 4.| Attn. Mr Lee.
Applicants (see No. 7, e.g. page 3) must sign.| Others need not.
"Stop. Go away," he said.| She stayed.
He asked, "Why now?" and left.| Nobody answered.
The motto is "No gain. No pain."| It is old.
Visit https://example.org/a.b?c=d. now or write to a.b@example.org.| Thanks!
Yahoo! reported earnings.| Profit rose.
Wait... what was that?| Nothing.
The meeting starts at 10.30 and ends at 12.| Bring a pen.
Rent is due on Jan. 5 and on Feb. 3.| Late fees apply.
Smith et al. (2019) found it.| Jones disagreed.
It was found by Smith et al. in 2019.| No one knew.
The city fell in 410 A.D.| The empire lived on.
Water boils at 100 degrees C. at sea level.
1. Introduction
2.1. Scope of this policy
4. Tenants must pay on time.| They must not smoke.
He got a Ph.D. in physics.| It took years.
The treaty was signed.[12]| The war ended.
The paper is by Toops, H. A. (1944).| The criterion.
It was in F. Leong (Eds.) (1993).| Test theory grew.
Sireci, S. G., Rios, J. A., & Powers, S. (2016).| The test.
The treaty was signed.¹²| The war ended.
It fell in 1991.³| It rose again.
Many methods were used. (8-10).| None worked.
It was signed in May [4].| The war ended.
Many were trained here.[citation needed]| Others left.
It was excluded from the talks.:116| Thus it was new.
The treaty was signed.[12][13]| The war ended.
What is this?| It is a test!| Good.
They bought apples, pears, etc. and left.
They bought apples, pears, etc.| The shop closed.
The company (founded in 1901. It was small then) grew.| It is big now.
Version 3.11.2 was released.| It is faster.
He lives on 5th Ave. near St. James Park.| It is loud.
Take vitamin C.| It helps.
Louis XIV. was king.
The temperature was -3.5 C.| The wind was strong.
I was there and so was I.| The end came soon.
Gov. Brown and Sen. Lee met Gen. Grant.| Rep. Hill was absent.
The budget is approx. 5 million.| The rest is unknown.
Section 5.| Termination takes thirty days.
Costs fell by $1.2 bn. in 2020.
(He left early.)| She stayed.
“It is done.”| The crowd cheered.
The file is config.yaml.| Edit it with care.
Mrs. Dalloway said she would buy the flowers herself.
The company paid 3 million.| 40 people were hired.
It closes at 6 p.m.| Please be on time.
He arrived at 6 a.m. Friday.
The no. 1 seed lost.| The no. 2 seed won.
Ms. Lee, M.D., spoke first.| Mr. Ray, Jr., spoke next.
""".strip().splitlines()

GERMAN = """
Der Vertrag beginnt am 4. März 2024.| Er endet am 31. Dezember.
Im 19. Jahrhundert wuchs die Stadt.| Sie hatte 20 Tore.
Nach Art. 5 Abs. 2 gilt z. B. das Hausrecht.| Ausnahmen sind selten.
Er kam z.B. aus Köln, d.h. aus dem Westen.| Das war neu.
Dr. Müller wohnt in der Hauptstr. 12 in Bonn.| Er ist Arzt.
Die Miete beträgt ca. 900 Euro.| Die Kaution beträgt 1.800 Euro.
Das gilt für Mieter, Gäste usw. und für Besucher.| Mehr nicht.
Die Anlage (vgl. Nr. 3) ist gültig.| Sie hat 12 Seiten.
Er sagte: „Ich komme nicht.“| Dann ging er.
Am 3. Oktober ist frei.| Am 4. wird gearbeitet.
""".strip().splitlines()

SPANISH = """
El Sr. López vive en EE. UU. desde 1990.| Trabaja en Boston.
La Dra. Ruiz llegó a las 10.30 h.| Nadie la esperaba.
Véase el art. 5 y la pág. 12.| El resto es claro.
¿Qué pasó?| ¡Nada!| Todo sigue igual.
El presupuesto fue de 1.200 millones.| Subió un 2,5 por ciento.
""".strip().splitlines()


def document(text: str, **more: object) -> Document:
    return Document("a.txt", text, "", "test/1", **more)  # type: ignore[arg-type]


def one_block(text: str) -> list[str]:
    spans = split_sentences(document(text, blocks=(Span(0, len(text)),)))
    return [s.of(text) for s in spans]


@pytest.mark.parametrize("marked", ENGLISH + GERMAN + SPANISH)
def test_a_sentence_ends_where_a_reader_says_it_does(marked: str) -> None:
    expected = [part.strip() for part in marked.split("|")]
    assert one_block(marked.replace("|", "")) == expected


def test_hard_wrapped_lines_are_one_sentence() -> None:
    text = "The committee agreed that the budget\nof the school should rise by two\npercent.\n"
    assert [s.of(text) for s in split_sentences(document(text))] == [text.strip()]


def test_a_sentence_never_crosses_a_block() -> None:
    text = "Budget\nThe board met\n- apples\n- pears"
    blocks = (Span(0, 6), Span(7, 20), Span(23, 29), Span(32, 37))
    found = split_sentences(document(text, headings=(Heading(0, 1, "Budget"),), blocks=blocks))
    assert found == blocks


def test_text_between_blocks_is_not_lost() -> None:
    text = "One. stray words Two."
    spans = split_sentences(document(text, blocks=(Span(0, 4), Span(17, 21))))
    assert [s.of(text) for s in spans] == ["One.", "stray words", "Two."]


def test_blocks_inside_each_other_give_disjoint_sentences() -> None:
    text = "One two. Three four."
    spans = split_sentences(document(text, blocks=(Span(0, 8), Span(2, 20), Span(3, 7))))
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert letters(text) <= covered(spans)


def test_full_stops_of_scripts_without_spaces_end_sentences() -> None:
    assert one_block("会议开始了。他说话了！结束？") == ["会议开始了。", "他说话了！", "结束？"]


def test_a_very_long_sentence_is_cut_at_a_clause() -> None:
    text = "the tenant shall keep the garden in order, " * 60
    parts = one_block(text)
    assert len(parts) > 1
    assert all(len(p) <= MAX_SENTENCE_CHARS for p in parts)
    assert all(p.endswith(",") for p in parts)


def test_a_long_quotation_is_cut_where_its_sentences_end() -> None:
    inner = " ".join(f"Sentence number {i} of the speech stands here." for i in range(12))
    assert len(one_block(f'He said, "{inner}"')) == 12


@given(st.text(alphabet="ab1 .,\n\"'()", max_size=80), st.integers(1, 20))
def test_cut_keeps_every_character_but_spaces(text: str, size: int) -> None:
    if not text.strip():
        return
    start = len(text) - len(text.lstrip())
    pieces = cut(text, Span(start, len(text.rstrip())), size)
    assert all(len(p) <= size for p in pieces)
    assert nonspace("".join(p.of(text) for p in pieces)) == nonspace(text)


def nonspace(text: str) -> str:
    return "".join(text.split())


def letters(text: str) -> set[int]:
    return {i for i, c in enumerate(text) if c.isalnum()}


def covered(spans: tuple[Span, ...]) -> set[int]:
    return {i for s in spans for i in range(s.start, s.end)}


WORDS = st.sampled_from(
    ["The", "no.", "Dr.", "U.S.", "4.", "März", '"Stop.', 'Go."', "(see", "p. 3)", "a@b.c", "ends.",
     "What?", "\n", "\n\n", "- item", "1. one", "e.g.", "…", "。", "é", "🙂", "\t", "x" * 50, "[3]",
     "J.", "\u00a0", "\x0c", "| cell |", "# Head", "I.", "A."]
)  # fmt: skip


@given(st.lists(WORDS, max_size=60), st.sampled_from(["", " "]))
def test_sentences_are_exact_ordered_disjoint_and_complete(words: list[str], glue: str) -> None:
    text = glue.join(words)
    spans = split_sentences(document(text))
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(s.of(text) == s.of(text).strip() != "" for s in spans)
    assert letters(text) <= covered(spans)
    assert split_sentences(document(text)) == spans


@given(st.text(max_size=200))
def test_any_text_has_complete_sentences(text: str) -> None:
    spans = split_sentences(document(text))
    assert letters(text) <= covered(spans)


HOSTILE = [".", '"', "a. ", "(", "x", "(a", "U.", "[1]", "A (b. C) ", "Dr. ", '"A. b" c ']


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_no_more_than_linear_time(piece: str) -> None:
    text = piece * (60_000 // len(piece))
    began = time.process_time()
    split_sentences(document(text, blocks=(Span(0, len(text)),)))
    assert time.process_time() - began < 5
