from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from rag.generation import load_generator
from rag.settings import Settings


def test_the_download_of_the_language_model_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def resolve(name: str, role: str, settings: Settings, progress: object = None) -> object:
        assert callable(progress)
        progress(f"{name}.gguf", 1, 2)
        entry = SimpleNamespace(chat_template=None)
        return SimpleNamespace(weights=tmp_path, name=name, sha256="", entry=entry)

    monkeypatch.setattr("rag.models.resolve", resolve)
    monkeypatch.setattr("rag.generation.native.library", lambda: None)
    monkeypatch.setattr("rag.generation.llama.LlamaGenerator", lambda *args, **how: how["name"])
    seen: list[tuple[str, int, int]] = []
    found = load_generator(Settings(model="mine"), progress=lambda *args: seen.append(args))
    assert found == "mine"
    assert seen == [("mine.gguf", 1, 2)]
