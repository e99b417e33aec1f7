"""Which items belong to a split: by document, by the item's own `split`, or by qrels file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from rag.errors import SetInvalid
from rag.evaluation.items import Claim, Item, Question, SummaryTask

SPLITS_NAME = "splits.json"


def split_member(folder: Path, split: str | None) -> Callable[[Item], bool]:
    """A test whether an item of the set in `folder` stands in `split` (None: every item does).

    `splits.json` beside the set's folder maps a set's name to its splits and each of those to a
    list, of documents (a question is where its documents are) or of values of the items' own
    `split`. Where a set is not in the file, an item's own `split` has to equal the name. Raises
    `SetInvalid` for a name that the file does not know.
    """
    if split is None:
        return lambda item: True
    known = _splits_of(folder)
    if known is None:
        return lambda item: item.split == split
    if split not in known:
        raise SetInvalid(
            f"set '{folder.name}' has no split '{split}': {SPLITS_NAME} knows {', '.join(known)}"
        )
    values = frozenset(known[split])
    return lambda item: item.split in values or _in_documents(item, values)


def _splits_of(folder: Path) -> dict[str, list[str]] | None:
    path = folder.resolve().parent / SPLITS_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as exc:
        raise SetInvalid(f"{path} cannot be read: {exc}; mend it or leave out --split") from exc
    if not isinstance(content, dict):
        raise SetInvalid(f"{path} must hold an object: set name -> split name -> list")
    splits = content.get(folder.resolve().name)
    if splits is None:
        return None
    good = isinstance(splits, dict) and all(
        isinstance(v, list) and all(isinstance(s, str) for s in v) for v in splits.values()
    )
    if not good:
        raise SetInvalid(f"{path}: '{folder.name}' must map split names to lists of strings")
    return {str(name): list(value) for name, value in splits.items()}


def _in_documents(item: Item, values: frozenset[str]) -> bool:
    documents = _documents(item)
    return bool(documents) and all(
        d in values or PurePosixPath(d).stem in values for d in documents
    )


def _documents(item: Item) -> set[str]:
    if isinstance(item, Claim):
        return set()
    if isinstance(item, SummaryTask):
        return {item.doc}
    return _question_documents(item)


def _question_documents(item: Question) -> set[str]:
    named = {g.doc for g in item.gold} | ({item.passage.doc} if item.passage else set())
    return named or set(item.scope or ())
