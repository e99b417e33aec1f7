"""Tiny networks of the real architectures with fixed random weights, saved as a user's would be."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.errors import ModelInvalid
from rag.models import resolve
from rag.reading import load_reader
from rag.reading.cross_encoder import load_cross_encoder
from rag.reading.protocol import Reader, SpanScore
from rag.reading.windows import best_spans, join_windows, softmax
from rag.settings import Settings
from rag.testing import FakeEmbedder, FakeReader

WORDS = "the council agreed a target of two percent who what rent is due in may penguins eat"
TEXT = "the council agreed a target of two percent"
NLI = {0: "contradiction", 1: "entailment", 2: "neutral"}


def save(folder: Path, head: str, **config: Any) -> Path:
    import torch
    import transformers
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import BertProcessing

    vocabulary = {w: n for n, w in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS.split()])}
    inner = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    inner.pre_tokenizer = Whitespace()
    inner.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_input_names=["input_ids", "attention_mask", "token_type_ids"],
    )
    shape = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=514,
        initializer_range=0.5,
        **config,
    )
    torch.manual_seed(7)
    getattr(transformers, head)(shape).save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    top = tmp_path_factory.mktemp("models")
    return {
        "qa": save(top / "qa", "BertForQuestionAnswering"),
        "nli": save(
            top / "nli",
            "BertForSequenceClassification",
            num_labels=3,
            id2label=NLI,
            label2id={v: k for k, v in NLI.items()},
        ),
        "score": save(top / "score", "BertForSequenceClassification", num_labels=1),
        "topics": save(
            top / "topics",
            "BertForSequenceClassification",
            num_labels=2,
            id2label={0: "sport", 1: "news"},
            label2id={"sport": 0, "news": 1},
        ),
    }


@pytest.fixture
def load(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Reader]:
    monkeypatch.setenv("RAG_CACHE", str(tmp_path))
    settings = Settings(offline=True, threads=1)
    return lambda name: load_reader(str(folders[name]), settings, FakeEmbedder)


def logits(folder: Path, head: str, first: str, second: str) -> tuple[Any, Any]:
    """What transformers itself computes for the pair."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder))
    network = getattr(transformers, head).from_pretrained(str(folder)).eval()
    encoded = tokenizer(first, second, return_tensors="pt")
    with torch.inference_mode():
        return encoded, network(**encoded)


def test_the_best_span_is_that_of_the_logits(
    load: Callable[[str], Reader], folders: dict[str, Path]
) -> None:
    reader = load("qa")
    assert reader.name == "qa"
    assert len(reader.sha256) == 64
    (reading,) = reader.read("what target", [TEXT], spans=3)
    encoded, output = logits(folders["qa"], "AutoModelForQuestionAnswering", "what target", TEXT)
    starts, ends = output.start_logits[0].tolist(), output.end_logits[0].tolist()
    inside = [n for n, part in enumerate(encoded.sequence_ids(0)) if part == 1]
    best, first, last = max((starts[a] + ends[b], a, b) for a in inside for b in inside if a <= b)
    words = TEXT.split()
    expected = " ".join(words[first - inside[0] : last - inside[0] + 1])
    top = reading.spans[0]
    assert TEXT[top.start : top.end] == expected
    assert top.score == pytest.approx(best, abs=1e-4)
    assert reading.null_score == pytest.approx(starts[0] + ends[0], abs=1e-4)
    assert reading.answerable == pytest.approx(top.score - reading.null_score)


def test_long_texts_are_read_to_their_end(load: Callable[[str], Reader]) -> None:
    reader = load("qa")
    filler = "penguins eat " * 400
    for text in (TEXT + " " + filler, filler + TEXT):
        (reading,) = reader.read("who agreed a target", [text], spans=200)
        assert reading.spans
        ends = [s.end for s in reading.spans]
        starts = [s.start for s in reading.spans]
        assert min(starts) < len(text) / 3
        assert max(ends) > len(text) * 2 / 3
        for span in reading.spans:
            assert text[span.start : span.end].strip() == text[span.start : span.end] != ""
    # A question longer than the model still leaves room for the text.
    (reading,) = reader.read("who " * 600, [TEXT])
    assert reading.spans


