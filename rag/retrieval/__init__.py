"""A query -> hits: dense, lexical, or both fused."""

from rag.retrieval.filters import Filters
from rag.retrieval.search import search, search_many
from rag.retrieval.subject import Subject, subject_of, with_subject

__all__ = ["Filters", "Subject", "search", "search_many", "subject_of", "with_subject"]
