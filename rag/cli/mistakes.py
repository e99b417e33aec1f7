"""What a mistake in this program, not of its user, looks like, and what is said of it."""

from __future__ import annotations

import logging

INTERNAL = (
    ArithmeticError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
)
"""Never shown as a traceback; `typer.Exit` is a RuntimeError too, and no mistake."""

log = logging.getLogger("rag")


def unexpected(exc: Exception) -> str:
    """The message for such an error, whose details go to the log."""
    log.debug("unexpected error", exc_info=exc)
    return (
        f"something went wrong inside rag ({type(exc).__name__}: {exc}); run it again with "
        "--verbose for the details to report"
    )
