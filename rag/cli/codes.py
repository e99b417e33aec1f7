"""The exit codes that programs rely on, each once."""

from __future__ import annotations

DONE = 0
"""Also a partial answer, a search without hits, a batch that ran."""
ERROR = 1
"""Nothing was done."""
USAGE = 2
"""The command was not understood."""
NOTHING_FOUND = 3
"""The documents do not say."""
SOME_FAILED = 4
"""Done, but some inputs were skipped or failed."""
DID_NOT_HOLD = 5
"""A check did not hold."""
STOPPED = 130
"""Ended with Ctrl-C."""
