"""A sentence and what it cites -> a support score: rules first, then the reader."""

from __future__ import annotations

from rag.verification.rules import Finding, findings, is_verbatim
from rag.verification.support import Support, check

__all__ = ["Finding", "Support", "check", "findings", "is_verbatim"]
