from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import ModelUnavailable
from rag.reading import load_reader
from rag.reading.language import looks_english
from rag.reading.phrases import kind_asked, phrases
from rag.reading.protocol import Reader
from rag.reading.untrained import UntrainedReader
from rag.settings import Settings
from rag.testing import FakeEmbedder

MINUTES = (
    "The council met on Tuesday. It agreed a spending target of 2.5 percent by 2028. "
    "Maria Lindqvist chaired the meeting in Tallinn. Coffee was served at noon."
)


@pytest.fixture
def reader() -> Reader:
    return UntrainedReader(FakeEmbedder())


def found(reader: Reader, question: str, text: str = MINUTES) -> str:
    span = reader.read(question, [text])[0].spans[0]
    return text[span.start : span.end]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What spending target was agreed?", "2.5 percent"),
        ("Who chaired the meeting?", "Maria Lindqvist"),
        ("When did the council meet?", "Tuesday"),
        ("Where was the meeting chaired?", "Tallinn"),
    ],
)
def test_it_points_at_a_phrase_of_the_kind_asked_for(
    reader: Reader, question: str, answer: str
) -> None:
    assert found(reader, question) == answer


def test_without_a_kind_it_points_at_the_sentence(reader: Reader) -> None:
    assert found(reader, "Was coffee served?") == "Coffee was served at noon."


def test_a_text_about_something_else_looks_less_answerable(reader: Reader) -> None:
    other = "Penguins breed on the ice. They eat krill."
    near, far = reader.read("What spending target was agreed?", [MINUTES, other])
    assert near.answerable > far.answerable
    assert near.answerable == pytest.approx(near.spans[0].score - near.null_score)


def test_a_text_without_words_has_no_spans(reader: Reader) -> None:
    for reading in reader.read("Who?", ["", "  \n ", "...!"]):
        assert reading.spans == ()
        assert reading.answerable < 0


def test_a_caller_cannot_ask_for_no_spans(reader: Reader) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        reader.read("Who?", [MINUTES], spans=0)


def test_what_holds_all_words_is_supported_and_another_number_is_not(reader: Reader) -> None:
    evidence = ["It agreed a spending target of 2.5 percent by 2028."]
    (same,) = reader.support("It agreed a spending target of 2.5 percent by 2028.", evidence)
    (other,) = reader.support("It agreed a spending target of 3.5 percent by 2028.", evidence)
    (turned,) = reader.support("It agreed no spending target of 2.5 percent by 2028.", evidence)
    (strange,) = reader.support("Penguins eat krill.", evidence)
    assert same.supported > 0.8
    assert other.supported < 0.3 < other.contradicted
    assert turned.supported < 0.5 < turned.contradicted
    assert strange.neither > 0.8


def test_thousands_separators_do_not_make_another_number(reader: Reader) -> None:
    (one,) = reader.support("The rent is 1500 euros.", ["The rent is 1,500 euros."])
    (two,) = reader.support("The rent is 1,500 euros.", ["The rent is 1,500 euros."])
    assert one.supported > 0.5
    assert one.contradicted == pytest.approx(two.contradicted, abs=0.2)


def test_empty_evidence_supports_nothing(reader: Reader) -> None:
    (result,) = reader.support("It agreed a target.", [" "])
    assert (result.supported, result.contradicted, result.neither) == (0.0, 0.0, 1.0)


WORDS = "The council agreed 2.5 percent in May 2028 . Who paid? Ada Brown \n - é 日本 not"
words = st.sampled_from(WORDS.split(" "))
some_text = st.lists(words, max_size=30).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(some_text, st.lists(some_text, max_size=3), st.integers(1, 4))
def test_spans_are_exact_distinct_and_best_first(
    question: str, texts: list[str], limit: int
) -> None:
    readings = UntrainedReader(FakeEmbedder()).read(question, texts, limit)
    assert len(readings) == len(texts)
    for text, reading in zip(texts, readings, strict=True):
        places = [(s.start, s.end) for s in reading.spans]
        assert len(set(places)) == len(places) <= limit
        assert bool(places) == any(c.isalnum() for c in text)
        for start, end in places:
            assert 0 <= start < end <= len(text)
            assert text[start:end] == text[start:end].strip()
        scores = [s.score for s in reading.spans]
        assert scores == sorted(scores, reverse=True)


