"""The heads that come with the program: linear functions that judge by a model's inner state.

`rag/data/judging/` holds a JSON file for each generator that has them: the layer that is read, and
of each head (`candidate`, `claim`) an intercept, one weight for each number of the state and the
hash of the prompt that it holds behind; beside it the adapter (`NAME.gguf`) that the model is read
with. `python -m rag.training.adapter` trains both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from rag.generation.protocol import Head

Kind = Literal["candidate", "claim"]
_FOLDER = Path(__file__).parent.parent / "data" / "judging"


@cache
def load_head(name: str, kind: Kind = "candidate") -> Head | None:
    """The head of the generator with a name, None where none was trained for it."""
    file = _FOLDER / f"{name}.json"
    if "/" in name or "\\" in name or not file.is_file():
        return None
    raw = json.loads(file.read_text(encoding="utf-8"))
    return head_of(raw, kind, file.parent) if kind in raw else None


def head_of(raw: Mapping[str, Any], kind: Kind, folder: Path) -> Head:
    """The head of a kind in a parsed file of `folder`."""
    adapter = raw.get("adapter")
    return Head(
        layer=int(raw["layer"]),
        intercept=float(raw[kind]["intercept"]),
        weights=tuple(float(w) for w in raw[kind]["weights"]),
        adapter=folder / adapter["file"] if adapter else None,
        record={**raw.get("record", {}), "prompt": raw[kind]["prompt"]},
    )


def prompt_digest(prefix: tuple[tuple[str, str], ...]) -> str:
    """The SHA-256 of a constant prefix: a head is good behind that one alone."""
    return hashlib.sha256(json.dumps(prefix).encode()).hexdigest()


@cache
def head_digest(name: str, kind: Kind = "candidate") -> str:
    """The SHA-256 of all that shapes a generator's verdicts beside itself; empty without a head."""
    head = load_head(name, kind)
    if head is None:
        return ""
    told = hashlib.sha256(json.dumps([head.layer, head.intercept, *head.weights]).encode())
    if head.adapter:
        told.update(head.adapter.read_bytes())
    return told.hexdigest()
