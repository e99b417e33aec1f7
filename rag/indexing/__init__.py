"""The offline pipeline: walk, read, cut, embed, store; and what is stale.

`build_index` brings an index up to date, `staleness` says what changed since.
"""

from rag.indexing.pipeline import Progress, build_index
from rag.indexing.planning import Stale, staleness
from rag.indexing.report import IndexReport

__all__ = ["IndexReport", "Progress", "Stale", "build_index", "staleness"]
