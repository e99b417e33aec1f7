"""Checks of the installation, the models and an index: what `rag doctor` says."""

from __future__ import annotations

import importlib.util
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rag.errors import RagError
from rag.settings import Settings, cache_dir, config_file

if TYPE_CHECKING:
    from rag.models import Progress

Level = Literal["ok", "note", "problem"]

PACKAGES = (
    ("numpy", "numpy"),
    ("onnxruntime", "onnxruntime"),
    ("faiss", "faiss-cpu"),
    ("tokenizers", "tokenizers"),
    ("llama_cpp", "llama-cpp-python"),
    ("sentence_transformers", "sentence-transformers"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `what` it is, how it stands, and the next step if any."""

    what: str
    level: Level
    text: str


def diagnose(
    index_dir: Path | None,
    settings: Settings,
    *,
    deep: bool = False,
    repair: bool = False,
    fetching: Progress | None = None,
) -> list[Finding]:
    """What was found, in the order: installation, models, index.

    `index_dir` None means that no index was named or found, which is no problem by itself.
    `deep` reads every byte of the index, `repair` rebuilds what can be rebuilt; `fetching` is told
    of a download of the embedder that this may need.
    """
    about_index = _index(index_dir, settings, deep, repair, fetching)
    return [*_installation(), *_models(settings), *about_index]


def _installation() -> list[Finding]:
    from rag import __version__

    config = config_file()
    findings = [
        Finding("rag", "ok", f"{__version__}, Python {platform.python_version()}, {sys.platform}"),
        Finding("config file", "ok", f"{config}" + ("" if config.is_file() else " (not there)")),
        Finding("cache", "ok", str(cache_dir())),
    ]
    for module, package in PACKAGES:
        if importlib.util.find_spec(module) is None:
            level: Level = "note" if module == "llama_cpp" else "problem"
            findings.append(
                Finding(package, level, f"not installed; install it with: pip install {package}")
            )
    return findings


def _models(settings: Settings) -> list[Finding]:
    from rag.models import list_models

    try:
        models = list_models(settings)
    except RagError as exc:
        return [Finding("models.txt", "problem", str(exc))]
    findings = []
    for model in models:
        if not model.chosen:
            continue
        if model.present:
            findings.append(Finding(model.role, "ok", f"{model.name}, here"))
        else:
            text = f"{model.name}, not fetched yet; fetch it with: rag models pull {model.name}"
            findings.append(Finding(model.role, "note", text))
    return findings


def _index(
    index_dir: Path | None,
    settings: Settings,
    deep: bool,
    repair: bool,
    fetching: Progress | None,
) -> list[Finding]:
    if index_dir is None:
        return [Finding("index", "note", "none here; build one with: rag index PATH")]
    from rag.store import check_index, repair_index

    name = f"index {index_dir}"
    findings = []
    if repair:
        from rag.embedding import load_embedder

        repaired = repair_index(index_dir, lambda: load_embedder(settings, fetching))
        findings = [Finding(name, "note", f"repaired: {what}") for what in repaired]
    problems = check_index(index_dir, deep=deep)
    findings += [Finding(name, "problem", p) for p in problems]
    if not problems:
        looked = "every byte is as written" if deep else "complete"
        findings.append(Finding(name, "ok", looked))
    return findings
