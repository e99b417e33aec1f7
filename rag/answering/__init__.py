"""ask(): retrieve -> read -> judge and decide -> quote -> word -> verify -> `Answer`."""

from __future__ import annotations

from rag.answering.asking import ask
from rag.answering.workshop import Event, QuotationReady, SentenceReady, Workshop, checked_question
from rag.answering.writing import Draft

__all__ = [
    "Draft",
    "Event",
    "QuotationReady",
    "SentenceReady",
    "Workshop",
    "ask",
    "checked_question",
]
