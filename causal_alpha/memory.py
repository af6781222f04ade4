"""A worker's memory: one allocator with few arenas, that gives back what a burst needed."""

import ctypes
from typing import Any

import pyarrow as pa

_M_ARENA_MAX = -8  # malloc.h
_KEPT = 4 * 1024 * 1024
"""Bytes at the end of the heap that the next burst will ask for."""


def share_memory(most: int = 2) -> bool:
    """Have Arrow ask the C library, and glibc make no more than `most` arenas; whether there is such a C library.

    A worker's threads come and go with what falls together. Arrow's own allocator keeps pages for each of them, 50
    to 100 MB for the 1 MB that Arrow ever holds here, and glibc has up to 8 arenas a core: with both, memory rises by
    steps of some MB over hours. Arenas and arrays that are there already stay where they are. See mallopt(3).
    """
    pa.set_memory_pool(pa.system_memory_pool())
    mallopt = _glibc("mallopt")
    return bool(mallopt and mallopt(_M_ARENA_MAX, most))


def trim_memory() -> bool:
    """Give free pages to the operating system; whether there were any. See malloc_trim(3).

    By itself glibc only gives back what lies at the end of an arena. What lies between longer-lived blocks it keeps:
    after a backlog for good, and under a steady load it rises with the largest burst so far.
    """
    trim = _glibc("malloc_trim")
    return bool(trim and trim(ctypes.c_size_t(_KEPT)))


def _glibc(name: str) -> Any:
    """A function of the C library; None in musl's or macOS's."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError):
        return None
