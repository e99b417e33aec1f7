from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rag
from rag.errors import ModelInvalid
from rag.reading.minilm import (
    FORMAT,
    INPUTS,
    OVERLAP_TOKENS,
    WINDOW_TOKENS,
    MiniLMReader,
)
from rag.reading.protocol import NO_TEXT, Reading

WORDS = (
    "when",
    "was",
    "it",
    "built",
    "in",
    "1862",
    "rome",
    "king",
    "the",
    "of",
    "city",
    "##s",
    ",",
)
SHIPPED = Path(rag.__file__).parent / "data" / "reader"


def _tokenizer(path: Path, extra: Sequence[str] = ()) -> int:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, *extra]
    vocabulary = {entry: number for number, entry in enumerate(entries)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(path))
    return len(entries)


def _network(
    path: Path, vocabulary: int, *, note: str = FORMAT, claims: int = 3, drop: str = ""
) -> None:
    """A network without attention: each token has a start, an end and three claim scores.

    Tokens of the first text and padding score nothing; answerable and claim are means over the
    second text. So every figure can be worked out from the tables.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def table(name: str, values: np.ndarray) -> onnx.TensorProto:
        return numpy_helper.from_array(values.astype(np.float32), name)

    rng = np.random.default_rng(3)
    scores = rng.normal(size=(vocabulary, 2 + claims))
    year = 4 + WORDS.index("1862")
    scores[year, :2] = 6.0
    nodes = [
        helper.make_node("Cast", ["token_type_ids"], ["types"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["types", "mask"], ["inside2"]),
        helper.make_node("Unsqueeze", ["inside2", "two"], ["inside"]),
        helper.make_node("Gather", ["scores", "input_ids"], ["each"]),
        helper.make_node("Mul", ["each", "inside"], ["shown"]),
        helper.make_node("Split", ["shown", "sizes"], ["s3", "e3", "c3"], axis=2),
        helper.make_node("Squeeze", ["s3", "two"], ["start_logits"]),
        helper.make_node("Squeeze", ["e3", "two"], ["end_logits"]),
        helper.make_node("ReduceSum", ["c3", "one"], ["claim"], keepdims=0),
        helper.make_node("ReduceSum", ["start_logits", "one"], ["answerable"], keepdims=0),
    ]
    shapes = {
        "start_logits": ["b", "n"],
        "end_logits": ["b", "n"],
        "answerable": ["b"],
        "claim": ["b", claims],
    }
    graph = helper.make_graph(
        nodes,
        "reader",
        [helper.make_tensor_value_info(n, TensorProto.INT64, ["b", "n"]) for n in INPUTS],
        [
            helper.make_tensor_value_info(n, TensorProto.FLOAT, shape)
            for n, shape in shapes.items()
            if n != drop
        ],
        [
            table("scores", scores),
            numpy_helper.from_array(np.array([2]), "two"),
            numpy_helper.from_array(np.array([1]), "one"),
            numpy_helper.from_array(np.array([1, 1, claims]), "sizes"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    for key, value in (("format", note), ("vocabulary", str(vocabulary))):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, str(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reader")
    _network(out / "reader.onnx", _tokenizer(out / "tokenizer.json"))
    return out


@pytest.fixture(scope="module")
def reader(folder: Path) -> MiniLMReader:
    return MiniLMReader(
        folder / "reader.onnx", folder / "tokenizer.json", name="small", sha256="ab", threads=1
    )


@pytest.fixture(scope="module")
def shipped() -> MiniLMReader:
    return MiniLMReader(
        SHIPPED / "reader.onnx", SHIPPED / "tokenizer.json", name="shipped", sha256="", threads=1
    )


def _close(one: Reading, other: Reading, tolerance: float = 1e-4) -> bool:
    same = [(s.start, s.end) for s in one.spans] == [(s.start, s.end) for s in other.spans]
    scores = zip(one.spans, other.spans, strict=False)
    return (
        same
        and all(abs(a.score - b.score) <= tolerance for a, b in scores)
        and abs(one.null_score - other.null_score) <= tolerance
        and abs(one.answerable - other.answerable) <= tolerance
    )


def test_it_says_its_name_and_digest(reader: MiniLMReader) -> None:
    assert (reader.name, reader.sha256) == ("small", "ab")


def test_the_best_span_is_the_best_scored_word_at_its_characters(reader: MiniLMReader) -> None:
    text = "  The city of Rome,\n built in 1862 \u2013 it was. "
    reading = reader.read("When was it built?", [text])[0]
    best = reading.spans[0]
    assert text[best.start : best.end] == "1862"
    assert best.score == pytest.approx(12.0)
    assert reading.null_score == 0.0


@given(
    st.lists(st.sampled_from([*WORDS[:11], "citys", "xyz", "é", "ß", "字", "\n", "-"]), max_size=60)
)
@settings(deadline=None, max_examples=40)
def test_spans_are_whole_words_apart_and_best_first(words: list[str]) -> None:
    reader = _cached_reader()
    text = " ".join(words)
    reading = reader.read("when was it built", [text], spans=4)[0]
    assert len(reading.spans) <= 4
    assert bool(reading.spans) == any(char.isalnum() for char in text)
    scores = [span.score for span in reading.spans]
    assert scores == sorted(scores, reverse=True)
    edges = {0, len(text)} | {i for i, char in enumerate(text) if not char.isalnum()}
    edges |= {i + 1 for i, char in enumerate(text) if not char.isalnum() or char == "字"}
    edges |= {i for i, char in enumerate(text) if char == "字"}
    for number, span in enumerate(reading.spans):
        assert 0 <= span.start < span.end <= len(text)
        assert span.start in edges
        assert span.end in edges
        for other in reading.spans[:number]:
            assert span.end <= other.start or span.start >= other.end


_CACHE: list[MiniLMReader] = []


def _cached_reader() -> MiniLMReader:
    if not _CACHE:
        import tempfile

        with tempfile.TemporaryDirectory() as name:
            out = Path(name)
            _network(out / "reader.onnx", _tokenizer(out / "tokenizer.json"))
            _CACHE.append(
                MiniLMReader(out / "reader.onnx", out / "tokenizer.json", name="c", sha256="")
            )
    return _CACHE[0]


def test_a_span_is_found_wherever_it_lies_in_a_long_text(reader: MiniLMReader) -> None:
    step = WINDOW_TOKENS - OVERLAP_TOKENS
    for place in (0, step - 1, step, WINDOW_TOKENS - 1, WINDOW_TOKENS, 2 * step, 799):
        words = ["the"] * 800
        words[place] = "1862"
        text = " ".join(words)
        best = reader.read("When?", [text])[0].spans[0]
        assert (best.start, text[best.start : best.end]) == (4 * place, "1862")


def test_a_long_text_judges_by_its_surest_window(reader: MiniLMReader) -> None:
    near = " ".join(["rome", "1862"] + ["xyz"] * 20)
    far = " ".join(["xyz"] * 700) + " " + near
    one, other = reader.read("When?", [near, far])
    assert other.spans[0].score == pytest.approx(one.spans[0].score)


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_a_text_without_words_has_no_spans_and_supports_nothing(
    reader: MiniLMReader, text: str
) -> None:
    reading = reader.read("When?", [text])[0]
    assert (reading.spans, reading.answerable) == ((), NO_TEXT)
    assert reader.support("It was.", [text])[0].neither == 1.0


def test_no_texts_give_no_readings(reader: MiniLMReader) -> None:
    assert reader.read("When?", []) == []
    assert reader.support("It was.", []) == []


def test_an_empty_question_is_read_like_any_other(reader: MiniLMReader) -> None:
    assert reader.read("", ["in 1862"])[0].spans


@pytest.mark.parametrize("spans", [0, -3])
def test_a_count_below_one_is_refused(reader: MiniLMReader, spans: int) -> None:
    with pytest.raises(ValueError, match="spans must be at least 1"):
        reader.read("When?", ["in 1862"], spans)


def test_support_is_a_distribution_that_depends_on_the_evidence(reader: MiniLMReader) -> None:
    found = reader.support("It was built.", ["built in Rome", "the king of the city"])
    for entailment in found:
        total = entailment.supported + entailment.contradicted + entailment.neither
        assert total == pytest.approx(1.0)
    assert found[0] != found[1]


def test_evidence_counts_by_the_window_that_says_most(reader: MiniLMReader) -> None:
    texts = ["built " * WINDOW_TOKENS, "king " * WINDOW_TOKENS]
    apart = reader.support("It was.", texts)
    joined = reader.support("It was.", [texts[0] + texts[1]])[0]
    assert joined.neither <= min(e.neither for e in apart) + 1e-6


def test_a_network_with_other_heads_is_refused(tmp_path: Path) -> None:
    size = _tokenizer(tmp_path / "tokenizer.json")
    broken = {"claim": {"drop": "claim"}, "four": {"claims": 4}, "note": {"note": "other/2"}}
    for name, changes in broken.items():
        path = tmp_path / f"{name}.onnx"
        _network(path, size, **changes)  # type: ignore[arg-type]
        with pytest.raises(ModelInvalid, match=f"{name}.onnx"):
            MiniLMReader(path, tmp_path / "tokenizer.json", name="x", sha256="")


def test_another_vocabulary_is_refused(folder: Path, tmp_path: Path) -> None:
    size = _tokenizer(tmp_path / "tokenizer.json", extra=["queen"])
    with pytest.raises(ModelInvalid, match=f"has {size} entries") as caught:
        MiniLMReader(folder / "reader.onnx", tmp_path / "tokenizer.json", name="x", sha256="")
    assert "--reader" in str(caught.value)


def test_files_that_are_no_models_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "reader.onnx").write_bytes(b"not a network")
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    tokenizer = folder / "tokenizer.json"
    with pytest.raises(ModelInvalid, match="cannot be loaded"):
        MiniLMReader(tmp_path / "reader.onnx", tokenizer, name="x", sha256="")
    with pytest.raises(ModelInvalid, match="cannot be loaded"):
        MiniLMReader(tmp_path / "absent.onnx", tokenizer, name="x", sha256="")
    with pytest.raises(ModelInvalid, match="cannot be loaded"):
        MiniLMReader(folder / "reader.onnx", tmp_path / "tokenizer.json", name="x", sha256="")


TEXTS = (
    "The bridge was built in 1862 by Anna Smith, an engineer from Leeds.",
    "It rains.",
    "",
    "Die Brücke wurde 1862 gebaut. 橋は千八百六十二年に建てられた。",
    "The town council met on Monday and agreed to spend 4 million euros on the new school. " * 30,
    "Ships left the harbour at dawn; none of them came back before the winter storms of 1901.",
)


def test_the_shipped_reader_finds_the_answer(shipped: MiniLMReader) -> None:
    found = [
        ("When was the bridge built?", TEXTS[0], "1862"),
        ("Who built the bridge?", TEXTS[0], "Anna Smith"),
        ("How much will the council spend on the school?", TEXTS[4], "4 million euros"),
    ]
    for question, text, expected in found:
        best = shipped.read(question, [text])[0].spans[0]
        assert text[best.start : best.end].startswith(expected)


def test_the_shipped_reader_tells_support_from_contradiction(shipped: MiniLMReader) -> None:
    true = shipped.support("Anna Smith built the bridge in 1862.", [TEXTS[0]])[0]
    false = shipped.support("Anna Smith built the bridge in 1922.", [TEXTS[0]])[0]
    other = shipped.support("Anna Smith built the bridge in 1862.", [TEXTS[5]])[0]
    assert true.supported > 0.5 > max(false.supported, other.supported)
    assert false.contradicted > true.contradicted


def test_a_result_does_not_depend_on_what_else_is_read(shipped: MiniLMReader) -> None:
    question = "When was the bridge built?"
    together = shipped.read(question, TEXTS)
    turned = shipped.read(question, TEXTS[::-1])[::-1]
    for text, one, other in zip(TEXTS, together, turned, strict=True):
        alone = shipped.read(question, [text])[0]
        assert _close(one, alone)
        assert _close(other, alone)
    for text, both in zip(TEXTS, shipped.support(question, TEXTS), strict=True):
        alone_support = shipped.support(question, [text])[0]
        assert both.supported == pytest.approx(alone_support.supported, abs=1e-4)


def test_padding_changes_nothing(shipped: MiniLMReader) -> None:
    ids = np.array([[101, 2043, 102, 1996, 2958, 2001, 2328, 1999, 102]])
    types = np.array([[0, 0, 0, 1, 1, 1, 1, 1, 1]])

    def run(pad: int) -> list[np.ndarray]:
        feeds = {
            "input_ids": np.pad(ids, ((0, 0), (0, pad))),
            "attention_mask": np.pad(np.ones_like(ids), ((0, 0), (0, pad))),
            "token_type_ids": np.pad(types, ((0, 0), (0, pad))),
        }
        outputs: list[np.ndarray] = shipped._session.run(None, feeds)
        return outputs

    for pad in (7, 100):
        for one, other in zip(run(0), run(pad), strict=True):
            width = ids.shape[1] if one.shape[-1:] == ids.shape[1:] else None
            assert np.allclose(one, other[..., :width], atol=1e-4)
