"""The library as a script uses it, with deterministic fakes in place of models."""

import threading

import pytest

import rag
from rag.testing import FakeEmbedder, FakeGenerator, FakeReader


@pytest.fixture
def index(tmp_path, monkeypatch):
    monkeypatch.setattr("rag.embedding.load_embedder", lambda *a, **k: FakeEmbedder())
    monkeypatch.setattr("rag.reading.load_reader", lambda *a, **k: FakeReader())
    monkeypatch.setattr("rag.generation.load_generator", lambda *a, **k: FakeGenerator())
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "lease.txt").write_text("Rent of 940 euros is due on the third day of each month.\n")
    (docs / "bridge.md").write_text("# Bridge\n\nThe bridge was built in 1987.\n")
    with rag.build(docs, tmp_path / "index") as opened:
        yield opened


def test_an_index_says_what_it_is(index):
    assert "2 documents" in repr(index)


def test_an_answer_prints_as_its_words_and_sources(index):
    shown = str(index.ask("How much is the rent due each month?"))
    assert shown.endswith("\n[1] lease.txt:0-56")
    assert str(index.ask("Who won the chess tournament?")) == "The documents do not say."


def test_a_single_name_stands_for_a_list_of_one(index):
    assert {h.passage.document for h in index.search("rent", formats="md")} == {"bridge.md"}
    assert {h.passage.document for h in index.search("rent", scope="lease")} == {"lease.txt"}
    assert index.ask("How much is the rent?", scope=["bridge.md"]).hits == tuple(
        index.search("How much is the rent?", 20, scope=["bridge.md"])
    )


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda index: rag.ask(index, "How much is the rent?"), TypeError, "rag.open"),
        (lambda index: rag.search("rent", "index/"), TypeError, "rag.open"),
        (lambda index: index.search("rent", k=0), ValueError, "k must be"),
        (lambda index: index.ask("How much is the rent?", k=0), ValueError, "k must be"),
        (lambda index: index.search("rent", mode="fuzzy"), ValueError, "hybrid"),
        (lambda index: index.search("rent", glob="*.md"), TypeError, "glob"),
        (lambda index: index.search(3), TypeError, "a str, not 3"),
        (lambda index: index.ask(None), TypeError, "a str, not None"),
        (lambda index: index.search(" "), rag.RagError, "empty"),
        (lambda index: index.document("laese.txt"), rag.RagError, "lease.txt"),
        (lambda index: rag.open("nowhere"), rag.RagError, "nowhere"),
        (lambda index: rag.build("nowhere", "new"), rag.RagError, "nowhere"),
    ],
)
def test_a_mistake_is_answered_with_what_to_do(index, call, error, said):
    with pytest.raises(error, match=said):
        call(index)


def test_a_question_in_another_language_gets_a_remark(index, monkeypatch):
    english = FakeReader(name="rag-reader-minilm")
    monkeypatch.setattr("rag.reading.load_reader", lambda *a, **k: english)
    index.models.close()
    assert "English" in index.ask("Wie hoch ist die Miete für den Stellplatz?").notes[-1]
    assert not any("English" in n for n in index.ask("How much is the rent?").notes)


@pytest.mark.usefixtures("index")
def test_an_english_question_about_german_text_gets_a_remark(tmp_path, monkeypatch):
    english = FakeReader(name="rag-reader-minilm")
    monkeypatch.setattr("rag.reading.load_reader", lambda *a, **k: english)
    (tmp_path / "brief.txt").write_text(
        "Der Arbeitspreis für Strom sinkt zum 1. Januar und wird mit der Rechnung verlangt."
    )
    with rag.build(tmp_path / "brief.txt", tmp_path / "ix") as german:
        answer = german.ask("How does the Arbeitspreis für Strom change?")
        assert "text found does not look English" in answer.notes[-1]


def test_a_closed_index_says_so(index):
    index.close()
    index.close()
    assert repr(index)
    with pytest.raises(rag.RagError, match="closed"):
        index.search("rent", mode="lexical")


def test_threads_get_the_answers_that_one_thread_gets(index):
    questions = ["How much is the rent each month?", "When was the bridge built?"] * 8
    alone = [index.ask(q).answer for q in questions]
    found = [""] * len(questions)

    def one(at):
        found[at] = index.ask(questions[at]).answer

    threads = [threading.Thread(target=one, args=(at,)) for at in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == alone


def test_one_file_in_two_places_is_embedded_once_and_cited_from_both(index, tmp_path):
    text = (tmp_path / "docs" / "lease.txt").read_text()
    (tmp_path / "docs" / "old").mkdir()
    (tmp_path / "docs" / "old" / "lease copy.txt").write_text(text)
    report = rag.update(tmp_path / "docs", tmp_path / "index")
    assert (report.added, report.embedded) == (("old/lease copy.txt",), 0)
    both = ["lease.txt", "old/lease copy.txt"]
    with rag.open(tmp_path / "index") as opened:
        assert {h.passage.document for h in opened.search("rent", 5)} >= set(both)
        for name, other in zip(both, reversed(both), strict=True):
            answer = opened.ask("How much is the rent due each month?", scope=name)
            assert [c.document for c in answer.citations] == [name]
            assert opened.copies_of(name) == [other]
        assert opened.copies_of("bridge.md") == []