def test_a_result_does_not_depend_on_the_other_texts(load: Callable[[str], Reader]) -> None:
    texts = [TEXT, "penguins eat", "rent is due in may " * 60, ""]
    for name in ("qa", "nli", "score"):
        reader = load(name)
        together = reader.read("what is due", texts)
        assert together == [reader.read("what is due", [t])[0] for t in texts]
        assert together[-1].spans == ()
        support = reader.support("rent is due", texts)
        assert support == [reader.support("rent is due", [t])[0] for t in texts]


def test_entailment_follows_the_models_own_labels(
    load: Callable[[str], Reader], folders: dict[str, Path]
) -> None:
    claim = "the council agreed"
    (result,) = load("nli").support(claim, [TEXT])
    _, output = logits(folders["nli"], "AutoModelForSequenceClassification", TEXT, claim)
    weights = [math.exp(x) for x in output.logits[0].tolist()]
    expected = {NLI[n]: w / sum(weights) for n, w in enumerate(weights)}
    assert result.supported == pytest.approx(expected["entailment"], abs=1e-5)
    assert result.contradicted == pytest.approx(expected["contradiction"], abs=1e-5)
    assert result.neither == pytest.approx(expected["neutral"], abs=1e-5)
    (nothing,) = load("nli").support(claim, [" "])
    assert nothing.neither == 1.0


def test_a_relevance_model_scores_what_the_rules_point_at(
    load: Callable[[str], Reader], folders: dict[str, Path]
) -> None:
    (reading,) = load("score").read("what target", [TEXT])
    _, output = logits(folders["score"], "AutoModelForSequenceClassification", "what target", TEXT)
    assert reading.answerable == pytest.approx(float(output.logits[0][0]), abs=1e-5)
    assert reading.spans[0].score - reading.null_score == pytest.approx(reading.answerable)


def test_a_classifier_of_something_else_is_refused(load: Callable[[str], Reader]) -> None:
    with pytest.raises(ModelInvalid, match="sport, news"):
        load("topics")


def test_heads_that_the_weights_lack_are_not_made_up(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "cache"))
    pretender = tmp_path / "pretender"
    pretender.mkdir()
    for path in folders["nli"].iterdir():
        data = path.read_bytes()
        if path.name == "config.json":
            data = data.replace(b"ForSequenceClassification", b"ForQuestionAnswering")
        (pretender / path.name).write_bytes(data)
    model = resolve(str(pretender), "reader", Settings(offline=True))
    with pytest.raises(ModelInvalid, match="qa_outputs"):
        load_cross_encoder(model, fallback=FakeReader())


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_torn_file_is_one_clear_error(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "cache"))
    torn = tmp_path / "torn"
    torn.mkdir()
    for path in folders["qa"].iterdir():
        data = path.read_bytes()
        (torn / path.name).write_bytes(data[: len(data) // 3] if path.name == name else data)
    with pytest.raises(ModelInvalid) as caught:
        load_reader(str(torn), Settings(offline=True), FakeEmbedder)
    assert str(torn) in str(caught.value)


def test_spans_of_a_window_do_not_overlap_and_ties_go_to_the_earlier() -> None:
    text = "one two  three"
    offsets = [None, (0, 3), (3, 7), (7, 14), None]
    flat = [9.0, 1.0, 1.0, 1.0, 9.0]
    spans = best_spans(text, offsets, flat, flat, 5)
    assert [text[s.start : s.end] for s in spans] == ["one", "two", "three"]
    assert {s.score for s in spans} == {2.0}


def test_windows_are_joined_by_their_distance_to_their_own_null() -> None:
    first, second = [SpanScore(0, 3, 5.0)], [SpanScore(2, 6, 9.0), SpanScore(10, 12, 8.0)]
    spans, null = join_windows([first, second], [1.0, 7.0], 5)
    assert null == 1.0
    assert spans == [SpanScore(0, 3, 5.0), SpanScore(10, 12, 2.0)]


def test_probabilities_sum_to_1_however_large_the_logits() -> None:
    assert softmax([1e4, 1e4, -1e4]) == [0.5, 0.5, 0.0]
