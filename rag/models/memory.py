"""How much memory this machine has, and whether a model fits into it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rag.models.entries import ModelEntry

# Weights are mapped and may be partly held twice (repacked for the processor); the context and the
# rest of the program take about half a gigabyte on top. The system keeps a quarter for itself.
_WEIGHTS_FACTOR = 1.5
_BASE_BYTES = 500_000_000
_SHARE = 0.75

_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_bytes() -> int | None:
    """The memory this process may use, in bytes (a container's limit counts); None if unknown."""
    total = _physical_bytes()
    limits = [limit for limit in map(_cgroup_limit, _CGROUP_LIMITS) if limit]
    known = [value for value in (total, *limits) if value]
    return min(known) if known else None


def needed_bytes(entry: ModelEntry) -> int:
    """An estimate, in bytes, of the memory that working with a model takes."""
    return round(entry.size_bytes * _WEIGHTS_FACTOR) + _BASE_BYTES


def fits(entry: ModelEntry, memory: int | None) -> bool:
    """Whether a machine of `memory` bytes can work with a model; True if that is unknown."""
    if memory is None or not entry.size_bytes:
        return True
    return needed_bytes(entry) <= memory * _SHARE


def _physical_bytes() -> int | None:
    if sys.platform == "win32":
        return _windows_bytes()
    try:  # Linux, macOS and the BSDs
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None
    return pages * size if pages > 0 and size > 0 else None


def _windows_bytes() -> int | None:
    import ctypes

    class MemoryStatus(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("available", ctypes.c_ulonglong),
            ("page_total", ctypes.c_ulonglong),
            ("page_available", ctypes.c_ulonglong),
            ("virtual_total", ctypes.c_ulonglong),
            ("virtual_available", ctypes.c_ulonglong),
            ("extended_available", ctypes.c_ulonglong),
        )

    status = MemoryStatus()
    status.length = ctypes.sizeof(status)
    kernel = getattr(ctypes, "windll", None)
    if kernel is None or not kernel.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.total)


def _cgroup_limit(path: Path) -> int | None:
    try:
        value = int(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None  # no such file, or "max"
    return value if 0 < value < 1 << 60 else None
