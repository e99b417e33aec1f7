"""Summaries of what a person names: documents of the index, files that are not in it, folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag.embedding.protocol import Embedder
from rag.errors import NoDocuments, UnreadableDocument
from rag.generation.protocol import Generator
from rag.passages import make_passages
from rag.reading.protocol import Reader
from rag.settings import Settings
from rag.summarising.account import Told
from rag.summarising.caching import Owner, Wordings, forget_gone, wordings_folder
from rag.summarising.gathering import Progress, Text
from rag.summarising.making import SummaryTools, summarise
from rag.types import Document, Passage, Summary

if TYPE_CHECKING:
    from rag.store import Snapshot


class Models(Protocol):
    """The models, each loaded when it is first asked for (`rag.loading.Models` is one)."""

    @property
    def embedder(self) -> Embedder:
        """The embedder."""

    @property
    def reader(self) -> Reader:
        """The reader."""

    @property
    def generator(self) -> Generator:
        """The language model."""


def summarise_paths(
    paths: Sequence[Path | str],
    models: Models,
    settings: Settings,
    *,
    stored: Snapshot | None = None,
    about: str | None = None,
    length: str = "medium",
    format: str = "prose",
    extractive: bool = False,
    progress: Progress | None = None,
    on_event: Callable[[Told], None] | None = None,
    skipped: Callable[[UnreadableDocument], None] | None = None,
) -> Summary:
    """The summary of the documents that `paths` name, of the whole index where none is named.

    A path is a document's name or stem in the index, a file, or a folder. What is indexed is taken
    from the index; any other file is read on the fly, and the index is not touched. With
    `extractive`, or about a topic, the sentences are the documents' own and no language model is
    loaded: on topics wording was measured to lose (eval/summaries.md). `skipped` is told of each
    file that could not be read; the rest is summarised. Raises `NoDocuments` for paths that are
    none of these, all named at once before anything is read, and where there is nothing to read;
    otherwise as `summarise`.
    """
    owners: dict[str, Owner] = {}
    texts = read_texts(paths, models, settings, stored=stored, skipped=skipped, owners=owners)
    worded = not extractive and about is None
    if stored:
        forget_gone(stored.path, held={info.path for info in stored.documents()})
    else:
        forget_gone()
    tools = SummaryTools(
        models.embedder,
        models.reader if worded or about else None,
        models.generator if worded else None,
        Wordings(wordings_folder(), owners) if worded else None,
    )
    return summarise(
        texts, tools, about=about, length=length, form=format, progress=progress, on_event=on_event
    )


def read_texts(
    paths: Sequence[Path | str],
    models: Models,
    settings: Settings,
    *,
    stored: Snapshot | None = None,
    skipped: Callable[[UnreadableDocument], None] | None = None,
    owners: dict[str, Owner] | None = None,
) -> list[Text]:
    """The documents that `paths` name with their passages, each once, in the order named.

    `owners` is filled with where each is kept.
    """
    owners = {} if owners is None else owners
    if not paths:
        if stored is None or not stored.documents():
            raise NoDocuments(
                "there is nothing to summarise: name a file or a folder, or build an index first "
                "with `rag index PATH`"
            )
        names = [info.path for info in stored.documents()]
        owners.update((name, _owner(stored, name)) for name in names)
        return [_stored(stored, name) for name in names]
    _check_paths(paths, stored)
    texts: dict[str, Text] = {}
    problems: list[UnreadableDocument] = []
    for path in paths:
        for (document, passages), owner in _named(path, models, settings, stored, problems):
            if document.path in texts and texts[document.path][0].text != document.text:
                document, passages = _renamed(document, passages, texts)
            texts.setdefault(document.path, (document, passages))
            owners.setdefault(document.path, owner)
    if not texts and len(problems) == 1:
        raise problems[0]
    if not texts:
        what = "; ".join(map(str, problems[:5]))
        raise NoDocuments(f"nothing to summarise: name a file that can be read ({what})")
    for problem in problems:
        if skipped:
            skipped(problem)
    return list(texts.values())


def _check_paths(paths: Sequence[Path | str], stored: Snapshot | None) -> None:
    """Raises `NoDocuments` where some paths are nothing, before any work is done."""
    wrong = [
        str(path)
        for path in paths
        if not Path(path).exists() and (stored is None or _in_index(str(path), stored) is None)
    ]
    if wrong:
        raise NoDocuments("; ".join(_nowhere(path, stored) for path in wrong))


def _named(
    path: Path | str,
    models: Models,
    settings: Settings,
    stored: Snapshot | None,
    problems: list[UnreadableDocument],
) -> list[tuple[Text, Owner]]:
    """The documents that a path names; what could not be read is added to the problems."""
    from rag.sources import read_files, walk

    file = Path(path)
    if not file.exists():
        name = _in_index(str(path), stored)
        if stored is None or name is None:
            return []
        return [(_stored(stored, name), _owner(stored, name))]
    before = len(problems)
    found = walk([file], problems=problems)
    indexed = _by_source(stored)
    texts: list[tuple[Text, Owner]] = []
    for item in found:
        names = indexed.get((item.path, round(item.modified, 3)), [])
        if stored is not None and names:
            texts += [(_stored(stored, name), _owner(stored, name)) for name in names]
            continue
        for result in read_files([item], settings):
            if isinstance(result, UnreadableDocument):
                problems.append(result)
            else:
                text = result, _passages(result, models, settings)
                texts.append((text, Owner(str(item.path.absolute()))))
    if not texts and len(problems) == before:
        problems.append(UnreadableDocument(str(path), "it holds no readable file"))
    return texts


def _passages(document: Document, models: Models, settings: Settings) -> list[Passage]:
    embedder = models.embedder
    prefix = embedder.count_tokens([embedder.passage_prefix])[0] if embedder.passage_prefix else 0
    return make_passages(
        document,
        embedder.count_tokens,
        passage_tokens=settings.passage_tokens,
        overlap_tokens=settings.overlap_tokens,
        max_tokens=embedder.max_tokens,
        prefix_tokens=prefix,
    )


def _stored(stored: Snapshot, name: str) -> Text:
    return stored.document(name), stored.passages_of(name)


def _owner(stored: Snapshot, name: str) -> Owner:
    return Owner(str(stored.path.absolute()), name)


def _by_source(stored: Snapshot | None) -> dict[tuple[Path, float], list[str]]:
    """The documents of the index by their file and its time: a file that changed is not there."""
    found: dict[tuple[Path, float], list[str]] = {}
    if stored is not None:
        for info in stored.documents():
            key = stored.source(info.path), round(info.modified, 3)
            found.setdefault(key, []).append(info.path)
    return found


def _in_index(name: str, stored: Snapshot | None) -> str | None:
    """The document of that name or unique stem."""
    if stored is None:
        return None
    wanted = name.replace("\\", "/")
    names = [info.path for info in stored.documents()]
    if wanted in names:
        return wanted
    near = [n for n in names if Path(n).stem == wanted or n.endswith(f"/{wanted}")]
    return near[0] if len(near) == 1 else None


def _nowhere(path: str, stored: Snapshot | None) -> str:
    if stored is None:
        return (
            f"'{path}' is neither a file nor a folder, and there is no index to look it up in: "
            "check the spelling"
        )
    import difflib

    names = [info.path for info in stored.documents()]
    near = difflib.get_close_matches(path, names, n=3, cutoff=0.4)
    hint = f"near are {', '.join(near)}" if near else "`rag status --documents` names them all"
    return f"'{path}' is neither a file nor a document of the index: {hint}"


def _renamed(document: Document, passages: Sequence[Passage], texts: dict[str, Text]) -> Text:
    """The document under a name that no other has."""
    from dataclasses import replace

    number = 2
    while f"{document.path} ({number})" in texts:
        number += 1
    name = f"{document.path} ({number})"
    return replace(document, path=name), [replace(p, document=name) for p in passages]
