from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from rag.errors import ModelInvalid, ModelUnavailable
from rag.models import list_models, pull, resolve, verify
from rag.models.catalogue import parse_catalogue
from rag.settings import Settings

GGUF = b"GGUF" + (3).to_bytes(4, "little") + bytes(64)


def write(path: Path, content: bytes | dict[str, object] | list[object] = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(data)
    return path


def embedder_folder(folder: Path) -> Path:
    write(folder / "config.json", {"hidden_size": 32, "max_position_embeddings": 512})
    write(folder / "modules.json", [])
    write(folder / "sentence_bert_config.json", {"max_seq_length": 128})
    write(folder / "1_Pooling" / "config.json", {"pooling_mode_cls_token": True})
    write(
        folder / "config_sentence_transformers.json",
        {"prompts": {"query": "query: ", "document": "passage: "}},
    )
    write(folder / "tokenizer.json")
    write(folder / "model.safetensors", b"weights")
    return folder


def reader_folder(folder: Path, architecture: str) -> Path:
    write(folder / "config.json", {"architectures": [architecture]})
    write(folder / "tokenizer.json")
    write(folder / "model.safetensors", b"weights")
    return folder


def test_an_own_gguf_is_used_by_its_path(tmp_path: Path, offline: Settings) -> None:
    path = write(tmp_path / "own model.gguf", GGUF)
    model = resolve(str(path), "generator", offline)
    assert model.weights == path
    assert model.name == "own model"
    assert model.sha256 == hashlib.sha256(GGUF).hexdigest()
    assert resolve(str(tmp_path), "generator", offline) == model  # the only one in its folder


def test_a_changed_gguf_has_another_digest(tmp_path: Path, offline: Settings) -> None:
    path = write(tmp_path / "own.gguf", GGUF)
    before = resolve(str(path), "generator", offline).sha256
    write(path, GGUF + b"more")
    assert resolve(str(path), "generator", offline).sha256 != before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a GGUF file"),
        (b"GGU", "not a GGUF file"),
        (b"PK\x03\x04 a zip file", "not a GGUF file"),
        (b"GGUF\x03", "is GGUF of version 3"),
        (b"GGUF" + (9).to_bytes(4, "little"), "version 9, 2 and 3 can be read"),
    ],
)
def test_a_file_that_is_no_gguf_is_refused(
    tmp_path: Path, offline: Settings, content: bytes, words: str
) -> None:
    path = write(tmp_path / "not.gguf", content)
    with pytest.raises(ModelInvalid, match=words) as caught:
        resolve(str(path), "generator", offline)
    assert str(path) in str(caught.value)
    assert "rag models" in str(caught.value)


def test_a_folder_with_several_ggufs_asks_which(tmp_path: Path, offline: Settings) -> None:
    write(tmp_path / "m" / "a.gguf", GGUF)
    write(tmp_path / "m" / "b.gguf", GGUF)
    with pytest.raises(ModelInvalid, match=r"a\.gguf, b\.gguf"):
        resolve(str(tmp_path / "m"), "generator", offline)


def test_an_embedders_folder_says_what_it_needs(tmp_path: Path, offline: Settings) -> None:
    folder = embedder_folder(tmp_path / "mine")
    model = resolve(str(folder), "embedder", offline)
    entry = model.entry
    assert (entry.dimension, entry.max_tokens, entry.pooling) == (32, 128, "cls")
    assert (entry.query_prefix, entry.passage_prefix) == ("query: ", "passage: ")
    assert model.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert model.files["1_Pooling/config.json"] == folder / "1_Pooling" / "config.json"


