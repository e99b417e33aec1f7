"""What the commands of this package have in common: how they end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from rag.errors import RagError

P = ParamSpec("P")


def ends_clearly(main: Callable[P, int]) -> Callable[P, int]:
    """The command with its errors told on standard error; it then returns their exit code."""

    @wraps(main)
    def told(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return main(*args, **kwargs)
        except RagError as exc:
            sys.stderr.write(f"{exc}\n")
            return exc.exit_code

    return told