@settings(max_examples=40, deadline=None)
@given(some_text, st.lists(some_text, min_size=1, max_size=3))
def test_a_result_depends_on_its_own_text_alone(question: str, texts: list[str]) -> None:
    reader = UntrainedReader(FakeEmbedder())
    assert reader.read(question, texts) == [reader.read(question, [t])[0] for t in texts]
    together = reader.support(question, texts)
    assert together == [reader.support(question, [t])[0] for t in texts]
    for result in together:
        assert result.supported + result.contradicted + result.neither == pytest.approx(1.0)
        assert min(result.supported, result.contradicted, result.neither) >= 0.0


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When was it agreed?", "date"),
        ("In what year did it open?", "date"),
        ("How many members are there?", "number"),
        ("What spending target was agreed?", "number"),
        ("What is the monthly rent?", "number"),
        ("Who signed it?", "name"),
        ("Where is the office?", "place"),
        ("Why was it delayed?", "any"),
    ],
)
def test_the_question_word_tells_the_kind(question: str, kind: str) -> None:
    assert kind_asked(question) == kind


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("date", "Signed on 3 March 2024, due 2024-05-01.", ["3 March 2024", "2024-05-01"]),
        ("date", "In May 1999 and the 1980s.", ["May 1999", "1980s"]),
        ("number", "It costs $1,250.50 for twelve months.", ["$1,250.50 for", "twelve months"]),
        ("number", "A share of 12 % or 3 million.", ["12 %", "3 million"]),
        ("name", "Then Ada de Vries met Bo.", ["Then Ada de Vries", "Bo"]),
    ],
)
def test_phrases_of_a_kind(kind: str, text: str, expected: list[str]) -> None:
    spans = list(phrases(text, 0, len(text), kind, "what?"))  # type: ignore[arg-type]
    assert [text[a:b] for a, b in spans] == expected


def test_a_name_from_the_question_is_no_answer() -> None:
    text = "Ada Brown met Bo Smith."
    spans = list(phrases(text, 0, len(text), "name", "Whom did Ada Brown meet?"))
    assert [text[a:b] for a, b in spans] == ["Bo Smith"]


@pytest.mark.parametrize(
    "text",
    [
        "What spending target was agreed?",
        "Who is Angela Merkel?",
        "Where did he die?",
        "NATO 2024",
        "rent deposit",
        "naïve café",
        "Höhe der Miete?"[:4],
        "1, 2, 3?",
        "",
    ],
)
def test_english_and_what_cannot_be_told_passes_as_english(text: str) -> None:
    assert looks_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "Welches Ausgabenziel wurde vereinbart?",
        "Was kostet die Wohnung?",
        "Quel est le loyer ?",
        "¿Cuál es el alquiler?",
        "Quanto costa l'affitto?",
        "Hoeveel is de huur?",
        "Hvor mye er husleien?",
        "Jaka jest wysokość czynszu?",
        "Какая арендная плата?",
        "家賃はいくらですか",
        "ما هو الإيجار؟",
    ],
)
def test_other_languages_are_noticed(text: str) -> None:
    assert not looks_english(text)


def test_none_is_the_reader_without_training_and_loads_no_embedder_yet() -> None:
    def never() -> FakeEmbedder:
        raise RuntimeError("loaded too early")

    reader = load_reader("none", Settings(offline=True), never)
    assert (reader.name, reader.sha256) == ("untrained", "")
    with pytest.raises(RuntimeError, match="too early"):
        reader.read("Who?", ["Ada did."])


STANZA = """
name: other
role: reader
kind: minilm
file: reader.onnx
  source: {source}
file: tokenizer.json
  source: {source}
"""


def test_nothing_stands_in_silently_for_a_reader_that_is_not_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_CONFIG", str(tmp_path / "rag.toml"))
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "cache"))
    catalogue = tmp_path / "models.txt"
    catalogue.write_text(STANZA.format(source="hub:a/b@main/reader"), encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="rag models pull other"):
        load_reader("other", Settings(offline=True), FakeEmbedder)


@pytest.mark.models
def test_with_real_embeddings_a_paraphrase_is_found_and_supported() -> None:
    from rag.embedding import load_embedder

    settings = Settings()
    reader = load_reader("none", settings, lambda: load_embedder(settings))
    assert found(reader, "How much are members supposed to spend?") == "2.5 percent"
    near, far = reader.support(
        "The council set a goal of 2.5 percent.", [MINUTES, "Penguins breed on the ice."]
    )
    assert near.supported > far.supported
