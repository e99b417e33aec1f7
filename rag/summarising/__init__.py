"""Summaries whose every sentence is cited and checked.

Extract before abstracting: the whole text is read, sentences are chosen that are central, new and
spread over the sections, and only then each is worded, with its neighbours, by the language model.
A worded sentence that fails its check is replaced by the chosen sentence itself.
"""

from __future__ import annotations

from rag.summarising.account import Told
from rag.summarising.making import SummaryTools, summarise

__all__ = ["SummaryTools", "Told", "summarise"]
