"""Answers questions over your own documents and shows where each sentence stands.

    import rag

    index = rag.build("documents/", "index/")  # or rag.open("index/")
    hits = index.search("spending target", k=5)
    answer = rag.ask("What spending target was agreed?", index)
    for citation in answer.citations:
        print(citation.marker, citation.document, citation.span, citation.quote)
    report = rag.evaluate("eval/", index)

Nothing here prints or ends the process, and importing it loads no model and no numerical library.
Errors are subclasses of `RagError`; `rag.errors` draws the tree.
"""

from __future__ import annotations

__version__ = "0.1.0"

from rag.errors import RagError
from rag.library import (
    Found,
    Index,
    IndexStatus,
    Narrowing,
    ask,
    build,
    evaluate,
    open,
    replay,
    search,
    summarise,
    update,
)
from rag.settings import Settings, load_settings
from rag.types import (
    Answer,
    Citation,
    Coverage,
    Document,
    Hit,
    Passage,
    Sentence,
    Span,
    Summary,
)

__all__ = [
    "Answer",
    "Citation",
    "Coverage",
    "Document",
    "Found",
    "Hit",
    "Index",
    "IndexStatus",
    "Narrowing",
    "Passage",
    "RagError",
    "Sentence",
    "Settings",
    "Span",
    "Summary",
    "ask",
    "build",
    "evaluate",
    "load_settings",
    "open",
    "replay",
    "search",
    "summarise",
    "update",
]