@pytest.mark.parametrize("lacking", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_that_lacks_a_file_is_told_which(
    tmp_path: Path, offline: Settings, lacking: str
) -> None:
    folder = embedder_folder(tmp_path / "mine")
    (folder / lacking).unlink()
    with pytest.raises(ModelInvalid, match=lacking):
        resolve(str(folder), "embedder", offline)


@pytest.mark.parametrize("role", ["embedder", "reader"])
def test_a_file_where_a_folder_is_needed(tmp_path: Path, offline: Settings, role: str) -> None:
    path = write(tmp_path / "model.onnx")
    with pytest.raises(ModelInvalid, match="give the folder"):
        resolve(str(path), role, offline)  # type: ignore[arg-type]


def test_a_readers_kind_follows_its_heads(tmp_path: Path, offline: Settings) -> None:
    qa = reader_folder(tmp_path / "qa", "RobertaForQuestionAnswering")
    nli = reader_folder(tmp_path / "nli", "DebertaV2ForSequenceClassification")
    write(tmp_path / "own" / "reader.onnx")
    write(tmp_path / "own" / "tokenizer.json")
    kinds = [
        resolve(str(folder), "reader", offline).entry.kind for folder in (qa, nli, tmp_path / "own")
    ]
    assert kinds == ["qa", "nli", "minilm"]


def test_other_heads_are_refused(tmp_path: Path, offline: Settings) -> None:
    folder = reader_folder(tmp_path / "lm", "BertForMaskedLM")
    with pytest.raises(ModelInvalid, match="BertForMaskedLM"):
        resolve(str(folder), "reader", offline)


@pytest.mark.parametrize("name", ["missing/model.gguf", "./nothing", "~/no-such.gguf"])
def test_a_path_that_is_not_there_is_said_to_be_one(offline: Settings, name: str) -> None:
    with pytest.raises(ModelUnavailable, match="correct the path"):
        resolve(name, "generator", offline)


@pytest.mark.parametrize("name", ["gpt-9", ""])
def test_an_unknown_name_is_answered_with_the_known_ones(offline: Settings, name: str) -> None:
    with pytest.raises(ModelUnavailable, match="smollm2-135m-instruct"):
        resolve(name, "generator", offline)


def test_a_name_of_the_catalogue_goes_before_a_file_of_that_name(
    tmp_path: Path, offline: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "smollm2-135m-instruct", GGUF)
    with pytest.raises(ModelUnavailable, match="rag models pull smollm2"):
        resolve("smollm2-135m-instruct", "generator", offline)


def test_a_file_source_is_used_in_its_place_and_never_removed(
    tmp_path: Path, offline: Settings
) -> None:
    weights = write(tmp_path / "data" / "reader.onnx", b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    known = parse_catalogue(
        "name: shipped\nrole: reader\nkind: minilm\nfile: reader.onnx\n"
        f"  sha256: {digest}\n  source: file:data/reader.onnx\n",
        root=tmp_path,
    )
    model = resolve("shipped", "reader", offline, catalogue=known)
    assert (model.weights, model.folder, model.sha256) == (weights, weights.parent, digest)
    weights.write_bytes(b"altered")
    with pytest.raises(ModelInvalid, match="reinstall rag"):
        resolve("shipped", "reader", offline, catalogue=known)
    assert weights.read_bytes() == b"altered"
    (problem,) = verify(["shipped"], offline, known)
    assert not problem.removed


def test_a_shipped_file_that_is_missing_says_to_reinstall(
    tmp_path: Path, settings: Settings
) -> None:
    known = parse_catalogue(
        "name: shipped\nrole: reader\nkind: minilm\nfile: reader.onnx\n"
        "  source: file:data/reader.onnx\n",
        root=tmp_path,
    )
    with pytest.raises(ModelUnavailable, match="reinstall rag"):
        resolve("shipped", "reader", settings, catalogue=known)


def test_own_models_that_the_settings_name_are_listed_and_verified(
    tmp_path: Path, settings: Settings
) -> None:
    good = write(tmp_path / "good.gguf", GGUF)
    bad = write(tmp_path / "bad.gguf", b"nothing")
    listed = list_models(Settings(model=str(good)))
    assert [(m.name, m.chosen, m.present) for m in listed][-1] == ("good", True, True)
    assert verify(None, Settings(model=str(good))) == []
    (problem,) = verify(None, Settings(model=str(bad)))
    assert "not a GGUF file" in problem.problem
    assert pull(str(good), settings).role == "generator"
    assert pull(str(embedder_folder(tmp_path / "e")), settings).role == "embedder"
