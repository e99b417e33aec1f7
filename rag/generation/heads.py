"""The heads that come with the program: linear functions that judge by a model's inner state.

A head is a JSON file in `rag/data/judging/`, one a generator: the layer, an intercept and one
weight for each number of the state. `python -m rag.training.heads` fits them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from rag.generation.protocol import Head


@cache
def load_head(name: str) -> Head | None:
    """The head of the generator with a name, None where none was fitted for it."""
    file = files("rag") / "data" / "judging" / f"{name}.json"
    if "/" in name or "\\" in name or not file.is_file():
        return None
    return head_of(json.loads(file.read_text(encoding="utf-8")))


def head_of(raw: Mapping[str, Any]) -> Head:
    """The head in a parsed file."""
    return Head(
        layer=int(raw["layer"]),
        intercept=float(raw["intercept"]),
        weights=tuple(float(w) for w in raw["weights"]),
        record=dict(raw.get("record", {})),
    )


def prompt_digest(prefix: tuple[tuple[str, str], ...]) -> str:
    """The SHA-256 of a constant prefix: a head is good behind that one alone."""
    return hashlib.sha256(json.dumps(prefix).encode()).hexdigest()
