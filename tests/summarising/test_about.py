"""What concerns a topic."""

from __future__ import annotations

from collections.abc import Sequence

from rag.reading.protocol import Reading
from rag.summarising.about import nearness
from rag.summarising.selecting import Pool
from rag.summarising.units import Unit
from rag.testing import FakeEmbedder, FakeReader
from rag.types import Span


def _talk(count: int, question_at: int, speaker: str = "Chair") -> tuple[Pool, list[Unit]]:
    """A talk of which one line, that cannot be chosen, asks about the battery, as the last says."""
    texts = [f"the lamp of model {i}" for i in range(count)]
    texts[-1] = "the battery of the lamp"
    units = [
        Unit("a", Span(9 * i, 9 * i + 8), t, i, "sentence", speaker) for i, t in enumerate(texts)
    ]
    question = Unit("a", Span(9 * question_at, 9 * question_at + 1), "Battery?", 999, "nothing")
    everything = [*units[:question_at], question, *units[question_at:]]
    vectors = FakeEmbedder(dimension=256).embed_passages(texts)
    return Pool(units, vectors, [0] * count, [count * 8]), everything


def test_in_speech_what_is_said_after_a_question_about_the_topic_counts_more() -> None:
    pool, everything = _talk(200, 60)
    embedder = FakeEmbedder(dimension=256)
    alone = nearness(pool, "lamp model battery", embedder, None)
    around = nearness(pool, "lamp model battery", embedder, None, everything)
    assert alone is not None
    assert around is not None
    assert (alone >= 0).all()
    gained = around - alone
    assert gained[61] > gained[20] + 0.05
    assert gained[61] > gained[110] + 0.05


def test_prose_is_scored_by_its_own_sentences() -> None:
    pool, everything = _talk(40, 10, speaker="")
    embedder = FakeEmbedder(dimension=256)
    alone = nearness(pool, "battery", embedder, None)
    around = nearness(pool, "battery", embedder, None, everything)
    assert alone is not None
    assert around is not None
    assert alone.tolist() == around.tolist()


def test_a_topic_that_only_the_question_names_is_spoken_of() -> None:
    pool, everything = _talk(40, 10)
    units = pool.units[:-1]  # without the one sentence that names the battery
    vectors = pool.vectors[:-1] * 0.8  # no sentence is near by itself
    fewer = Pool(units, vectors, [0] * 39, [312])
    embedder = FakeEmbedder(dimension=256)
    assert nearness(fewer, "model battery lamp charger", embedder, None) is None
    assert nearness(fewer, "model battery lamp charger", embedder, None, everything) is not None
    assert nearness(fewer, "volcano ash cloud charger", embedder, None, everything) is None


class _Noting(FakeReader):
    """Keeps what it was given to read."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[str] = []

    def read(self, question: str, texts: Sequence[str], spans: int = 5) -> list[Reading]:
        self.given += texts
        return super().read(question, texts, spans)


def test_the_reader_reads_no_two_documents_as_one_text() -> None:
    texts = ["the lamp of the hall", "the battery of the lamp", "the battery of the boat", "a sail"]
    units = [
        Unit("ab"[i // 2], Span(9 * i, 9 * i + 8), t, i % 2, "sentence")
        for i, t in enumerate(texts)
    ]
    embedder, reader = FakeEmbedder(dimension=256), _Noting()
    pool = Pool(units, embedder.embed_passages(texts), [0, 0, 1, 1], [10, 7])
    assert nearness(pool, "battery", embedder, reader) is not None
    assert sorted(reader.given) == sorted(["\n".join(texts[:2]), "\n".join(texts[2:])])


def test_a_topic_that_no_sentence_is_near_to_is_nowhere() -> None:
    pool, everything = _talk(40, 10)
    assert nearness(pool, "volcano", FakeEmbedder(dimension=256), None, everything) is None
