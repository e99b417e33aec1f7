"""A query -> hits: dense, lexical, or both fused."""

from rag.retrieval.filters import Filters
from rag.retrieval.search import search, search_many

__all__ = ["Filters", "search", "search_many"]
