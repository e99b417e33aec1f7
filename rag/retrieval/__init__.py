"""A query -> hits: dense, lexical, or both fused; for two documents, in two searches."""

from rag.retrieval.filters import Filters
from rag.retrieval.search import search, search_many
from rag.retrieval.twice import search_twice

__all__ = ["Filters", "search", "search_many", "search_twice"]
