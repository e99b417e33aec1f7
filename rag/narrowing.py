"""What narrows a search or a question, spelled once for every call that takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from rag.retrieval import Filters


class Narrowing(TypedDict, total=False):
    """What narrows a search or a question; each may be left out or None.

    `path` is a glob over document paths (a folder stands for all below it), `formats` are file
    endings, `since` and `until` are the file's time in seconds since 1970, `scope` names the
    documents, by path or unique stem.
    """

    path: str | None
    formats: Sequence[str] | None
    since: float | None
    until: float | None
    scope: Sequence[str] | None


def filters_of(narrow: Narrowing) -> Filters:
    """The filters; one name alone may stand for a sequence of one.

    Raises `TypeError` for a word that narrows nothing.
    """
    from rag.retrieval import Filters

    if unknown := set(narrow) - set(Narrowing.__annotations__):
        known = ", ".join(Narrowing.__annotations__)
        raise TypeError(f"{', '.join(sorted(unknown))!r} narrows nothing; known are {known}")
    return Filters(
        narrow.get("path"),
        _names(narrow.get("formats")),
        narrow.get("since"),
        narrow.get("until"),
        _names(narrow.get("scope")),
    )


def _names(given: Sequence[str] | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    return (given,) if isinstance(given, str) else tuple(given)
