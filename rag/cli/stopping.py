"""What is said to a person who stops long work by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resumable(where: str) -> Iterator[None]:
    """Around work that the same command goes on with: says so, and `where`, after Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write(f"\nthe same command goes on {where}")
        raise
