"""A query -> hits: dense, lexical, or both fused."""

from rag.retrieval.filters import Filters
from rag.retrieval.search import search

__all__ = ["Filters", "search"]
