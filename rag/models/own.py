"""A person's own model, given by path: what it is, checked before anything loads it."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.errors import ModelInvalid, ModelUnavailable
from rag.models import cache
from rag.models.entries import FileSource, ModelEntry, ModelFile, Pooling, ReaderKind, Role
from rag.models.local import LocalModel

GGUF_MAGIC = b"GGUF"
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "spm.model", "sentencepiece.bpe.model")
_FOLDER_FILES = (
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "merges.txt",
    "label_mapping.json",
    "settings.json",
)


def own_model(path: Path, role: Role) -> LocalModel:
    """The model at `path`: a GGUF file, a sentence-transformers folder, or a reader's folder.

    Raises `ModelInvalid` if it is not one of the role, `ModelUnavailable` if it cannot be read.
    """
    path = path.absolute()
    try:
        if role == "generator":
            return _generator(path)
        if not path.is_dir():
            raise ModelInvalid(
                f"{path} is a file, an own {role} is a folder: give the folder its files are in"
            )
        return _embedder(path) if role == "embedder" else _reader(path)
    except OSError as exc:
        raise ModelUnavailable(
            f"{path} cannot be read: {exc.strerror or exc}: check its permissions"
        ) from exc


def guess_role(path: Path) -> Role:
    """What the model at `path` seems to be for: files and folders of GGUF files generate."""
    if path.is_file() or next(path.glob("*.gguf"), None):
        return "generator"
    return "embedder" if (path / "modules.json").is_file() else "reader"


def _generator(path: Path) -> LocalModel:
    if path.is_dir():
        found = sorted(path.glob("*.gguf"))
        names = ", ".join(p.name for p in found[:8])
        if len(found) != 1:
            raise ModelInvalid(
                f"{path} is a folder with {len(found) or 'no'} GGUF files"
                + (f" ({names})" if names else "")
                + ": give the path of one"
            )
        path = found[0]
    with path.open("rb") as file:
        head = file.read(8)
    version = int.from_bytes(head[4:8], "little")
    if head[:4] != GGUF_MAGIC or len(head) < 8 or version not in (2, 3):
        reason = (
            f"GGUF of version {version}, 2 and 3 can be read"
            if head[:4] == GGUF_MAGIC
            else "not a GGUF file (it begins with other bytes)"
        )
        raise ModelInvalid(
            f"{path} is {reason}: give a GGUF file, or a name that `rag models` lists"
        )
    entry = _entry(path.stem, "generator", path.parent, [path.name])
    return _local(entry, path.parent)


def _embedder(folder: Path) -> LocalModel:
    files = _folder_files(folder, "embedder")
    config = _json(folder / "config.json")
    pooling = _json(folder / "1_Pooling" / "config.json")
    sentence = _json(folder / "sentence_bert_config.json")
    prompts = _json(folder / "config_sentence_transformers.json").get("prompts")
    prompts = prompts if isinstance(prompts, dict) else {}
    modes: dict[str, Pooling] = {
        "pooling_mode_mean_tokens": "mean",
        "pooling_mode_cls_token": "cls",
        "pooling_mode_lasttoken": "last",
    }
    entry = _entry(
        folder.name,
        "embedder",
        folder,
        files,
        dimension=_number(pooling.get("word_embedding_dimension")) or _number(_hidden(config)),
        max_tokens=_number(sentence.get("max_seq_length"))
        or _number(config.get("max_position_embeddings")),
        pooling=next((name for key, name in modes.items() if pooling.get(key) is True), None),
        query_prefix=str(prompts.get("query") or ""),
        passage_prefix=str(prompts.get("document") or prompts.get("passage") or ""),
    )
    return _local(entry, folder)


def _hidden(config: dict[str, Any]) -> Any:
    return config.get("hidden_size") or config.get("dim")


def _reader(folder: Path) -> LocalModel:
    if (folder / "reader.onnx").is_file():
        if not (folder / "tokenizer.json").is_file():
            raise ModelInvalid(
                f"{folder} holds reader.onnx but no tokenizer.json: copy the one the reader was "
                "trained with beside it"
            )
        entry = _entry(
            folder.name, "reader", folder, ["reader.onnx", "tokenizer.json"], kind="minilm"
        )
        return _local(entry, folder)
    files = _folder_files(folder, "reader")
    entry = _entry(folder.name, "reader", folder, files, kind=reader_kind(folder))
    return _local(entry, folder)


def reader_kind(folder: Path) -> ReaderKind:
    """`qa` for a model that scores starts and ends, `nli` for a classifier, by its config.json.

    Raises `ModelInvalid` for any other.
    """
    names = _json(folder / "config.json").get("architectures")
    architectures = [str(n) for n in names] if isinstance(names, list) else []
    if any(n.endswith("ForQuestionAnswering") for n in architectures):
        return "qa"
    if any(n.endswith("ForSequenceClassification") for n in architectures):
        return "nli"
    raise ModelInvalid(
        f"{folder} has the heads of {', '.join(architectures) or 'no known model'}; a reader needs "
        "...ForQuestionAnswering or ...ForSequenceClassification: give another model"
    )


def _folder_files(folder: Path, role: Role) -> list[str]:
    """The files of a Hugging Face folder, weights first. Raises `ModelInvalid` without some."""
    weights = [name for name in _WEIGHTS if (folder / name).is_file()]
    tokenizers = [name for name in _TOKENIZERS if (folder / name).is_file()]
    lacking = []
    if not (folder / "config.json").is_file():
        lacking.append("config.json")
    if not weights:
        lacking.append(" or ".join(_WEIGHTS))
    if not tokenizers:
        lacking.append("a tokenizer (such as tokenizer.json)")
    if lacking:
        form = "sentence-transformers" if role == "embedder" else "transformers"
        raise ModelInvalid(
            f"{folder} is no {role}: {', '.join(lacking)} missing: give a folder that {form} saved"
        )
    return [weights[0], *tokenizers, *(n for n in _FOLDER_FILES if (folder / n).is_file())]


def _entry(name: str, role: Role, folder: Path, files: list[str], **more: Any) -> ModelEntry:
    size = sum(cache.file_path(folder, name).stat().st_size for name in files)
    listed = tuple(ModelFile(name, (FileSource(name),)) for name in files)
    return ModelEntry(name, role, listed, size_bytes=size, root=folder, **more)


def _local(entry: ModelEntry, folder: Path) -> LocalModel:
    paths = {f.name: cache.file_path(folder, f.name) for f in entry.files}
    sha256 = _remembered_sha256(paths[entry.weights.name])
    return LocalModel(entry.name, entry.role, folder, paths, sha256, entry)


def _remembered_sha256(path: Path) -> str:
    """The SHA-256 of a file, read whole only if its size or time of change is new."""
    key = hashlib.sha256(os.fsencode(path)).hexdigest()[:32]
    folder = cache.models_dir() / ".own" / key
    known = cache.read_record(folder).get(path.name)
    if known is not None and known.fits(path):
        return known.sha256
    found = cache.measure(path)
    with suppress(OSError, ModelUnavailable), cache.locked(folder):
        cache.update_record(folder, {path.name: found})
    return found.sha256


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
